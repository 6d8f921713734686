import { describe, expect, test } from 'vitest';
import type { HttpConfiguration } from '../../proxy/model/dynamic.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import { problem } from '../problem.ts';
import type { Publication } from '../providers/provider.ts';
import { buildRuntime } from './merge.ts';
import { toRoutingSnapshot } from './snapshot.ts';
import type { RuntimeState } from './state.ts';

const { entryPoints } = defaultStaticConfiguration;

function publication(http: HttpConfiguration, provider: Publication['provider'] = 'file'): Publication {
  return { provider, configuration: { http }, origins: { routers: {}, services: {}, middlewares: {} } };
}

function build(...publications: Publication[]): RuntimeState {
  return buildRuntime(publications, entryPoints, 1);
}

const server = (url = 'http://10.0.0.2:80') => ({ loadBalancer: { servers: [{ url }] } });
const host = (name: string) => `Host(\`${name}.example.org\`)`;

function problemsOf(state: RuntimeState, kind: 'routers' | 'services' | 'middlewares', name: string): string[] {
  return (state[kind].get(name)?.problems ?? []).map(({ code, severity }) => `${severity} ${code}`);
}

function snapshotOf(state: RuntimeState, pausedAll = false) {
  return toRoutingSnapshot(state, entryPoints, { pausedAll });
}

describe('names and defaults', () => {
  test('names mean the provider they stand in, unless they name another', () => {
    const state = build(
      publication({
        routers: { photos: { rule: host('photos'), service: 'photos', middlewares: ['auth', 'auth@docker'] } },
        services: { photos: server() },
        middlewares: { auth: { addPrefix: { prefix: '/a' } } },
      }),
      publication({ middlewares: { auth: { addPrefix: { prefix: '/b' } } } }, 'docker'),
    );
    expect(state.routers.get('photos@file')).toMatchObject({
      status: 'enabled',
      service: 'photos@file',
      middlewares: ['auth@file', 'auth@docker'],
      entryPoints: ['web', 'websecure'],
      priority: Buffer.byteLength(host('photos')),
      hosts: ['photos.example.org'],
      tls: false,
    });
    expect(state.middlewares.get('auth@docker')?.usedBy).toEqual(['photos@file']);
    expect(state.services.get('photos@file')?.usedBy).toEqual(['photos@file']);
  });

  test('a provider cannot define what belongs to another one', () => {
    const state = build(
      publication({
        routers: { safe: { rule: host('safe'), service: 'safe', middlewares: ['auth'] } },
        services: { safe: server() },
        middlewares: { auth: { basicAuth: { users: ['a:{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk='] } } },
      }),
      publication(
        {
          routers: { 'safe@file': { rule: host('other') } },
          services: { 'safe@file': server('http://10.6.6.6:80') },
          middlewares: { 'auth@file': { addPrefix: { prefix: '/a' } } },
        },
        'docker',
      ),
    );
    expect(state.middlewares.get('auth@file')).toMatchObject({ type: 'basicAuth', usedBy: ['safe@file'] });
    expect(state.services.get('safe@file')).toMatchObject({ provider: 'file', config: server() });
    expect(state.routers.get('safe@file')).toMatchObject({ provider: 'file', hosts: ['safe.example.org'] });
    expect(state.middlewares.get('auth@file@docker')).toMatchObject({ provider: 'docker', type: 'addPrefix' });
    expect(state.routers.get('safe@file@docker')?.service).toBe('safe@file@docker');
  });

  test('a router without a service has the one of its own name, or none', () => {
    const state = build(
      publication({ routers: { a: { rule: host('a') }, b: { rule: host('b') } }, services: { a: server() } }),
    );
    expect(state.routers.get('a@file')?.service).toBe('a@file');
    expect(problemsOf(state, 'routers', 'b@file')).toEqual(['error ROUTER_NO_SERVICE']);
  });

  test('whoami is built in', () => {
    const state = build(publication({ routers: { w: { rule: host('w'), service: 'whoami@internal' } } }));
    expect(state.services.get('whoami@internal')).toMatchObject({ status: 'enabled', usedBy: ['w@file'] });
    expect(snapshotOf(state).services['whoami@internal']).toEqual({ kind: 'whoami' });
  });

  test('priority 0 is no priority, and names may be words of the language', () => {
    const state = build(
      publication({
        routers: { constructor: { rule: host('c'), service: 'toString', priority: 0 } },
        services: { toString: server() },
      }),
    );
    expect(state.routers.get('constructor@file')).toMatchObject({ status: 'enabled', priority: 21 });
  });
});

