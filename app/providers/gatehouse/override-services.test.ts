import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DynamicConfiguration } from '../../../proxy/model/dynamic.ts';
import { toRoutingSnapshot } from '../../runtime/snapshot.ts';
import type { Origins, Publication } from '../provider.ts';
import { createRig, type Rig } from './rig.test-support.ts';

let rig: Rig;
beforeEach(async () => {
  rig = createRig();
  rig.others = [published(configuration())];
  await rig.exposures.refresh();
});
afterEach(() => rig.close());

function published(given: DynamicConfiguration, provider: 'file' | 'docker' = 'file'): Publication {
  const origins: Origins = { routers: {}, services: {}, middlewares: {} };
  return { provider, configuration: given, origins, streamOrigins: { tcp: origins, udp: origins } };
}

function configuration(servers = ['http://10.0.0.5:80', 'http://10.0.0.6:80']): DynamicConfiguration {
  return {
    http: {
      routers: { wiki: { rule: 'Host(`wiki.test`)', service: 'wiki' } },
      services: {
        wiki: {
          loadBalancer: { servers: servers.map((url) => ({ url })), healthCheck: { path: '/up', interval: '5s' } },
        },
        both: { weighted: { services: [{ name: 'wiki' }] } },
      },
    },
  };
}

type Input = Parameters<Rig['overrides']['operations']['set']>[0];
const target = { object: 'service', name: 'wiki@file' } as const;
const set = (input: Partial<Input>) => rig.overrides.operations.set({ ...target, ...input }, 'dashboard');
const edit = (server: string, over: object) => ({ server, address: null, weight: null, paused: false, ...over });
const service = () => rig.state().services.get('wiki@file');
const served = () => toRoutingSnapshot(rig.state(), [], { pausedAll: false }).services['wiki@file'];

