import { z } from 'zod';
import { probe } from '../../proxy/service/probe.ts';
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
    const agent = {
      dispatch(options: Asked): boolean {
        asked ??= options;
        throw new Error('nothing is sent');
      },
    };
    const context = { agent: { dispatcher: agent }, timeoutMs: 1000, signal: new AbortController().signal };
    await probe(input.targetURL, input.config, context as unknown as Parameters<typeof probe>[2]);
    const got = asked as Asked | null;
    judgement.equal(input, { refused: expected.expError }, { refused: got === null });
    if (got === null || expected.expError) return;
    const headers = new Map(Object.entries(headersOf(got.headers)).map(([name, value]) => [name.toLowerCase(), value]));
    judgement.equal(
      input,
      {
        target: asWritten(expected.expTarget),
        host: asHost(expected.expHostname, expected.expTarget),
        header: expected.expHeader,
        method: expected.expMethod,
      },
      {
        target: asWritten(`${String(got.origin)}${got.path}`),
        host: headers.get('host') ?? new URL(String(got.origin)).host,
        header: headers.get('custom-header') ?? '',
        method: got.method,
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
  readonly origin: string | URL;
  readonly path: string;
  readonly method: string;
  readonly headers: unknown;
}

function headersOf(headers: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(headers)) return (headers ?? {}) as Record<string, string>;
  const pairs = headers as string[];
  const result: Record<string, string> = {};
  for (let index = 0; index < pairs.length; index += 2) result[pairs[index] ?? ''] = pairs[index + 1] ?? '';
  return result;
}