describe('judgement', () => {
  test('a rule that does not parse says where', () => {
    const state = build(
      publication({ routers: { a: { rule: 'Hots(`a`)', service: 'a' } }, services: { a: server() } }),
    );
    const [found] = state.routers.get('a@file')?.problems ?? [];
    expect(found).toMatchObject({ code: 'RULE_INVALID', severity: 'error', details: { position: 0 } });
    expect(found?.message).toContain('Host');
    expect(found?.fix).toBe('Look here: ▸Hots(`a`)');
    expect(snapshotOf(state).routers).toEqual([]);
  });

  test('unknown names come with the nearest one', () => {
    const state = build(
      publication({
        routers: {
          a: { rule: host('a'), service: 'phtos', middlewares: ['atuh'], entryPoints: ['websecrue'] },
        },
        services: { photos: server() },
        middlewares: { auth: { addPrefix: { prefix: '/a' } } },
      }),
    );
    const problems = state.routers.get('a@file')?.problems ?? [];
    expect(problems.map(({ code, details }) => [code, details['nearest']])).toEqual([
      ['ENTRY_POINT_UNKNOWN', 'websecure'],
      ['SERVICE_UNKNOWN', 'photos@file'],
      ['MIDDLEWARE_UNKNOWN', 'auth@file'],
    ]);
  });

  test('one unknown entry point among known ones is a warning', () => {
    const state = build(
      publication({
        routers: { a: { rule: host('a'), service: 'a', entryPoints: ['websecure', 'traefik'] } },
        services: { a: server() },
      }),
    );
    expect(state.routers.get('a@file')).toMatchObject({ status: 'warning', entryPoints: ['websecure'] });
  });

  test('a broken middleware disables the routers that use it, through chains too, and no others', () => {
    const state = build(
      publication({
        routers: {
          guarded: { rule: host('guarded'), service: 'a', middlewares: ['all'] },
          open: { rule: host('open'), service: 'a' },
        },
        services: { a: server() },
        middlewares: {
          all: { chain: { middlewares: ['allow'] } },
          allow: { ipAllowList: { sourceRange: ['not an address'] } },
        },
      }),
    );
    expect(problemsOf(state, 'middlewares', 'allow@file')).toEqual(['error MIDDLEWARE_INVALID']);
    expect(problemsOf(state, 'middlewares', 'all@file')).toEqual(['error MIDDLEWARE_INVALID']);
    expect(problemsOf(state, 'routers', 'guarded@file')).toEqual(['error MIDDLEWARE_INVALID']);
    expect(state.routers.get('open@file')?.status).toBe('enabled');
    const { routers, middlewares } = snapshotOf(state);
    expect(routers.map(({ name, refuse }) => [name, refuse !== undefined])).toEqual([
      ['guarded@file', true],
      ['guarded@file', true],
      ['open@file', false],
      ['open@file', false],
    ]);
    expect(middlewares).toEqual({});
  });

  test.each([
    ['no type', {}, 'MIDDLEWARE_INVALID'],
    ['two types', { addPrefix: { prefix: '/a' }, stripPrefix: { prefixes: ['/b'] } }, 'MIDDLEWARE_INVALID'],
    ['a type that nobody knows', { addPrefx: { prefix: '/a' } }, 'MIDDLEWARE_UNSUPPORTED'],
    ['an option that is not valid', { addPrefix: { prefix: 3 } }, 'MIDDLEWARE_INVALID'],
  ])('a middleware with %s is disabled', (_what, config, code) => {
    const state = build(publication({ middlewares: { m: config } }));
    expect(problemsOf(state, 'middlewares', 'm@file')).toEqual([`error ${code}`]);
  });

  test('middlewares that lead back to themselves are all disabled', () => {
    const state = build(
      publication({
        middlewares: {
          a: { chain: { middlewares: ['b'] } },
          b: { chain: { middlewares: ['a'] } },
          c: { chain: { middlewares: ['c'] } },
        },
      }),
    );
    for (const name of ['a@file', 'b@file', 'c@file']) {
      expect(problemsOf(state, 'middlewares', name)).toContain('error MIDDLEWARE_LOOP');
    }
    expect(state.middlewares.get('a@file')?.problems[0]?.details['road']).toBe('a@file → b@file → a@file');
  });

  test('a chain deep enough to hurt a stack is judged', () => {
    const middlewares = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [
        `m${index}`,
        index === 299 ? { addPrefix: { prefix: '/a' } } : { chain: { middlewares: [`m${index + 1}`] } },
      ]),
    );
    expect(build(publication({ middlewares })).middlewares.get('m0@file')?.status).toBe('enabled');
  });

  test('a service without servers is served, and says so, itself and its routers', () => {
    const state = build(
      publication({
        routers: { a: { rule: host('a'), service: 'a' } },
        services: {
          a: { loadBalancer: { servers: [] } },
          b: { loadBalancer: { servers: [{ url: 'ftp://x' }] } },
          c: {},
        },
      }),
    );
    expect(problemsOf(state, 'services', 'a@file')).toEqual(['warning SERVICE_NO_SERVERS']);
    expect(problemsOf(state, 'services', 'b@file')).toEqual(['warning SERVICE_INVALID', 'warning SERVICE_NO_SERVERS']);
    expect(problemsOf(state, 'services', 'c@file')).toEqual(['error SERVICE_INVALID']);
    expect(state.routers.get('a@file')?.status).toBe('warning');
    expect(snapshotOf(state).services['a@file']).toMatchObject({ kind: 'loadBalancer', servers: [] });
  });

  test('a Unix socket is a server in what the owner writes, and not in labels', () => {
    const services = { a: { loadBalancer: { servers: [{ url: 'unix:/run/app.sock' }] } } };
    for (const [provider, isServer] of [
      ['file', true],
      ['gatehouse', true],
      ['docker', false],
      ['docker-nas', false],
      ['http', false],
    ] as const) {
      const state = build(publication({ routers: { a: { rule: host('a'), service: 'a' } }, services }, provider));
      const name = `a@${provider}`;
      expect(problemsOf(state, 'services', name)).toEqual(
        isServer ? [] : ['warning SERVICE_INVALID', 'warning SERVICE_NO_SERVERS'],
      );
      expect(snapshotOf(state).services[name]).toMatchObject({
        servers: isServer ? [{ url: 'unix:/run/app.sock' }] : [],
      });
    }
  });

  test('a transport that is not there disables the service: its checks must not be left out', () => {
    const state = build(
      publication({
        routers: { a: { rule: host('a'), service: 'a' } },
        services: { a: { loadBalancer: { servers: [{ url: 'https://nas' }], serversTransport: 'skip' } } },
        serversTransports: { skipp: { insecureSkipVerify: true } },
      }),
    );
    expect(state.services.get('a@file')?.problems[0]).toMatchObject({
      code: 'TRANSPORT_UNKNOWN',
      details: { nearest: 'skipp@file' },
    });
    expect(state.routers.get('a@file')?.status).toBe('disabled');
  });

  test('two routers with one rule are both warned, and told who wins', () => {
    const routers = { b: { rule: host('x'), service: 'a' }, a: { rule: 'Host( `x.example.org` )', service: 'a' } };
    const state = build(
      publication({
        routers: { ...routers, a: { ...routers.a, priority: 21 }, c: { rule: host('y') } },
        services: { a: server() },
      }),
    );
    for (const name of ['a@file', 'b@file']) {
      const found = state.routers.get(name)?.problems.find(({ code }) => code === 'RULE_DUPLICATE');
      expect(found).toMatchObject({ severity: 'warning', details: { winner: 'a@file', entryPoint: 'web' } });
    }
    expect(snapshotOf(state).routers.some(({ name }) => name === 'b@file')).toBe(true);
  });

  test('on different entry points the same rule is no duplicate', () => {
    const state = build(
      publication({
        routers: {
          a: { rule: host('x'), service: 'a', entryPoints: ['web'] },
          b: { rule: host('x'), service: 'a', entryPoints: ['websecure'] },
        },
        services: { a: server() },
      }),
    );
    expect(problemsOf(state, 'routers', 'a@file')).toEqual([]);
  });

  test('a resolver that is not set up is a warning; TLS options that do not exist close the router', () => {
    const state = build(
      publication({
        routers: {
          a: { rule: host('a'), service: 'a', tls: { certResolver: 'le' } },
          b: { rule: host('b'), service: 'a', tls: { options: 'mtls@file' } },
        },
        services: { a: server() },
      }),
    );
    expect(problemsOf(state, 'routers', 'a@file')).toEqual(['warning RESOLVER_UNKNOWN']);
    expect(problemsOf(state, 'routers', 'b@file')).toEqual(['error TLS_OPTIONS_UNKNOWN']);
  });

  test("what a provider found disables, and is not said twice in the runtime's words", () => {
    const refused = problem('MIDDLEWARE_INVALID', 'error', 'frobnicate is no type of middleware.', null);
    const state = build({
      provider: 'docker',
      configuration: { http: { middlewares: { auth: { frobnicate: {} } }, routers: { a: {} } } },
      origins: {
        routers: {
          a: { source: { kind: 'internal' }, problems: [problem('CONTAINER_NO_PORT', 'error', 'No port.', null)] },
        },
        services: {},
        middlewares: { auth: { source: { kind: 'internal' }, problems: [refused] } },
      },
    });
    expect(state.middlewares.get('auth@docker')).toMatchObject({ status: 'disabled', problems: [refused] });
    expect(problemsOf(state, 'routers', 'a@docker')).toEqual(['error CONTAINER_NO_PORT']);
  });
});