describe('an override of a service', () => {
  test('pauses a server, moves another, and gives it a weight', async () => {
    const servers = [
      edit('http://10.0.0.5:80', { paused: true }),
      edit('http://10.0.0.6:80', { address: 'https://10.0.0.6:8443', weight: 3 }),
    ];
    const { override } = await set({ servers });
    expect(override).toMatchObject({ servers, state: 'applied' });
    expect(served()).toMatchObject({ servers: [{ url: 'https://10.0.0.6:8443', weight: 3 }] });
    expect(service()?.overridden).toMatchObject({ fields: ['servers'], edits: servers });
    await set({ servers: null });
    expect(served()).toMatchObject({ servers: [{ url: 'http://10.0.0.5:80' }, { url: 'http://10.0.0.6:80' }] });
    expect(rig.overrides.operations.list()).toEqual([]);
  });

  test('takes an address without its scheme, and forgets what says nothing', async () => {
    await set({
      servers: [
        edit('http://10.0.0.5:80', { address: '10.0.0.9:81' }),
        edit('http://10.0.0.6:80', { address: 'http://10.0.0.6:80', weight: 1 }),
      ],
    });
    expect(rig.overrides.operations.list()).toMatchObject([
      { servers: [edit('http://10.0.0.5:80', { address: 'http://10.0.0.9:81' })] },
    ]);
  });

  test('says when the file has moved on, and what is kept speaks of the servers of now', async () => {
    await set({ servers: [edit('http://10.0.0.5:80', { address: 'http://10.0.0.5:81' })] });
    rig.others = [published(configuration(['http://10.0.0.7:80', 'http://10.0.0.6:80']))];
    expect(rig.overrides.operations.list()).toMatchObject([{ state: 'changed' }]);
    expect(served()).toMatchObject({ servers: [{ url: 'http://10.0.0.7:81' }, { url: 'http://10.0.0.6:80' }] });
    const { override } = await set({ middlewares: [] });
    expect(override).toMatchObject({
      state: 'applied',
      servers: [{ server: 'http://10.0.0.7:80', address: 'http://10.0.0.7:81' }],
    });
    rig.others = [published(configuration([]))];
    expect(rig.overrides.operations.list()).toMatchObject([{ state: 'changed' }]);
  });

  test('checks health elsewhere, or not at all', async () => {
    await set({ healthCheckPath: '/health' });
    expect(served()).toMatchObject({ healthCheck: { path: '/health', interval: '5s' } });
    expect(rig.overrides.operations.plan(target)).toMatchObject({ healthCheckPath: '/up' });
    await set({ healthCheckPath: '' });
    expect(served()).toMatchObject({ healthCheck: null });
    await set({ healthCheckPath: null });
    expect(served()).toMatchObject({ healthCheck: { path: '/up' } });
  });

  test('pauses it whole, and is taken back by undo', async () => {
    const { changeId } = await set({ paused: true });
    expect(served()).toMatchObject({ servers: [] });
    expect(service()).toMatchObject({ status: 'enabled', problems: [{ code: 'SERVICE_PAUSED', severity: 'info' }] });
    expect(rig.state().routers.get('wiki@file')?.problems).toMatchObject([{ code: 'SERVICE_PAUSED' }]);
    await rig.changes.undo(changeId, 'dashboard');
    expect(served()).toMatchObject({ servers: [{}, {}] });
  });

  test.each([
    [{ servers: [edit('http://10.9.9.9:80', { paused: true })] }, 'SERVER_UNKNOWN'],
    [{ servers: [edit('http://10.0.0.5:80', { address: 'ftp://x' })] }, 'SERVER_URL_INVALID'],
    [{ servers: [edit('http://10.0.0.5:80', { weight: -1 })] }, 'WEIGHT_INVALID'],
    [{ healthCheckPath: 'health' }, 'HEALTH_PATH_INVALID'],
    [{ host: 'a.test' }, 'OVERRIDE_NOT_HERE'],
    [{ name: 'both@file', servers: [] as never[], paused: true }, 'OVERRIDE_NOT_HERE'],
  ])('refuses %j', async (input, reason) => {
    await expect(set(input)).rejects.toMatchObject({ code: 'INVALID', details: { reason } });
    expect(rig.store.overrides.list()).toEqual([]);
  });

  test('is exported whole for a file, and for labels as far as they can say it', async () => {
    rig.others = [published(configuration(['http://172.18.0.5:80']), 'docker')];
    const docker = { object: 'service', name: 'wiki@docker' } as const;
    await rig.overrides.operations.set(
      {
        ...docker,
        servers: [edit('http://172.18.0.5:80', { address: 'https://172.18.0.5:8443', weight: 2 })],
        healthCheckPath: '/health',
      },
      'cli',
    );
    const { labels, file } = rig.overrides.operations.export(docker);
    expect(labels).toEqual([
      'traefik.enable=true',
      'traefik.http.services.wiki.loadbalancer.server.scheme=https',
      'traefik.http.services.wiki.loadbalancer.server.port=8443',
      'traefik.http.services.wiki.loadbalancer.server.weight=2',
      'traefik.http.services.wiki.loadbalancer.healthcheck.path=/health',
      'traefik.http.services.wiki.loadbalancer.healthcheck.interval=5s',
    ]);
    expect(file).toContain('url: https://172.18.0.5:8443');
    const both = rig.overrides.operations.export({ object: 'service', name: 'both@docker' });
    expect(both.file).toContain('name: wiki@docker');
  });
});

describe('a rule and priority that another router has', () => {
  const router = { object: 'router', name: 'wiki@file' } as const;
  const over = (input: Partial<Input>) => rig.overrides.operations.set({ ...router, ...input }, 'cli');

  beforeEach(async () => {
    const given = configuration();
    const routers = {
      ...given.http?.routers,
      photos: { rule: 'Host( `photos.test` )', service: 'wiki', priority: 19 },
    };
    rig.others = [published({ ...given, http: { ...given.http, routers } })];
    await rig.exposures.refresh();
  });

  test('is refused, naming the other, unless one wants it so', async () => {
    await expect(over({ host: 'photos.test' })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'RULE_TAKEN', router: 'photos@file', field: 'host' },
    });
    expect(rig.store.overrides.list()).toEqual([]);
    await over({ host: 'photos.test', allowConflict: true });
    expect(rig.state().routers.get('wiki@file')).toMatchObject({ rule: 'Host(`photos.test`)', status: 'warning' });
    // It is there already: another edit does not bring it up again.
    await over({ middlewares: [] });
  });

  test('is no matter while the router is paused, but when it resumes', async () => {
    await over({ host: 'photos.test', paused: true });
    await expect(over({ paused: false })).rejects.toMatchObject({ code: 'CONFLICT' });
    await over({ paused: false, host: 'free.test' });
  });

  test('is free where priorities differ', async () => {
    const given = configuration();
    const routers = { ...given.http?.routers, photos: { rule: 'Host(`photos.test`)', service: 'wiki', priority: 5 } };
    rig.others = [published({ ...given, http: { ...given.http, routers } })];
    await over({ host: 'photos.test' });
    expect(rig.overrides.operations.list()).toHaveLength(1);
  });
});
