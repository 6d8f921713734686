import { describe, expect, test } from 'vitest';
import type { TcpConfiguration, UdpConfiguration } from '../../proxy/model/stream.ts';
import { defaultStaticConfiguration, type StaticEntryPoint } from '../config/static.ts';
import { buildRuntime } from './merge.ts';
import { toRoutingSnapshot } from './snapshot.ts';

const [web, websecure] = defaultStaticConfiguration.entryPoints as [StaticEntryPoint, StaticEntryPoint];
const dns: StaticEntryPoint = { ...web, name: 'dns', address: ':53/udp', transport: 'udp', redirectTo: null };
const entryPoints = [web, websecure, dns];
const build = (tcp: TcpConfiguration, udp: UdpConfiguration = {}, previous?: ReturnType<typeof buildRuntime>) =>
  buildRuntime(
    [
      {
        provider: 'file',
        configuration: { tcp, udp },
        origins: { routers: {}, services: {}, middlewares: {} },
      },
    ],
    entryPoints,
    1,
    previous,
  );
const db = { loadBalancer: { servers: [{ address: '10.0.0.2:5432' }] } };
const codesOf = (object: { problems: readonly { code: string }[] } | undefined) =>
  object?.problems.map(({ code }) => code);

describe('TCP routers', () => {
  test('that stand in each other’s way are told, both of them', () => {
    const { streams } = build({
      routers: {
        one: { rule: 'HostSNI(`db.test`)', service: 'db', tls: {} },
        two: { rule: 'HostSNI( `db.test` )', priority: 18, service: 'db', tls: { passthrough: true } },
        plain: { rule: 'HostSNI(`*`)', service: 'db' },
      },
      services: { db },
    });
    for (const name of ['one@file', 'two@file']) {
      expect(streams.tcp.routers.get(name)).toMatchObject({
        status: 'warning',
        problems: [{ code: 'RULE_DUPLICATE', details: { winner: 'two@file' } }],
      });
    }
    expect(streams.tcp.routers.get('plain@file')?.status).toBe('enabled');
  });

  test('are resolved: names, entry points for connections, priority, hosts', () => {
    const { streams } = build({
      routers: {
        all: { rule: 'HostSNI(`*`)', service: 'db' },
        one: { rule: 'HostSNI(`Db.Example.org`)', service: 'db', middlewares: ['few'], tls: { passthrough: true } },
      },
      services: { db },
      middlewares: { few: { inFlightConn: { amount: 2 } } },
    });
    expect(streams.tcp.routers.get('all@file')).toMatchObject({
      status: 'enabled',
      entryPoints: ['web', 'websecure'],
      service: 'db@file',
      priority: -1,
      tls: 'none',
    });
    expect(streams.tcp.routers.get('one@file')).toMatchObject({
      hosts: ['db.example.org'],
      middlewares: ['few@file'],
      priority: 25,
      tls: 'passthrough',
    });
    expect(streams.tcp.services.get('db@file')?.usedBy).toEqual(['all@file', 'one@file']);
    expect(streams.tcp.middlewares.get('few@file')?.usedBy).toEqual(['one@file']);
  });

  test.each([
    ['RULE_MISSING', { service: 'db' }],
    ['RULE_INVALID', { rule: 'HostSNI(`bàr`)', service: 'db', tls: {} }],
    ['RULE_INVALID', { rule: 'Host(`a.b`)', service: 'db' }],
    ['RULE_NEEDS_TLS', { rule: 'HostSNI(`a.b`)', service: 'db' }],
    ['TLS_OPTIONS_UNKNOWN', { rule: 'HostSNI(`a.b`)', service: 'db', tls: { options: 'strict' } }],
    ['SERVICE_UNKNOWN', { rule: 'HostSNI(`*`)', service: 'bd' }],
    ['ROUTER_NO_SERVICE', { rule: 'HostSNI(`*`)' }],
    ['MIDDLEWARE_UNKNOWN', { rule: 'HostSNI(`*`)', service: 'db', middlewares: ['none'] }],
    ['MIDDLEWARE_INVALID', { rule: 'HostSNI(`*`)', service: 'db', middlewares: ['nobody'] }],
    ['ENTRY_POINT_UNKNOWN', { rule: 'HostSNI(`*`)', service: 'db', entryPoints: ['dns'] }],
  ])('%s disables the one router', (code, router) => {
    const state = build({
      routers: { bad: router, good: { rule: 'HostSNI(`*`)', service: 'db' } },
      services: { db },
      middlewares: { nobody: { ipAllowList: {} } },
    });
    const bad = state.streams.tcp.routers.get('bad@file');
    expect([codesOf(bad), bad?.status]).toEqual([[code], 'disabled']);
    const { streams } = toRoutingSnapshot(state, entryPoints, { pausedAll: false });
    // Where its protection is missing it keeps its place, so that none below it takes its connections.
    const closed = ['TLS_OPTIONS_UNKNOWN', 'MIDDLEWARE_UNKNOWN', 'MIDDLEWARE_INVALID'].includes(code);
    expect(streams?.tcpRouters.map(({ name, refuse }) => [name, refuse?.reason])).toEqual([
      ...(closed ? [['bad@file', bad?.problems[0]?.message]] : []),
      ['good@file', undefined],
    ]);
  });

  test('HTTP routers are never on an entry point for datagrams', () => {
    const publication = {
      provider: 'file',
      configuration: {
        http: { routers: { r: { rule: 'Host(`a.b`)', service: 's' } }, services: { s: { loadBalancer: {} } } },
      },
      origins: { routers: {}, services: {}, middlewares: {} },
    } as const;
    expect(buildRuntime([publication], entryPoints, 1).routers.get('r@file')?.entryPoints).toEqual([
      'web',
      'websecure',
    ]);
  });
});

