import { describe, expect, test } from 'vitest';
import { runtimeOf, viewsOf } from '../../test/support/configuration.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import { toRoutingSnapshot } from './snapshot.ts';

const server = { loadBalancer: { servers: [{ url: 'http://10.0.0.1:80' }] } };
const checked = { loadBalancer: { servers: [{ url: 'http://10.0.0.2:80' }], healthCheck: { path: '/' } } };
const routers = { app: { rule: 'Host(`app.test`)', service: 'app' } };

const codes = (state: ReturnType<typeof runtimeOf>, name: string) =>
  state.services.get(name)?.problems.map(({ code, severity }) => `${code} ${severity}`);

describe('a service that leads to others', () => {
  test('is served with all of them, under qualified names, and counts its router among their users', () => {
    const state = runtimeOf({
      routers,
      middlewares: { prefix: { addPrefix: { prefix: '/a' } } },
      services: {
        app: {
          weighted: {
            services: [{ name: 'copied', weight: 2 }, { name: 'safe@file' }],
            sticky: { cookie: { name: 'c' } },
          },
        },
        copied: { mirroring: { service: 'one', mirrors: [{ name: 'two', percent: 10 }] } },
        safe: { failover: { service: 'two', fallback: 'one', errors: { status: ['500-504'] } } },
        one: { ...server, middlewares: ['prefix'] },
        two: { loadBalancer: { ...server.loadBalancer, strategy: 'p2c', passiveHealthCheck: {} } },
        idle: server,
      },
    });
    expect(state.routers.get('app@file')?.problems).toEqual([]);
    const snapshot = toRoutingSnapshot(state, defaultStaticConfiguration.entryPoints, { pausedAll: false });
    expect(
      Object.keys(snapshot.services)
        .filter((name) => name.endsWith('@file'))
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(['app@file', 'copied@file', 'one@file', 'safe@file', 'two@file']);
    expect(Object.keys(snapshot.middlewares)).toEqual(['prefix@file']);
    expect(snapshot.services['app@file']).toMatchObject({ kind: 'weighted', strategy: 'wrr', sticky: { name: 'c' } });
    const asTraefik = toRoutingSnapshot({ ...state, asTraefik: true }, defaultStaticConfiguration.entryPoints, {
      pausedAll: false,
    });
    expect(asTraefik.services['copied@file']).toMatchObject({ maxBodyBytes: -1 });
    expect(asTraefik.services['safe@file']).toMatchObject({ errors: { maxRequestBodyBytes: -1 } });
    expect(asTraefik.asTraefik).toBe(true);
    expect(snapshot.services['copied@file']).toMatchObject({ maxBodyBytes: 8_388_608, mirrorBody: true });
    expect(snapshot.services['one@file']?.middlewares).toEqual(['prefix@file']);
    expect(snapshot.services['two@file']).toMatchObject({
      strategy: 'p2c',
      passiveHealthCheck: { failureWindowMs: 10_000, maxFailedAttempts: 1 },
    });
    expect(state.services.get('two@file')?.usedBy).toEqual(['app@file']);
    expect(state.middlewares.get('prefix@file')?.usedBy).toEqual(['one@file']);
  });

  test('shows its children and their health', () => {
    const state = runtimeOf({
      routers,
      services: { app: { failover: { service: 'one', fallback: 'two', healthCheck: {} } }, one: checked, two: server },
    });
    const { services } = viewsOf(state, { down: { 'one@file': ['http://10.0.0.2:80'] }, reasons: {} });
    expect(services.get('app@file')).toMatchObject({
      type: 'failover',
      status: 'warning',
      children: [
        { name: 'one@file', role: 'main', share: null, health: 'down' },
        { name: 'two@file', role: 'fallback', share: null, health: 'unchecked' },
      ],
    });
    expect(codes(state, 'app@file')).toEqual(['SERVICE_UNCHECKED warning']);
  });

  test.each([
    [
      'a loop',
      { app: { weighted: { services: [{ name: 'b' }] } }, b: { mirroring: { service: 'app' } } },
      'SERVICE_LOOP error',
    ],
    ['an unknown child', { app: { weighted: { services: [{ name: 'on' }] } }, one: server }, 'SERVICE_UNKNOWN error'],
    [
      'a broken child',
      { app: { failover: { service: 'b', fallback: 'one' } }, b: {}, one: checked },
      'SERVICE_INVALID error',
    ],
    ['no children', { app: { highestRandomWeight: {} } }, 'SERVICE_INVALID error'],
    ['no fallback', { app: { failover: { service: 'one' } }, one: checked }, 'SERVICE_INVALID error'],
    ['two kinds', { app: { ...server, mirroring: { service: 'one' } }, one: server }, 'SERVICE_INVALID error'],
    [
      'a child’s unknown middleware',
      { app: { mirroring: { service: 'one' } }, one: { ...server, middlewares: ['gone'] } },
      'MIDDLEWARE_UNKNOWN error',
    ],
  ])('%s disables it and its router', (_what, services, code) => {
    const state = runtimeOf({ routers, services });
    expect(codes(state, 'app@file')).toContain(code);
    expect(state.routers.get('app@file')?.status).toBe('disabled');
  });

  test('recovers when what it named appears', () => {
    const app = { weighted: { services: [{ name: 'one' }] } };
    expect(runtimeOf({ routers, services: { app } }).services.get('app@file')?.status).toBe('disabled');
    expect(runtimeOf({ routers, services: { app, one: server } }).services.get('app@file')?.status).toBe('enabled');
  });
});
