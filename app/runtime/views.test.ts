import { describe, expect, test } from 'vitest';
import type { HttpConfiguration } from '../../proxy/model/dynamic.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import type { Exposure } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import type { Publication } from '../providers/provider.ts';
import type { BoundEntryPoint } from './entry-points.ts';
import { masked } from './mask.ts';
import { buildRuntime } from './merge.ts';
import type { RuntimeState } from './state.ts';
import { engineStatus } from './status.ts';
import { buildViews, type ContainerFacts, deltaOf, emptyViews, type ViewSources } from './views.ts';

const { entryPoints } = defaultStaticConfiguration;
const bound: readonly BoundEntryPoint[] = entryPoints.map((entryPoint) => ({
  entryPoint,
  tls: entryPoint.tls,
  bound: { host: '::', port: entryPoint.tls ? 8443 : 8080 },
  problems: [],
}));

function stateOf(http: HttpConfiguration, provider: Publication['provider'] = 'docker', previous?: RuntimeState) {
  const origins = { routers: {}, services: {}, middlewares: {} };
  return buildRuntime([{ provider, configuration: { http }, origins }], entryPoints, 1, previous);
}

function sourcesOf(state: RuntimeState, overrides: Partial<ViewSources> = {}): ViewSources {
  return {
    state,
    entryPoints: bound,
    health: { down: {}, reasons: {} },
    containers: [],
    exposures: [],
    pausedAll: false,
    unbuilt: new Map(),
    ...overrides,
  };
}

const photos: HttpConfiguration = {
  routers: {
    photos: { rule: 'Host(`photos.example.org`) && PathPrefix(`/album`)', service: 'photos', middlewares: ['auth'] },
  },
  services: {
    photos: {
      loadBalancer: {
        servers: [{ url: 'http://10.0.0.2:80' }, { url: 'http://10.0.0.3:80' }],
        healthCheck: { path: '/ping' },
      },
    },
  },
  middlewares: { auth: { basicAuth: { users: ['me:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/'], realm: 'home' } } },
};

const facts: ContainerFacts = {
  id: 'c1',
  name: 'photos',
  image: 'photos:1',
  state: 'running',
  health: 'none',
  createdAt: 1,
  startedAt: 1,
  composeProject: null,
  composeService: null,
  networkMode: 'bridge',
  networks: [],
  ports: [],
  problems: [],
};

describe('views', () => {
  test('a router has the addresses that open it, with the public port', () => {
    const views = buildViews(sourcesOf(stateOf(photos)), emptyViews);
    expect(views.routers.get('photos@docker')).toMatchObject({
      tls: true,
      urls: ['https://photos.example.org:8443/album'],
    });
  });

  test('servers have their health, and a service without a healthy one says so', () => {
    const down = { 'photos@docker': ['http://10.0.0.2:80'] };
    const reasons = { 'photos@docker': { 'http://10.0.0.2:80': 'answered 500' } };
    const one = buildViews(sourcesOf(stateOf(photos), { health: { down, reasons } }), emptyViews);
    expect(one.services.get('photos@docker')).toMatchObject({
      status: 'enabled',
      healthCheck: '/ping',
      servers: [
        { health: 'down', reason: 'answered 500' },
        { health: 'up', reason: null },
      ],
    });
    const both = { 'photos@docker': ['http://10.0.0.2:80', 'http://10.0.0.3:80'] };
    const all = buildViews(sourcesOf(stateOf(photos), { health: { down: both, reasons } }), emptyViews);
    expect(all.services.get('photos@docker')).toMatchObject({
      status: 'warning',
      problems: [{ code: 'SERVERS_DOWN' }],
    });
  });

  test('secrets are masked, wherever they stand', () => {
    const views = buildViews(sourcesOf(stateOf(photos)), emptyViews);
    expect(views.middlewares.get('auth@docker')?.options).toMatchObject({ users: ['••••'], realm: 'home' });
    expect(masked({ a: { Token: ['x', { y: 'z' }] }, b: [{ token: 1 }] }, ['token'])).toEqual({
      a: { Token: ['••••', { y: '••••' }] },
      b: [{ token: '••••' }],
    });
  });

  test('options of a type that nobody knows are not shown: what is secret in them cannot be told', () => {
    const state = stateOf({ middlewares: { auth: { oauthThing: { clientSecret: 'hunter2' } } } });
    const view = buildViews(sourcesOf(state), emptyViews).middlewares.get('auth@docker');
    expect(view).toMatchObject({ status: 'disabled', options: {} });
    expect(JSON.stringify(view)).not.toContain('hunter2');
  });

  test('a router that workers cannot build is disabled, and recovers', () => {
    const state = stateOf(photos);
    const first = buildViews(sourcesOf(state, { unbuilt: new Map([['photos@docker', 'no such file']]) }), emptyViews);
    expect(first.routers.get('photos@docker')).toMatchObject({ status: 'disabled', urls: [] });
    const second = buildViews(sourcesOf(state), first);
    expect(second.routers.get('photos@docker')?.status).toBe('enabled');
  });

  test('only what changed is in a delta', () => {
    const first = stateOf(photos);
    const before = buildViews(sourcesOf(first), emptyViews);
    const second = stateOf(
      { ...photos, routers: { other: { rule: 'Host(`b`)', service: 'photos' } } },
      'docker',
      first,
    );
    const after = buildViews(sourcesOf(second), before);
    expect(deltaOf(before.routers, after.routers)).toMatchObject({
      upserted: [{ name: 'other@docker' }],
      removed: ['photos@docker'],
    });
    expect(deltaOf(before.services, after.services).upserted.map(({ name }) => name)).toEqual(['photos@docker']);
    expect(buildViews(sourcesOf(second), after).routers.get('other@docker')).toBe(after.routers.get('other@docker'));
  });
});

