import { setTimeout as delay } from 'node:timers/promises';
import { HeaderList } from '../../../proxy/http/header-list.ts';
import { UpstreamPools } from '../../../proxy/http/pools.ts';
import { AnswerTooLong, createUpstream } from '../../../proxy/http/upstream.ts';
import { middlewareTable } from '../../../proxy/middleware/table.ts';
import type { ServersTransportConfig } from '../../../proxy/model/dynamic.ts';
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
  const pools = new UpstreamPools();
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
      const text = await textOf(options, pools, stop.signal);
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
      pools.destroy();
    },
  };
}

async function textOf(options: HttpProviderConfiguration, pools: UpstreamPools, stop: AbortSignal): Promise<string> {
  const { endpoint, maxResponseBodyBytes, pollTimeoutMs, tls } = options;
  const maxAnswerBytes = maxResponseBodyBytes < 0 ? largestBodyBytes : maxResponseBodyBytes;
  const late = AbortSignal.timeout(pollTimeoutMs);
  const headers = new HeaderList();
  for (const [name, value] of Object.entries(options.headers)) headers.set(name, value);
  try {
    const { status, body } = await createUpstream(endpoint, transportOf(tls), pools).ask({
      method: 'GET',
      headers,
      body: null,
      maxAnswerBytes,
      timeoutMs: 0,
      signal: AbortSignal.any([stop, late]),
    });
    if (status !== 200) throw new Error(`it answers with status ${status}`);
    return body.toString();
  } catch (error) {
    if (late.aborted) throw new Error('it does not answer in time', { cause: error });
    if (error instanceof AnswerTooLong)
      throw new Error(`it answers with more than ${maxAnswerBytes} bytes`, { cause: error });
    throw error;
  }
}

function transportOf(tls: HttpProviderConfiguration['tls']): ServersTransportConfig {
  const { ca, cert, key } = tls ? clientTlsFiles(tls) : {};
  return {
    disableHTTP2: true,
    insecureSkipVerify: tls?.insecureSkipVerify === true,
    ...(ca === undefined ? {} : { rootCAs: [ca] }),
    ...(cert === undefined || key === undefined ? {} : { certificates: [{ certFile: cert, keyFile: key }] }),
  };
}

function unreadable(endpoint: string, error: unknown, kept: boolean): Problem {
  const reason = error instanceof Error ? error.message : String(error);
  return problem(
    'HTTP_PROVIDER_FAILED',
    'error',
    `The configuration at ${endpoint} cannot be read: ${reason}.${kept ? ' What it said before still counts.' : ''}`,
    'It is asked again by itself. Check the address (providers.http.endpoint) and its server.',
    { endpoint, reason },
  );
}