describe('services', () => {
  test('are told apart by what is wrong with them', () => {
    const { streams } = build({
      services: {
        none: {},
        both: { ...db, weighted: { services: [{ name: 'empty' }] } },
        empty: { loadBalancer: {} },
        half: { loadBalancer: { servers: [{ address: 'no port' }, { address: '[::1]:80' }] } },
        lost: { loadBalancer: { ...db.loadBalancer, serversTransport: 'gone' } },
        round: { weighted: { services: [{ name: 'trip' }] } },
        trip: { weighted: { services: [{ name: 'round' }] } },
        orphan: { weighted: { services: [{ name: 'nobody' }] } },
      },
    });
    const found = [...streams.tcp.services].map(([name, service]) => [name, service.status, codesOf(service)]);
    expect(found).toEqual([
      ['none@file', 'disabled', ['SERVICE_INVALID']],
      ['both@file', 'disabled', ['SERVICE_INVALID']],
      ['empty@file', 'warning', ['SERVICE_NO_SERVERS']],
      ['half@file', 'warning', ['SERVICE_INVALID']],
      ['lost@file', 'disabled', ['TRANSPORT_UNKNOWN']],
      ['round@file', 'disabled', ['SERVICE_LOOP']],
      ['trip@file', 'disabled', ['SERVICE_LOOP']],
      ['orphan@file', 'disabled', ['SERVICE_UNKNOWN']],
    ]);
  });

  test('go to the workers with defaults filled in; the old places of options win', () => {
    const state = build({
      routers: { r: { rule: 'HostSNI(`*`)', service: 'both' } },
      services: {
        both: { weighted: { services: [{ name: 'a', weight: 3 }, { name: 'b' }] } },
        a: { loadBalancer: { ...db.loadBalancer, serversTransport: 't' } },
        b: { loadBalancer: { ...db.loadBalancer, serversTransport: 't', proxyProtocol: {}, terminationDelay: -1 } },
        unused: db,
      },
      serversTransports: { t: { terminationDelay: '2s', proxyProtocol: { version: 1 } } },
    });
    const { streams } = toRoutingSnapshot(state, entryPoints, { pausedAll: false });
    const byDefault = toRoutingSnapshot(
      build({ routers: { r: { rule: 'HostSNI(`*`)', service: 'db' } }, services: { db } }),
      entryPoints,
      { pausedAll: false, defaultTcpTransport: { dialTimeout: '3s', terminationDelay: '7s' } },
    ).streams;
    const chosen = byDefault?.tcpServices['db@file'];
    expect(chosen).toMatchObject({ terminationDelayMs: 7000 });
    const named = chosen?.kind === 'loadBalancer' ? chosen.serversTransport : null;
    expect(byDefault?.tcpServersTransports[named ?? '']).toMatchObject({ dialTimeout: '3s' });
    const transport = { serversTransport: 't@file', healthCheck: null };
    expect(streams?.tcpServices).toMatchObject({
      'both@file': {
        kind: 'weighted',
        services: [
          { name: 'a@file', weight: 3 },
          { name: 'b@file', weight: 1 },
        ],
      },
      'a@file': { ...transport, proxyProtocol: 1, terminationDelayMs: 2000 },
      'b@file': { ...transport, proxyProtocol: 2, terminationDelayMs: -1 },
    });
    expect(Object.keys(streams?.tcpServices ?? {})).toHaveLength(3);
    expect(Object.keys(streams?.tcpServersTransports ?? {})).toEqual(['t@file']);
    expect(state.streams.tcp.services.get('a@file')?.usedBy).toEqual(['r@file']);
    expect(toRoutingSnapshot(state, entryPoints, { pausedAll: true }).streams).toBeUndefined();
  });
});

describe('UDP', () => {
  const server = { loadBalancer: { servers: [{ address: '10.0.0.3:53' }] } };

  test('routers are on entry points for datagrams; the first by name has each of them', () => {
    const { streams } = build(
      {},
      { routers: { b: { service: 's' }, a: { service: 's', entryPoints: ['dns'] } }, services: { s: server } },
    );
    expect(streams.udp.routers.get('a@file')).toMatchObject({ status: 'enabled', entryPoints: ['dns'] });
    expect(streams.udp.routers.get('b@file')).toMatchObject({
      status: 'warning',
      problems: [{ code: 'RULE_DUPLICATE', details: { winner: 'a@file', entryPoint: 'dns' } }],
    });
  });

  test('an entry point for connections is none of theirs', () => {
    const { streams } = build({}, { routers: { a: { service: 's', entryPoints: ['web'] } }, services: { s: server } });
    expect(codesOf(streams.udp.routers.get('a@file'))).toEqual(['ENTRY_POINT_UNKNOWN']);
  });
});

test('what says the same is the same object', () => {
  const tcp = { routers: { r: { rule: 'HostSNI(`*`)', service: 'db' } }, services: { db } };
  const first = build(tcp);
  const second = build({ ...tcp, services: { db, other: db } }, {}, first);
  expect(second.streams.tcp.routers.get('r@file')).toBe(first.streams.tcp.routers.get('r@file'));
  expect(second.streams.tcp.services.get('db@file')).toBe(first.streams.tcp.services.get('db@file'));
});
