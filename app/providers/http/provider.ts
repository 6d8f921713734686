import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { middlewareTable } from '../../../proxy/middleware/table.ts';
import { parseDynamicFile } from '../../config/dynamic-file.ts';
import type { HttpProviderConfiguration } from '../../config/static.ts';
import type { Problem, ProviderView } from '../../contract/objects.ts';
import type { Log } from '../../log.ts';
import { problem } from '../../problem.ts';
import { same } from '../../runtime/same.ts';
import { clientTlsFiles } from '../client-tls.ts';
import { filePublication } from '../file/publication.ts';
import type { Provider, ProviderHost, Publication } from '../provider.ts';

export interface HttpProviderSettings {
  readonly host: ProviderHost;
  readonly options: HttpProviderConfiguration;
  readonly log: Log;
  readonly now?: () => number;
}

/** More than any configuration; Traefik has no bound where none is set. */
const largestBodyBytes = 64 * 1024 * 1024;

/** Asks an address for dynamic configuration, again and again. What it said last stays while it cannot be read. */
export function createHttpProvider({ host, options, log, now = Date.now }: HttpProviderSettings): Provider {
  const stop = new AbortController();
  let agent: Agent | undefined;
  let running: Promise<void> | undefined;
  let published: Publication | undefined;
  let known: string | undefined;
  let view: ProviderView = {
    name: 'http',
    state: 'connecting',
    where: options.endpoint,
    version: '',
    since: now(),
    problems: [],
  };

  function report(state: ProviderView['state'], problems: readonly Problem[]): void {
    const next = { ...view, state, problems: [...problems], since: state === view.state ? view.since : now() };
    if (same(view, next)) return;
    view = next;
    host.report(view);
    for (const { message } of problems) log.warn(message);
  }

  async function poll(): Promise<void> {
    try {
      agent ??= new Agent({
        connect: {
          ...(options.tls ? clientTlsFiles(options.tls) : {}),
          rejectUnauthorized: options.tls?.insecureSkipVerify !== true,
        },
      });
      const text = await textOf(options, agent, stop.signal);
      if (text === known) {
        if (view.state !== 'connected') report('connected', []);
        return;
      }
      // What comes over the network must not read the environment: templates are for files.
      const file = parseDynamicFile(text, middlewareTable, new URL(options.endpoint).pathname, null);
      const [fault] = file.faults;
      if (fault) throw new Error(`line ${fault.line}, column ${fault.column}: ${fault.message}`);
      known = text;
      const result = filePublication([{ path: options.endpoint, file }]);
      const publication: Publication = { ...result.publication, provider: 'http' };
      if (!published || !same(published, publication)) {
        published = publication;
        host.publish(publication);
      }
      report('connected', result.problems);
    } catch (error) {
      if (stop.signal.aborted) return;
      known = undefined;
      report(published ? 'lost' : 'failed', [unreadable(options.endpoint, error, published !== undefined)]);
    }
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      await delay(options.pollIntervalMs, undefined, { signal: stop.signal }).catch(() => undefined);
      if (!stop.signal.aborted) await poll();
    }
  }

  return {
    start: async () => {
      if (running) return;
      host.report(view);
      await poll();
      running = run();
    },
    stop: async () => {
      stop.abort();
      await running;
      await agent?.destroy();
    },
  };
}

async function textOf(options: HttpProviderConfiguration, dispatcher: Dispatcher, stop: AbortSignal): Promise<string> {
  const most = options.maxResponseBodyBytes < 0 ? largestBodyBytes : options.maxResponseBodyBytes;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(options.pollTimeoutMs)]);
  const { statusCode, body } = await request(options.endpoint, { dispatcher, signal, headers: { ...options.headers } });
  if (statusCode !== 200) {
    body.on('error', () => undefined).destroy();
    throw new Error(`it answers with status ${statusCode}`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > most) throw new Error(`it answers with more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function unreadable(endpoint: string, error: unknown, kept: boolean): Problem {
  const reason =
    error instanceof Error && error.name === 'TimeoutError'
      ? 'it does not answer in time'
      : error instanceof Error
        ? error.message
        : String(error);
  return problem(
    'HTTP_PROVIDER_FAILED',
    'error',
    `The configuration at ${endpoint} cannot be read: ${reason}.${kept ? ' What it said before still counts.' : ''}`,
    'It is asked again by itself. Check the address (providers.http.endpoint) and its server.',
    { endpoint, reason },
  );
}