describe('snapshot', () => {
  test('a router stands once for TLS and once for plain entry points; with TLS only once', () => {
    const state = build(
      publication({
        routers: { a: { rule: host('a'), service: 'a' }, b: { rule: host('b'), service: 'a', tls: {} } },
        services: { a: server() },
      }),
    );
    expect(snapshotOf(state).routers.map(({ name, entryPoints: on, tls }) => ({ name, on, tls }))).toEqual([
      { name: 'a@file', on: ['web'], tls: false },
      { name: 'a@file', on: ['websecure'], tls: true },
      { name: 'b@file', on: ['web', 'websecure'], tls: true },
    ]);
  });

  test('holds what routers lead to, with qualified references, and nothing else', () => {
    const state = build(
      publication({
        routers: { a: { rule: host('a'), service: 'a', middlewares: ['all'] } },
        services: {
          a: { loadBalancer: { servers: [{ url: 'https://nas:5001' }], serversTransport: 't' } },
          unused: server(),
        },
        middlewares: {
          all: { chain: { middlewares: ['one'] } },
          one: { addPrefix: { prefix: '/a' } },
          unused: { addPrefix: { prefix: '/b' } },
        },
        serversTransports: { t: { insecureSkipVerify: true }, unused: {} },
      }),
    );
    const snapshot = snapshotOf(state);
    expect(Object.keys(snapshot.services)).toEqual(['a@file']);
    expect(snapshot.services['a@file']).toEqual({
      kind: 'loadBalancer',
      servers: [{ url: 'https://nas:5001', weight: 1, preservePath: false }],
      passHostHeader: true,
      sticky: null,
      healthCheck: null,
      serversTransport: 't@file',
      flushIntervalMs: 100,
    });
    expect(snapshot.middlewares).toEqual({
      'all@file': { chain: { middlewares: ['one@file'] } },
      'one@file': { addPrefix: { prefix: '/a' } },
    });
    expect(snapshot.serversTransports).toEqual({ 't@file': { insecureSkipVerify: true } });
    expect(structuredClone(snapshot)).toEqual(snapshot);
  });

  test('while all is paused only internal routers are left', () => {
    const internal = publication({ routers: { whoami: { rule: host('w'), service: 'whoami@internal' } } }, 'internal');
    const state = build(
      internal,
      publication({ routers: { a: { rule: host('a'), service: 'a' } }, services: { a: server() } }),
    );
    expect(new Set(snapshotOf(state, true).routers.map(({ name }) => name))).toEqual(new Set(['whoami@internal']));
  });
});

