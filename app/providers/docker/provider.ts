import { setTimeout as delay } from 'node:timers/promises';
import { middlewareTable } from '../../../proxy/middleware/table.ts';
import type { StaticConfiguration } from '../../config/static.ts';
import { dockerProviderName } from '../../contract/docker-name.ts';
import type { Problem, ProviderView } from '../../contract/objects.ts';
import type { Log } from '../../log.ts';
import { same } from '../../runtime/same.ts';
import type { Provider, ProviderHost, Publication } from '../provider.ts';
import { connectDocker, type DockerClient } from './client.ts';
import { inspectedContainer } from './container.ts';
import {
  addressesOf,
  type DockerEndpoint,
  type EndpointSurroundings,
  findEndpoints,
  systemSurroundings,
} from './endpoint.ts';
import { dockerAbsent, dockerLost, endpointProblem } from './endpoint-problem.ts';
import { type DockerEvent, followEvents } from './events.ts';
import { createObserved, type DockerObservation, type Observed } from './observed.ts';

export type { DockerObservation } from './observed.ts';

export type DockerProviderOptions = Pick<
  StaticConfiguration['docker'],
  | 'endpoint'
  | 'exposedByDefault'
  | 'defaultRule'
  | 'network'
  | 'constraints'
  | 'useBindPortIP'
  | 'allowEmptyServices'
  | 'watch'
  | 'requestTimeoutMs'
  | 'tls'
  | 'username'
  | 'password'
>;

export interface DockerProviderSettings {
  /** Of an endpoint beside the first: stands before its containers' names, and in its provider's. */
  readonly name?: string;
  readonly host: ProviderHost;
  readonly options: DockerProviderOptions;
  /** Called with each change of what is seen, before the publication that follows from it. */
  readonly onContainers: (observation: DockerObservation) => void;
  readonly log: Log;
  readonly now?: () => number;
  readonly surroundings?: EndpointSurroundings;
}

export interface DockerProvider extends Provider {
  /** Takes new options while running; a new endpoint is connected to, the last routes stay until it answers. */
  readonly update: (options: DockerProviderOptions) => void;
}

const firstRetryMs = 250;
const lastRetryMs = 10_000;
/** How often a remote daemon is asked whether it is there: a dead network says nothing by itself. */
const pingEveryMs = 15_000;
const inspectAtOnce = 8;
/** How long the start waits for a daemon that neither answers nor refuses. */
const startPatienceMs = 2000;

/**
 * Watches one Docker daemon. While it cannot be reached nothing is published, so that the last known routes stay;
 * after every (re)connection everything is read anew.
 */
export function createDockerProvider(settings: DockerProviderSettings): DockerProvider {
  const now = settings.now ?? Date.now;
  const own = settings.name ?? null;
  const provider = dockerProviderName(own);
  const surroundings = settings.surroundings ?? systemSurroundings();
  const started = Promise.withResolvers<void>();
  let options = settings.options;
  let published: Publication | undefined;
  let session: Session | undefined;
  let running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  let reconnect = new AbortController();
  let view: ProviderView = {
    name: provider,
    state: 'connecting',
    where: options.endpoint ?? '',
    version: '',
    since: now(),
    problems: [],
  };

  function report(change: Pick<ProviderView, 'state' | 'problems'> & Partial<ProviderView>): void {
    const next = { ...view, ...change, since: change.state === view.state ? view.since : now() };
    if (same(view, next)) return;
    view = next;
    settings.host.report(view);
  }

  function publish(observed: Observed): void {
    const { publication: found, observation } = observed.result();
    const publication = { ...found, provider };
    settings.onContainers(observation);
    if (published && same(published, publication)) return;
    published = publication;
    settings.host.publish(publication);
  }

  async function run(stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      const outcome = await connectOnce(stop);
      if (outcome === 'was connected') failures = 0;
      if (stop.aborted) return;
      started.resolve();
      const waitMs = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 10)) * (0.75 + Math.random() / 2);
      failures++;
      await delay(waitMs, undefined, { signal: AbortSignal.any([stop, reconnect.signal]) }).catch(ignoreAbort);
      if (reconnect.signal.aborted) {
        reconnect = new AbortController();
        failures = 0;
      }
    }
  }

  /** Tries every candidate; stays with the first that answers until its connection ends. */
  async function connectOnce(stop: AbortSignal): Promise<'was connected' | 'failed'> {
    const { tls, username, password, requestTimeoutMs } = options;
    const access = { tls, username, password, requestTimeoutMs };
    // What the environment says of TLS is meant for the daemon of DOCKER_HOST.
    const candidates = findEndpoints(options.endpoint, surroundings).map((each) => ({
      ...each,
      ...(own === null ? {} : { tls: null }),
      access,
    }));
    const problems: Problem[] = [];
    for (const endpoint of candidates) {
      let client: DockerClient;
      try {
        client = await connectDocker(endpoint, AbortSignal.any([stop, reconnect.signal]));
      } catch (error) {
        problems.push(endpointProblem(endpoint, error));
        continue;
      }
      return await follow(endpoint, client, stop);
    }
    if (stop.aborted) return 'failed';
    const reported = candidates.length > 0 ? problems : [dockerAbsent()];
    // Once there were routes, their provider is lost, not absent.
    report({
      state: published ? 'lost' : 'failed',
      where: candidates[0]?.url ?? '',
      problems: published ? stillLost(view.problems, reported) : reported,
    });
    return 'failed';
  }

  async function follow(
    endpoint: DockerEndpoint,
    client: DockerClient,
    stop: AbortSignal,
  ): Promise<'was connected' | 'failed'> {
    const close = AbortSignal.any([stop, reconnect.signal]);
    let connected = false;
    try {
      session = await openSession(endpoint, client, {
        name: own,
        options: () => options,
        surroundings,
        onChange: publish,
      });
      connected = true;
      settings.log.info('Connected to Docker', { endpoint: endpoint.url, version: client.version });
      report({ state: 'connected', where: endpoint.url, version: client.version, problems: [] });
      started.resolve();
      await session.ended;
      throw new Error('the connection was closed');
    } catch (error) {
      if (close.aborted) return connected ? 'was connected' : 'failed';
      settings.log.warn('Lost Docker', { endpoint: endpoint.url, error: String(error) });
      const lost = connected || published !== undefined;
      report({
        state: lost ? 'lost' : 'failed',
        where: endpoint.url,
        problems: [lost ? dockerLost(endpoint, error) : endpointProblem(endpoint, error)],
      });
      return connected ? 'was connected' : 'failed';
    } finally {
      session = undefined;
      client.close();
    }
  }

  return {
    start: async () => {
      if (!running) {
        settings.host.report(view);
        const stop = new AbortController();
        running = { stop, done: run(stop.signal) };
      }
      // A daemon that hangs must not hold up everything else.
      const patience = new AbortController();
      await Promise.race([started.promise, delay(startPatienceMs, undefined, { signal: patience.signal })]).finally(
        () => patience.abort(),
      );
    },
    stop: async () => {
      running?.stop.abort();
      started.resolve();
      await running?.done;
    },
    update: (next) => {
      const moved = !same(connectionOf(next), connectionOf(options));
      options = next;
      if (moved) reconnect.abort();
      else session?.conclude();
    },
  };
}

