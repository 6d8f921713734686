import { z } from 'zod';
import type { UpstreamQuestion } from '../../proxy/http/upstream.ts';
import { probe } from '../../proxy/service/probe.ts';
import type { ProbeAgent } from '../../proxy/service/probe-agent.ts';
import { kind } from './vector.ts';

/** What the probe asks for, noted by an agent that sends nothing. */
export const healthCheckRequest = kind(
  {
    meaning: z.string(),
    input: z.strictObject({ targetURL: z.string(), config: z.record(z.string(), z.unknown()) }),
    expected: z.strictObject({
      expTarget: z.string(),
      expError: z.boolean(),
      expHostname: z.string(),
      expHeader: z.string(),
      expMethod: z.string(),
    }),
  },
  async ({ input, expected }, judgement) => {
    let asked: Asked | null = null;
    const agent: ProbeAgent = {
      ask(url, question) {
        asked ??= { url, question };
        return Promise.reject(new Error('nothing is sent'));
      },
      close: () => undefined,
    };
    const context = { agent, transport: undefined, timeoutMs: 1000, signal: new AbortController().signal };
    await probe(input.targetURL, input.config, context);
    const got = asked as Asked | null;
    judgement.equal(input, { refused: expected.expError }, { refused: got === null });
    if (got === null || expected.expError) return;
    const { url, question } = got;
    judgement.equal(
      input,
      {
        target: asWritten(expected.expTarget),
        host: asHost(expected.expHostname, expected.expTarget),
        header: expected.expHeader,
        method: expected.expMethod,
      },
      {
        target: url.href,
        host: question.host ?? url.host,
        header: question.headers.get('custom-header') ?? '',
        method: question.method,
      },
    );
  },
);

/** The port that is a scheme's own may be left out. */
function asWritten(url: string): string {
  return new URL(url).href;
}

function asHost(host: string, target: string): string {
  return new URL(`${new URL(target).protocol}//${host}`).host;
}

interface Asked {
  readonly url: URL;
  readonly question: UpstreamQuestion;
}
