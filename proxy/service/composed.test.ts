import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type Harness,
  type HarnessOptions,
  loadBalancer,
  startProxy,
  until,
} from '../../test/support/proxy-harness.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Backend {
  readonly url: string;
  readonly requests: { readonly method: string; readonly url: string; readonly body: string }[];
  status: number;
}

async function backend(name: string): Promise<Backend> {
  const self = { url: '', requests: [] as Backend['requests'], status: 200 };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      self.requests.push({ method: request.method ?? '', url: request.url ?? '', body });
      response.writeHead(self.status, { server: name }).end(`${name} ${body}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

async function start(services: NonNullable<HarnessOptions['services']>, more: HarnessOptions = {}): Promise<Harness> {
  const harness = await startProxy({ services, ...more });
  closers.push(() => harness.close());
  return harness;
}

const ask = async (harness: Harness, init: RequestInit = {}, path = '/') => {
  const response = await fetch(`http://127.0.0.1:${harness.port()}${path}`, init);
  return {
    status: response.status,
    server: response.headers.get('server'),
    cookies: response.headers.getSetCookie(),
    text: await response.text(),
  };
};

const checked = (url: string) => loadBalancer([url], { healthCheck: {} });
const down = (harness: Harness, servers: Record<string, string[]>) => harness.proxy.receive({ type: 'down', servers });

describe('weighted', () => {
  test('shares by weight and keeps its turns over snapshots', async () => {
    const [a, b] = await Promise.all([backend('a'), backend('b')]);
    const services = {
      'app@test': {
        kind: 'weighted',
        strategy: 'wrr',
        services: [
          { name: 'a@test', weight: 3 },
          { name: 'b@test', weight: 1 },
        ],
        sticky: null,
        healthCheck: false,
      },
      'a@test': loadBalancer([a.url]),
      'b@test': loadBalancer([b.url]),
    } as const;
    const harness = await start(services);
    for (let i = 0; i < 4; i += 1) await ask(harness);
    harness.apply({ services });
    for (let i = 0; i < 4; i += 1) await ask(harness);
    expect([a.requests.length, b.requests.length]).toEqual([6, 2]);
    expect((await harness.record()).service).toBe('app@test');
  });

  test('keeps a client by a cookie at each level, and follows the children’s health through two levels', async () => {
    const [a, b, c] = await Promise.all([backend('a'), backend('b'), backend('c')]);
    const harness = await start({
      'app@test': {
        kind: 'weighted',
        strategy: 'wrr',
        services: [
          { name: 'two@test', weight: 1 },
          { name: 'c@test', weight: 1 },
        ],
        sticky: { name: 'outer' },
        healthCheck: true,
      },
      'two@test': {
        kind: 'weighted',
        strategy: 'hrw',
        services: [{ name: 'ab@test', weight: 1 }],
        sticky: null,
        healthCheck: true,
      },
      'ab@test': loadBalancer([a.url, b.url], { healthCheck: {}, sticky: { name: 'inner' } }),
      'c@test': checked(c.url),
    });
    const first = await ask(harness);
    expect(first.server).toBe('a');
    expect(new Set(first.cookies.map((cookie) => cookie.split('=')[0]))).toEqual(new Set(['inner', 'outer']));
    const cookie = first.cookies.map((each) => each.split(';')[0]).join('; ');
    for (let i = 0; i < 3; i += 1) expect((await ask(harness, { headers: { cookie } })).server).toBe('a');
    down(harness, { 'ab@test': [a.url] });
    expect((await ask(harness, { headers: { cookie } })).server).toBe('b');
    down(harness, { 'ab@test': [a.url, b.url] });
    expect((await ask(harness, { headers: { cookie } })).server).toBe('c');
    down(harness, { 'ab@test': [a.url, b.url], 'c@test': [c.url] });
    expect((await ask(harness)).status).toBe(503);
    down(harness, {});
    expect((await ask(harness, { headers: { cookie } })).server).toBe('a');
  });

  test('one that leads back to itself is refused, and says so', async () => {
    const loop = (name: string) =>
      ({
        kind: 'weighted',
        strategy: 'wrr',
        services: [{ name, weight: 1 }],
        sticky: null,
        healthCheck: false,
      }) as const;
    const harness = await start({ 'app@test': loop('b@test'), 'b@test': loop('app@test') });
    expect((await ask(harness)).status).toBe(503);
    const applied = harness.messages.find((message) => message.type === 'applied');
    expect(applied?.errors[0]?.message).toBe('The service app@test leads back to itself');
  });
});

describe('mirroring', () => {
  const mirroring = (more: object = {}) =>
    ({
      kind: 'mirroring',
      service: 'main@test',
      mirrors: [{ name: 'copy@test', percent: 50 }],
      mirrorBody: true,
      maxBodyBytes: 1000,
      healthCheck: false,
      ...more,
    }) as const;
  const post = (body: string) => ({ method: 'POST', body });

  test('copies its share of requests with their bodies; visitors get the main answer', async () => {
    const [main, copy] = await Promise.all([backend('main'), backend('copy')]);
    const harness = await start({
      'app@test': mirroring(),
      'main@test': loadBalancer([main.url]),
      'copy@test': loadBalancer([copy.url]),
    });
    for (let i = 0; i < 10; i += 1)
      expect((await ask(harness, post(`body ${i}`), '/p?q=1')).text).toBe(`main body ${i}`);
    await until(() => copy.requests.length === 5, 'the copies');
    expect(copy.requests[0]).toEqual({ method: 'POST', url: '/p?q=1', body: 'body 0' });
    expect(harness.records.every(({ serverUrl }) => serverUrl === main.url)).toBe(true);
  });

  test('a longer body is served and not copied; without bodies the rest is', async () => {
    const [main, copy] = await Promise.all([backend('main'), backend('copy')]);
    const harness = await start(
      {
        'long@test': mirroring({ mirrors: [{ name: 'copy@test', percent: 100 }] }),
        'bare@test': mirroring({ mirrors: [{ name: 'copy@test', percent: 100 }], mirrorBody: false }),
        'main@test': loadBalancer([main.url]),
        'copy@test': loadBalancer([copy.url]),
      },
      {
        routers: [
          { rule: 'PathPrefix(`/long`)', service: 'long@test' },
          { rule: 'PathPrefix(`/bare`)', service: 'bare@test' },
        ],
      },
    );
    const long = 'x'.repeat(200_000);
    expect((await ask(harness, post(long), '/long')).text).toBe(`main ${long}`);
    expect((await ask(harness, post('short'), '/bare')).text).toBe('main short');
    await until(() => copy.requests.length === 1, 'the copy');
    expect(copy.requests).toEqual([{ method: 'POST', url: '/bare', body: '' }]);
  });

  test('a mirror that is away or hangs harms nobody', async () => {
    const main = await backend('main');
    const harness = await start({
      'app@test': mirroring({ mirrors: [{ name: 'copy@test', percent: 100 }] }),
      'main@test': loadBalancer([main.url]),
      'copy@test': loadBalancer(['http://127.0.0.1:1']),
    });
    expect((await ask(harness, post('a'))).text).toBe('main a');
    expect((await harness.record()).error).toBeNull();
  });
});

describe('failover', () => {
  const failover = (errors: { status: string[]; maxRequestBodyBytes: number } | null = null) =>
    ({ kind: 'failover', service: 'main@test', fallback: 'spare@test', errors, healthCheck: true }) as const;

  test('leads to the fallback while the main service is down', async () => {
    const [main, spare] = await Promise.all([backend('main'), backend('spare')]);
    const harness = await start({
      'app@test': failover(),
      'main@test': checked(main.url),
      'spare@test': checked(spare.url),
    });
    expect((await ask(harness)).server).toBe('main');
    down(harness, { 'main@test': [main.url] });
    expect((await ask(harness)).server).toBe('spare');
    down(harness, { 'main@test': [main.url], 'spare@test': [spare.url] });
    expect((await ask(harness)).status).toBe(503);
    down(harness, {});
    expect((await ask(harness)).server).toBe('main');
  });

  test('leads to the fallback while the main service has no server, as one that is paused, checked or not', async () => {
    const [main, spare] = await Promise.all([backend('main'), backend('spare')]);
    const services = { 'app@test': failover(), 'main@test': loadBalancer([]), 'spare@test': loadBalancer([spare.url]) };
    const harness = await start(services);
    expect((await ask(harness)).server).toBe('spare');
    harness.apply({ services: { ...services, 'spare@test': loadBalancer([]) } });
    expect((await ask(harness)).status).toBe(503);
    harness.apply({ services: { ...services, 'main@test': loadBalancer([main.url]) } });
    expect((await ask(harness)).server).toBe('main');
  });

  test('leads to the fallback while visitors’ requests to the main service fail', async () => {
    const [main, spare] = await Promise.all([backend('main'), backend('spare')]);
    main.status = 500;
    const harness = await start({
      'app@test': failover(),
      'main@test': loadBalancer([main.url], { passiveHealthCheck: { failureWindowMs: 600_000, maxFailedAttempts: 2 } }),
      'spare@test': loadBalancer([spare.url]),
    });
    for (let i = 0; i < 2; i += 1) expect((await ask(harness)).status).toBe(500);
    expect((await ask(harness)).server).toBe('spare');
  });

  test('asks the fallback, body and all, where the main service answers with certain statuses or not at all', async () => {
    const [main, spare] = await Promise.all([backend('main'), backend('spare')]);
    main.status = 503;
    const services = {
      'app@test': failover({ status: ['500', '502-504'], maxRequestBodyBytes: 1000 }),
      'main@test': loadBalancer([main.url]),
      'spare@test': loadBalancer([spare.url]),
    };
    const harness = await start(services);
    expect(await ask(harness, { method: 'POST', body: 'again' })).toMatchObject({
      status: 200,
      server: 'spare',
      text: 'spare again',
    });
    expect(await harness.record()).toMatchObject({ status: 200, originStatus: 200, serverUrl: spare.url, error: null });
    main.status = 404;
    expect((await ask(harness)).text).toBe('main ');
    expect((await ask(harness, { method: 'POST', body: 'x'.repeat(1001) })).status).toBe(413);
    harness.apply({ services: { ...services, 'main@test': loadBalancer(['http://127.0.0.1:1']) } });
    expect((await ask(harness)).server).toBe('spare');
  });
});

test('middlewares of a service stand before it, whatever leads to it', async () => {
  const app = await backend('app');
  const harness = await start(
    {
      'app@test': {
        kind: 'weighted',
        strategy: 'wrr',
        services: [{ name: 'in@test', weight: 1 }],
        sticky: null,
        healthCheck: false,
      },
      'in@test': { ...loadBalancer([app.url]), middlewares: ['prefix@test'] },
    },
    { middlewares: { 'prefix@test': { addPrefix: { prefix: '/inner' } } } },
  );
  await ask(harness, {}, '/page');
  expect(app.requests[0]?.url).toBe('/inner/page');
});

test('a server that fails is left alone by the passive health check', async () => {
  const [good, bad] = await Promise.all([backend('good'), backend('bad')]);
  bad.status = 500;
  const harness = await start({
    'app@test': loadBalancer([bad.url, good.url], {
      passiveHealthCheck: { failureWindowMs: 60_000, maxFailedAttempts: 2 },
    }),
  });
  for (let i = 0; i < 10; i += 1) await ask(harness);
  expect(bad.requests).toHaveLength(2);
  expect(good.requests).toHaveLength(8);
  const isTold = (servers: object) => JSON.stringify(servers) === JSON.stringify({ 'app@test': [bad.url] });
  await until(() => harness.messages.some((each) => each.type === 'failing' && isTold(each.servers)), 'word of it');
});
