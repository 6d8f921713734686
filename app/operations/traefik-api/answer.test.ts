import { describe, expect, it } from 'vitest';
import type { HttpConfiguration } from '../../../proxy/model/dynamic.ts';
import { runtimeOf, viewsOf } from '../../../test/support/configuration.ts';
import { emptySnapshot } from '../../../test/support/context.ts';
import type { Health } from '../../runtime/views.ts';
import { answerTraefikApi } from './answer.ts';

const hash = '$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC';
const configuration: HttpConfiguration = {
  routers: {
    photos: {
      rule: 'Host(`photos.localhost`)',
      service: 'photos',
      middlewares: ['auth'],
      entryPoints: ['websecure'],
      tls: { certResolver: 'le' },
    },
    broken: { rule: 'Host(`broken.localhost`)', service: 'nobody' },
  },
  services: {
    photos: {
      loadBalancer: {
        servers: [{ url: 'http://ada:secret@10.0.0.5:80' }, { url: 'http://10.0.0.6:80', weight: 3 }],
        healthCheck: { path: '/health', headers: { Authorization: 'Bearer hidden', Accept: 'text/plain' } },
      },
    },
  },
  middlewares: { auth: { basicAuth: { users: [`ada:${hash}`] } } },
};

const streams = {
  tcp: {
    routers: {
      photos: { rule: 'HostSNI(`*`)', service: 'db', middlewares: ['few'], tls: {} },
      lost: { rule: 'HostSNI(`lost.localhost`)', service: 'db' },
    },
    services: { db: { loadBalancer: { servers: [{ address: '10.0.0.7:5432' }], healthCheck: {} } } },
    middlewares: { few: { inFlightConn: { amount: 2 } } },
  },
  udp: {
    routers: { dns: { service: 'dns' } },
    services: { dns: { loadBalancer: { servers: [{ address: '10.0.0.8:53' }] } } },
  },
};

function get(target: string, health?: Health, http = configuration) {
  const runtime = runtimeOf(http, {}, streams);
  const views = viewsOf(runtime, health);
  const snapshot = {
    ...emptySnapshot(),
    routers: [...views.routers.values()],
    services: [...views.services.values()],
    middlewares: [...views.middlewares.values()],
  };
  return answerTraefikApi(new URL(target, 'http://x'), { snapshot, runtime });
}

function names(answer: ReturnType<typeof get>): unknown {
  const items = answer?.body as readonly { readonly name: string }[] | undefined;
  return items?.map(({ name }) => name);
}

