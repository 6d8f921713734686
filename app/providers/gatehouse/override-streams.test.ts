import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultStaticConfiguration, type StaticEntryPoint } from '../../config/static.ts';
import { buildRuntime } from '../../runtime/merge.ts';
import { toStreamSnapshot } from '../../runtime/stream-snapshot.ts';
import type { Origins, Publication } from '../provider.ts';
import { createRig, type Rig } from './rig.test-support.ts';

const [web] = defaultStaticConfiguration.entryPoints as [StaticEntryPoint];
const entryPoints: StaticEntryPoint[] = [
  ...defaultStaticConfiguration.entryPoints,
  { ...web, name: 'dns', address: ':53', redirectTo: null, transport: 'udp' },
];
const origins: Origins = { routers: {}, services: {}, middlewares: {} };

const streams: Publication = {
  provider: 'file',
  configuration: {
    tcp: {
      routers: {
        db: { rule: 'HostSNI(`*`)', entryPoints: ['web'], service: 'db' },
        mail: { rule: 'HostSNI(`mail.test`) && ALPN(`imap`)', entryPoints: ['websecure'], service: 'db', tls: {} },
        other: { rule: 'HostSNI(`other.test`)', entryPoints: ['websecure'], service: 'db', tls: { passthrough: true } },
      },
      services: { db: { loadBalancer: { servers: [{ address: '10.0.0.5:5432' }, { address: '10.0.0.6:5432' }] } } },
    },
    udp: {
      routers: { dns: { entryPoints: ['dns'], service: 'dns' }, zweit: { entryPoints: ['dns'], service: 'dns' } },
      services: { dns: { loadBalancer: { servers: [{ address: '10.0.0.1:53' }] } } },
    },
  },
  origins,
  streamOrigins: { tcp: origins, udp: origins },
};

let rig: Rig;
beforeEach(async () => {
  rig = createRig(undefined, entryPoints);
  rig.others = [streams];
  await rig.exposures.refresh();
});
afterEach(() => rig.close());

type Input = Parameters<Rig['overrides']['operations']['set']>[0];
const router = (name: string, input: Partial<Input>) =>
  rig.overrides.operations.set({ object: 'router', protocol: 'tcp', name: `${name}@file`, ...input }, 'cli');
const snapshot = () => toStreamSnapshot(rig.state().streams);