/** What a connection stands on. */
function connectionOf({ endpoint, tls, username, password, requestTimeoutMs, watch }: DockerProviderOptions) {
  return { endpoint, tls, username, password, requestTimeoutMs, watch };
}

/** While Docker is away its being away is no news; that it may not be used any more is. */
function stillLost(before: readonly Problem[], found: readonly Problem[]): Problem[] {
  const lost = before.filter(({ code }) => code === 'DOCKER_LOST');
  return [...lost, ...found.filter(({ code }) => lost.length === 0 || code !== 'DOCKER_ABSENT')];
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}

interface Session {
  /** Resolves when the daemon ends the connection, rejects when it breaks. */
  readonly ended: Promise<void>;
  /** Reads the options again and says what follows from them. */
  readonly conclude: () => void;
}

interface SessionSettings {
  /** Null: of the first endpoint. */
  readonly name: string | null;
  readonly options: () => DockerProviderOptions;
  readonly surroundings: EndpointSurroundings;
  readonly onChange: (observed: Observed) => void;
}

/** Reads everything once, then follows the events. Resolves after the first state was handed on. */
async function openSession(
  endpoint: DockerEndpoint,
  client: DockerClient,
  settings: SessionSettings,
): Promise<Session> {
  // Events first: what changes while the list is read is looked at again.
  const stream = await client.events();
  const info = await client.info();
  const addresses = addressesOf(endpoint.url, info, settings.surroundings);
  let networkDrivers = await client.networkDrivers();
  const context = () => ({ middlewareTable, addresses, networkDrivers });
  const observed = createObserved(settings.options(), context());
  const dirty = new Set<string>(await client.containerIds());
  const ready = Promise.withResolvers<void>();
  let networksChanged = false;
  let first = true;
  let working: Promise<void> | undefined;
  const broken = Promise.withResolvers<never>();

  async function work(): Promise<void> {
    while (dirty.size > 0 || networksChanged || first) {
      let changed = first;
      if (networksChanged) {
        networksChanged = false;
        const drivers = await client.networkDrivers();
        if (!same(drivers, networkDrivers)) {
          networkDrivers = drivers;
          observed.conclude(settings.options(), context());
          changed = true;
        }
      }
      const ids = [...dirty];
      dirty.clear();
      const seen = await mapAtOnce(ids, inspectAtOnce, async (id) => ({ id, raw: await client.inspect(id) }));
      for (const { id, raw } of seen)
        changed = observed.set(id, raw && inspectedContainer(raw, settings.name)) || changed;
      first = false;
      if (changed) settings.onChange(observed);
    }
  }

  function wake(): void {
    working ??= work()
      .catch(broken.reject)
      .finally(() => {
        working = undefined;
        if (dirty.size > 0 || networksChanged) wake();
      });
  }

  function onEvent(event: DockerEvent): void {
    if (settings.options().watch === false) return;
    if (event.kind === 'container') dirty.add(event.id);
    else networksChanged = true;
    wake();
  }

  const pings = /^tcp:|^https?:/i.test(endpoint.url) ? setInterval(ping, pingEveryMs) : undefined;
  pings?.unref();
  function ping(): void {
    client.ping().catch(broken.reject);
  }

  const ended = Promise.race([followEvents(stream, onEvent), broken.promise]).finally(() => clearInterval(pings));
  // The caller waits for it only once the first state is there.
  ended.catch(() => undefined);
  wake();
  working?.then(ready.resolve, ready.reject);
  await Promise.race([ready.promise, broken.promise]);
  return {
    ended,
    conclude: () => {
      observed.conclude(settings.options(), context());
      settings.onChange(observed);
    },
  };
}

/** Maps with at most `limit` under way, in order. */
async function mapAtOnce<In, Out>(
  items: readonly In[],
  limit: number,
  map: (item: In) => Promise<Out>,
): Promise<readonly Out[]> {
  const results: Out[] = Array.from({ length: items.length });
  let next = 0;
  async function take(): Promise<void> {
    while (next < items.length) {
      const index = next++;
      const item = items[index];
      if (item !== undefined) results[index] = await map(item);
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, take));
  return results;
}