describe('containers', () => {
  const exposure = (overrides: Partial<Exposure>): Exposure =>
    ({ id: 'e1', name: 'photos', containerId: 'c1', paused: false, problems: [], ...overrides }) as Exposure;
  const view = (overrides: Partial<ViewSources>, http: HttpConfiguration = photos, own = facts) =>
    buildViews(
      sourcesOf(stateOf(http), { containers: [{ facts: own, routers: ['photos@docker'] }], ...overrides }),
      emptyViews,
    ).containers.get('c1');

  test('one that a router leads to is exposed', () => {
    expect(view({})).toMatchObject({
      exposure: 'exposed',
      routers: ['photos@docker'],
      urls: ['https://photos.example.org:8443/album'],
      exposureId: null,
    });
  });

  test('one whose router is disabled is broken, and says why', () => {
    const broken = { ...photos, routers: { photos: { rule: 'Hots(`a`)', service: 'photos' } } };
    expect(view({}, broken)).toMatchObject({ exposure: 'broken', urls: [], problems: [{ code: 'RULE_INVALID' }] });
  });

  test('one that nobody asked for is not exposed; one that failed to be is broken', () => {
    const none = { containers: [{ facts, routers: [] }] };
    expect(view(none, {})).toMatchObject({ exposure: 'none' });
    const failed = { ...facts, problems: [problem('CONTAINER_NO_PORT', 'error', 'No port.', null)] };
    expect(view({ containers: [{ facts: failed, routers: [] }] }, {})).toMatchObject({ exposure: 'broken' });
  });

  test('a paused exposure and a pause of all', () => {
    const none = { containers: [{ facts, routers: [] }] };
    expect(view({ ...none, exposures: [exposure({ paused: true })] }, {})).toMatchObject({
      exposure: 'paused',
      exposureId: 'e1',
    });
    expect(view({ pausedAll: true })).toMatchObject({ exposure: 'paused', urls: [] });
  });
});

describe('status', () => {
  const base = {
    version: '1',
    startedAt: 1,
    starting: false,
    problems: [],
    entryPoints: [],
    providers: [],
    views: buildViews(sourcesOf(stateOf(photos)), emptyViews),
    dashboard: { url: '', lanUrl: null },
    dataDir: '/',
    workers: 2,
    pausedAll: false,
    certificateAuthority: { fingerprint: '', notAfter: 1, path: '' },
  };
  test('is well while nothing is wrong', () => {
    expect(engineStatus(base)).toMatchObject({
      health: 'well',
      counts: { openApps: 1, routers: { total: 1, warnings: 0, errors: 0 }, services: { total: 2 } },
    });
  });

  test('notes change nothing, warnings do', () => {
    const note = problem('EXPOSURE_PAUSED_ALL', 'info', '', null);
    const warning = problem('WORKER_RESTARTED', 'warning', '', null);
    expect(engineStatus({ ...base, problems: [note] }).health).toBe('well');
    expect(engineStatus({ ...base, problems: [warning] }).health).toBe('attention');
    expect(engineStatus({ ...base, problems: [warning], pausedAll: true })).toMatchObject({
      health: 'paused',
      counts: { openApps: 0 },
    });
    expect(engineStatus({ ...base, starting: true }).health).toBe('starting');
  });
});