describe('an override of TCP and UDP', () => {
  test('changes server name, middlewares and who is let in', async () => {
    await router('mail', {
      host: 'imap.test',
      protection: { kind: 'allowList', sourceRange: ['192.168.1.0/24'] },
    });
    const mail = snapshot()?.tcpRouters.find(({ name }) => name === 'mail@file');
    expect(mail).toMatchObject({
      rule: 'HostSNI(`imap.test`) && ALPN(`imap`)',
      middlewares: ['router.mail.file-allow-list@gatehouse'],
    });
    expect(snapshot()?.tcpMiddlewares).toMatchObject({
      'router.mail.file-allow-list@gatehouse': { ipAllowList: { sourceRange: ['192.168.1.0/24'] } },
    });
    expect(rig.state().streams.tcp.routers.get('mail@file')?.overridden).toMatchObject({
      rule: 'HostSNI(`mail.test`) && ALPN(`imap`)',
      fields: ['host', 'protection'],
    });
    // One of HTTP with the same name is another object.
    expect(rig.state().middlewares.size).toBe(0);
    const { labels, file } = rig.overrides.operations.export({ object: 'router', protocol: 'tcp', name: 'mail@file' });
    expect(labels).toEqual([
      'traefik.enable=true',
      'traefik.tcp.routers.mail.rule=HostSNI(`imap.test`) && ALPN(`imap`)',
      'traefik.tcp.routers.mail.entrypoints=websecure',
      'traefik.tcp.routers.mail.tls=true',
      'traefik.tcp.routers.mail.middlewares=mail-allow-list',
      'traefik.tcp.routers.mail.service=db@file',
      'traefik.tcp.middlewares.mail-allow-list.ipallowlist.sourcerange=192.168.1.0/24',
    ]);
    expect(file).toMatch(/^tcp:\n {2}routers:/);
  });

  test('survives a restart beside one of HTTP with the same name, and is removed and undone', async () => {
    const { changeId } = await router('db', { paused: true });
    expect(snapshot()?.tcpRouters.map(({ name }) => name)).not.toContain('db@file');
    expect(rig.state().streams.tcp.routers.get('db@file')?.problems).toMatchObject([{ code: 'ROUTER_PAUSED' }]);
    rig = rig.restart();
    rig.others = [streams];
    await rig.exposures.refresh();
    expect(rig.overrides.operations.list()).toMatchObject([{ protocol: 'tcp', name: 'db@file', paused: true }]);
    await rig.overrides.operations.remove({ object: 'router', protocol: 'tcp', name: 'db@file' }, 'cli');
    expect(snapshot()?.tcpRouters.map(({ name }) => name)).toContain('db@file');
    await expect(rig.changes.undo(changeId, 'cli')).rejects.toMatchObject({ code: 'CONFLICT' });
    await rig.changes.undo(rig.changes.list(1)[0]!.id, 'cli');
    expect(rig.overrides.operations.list()).toHaveLength(1);
  });

  test('pauses a UDP router, and the next by name gets its datagrams', async () => {
    await router('dns', { protocol: 'udp', paused: true });
    expect(snapshot()?.udpRouters.map(({ name }) => name)).toEqual(['zweit@file']);
    expect(rig.state().streams.udp.routers.get('zweit@file')).toMatchObject({ status: 'enabled' });
    await expect(router('dns', { protocol: 'udp', paused: false })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'ENTRY_POINT_TAKEN', router: 'zweit@file', entryPoint: 'dns' },
    });
    await router('dns', { protocol: 'udp', paused: false, allowConflict: true });
    expect(rig.overrides.operations.list()).toEqual([]);
  });

  test('pauses and moves servers', async () => {
    const service = { object: 'service', protocol: 'tcp', name: 'db@file' } as const;
    await rig.overrides.operations.set(
      {
        ...service,
        servers: [
          { server: '10.0.0.5:5432', address: null, weight: null, paused: true },
          { server: '10.0.0.6:5432', address: '10.0.0.7:5433', weight: null, paused: false },
        ],
      },
      'cli',
    );
    expect(snapshot()?.tcpServices['db@file']).toMatchObject({ servers: [{ address: '10.0.0.7:5433' }] });
    expect(rig.overrides.operations.plan(service)).toMatchObject({
      servers: [{ server: '10.0.0.5:5432' }, { server: '10.0.0.6:5432' }],
      editable: ['servers', 'paused'],
    });
    expect(rig.overrides.operations.export(service).file).toContain('address: 10.0.0.7:5433');
    const dns = { object: 'service', protocol: 'udp', name: 'dns@file' } as const;
    await rig.overrides.operations.set({ ...dns, paused: true }, 'cli');
    expect(snapshot()?.udpServices['dns@file']).toMatchObject({ servers: [] });
  });

  test('another router’s server name is refused', async () => {
    await expect(router('other', { host: 'taken.test' })).resolves.toMatchObject({ override: { host: 'taken.test' } });
    rig.others = [
      {
        ...streams,
        configuration: {
          tcp: {
            ...streams.configuration.tcp,
            routers: {
              ...streams.configuration.tcp?.routers,
              third: { rule: 'HostSNI(`third.test`)', entryPoints: ['websecure'], service: 'db', tls: {} },
            },
          },
        },
      },
    ];
    await expect(router('other', { host: 'third.test' })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'RULE_TAKEN', router: 'third@file', entryPoint: 'websecure' },
    });
  });

  test.each([
    ['db', { host: 'a.test' }, 'OVERRIDE_HOST_NEEDS_TLS'],
    [
      'mail',
      { protection: { kind: 'password' as const, username: 'a', password: 'long enough' } },
      'PROTECTION_NOT_FOR_TCP',
    ],
    ['dns', { protocol: 'udp' as const, middlewares: ['a'] }, 'OVERRIDE_NOT_HERE'],
    [
      'db',
      {
        object: 'service' as const,
        servers: [{ server: '10.0.0.5:5432', address: 'http://x', weight: null, paused: false }],
      },
      'SERVER_ADDRESS_INVALID',
    ],
    [
      'db',
      { object: 'service' as const, servers: [{ server: '10.0.0.5:5432', address: null, weight: 4, paused: false }] },
      'WEIGHT_NOT_HERE',
    ],
  ])('of %s refuses %j', async (name, input, reason) => {
    await expect(router(name, input)).rejects.toMatchObject({ code: 'INVALID', details: { reason } });
    expect(rig.store.overrides.list()).toEqual([]);
  });
});

test('nothing is laid over a protocol that has no such object', () => {
  const lonely: Publication = { ...streams, configuration: {} };
  expect(buildRuntime([lonely], entryPoints, 1).streams.tcp.routers.size).toBe(0);
});
