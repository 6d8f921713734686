import { once } from 'node:events';
import type http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../test/support/certificates.ts';
import {
  defaultEntryPoint,
  type Harness,
  type HarnessOptions,
  loadBalancer,
  okAnswer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
  until,
} from '../test/support/proxy-harness.ts';
import type { FromWorker, ToWorker } from './model/snapshot.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: HarnessOptions): Promise<Harness> {
  const harness = await startProxy(options);
  closers.push(() => harness.close());
  return harness;
}

async function rawServer(...args: Parameters<typeof startRawServer>) {
  const server = await startRawServer(...args);
  closers.push(() => server.close());
  return server;
}

const get = (harness: Harness, host = 'app.test', path = '/') =>
  sendRaw(harness.port(), `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

test('a new snapshot serves from the next request on; what is under way keeps the old one', async () => {
  const held: net.Socket[] = [];
  const slow = await rawServer((socket) => held.push(socket));
  const next = await rawServer();
  const harness = await start({ services: { 'app@test': loadBalancer([slow.url]) } });
  const first = get(harness);
  await until(() => held.length === 1, 'the first request');
  harness.apply({ services: { 'app@test': loadBalancer([next.url]) } });
  expect(await get(harness)).toContain('ok');
  expect(next.received()).not.toBe('');
  held[0]!.write(okAnswer);
  expect(statuses(await first)).toEqual([200]);
  expect(harness.messages).toContainEqual({ type: 'applied', revision: 2, errors: [] });
  await until(() => slow.sockets.size === 0, 'the connection to the server that is gone to be closed');
});

test('what cannot be built disables its routers, which refuse instead of falling through to others', async () => {
  const server = await rawServer();
  const harness = await start({
    routers: [
      { name: 'good@test', rule: 'PathPrefix(`/`)', priority: 1 },
      { name: 'guard@test', rule: 'PathPrefix(`/guard`)', priority: 2, middlewares: ['missing@test'] },
      { name: 'lost@test', rule: 'PathPrefix(`/lost`)', priority: 2, service: 'missing@test' },
      { name: 'odd@test', rule: 'PathPrefix(`/odd`)', priority: 2, service: 'odd@test' },
      { name: 'ca@test', rule: 'PathPrefix(`/ca`)', priority: 2, service: 'ca@test' },
    ],
    services: {
      'app@test': loadBalancer([server.url]),
      'odd@test': loadBalancer(['ftp://127.0.0.1']),
      'ca@test': loadBalancer(['https://127.0.0.1'], { serversTransport: 'ca@test' }),
    },
    serversTransports: { 'ca@test': { rootCAs: ['/nowhere/ca.pem'] } },
  });
  const applied = harness.messages.find((message) => message.type === 'applied');
  expect(applied?.errors.map((error) => error.object)).toEqual(['guard@test', 'lost@test', 'odd@test', 'ca@test']);
  expect(applied?.errors[3]?.message).toContain('/nowhere/ca.pem');
  expect(statuses(await get(harness))).toEqual([200]);
  for (const path of ['/guard', '/lost', '/odd', '/ca']) expect(statuses(await get(harness, 'a', path))).toEqual([503]);
  expect((await harness.record((record) => record.target === '/guard')).error?.code).toBe('SERVICE_DISABLED');
});

test('a router that is sent to refuse keeps its place, also below others', async () => {
  const server = await rawServer();
  const refuse = { reason: 'The middleware auth@test does not exist.' };
  const nowhere = { middlewares: [], service: '', refuse };
  const harness = await start({
    routers: [
      { name: 'all@test', rule: 'PathPrefix(`/`)', priority: 1 },
      { name: 'admin@test', rule: 'PathPrefix(`/admin`)', priority: 2, ...nowhere },
      { name: 'parent@test', rule: 'PathPrefix(`/parent`)', priority: 2, service: '', children: ['a@test', 'b@test'] },
    ],
    childRouters: {
      'a@test': { name: 'a@test', rule: 'PathPrefix(`/parent/a`)', priority: 2, ...nowhere },
      'b@test': { name: 'b@test', rule: 'PathPrefix(`/`)', priority: 1, middlewares: [], service: 'app@test' },
    },
    services: { 'app@test': loadBalancer([server.url]) },
  });
  // The engine knows of it, and need not be told.
  expect(harness.messages).toContainEqual({ type: 'applied', revision: 1, errors: [] });
  for (const path of ['/admin', '/parent/a']) expect(statuses(await get(harness, 'a', path))).toEqual([503]);
  for (const path of ['/', '/parent/b']) expect(statuses(await get(harness, 'a', path))).toEqual([200]);
  const record = await harness.record(({ target }) => target === '/admin');
  expect(record).toMatchObject({
    router: 'admin@test',
    service: null,
    error: { code: 'SERVICE_DISABLED', detail: refuse.reason },
  });
  expect(await harness.record(({ target }) => target === '/parent/a')).toMatchObject({
    router: 'a@test',
    service: null,
  });
});

test('servers that the checks found down get nothing, also after a swap', async () => {
  const server = await rawServer();
  const options = { services: { 'app@test': loadBalancer([server.url]) } };
  const harness = await start(options);
  harness.proxy.receive({ type: 'down', servers: { 'app@test': [server.url] } });
  expect(statuses(await get(harness))).toEqual([503]);
  harness.apply(options);
  expect(statuses(await get(harness))).toEqual([503]);
  harness.proxy.receive({ type: 'down', servers: {} });
  expect(statuses(await get(harness))).toEqual([200]);
});

test.each([
  ['GET', true, 301],
  ['HEAD', true, 301],
  ['POST', true, 308],
  ['GET', false, 302],
  ['PUT', false, 307],
])('an entry point redirects %s (permanent: %s) with %i', async (method, permanent, status) => {
  const harness = await start({ entryPoints: [{ redirect: { scheme: 'https', port: 8443, permanent } }] });
  const answer = await sendRaw(
    harness.port(),
    `${method} /a/../b?c=d HTTP/1.1\r\nHost: App.test:8080\r\nConnection: close\r\n\r\n`,
  );
  expect(statuses(answer)).toEqual([status]);
  expect(answer).toContain('Location: https://app.test:8443/b?c=d\r\n');
});

test('a redirect leaves the default port out and keeps IPv6 brackets', async () => {
  const harness = await start({ entryPoints: [{ redirect: { scheme: 'https', port: 443, permanent: true } }] });
  expect(await get(harness)).toContain('Location: https://app.test/\r\n');
  expect(await get(harness, '[::1]:80')).toContain('Location: https://[::1]/\r\n');
});

test('routers with tls match on entry points with TLS only, and the other way round', async () => {
  const harness = await start({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [{ entryPoints: ['web', 'websecure'], tls: true }],
    certificates: [await makeCertificate(['app.test'], true)],
  });
  expect(statuses(await get(harness))).toEqual([404]);
  const request = https.get({ port: harness.port('websecure'), host: '127.0.0.1', rejectUnauthorized: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
  await once(response, 'end');
});

test('a port in use and an unusable option are reported, and the rest listens', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  closers.push(() => new Promise((resolve) => taken.close(resolve)));
  const harness = await start({
    entryPoints: [
      { name: 'web' },
      { name: 'taken', port: (taken.address() as AddressInfo).port },
      { name: 'odd', trustedIPs: ['nonsense'] },
    ],
  });
  expect(harness.messages).toContainEqual(
    expect.objectContaining({ type: 'listenFailed', entryPoint: 'taken', code: 'EADDRINUSE' }),
  );
  expect(harness.messages).toContainEqual(expect.objectContaining({ type: 'listenFailed', entryPoint: 'odd' }));
  expect(statuses(await get(harness))).toEqual([200]);
});

test('an entry point that is closed lets requests under way finish and takes no more', async () => {
  const held: net.Socket[] = [];
  const server = await rawServer((socket) => held.push(socket));
  const harness = await start({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [{}, { entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([server.url]) },
    certificates: [await makeCertificate(['app.test'], true)],
  });
  const session = http2.connect(`https://127.0.0.1:${harness.port('websecure')}`, { rejectUnauthorized: false });
  const stream = session.request({ ':path': '/' });
  stream.resume();
  const response = once(stream, 'response') as Promise<[http2.IncomingHttpHeaders]>;
  const closed = once(session, 'close');
  const plain = sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => held.length === 2, 'both requests');
  harness.proxy.receive({ type: 'unlisten', names: ['web', 'websecure'], graceMs: 5000 });
  await expect(once(net.connect(harness.port(), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  for (const socket of held) socket.write(okAnswer);
  const answer = await plain;
  expect(answer).toContain('Connection: close');
  expect(answer.endsWith('ok')).toBe(true);
  expect((await response)[0][':status']).toBe(200);
  await closed;
});

test('an entry point may be closed and opened again with other options at once', async () => {
  const harness = await start({});
  const port = harness.port();
  const before = harness.messages.length;
  harness.proxy.receive({ type: 'unlisten', names: ['web'], graceMs: 1000 });
  const redirect = { scheme: 'https', port: 443, permanent: true } as const;
  harness.proxy.receive({ type: 'listen', entryPoints: [{ ...defaultEntryPoint, port, redirect }] });
  await until(
    () => harness.messages.slice(before).some((message) => message.type === 'listening'),
    'it to listen again',
  );
  expect(statuses(await get(harness))).toEqual([301]);
});

test('what is not done when the time is over is broken off', async () => {
  const server = await rawServer(() => undefined);
  const harness = await start({ services: { 'app@test': loadBalancer([server.url]) } });
  const request = sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await until(() => server.received() !== '', 'the request');
  harness.proxy.receive({ type: 'unlisten', names: ['web'], graceMs: 20 });
  expect(await request).toBe('');
});

test('clients that send nothing, or trickle, are cut off', async () => {
  const server = await rawServer();
  const harness = await start({
    entryPoints: [{ timeouts: { readMs: 300, writeMs: 0, idleMs: 300 } }],
    services: { 'app@test': loadBalancer([server.url]) },
  });
  const silent = sendRaw(harness.port(), '');
  const slowHead = sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nX-A: ');
  const slowBody = sendRaw(harness.port(), 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc');
  const idle = sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await silent).toBe('');
  expect(statuses(await slowHead)).toEqual([408]);
  await slowBody;
  expect(statuses(await idle)).toEqual([200]);
  await harness.record((record) => record.error?.code === 'REQUEST_TIMEOUT');
});

describe('a body that', () => {
  const timeouts = { readMs: 0, writeMs: 0, idleMs: 2000, bodyIdleMs: 150 };
  const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n';
  /** Takes the body at its own pace and answers once `bytes` of it are in. */
  const takes = (bytes: number, pauseMs = 0) => {
    let taken = 0;
    return rawServer((socket, text) => {
      taken += text.length;
      if (pauseMs > 0) {
        socket.pause();
        setTimeout(() => socket.resume(), pauseMs);
      }
      if (taken >= bytes) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  };
  const sendSlowly = async (harness: Harness, bytes: number, everyMs: number, count: number): Promise<string> => {
    const socket = net.connect(harness.port(), '127.0.0.1');
    let answer = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.write(head);
    for (let sent = 0; sent < count && answer === ''; sent += 1) {
      socket.write(Buffer.alloc(bytes));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    await until(() => answer !== '', 'an answer');
    socket.destroy();
    return answer;
  };

  test('stops is answered with 408', async () => {
    const server = await takes(2_000_000);
    const harness = await start({ entryPoints: [{ timeouts }], services: { 'app@test': loadBalancer([server.url]) } });
    expect(statuses(await sendSlowly(harness, 100_000, 10, 1))).toEqual([408]);
    const record = await harness.record();
    expect(record).toMatchObject({ status: 408, error: { code: 'REQUEST_TIMEOUT' } });
  });

  test('keeps moving may take much longer than it may pause', async () => {
    const server = await takes(1_000_000);
    const harness = await start({ entryPoints: [{ timeouts }], services: { 'app@test': loadBalancer([server.url]) } });
    const startedAt = performance.now();
    expect(statuses(await sendSlowly(harness, 50_000, 30, 20))).toEqual([200]);
    expect(performance.now() - startedAt).toBeGreaterThan(500);
  });

  test('trickles is cut off although each byte is in time', async () => {
    const server = await takes(2_000_000);
    const harness = await start({ entryPoints: [{ timeouts }], services: { 'app@test': loadBalancer([server.url]) } });
    expect(statuses(await sendSlowly(harness, 1, 20, 200))).toEqual([408]);
    expect((await harness.record()).error?.detail).toContain('500 bytes a second');
  });

  test('is not wanted after the answer may not come for ever', async () => {
    const server = await rawServer((socket) => socket.write('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'));
    const harness = await start({ entryPoints: [{ timeouts }], services: { 'app@test': loadBalancer([server.url]) } });
    const socket = net.connect(harness.port(), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(head);
    const writer = setInterval(() => socket.write('x'), 10);
    await once(socket, 'close');
    clearInterval(writer);
    expect((await harness.record()).status).toBe(403);
  });

  test('waits for a slow server is not the client’s fault', async () => {
    const server = await takes(900_000, 200);
    const harness = await start({ entryPoints: [{ timeouts }], services: { 'app@test': loadBalancer([server.url]) } });
    expect(statuses(await sendSlowly(harness, 1_000_000, 5, 1))).toEqual([200]);
  });
});

test('traffic is counted by entry point, router and service, with connections', async () => {
  const server = await rawServer();
  const harness = await start({
    routers: [{ rule: 'Host(`app.test`)' }],
    services: { 'app@test': loadBalancer([server.url]) },
  });
  await get(harness);
  await get(harness);
  await get(harness, 'other.test');
  await until(() => harness.records.length === 3, 'all records');
  const counts = harness.messages.flatMap((message) => (message.type === 'traffic' ? message.counts : []));
  const sum = (router: string | null): number =>
    counts.filter((count) => count.router === router).reduce((total, count) => total + count.requests, 0);
  expect(sum('router0@test')).toBe(2);
  expect(sum(null)).toBe(1);
  expect(counts.find((count) => count.router === null)?.statusClasses).toEqual([0, 0, 0, 1, 0]);
  expect(counts.find((count) => count.router !== null)).toMatchObject({ entryPoint: 'web', service: 'app@test' });
  await until(
    () => harness.messages.findLast((message) => message.type === 'traffic')?.openConnections === 0,
    'connections to be counted as closed',
  );
});

test('a snapshot that cannot be compiled leaves the old one in place', async () => {
  const harness = await start({});
  harness.proxy.receive({
    type: 'snapshot',
    snapshot: { revision: 9, routers: null, middlewares: {}, services: {}, serversTransports: {} } as never,
  });
  const applied = harness.messages.findLast((message) => message.type === 'applied');
  expect(applied).toMatchObject({ revision: 9, errors: [{ object: 'snapshot' }] });
  expect(statuses(await get(harness))).toEqual([200]);
});

test('a worker with a fault says what it was and exits with 1', async () => {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { index: 3 } });
  closers.push(() => worker.terminate());
  const messages: FromWorker[] = [];
  worker.on('message', (message: FromWorker) => messages.push(message));
  const exited = once(worker, 'exit');
  worker.postMessage({ type: 'unlisten' });
  expect(await exited).toEqual([1]);
  expect(messages).toContainEqual(
    expect.objectContaining({ type: 'log', level: 'error', message: 'Proxy worker 3 failed' }),
  );
});

test('a real worker thread serves, drains and exits', async () => {
  const server = await rawServer();
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { index: 1 } });
  closers.push(() => worker.terminate());
  const messages: FromWorker[] = [];
  worker.on('message', (message: FromWorker) => messages.push(message));
  const send = (message: ToWorker): void => worker.postMessage(message);
  send({
    type: 'snapshot',
    snapshot: {
      revision: 7,
      routers: [
        {
          name: 'app@test',
          entryPoints: ['web'],
          rule: 'PathPrefix(`/`)',
          priority: 1,
          tls: false,
          middlewares: [],
          service: 'app@test',
        },
      ],
      middlewares: {},
      services: { 'app@test': loadBalancer([server.url]) },
      serversTransports: {},
    },
  });
  send({ type: 'listen', entryPoints: [{ ...defaultEntryPoint, reusePort: process.platform === 'linux' }] });
  await until(() => messages.some((message) => message.type === 'listening'), 'the worker to listen', 15_000);
  const listening = messages.find((message) => message.type === 'listening');
  expect(
    statuses(await sendRaw(listening?.port ?? 0, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')),
  ).toEqual([200]);
  const exited = once(worker, 'exit');
  send({ type: 'drain', graceMs: 1000 });
  expect(await exited).toEqual([0]);
  expect(messages).toContainEqual({ type: 'applied', revision: 7, errors: [] });
  expect(messages.flatMap((message) => (message.type === 'traffic' ? message.records : []))).toHaveLength(1);
});
