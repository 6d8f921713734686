import { expect, test } from 'vitest';
import type { MiddlewareConfig, ServiceConfig } from '../../proxy/model/dynamic.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import { buildRuntime } from './merge.ts';
import { toRoutingSnapshot } from './snapshot.ts';
import type { RuntimeState } from './state.ts';

const { entryPoints } = defaultStaticConfiguration;
const server: ServiceConfig = { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } };

function build(
  middleware: MiddlewareConfig,
  services: Record<string, ServiceConfig>,
  previous?: RuntimeState,
): RuntimeState {
  const routers = { r: { rule: 'Host(`a.b`)', service: 'app', middlewares: ['m'] } };
  const configuration = { http: { routers, middlewares: { m: middleware }, services: { app: server, ...services } } };
  const origins = { routers: {}, services: {}, middlewares: {} };
  return buildRuntime([{ provider: 'file', configuration, origins }], entryPoints, 1, previous);
}

test('a service of error pages is found in the own provider, and travels with the routes', () => {
  const state = build({ errors: { status: ['500'], service: 'pages' } }, { pages: server });
  expect(state.middlewares.get('m@file')).toMatchObject({
    status: 'enabled',
    config: { errors: { service: 'pages@file' } },
  });
  const { services } = toRoutingSnapshot(state, entryPoints, { pausedAll: false });
  expect(Object.keys(services).toSorted()).toEqual(['app@file', 'pages@file']);
});

test('a service of error pages that is not there disables, until it comes', () => {
  const errors = { errors: { status: ['500'], service: 'paegs' } };
  const before = build(errors, { pages: server });
  expect(before.middlewares.get('m@file')?.problems).toMatchObject([
    { code: 'SERVICE_UNKNOWN', severity: 'error', fix: 'Did you mean pages@file?' },
  ]);
  expect(before.routers.get('r@file')?.status).toBe('disabled');
  const after = build(errors, { paegs: server }, before);
  expect(after.routers.get('r@file')?.status).toBe('enabled');
});

test.each([
  [{ plugin: { geoblock: { countries: ['FR'] } } }, 'The plugin geoblock is a program for Traefik'],
  [{ forwardAuth: {} }, 'address must be given'],
  [{ forwardAuth: { address: 'http://auth', tls: { ca: '/nowhere/ca.pem' } } }, '/nowhere/ca.pem cannot be read'],
  [{ circuitBreaker: { expression: 'NetworkErrorRate() > 1' } }, 'There are: NetworkErrorRatio()'],
  [{ errors: { status: ['50x'], service: 'app' } }, '"50x" is not a status'],
])('%j disables with a reason', (middleware, reason) => {
  const state = build(middleware, {});
  expect(state.middlewares.get('m@file')?.problems).toMatchObject([
    { code: 'MIDDLEWARE_INVALID', message: expect.stringContaining(reason) },
  ]);
  expect(state.routers.get('r@file')?.status).toBe('disabled');
});
