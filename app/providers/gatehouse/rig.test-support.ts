import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultStaticConfiguration } from '../../config/static.ts';
import type { Change } from '../../contract/objects.ts';
import { buildRuntime } from '../../runtime/merge.ts';
import type { RuntimeState } from '../../runtime/state.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { InspectedContainer } from '../docker/container.ts';
import type { Publication } from '../provider.ts';
import { type Changes, createChanges } from './changes.ts';
import { createExposures, type Exposures } from './exposures.ts';
import { createOverrides, type Overrides } from './overrides.ts';

/** A running container with one exposed port on the bridge; give what differs. */
export function container(name: string, over: Partial<InspectedContainer> = {}): InspectedContainer {
  return {
    id: Buffer.from(name).toString('hex').padEnd(64, '0'),
    name,
    image: `example/${name}:latest`,
    state: 'running',
    health: 'none',
    exitCode: 0,
    createdAt: 1,
    startedAt: 1,
    labels: {},
    networkMode: 'bridge',
    networks: [{ name: 'bridge', address: '172.17.0.2', address6: '' }],
    ports: [{ port: 8080, protocol: 'tcp', published: [] }],
    ...over,
  };
}

export function compose(project: string, service: string): Record<string, string> {
  return { 'com.docker.compose.project': project, 'com.docker.compose.service': service };
}

export function ports(...numbers: readonly number[]): InspectedContainer['ports'] {
  return numbers.map((port) => ({ port, protocol: 'tcp', published: [] }));
}

/** Exposures and changes on a real store, published into a real runtime, without workers. */
export interface Rig {
  readonly store: Store;
  readonly exposures: Exposures;
  readonly overrides: Overrides;
  readonly changes: Changes;
  readonly published: Publication[];
  readonly told: Change[];
  readonly pausedAll: () => boolean | undefined;
  readonly state: () => RuntimeState;
  containers: readonly InspectedContainer[] | null;
  /** Names of Docker endpoints that have not answered. */
  silent: readonly string[];
  /** What other providers publish. */
  others: readonly Publication[];
  reached: 'direct' | 'published';
  readonly restart: () => Rig;
  readonly close: () => void;
}

export function createRig(
  dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-exposures-')),
  entryPoints = defaultStaticConfiguration.entryPoints,
): Rig {
  const store = openStore(dataDir);
  const published: Publication[] = [];
  const told: Change[] = [];
  let pausedAll: boolean | undefined;
  let time = 1_795_000_000_000;
  const state = (): RuntimeState => {
    const own = published.at(-1);
    return buildRuntime([...rig.others, ...(own ? [own] : [])], entryPoints, 1);
  };
  const changes = createChanges({
    store,
    now: () => (time += 1),
    onChanged: (changed) => told.push(...changed),
    planUndo: (step) => {
      if (step.kind === 'settings') throw new Error('settings are not part of this');
      if (step.kind === 'override') return overrides.planUndo(step);
      return exposures.planUndo(step);
    },
  });
  const overrides = createOverrides({
    store,
    changes,
    runtime: state,
    publish: (publication) => {
      published.push(publication);
      return Promise.resolve();
    },
    now: () => (time += 1),
    passwordCost: 4,
  });
  const exposures = createExposures({
    store,
    changes,
    surroundings: () => ({
      containers: rig.containers ?? [],
      hasAnswered: (endpoint) => rig.containers !== null && !rig.silent.includes(endpoint ?? ''),
      reach: () => ({
        network: null,
        addresses: rig.reached === 'direct' ? { kind: 'direct' } : { kind: 'published', host: '127.0.0.1' },
        containers: rig.containers ?? [],
      }),
      entryPoint: 'websecure',
    }),
    runtime: state,
    domain: () => 'home.example.org',
    urlOfHost: (host) => `https://${host}:8443`,
    publish: (publication) => overrides.publish(publication),
    publishPausedAll: (paused) => {
      pausedAll = paused;
      return Promise.resolve();
    },
    now: () => (time += 1),
    passwordCost: 4,
  });
  const rig: Rig = {
    store,
    exposures,
    overrides,
    changes,
    published,
    told,
    pausedAll: () => pausedAll,
    state,
    containers: [],
    silent: [],
    others: [],
    reached: 'direct',
    restart: () => {
      store.close();
      return createRig(dataDir, entryPoints);
    },
    close: () => {
      store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return rig;
}

/** What a provider would publish for a router with nothing but a rule. */
export function routerOf(provider: 'docker' | 'file', name: string, rule: string): Publication {
  const origin = { source: { kind: 'internal' as const }, problems: [] };
  return {
    provider,
    configuration: {
      http: {
        routers: { [name]: { rule, service: name } },
        services: { [name]: { loadBalancer: { servers: [{ url: 'http://172.17.0.9:80' }] } } },
      },
    },
    origins: { routers: { [name]: origin }, services: { [name]: origin }, middlewares: {} },
  };
}