describe("Traefik's API", () => {
  it('gives version and overview', () => {
    expect(get('/api/version')?.body).toEqual({
      Version: '0.1.0',
      Codename: 'gatehouse',
      startDate: '2023-11-14T22:13:20.000Z',
    });
    const none = { total: 0, warnings: 0, errors: 0 };
    const one = { ...none, total: 1 };
    expect(get('/api/overview')?.body).toEqual({
      http: { routers: { total: 3, warnings: 1, errors: 1 }, services: { ...none, total: 2 }, middlewares: one },
      tcp: { routers: { ...none, total: 2, errors: 1 }, services: one, middlewares: one },
      udp: { routers: { ...none, total: 1, errors: 1 }, services: { ...none, total: 1 } },
      features: { tracing: '', metrics: '', accessLog: true },
      providers: ['Docker'],
    });
  });

  it('keeps TCP and UDP apart from HTTP', () => {
    expect(names(get('/api/tcp/routers'))).toEqual(['lost@file', 'photos@file']);
    expect(get('/api/tcp/routers/photos@file')?.body).toEqual({
      entryPoints: ['web', 'websecure'],
      middlewares: ['few@file'],
      service: 'db',
      rule: 'HostSNI(`*`)',
      priority: -1,
      tls: { passthrough: false },
      status: 'enabled',
      using: ['web', 'websecure'],
      name: 'photos@file',
      provider: 'file',
    });
    const down = { down: { 'tcp db@file': ['10.0.0.7:5432'] }, reasons: {} };
    expect(get('/api/tcp/services/db@file', down)?.body).toMatchObject({
      loadBalancer: { servers: [{ address: '10.0.0.7:5432' }] },
      serverStatus: { '10.0.0.7:5432': 'DOWN' },
      status: 'warning',
      type: 'loadbalancer',
      usedBy: ['photos@file', 'lost@file'],
    });
    expect(get('/api/tcp/middlewares/few@file')?.body).toMatchObject({ inFlightConn: { amount: 2 } });
    expect(get('/api/udp/services')?.body).toMatchObject([{ name: 'dns@file', status: 'enabled' }]);
    expect(get('/api/udp/middlewares')).toBeNull();
    expect(Object.keys(get('/api/rawdata')?.body as object)).toEqual([
      'routers',
      'middlewares',
      'services',
      'tcpRouters',
      'tcpMiddlewares',
      'tcpServices',
      'udpRouters',
      'udpServices',
    ]);
  });

  it('gives entry points', () => {
    expect(names(get('/api/entrypoints'))).toEqual(['web', 'websecure']);
    expect(get('/api/entrypoints/web')?.body).toMatchObject({
      name: 'web',
      address: ':80',
      http: { redirections: { entryPoint: { to: 'websecure', scheme: 'https', permanent: true } } },
    });
    expect(get('/api/entrypoints/none')).toMatchObject({
      status: 404,
      body: { message: 'entry point not found: none' },
    });
  });

  it('gives a router in its shape', () => {
    const { error, ...photos } = {
      ...(get('/api/http/routers/photos@file')?.body as Record<string, unknown> | undefined),
    };
    expect(photos).toEqual({
      entryPoints: ['websecure'],
      middlewares: ['auth@file'],
      service: 'photos',
      rule: 'Host(`photos.localhost`)',
      priority: 24,
      tls: { options: 'default', certResolver: 'le' },
      // The resolver is not set up: a warning, in words.
      status: 'warning',
      using: ['websecure'],
      name: 'photos@file',
      provider: 'file',
    });
    expect(error).toEqual([expect.stringContaining('le')]);
  });

  it('says in words why a router is disabled', () => {
    expect(get('/api/http/routers/broken@file')?.body).toMatchObject({
      status: 'disabled',
      error: [expect.stringContaining('nobody')],
    });
  });

  it('gives a service with its servers’ state and without its secrets', () => {
    const health = { down: { 'photos@file': ['http://10.0.0.6:80'] }, reasons: {} };
    const body = get('/api/http/services/photos@file', health)?.body;
    expect(body).toMatchObject({
      loadBalancer: {
        servers: [{ url: 'http://10.0.0.5:80' }, { url: 'http://10.0.0.6:80', weight: 3 }],
        passHostHeader: true,
        strategy: 'wrr',
        responseForwarding: { flushInterval: '100ms' },
        healthCheck: { path: '/health', headers: { Authorization: '••••', Accept: 'text/plain' } },
      },
      status: 'enabled',
      usedBy: ['photos@file'],
      serverStatus: { 'http://10.0.0.5:80': 'UP', 'http://10.0.0.6:80': 'DOWN' },
      name: 'photos@file',
      provider: 'file',
      type: 'loadbalancer',
    });
    expect(JSON.stringify(body)).not.toMatch(/secret|hidden/);
  });

  it('masks the users of basicAuth wherever they could show', () => {
    expect(get('/api/http/middlewares/auth@file')?.body).toMatchObject({
      status: 'enabled',
      usedBy: ['photos@file'],
      name: 'auth@file',
      provider: 'file',
      type: 'basicauth',
    });
    for (const target of ['/api/http/middlewares', '/api/http/middlewares/auth@file', '/api/rawdata']) {
      const text = JSON.stringify(get(target)?.body);
      expect(text, target).toContain('basicAuth');
      expect(text, target).not.toContain('$2y$');
    }
  });

  it('gives everything at once, by name', () => {
    const body = get('/api/rawdata')?.body as Record<string, Record<string, Record<string, unknown>>>;
    expect(Object.keys(body).slice(0, 3)).toEqual(['routers', 'middlewares', 'services']);
    expect(body['routers']?.['photos@file']).toMatchObject({ service: 'photos', using: ['websecure'] });
    expect(body['services']?.['whoami@internal']).not.toHaveProperty('loadBalancer');
  });

  it('searches and filters', () => {
    expect(names(get('/api/http/routers'))).toEqual(['broken@file', 'photos@file', 'whoami@internal']);
    expect(names(get('/api/http/routers?search=PHOTOS.local'))).toEqual(['photos@file']);
    expect(names(get('/api/http/routers?status=disabled'))).toEqual(['broken@file']);
    expect(names(get('/api/http/routers?serviceName=photos@file'))).toEqual(['photos@file']);
    expect(names(get('/api/http/routers?middlewareName=auth@file'))).toEqual(['photos@file']);
    expect(names(get('/api/http/routers?sortBy=rule&direction=desc'))).toEqual([
      'whoami@internal',
      'photos@file',
      'broken@file',
    ]);
    expect(names(get('/api/http/services?search=whoami'))).toEqual(['whoami@internal']);
  });

  it('pages as Traefik does', () => {
    const first = get('/api/http/routers?per_page=2');
    expect([names(first), first?.headers['X-Next-Page']]).toEqual([['broken@file', 'photos@file'], '2']);
    const last = get('/api/http/routers?per_page=2&page=2');
    expect([names(last), last?.headers['X-Next-Page']]).toEqual([['whoami@internal'], '1']);
    expect(get('/api/http/routers?page=3&per_page=2')).toMatchObject({
      status: 400,
      body: { message: 'invalid request: page: 3, per_page: 2' },
    });
    for (const bad of ['page=0', 'page=x', 'per_page=-1', 'per_page=1e3']) {
      expect(get(`/api/http/routers?${bad}`)?.status, bad).toBe(400);
    }
    expect(get('/api/tcp/routers?page=1&search=nobody')).toMatchObject({ status: 200, body: [] });
  });

  it.each([
    ['/api/http/routers/none@file', 'router not found: none@file'],
    ['/api/http/services/none', 'service not found: none'],
    ['/api/http/middlewares/a%2Fb@file', 'middleware not found: a/b@file'],
    ['/api/udp/services/none', 'service not found: none'],
  ])('answers 404 for %s', (target, message) => {
    expect(get(target)).toMatchObject({ status: 404, body: { message } });
  });

  it.each(['/api/', '/api/none', '/api/http', '/api/http/none', '/api/udp/middlewares', '/api/version/x'])(
    'does not know %s',
    (target) => {
      expect(get(target)).toBeNull();
    },
  );
});