describe('rebuilding', () => {
  function many(count: number, changed = -1): Publication {
    const routers: HttpConfiguration['routers'] = {};
    const services: HttpConfiguration['services'] = {};
    const middlewares: HttpConfiguration['middlewares'] = {};
    for (let i = 0; i < count; i++) {
      routers[`app${i}`] = { rule: host(`app${i}`), service: `app${i}`, middlewares: [`h${i}`], tls: {} };
      services[`app${i}`] = server(`http://10.0.0.2:${i === changed ? 9999 : 8000 + (i % 1000)}`);
      middlewares[`h${i}`] = { headers: { customRequestHeaders: { 'X-App': String(i) } } };
    }
    return publication({ routers, services, middlewares }, 'docker');
  }

  test('what says the same is the same object, and only what changed is new', () => {
    const first = buildRuntime([many(50)], entryPoints, 1);
    const second = buildRuntime([many(50, 7)], entryPoints, 2, first);
    const changed = (['routers', 'services', 'middlewares'] as const).flatMap((kind) =>
      [...second[kind].keys()].filter((name) => second[kind].get(name) !== first[kind].get(name)),
    );
    expect(changed).toEqual(['app7@docker']);
    expect(second.revision).toBe(2);
  });

  /** Of this thread alone: wall time would measure what else the machine does. */
  const cpuMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };

  test('ten thousand routers take less than a second, and one change among a thousand next to nothing', () => {
    const first = cpuMs();
    const state = buildRuntime([many(10_000)], entryPoints, 1);
    toRoutingSnapshot(state, entryPoints, { pausedAll: false });
    expect(cpuMs() - first).toBeLessThan(2000);
    expect(state.routers.size).toBe(10_000);

    let current = buildRuntime([many(1000)], entryPoints, 1);
    const durations = Array.from({ length: 9 }, (_, index) => {
      const next = many(1000, index);
      const from = cpuMs();
      current = buildRuntime([next], entryPoints, index + 2, current);
      toRoutingSnapshot(current, entryPoints, { pausedAll: false });
      return cpuMs() - from;
    }).toSorted((a, b) => a - b);
    expect(durations[4]).toBeLessThan(20);
  });
});
