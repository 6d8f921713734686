import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import {
  type HarnessOptions,
  loadBalancer,
  sendRaw,
  startProxy,
  statuses,
  until,
} from '../../test/support/proxy-harness.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: HarnessOptions, handler: http.RequestListener) {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const harness = await startProxy({ services: { 'app@test': loadBalancer([url]) }, ...options });
  closers.push(() => harness.close());
  return { harness, server, url };
}

// user:secret, in the form {SHA}
const users = ['user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='];
const credentials = `Basic ${Buffer.from('user:secret').toString('base64')}`;

test('a middleware that refuses is noted, and the server hears nothing', async () => {
  let asked = 0;
  const { harness } = await start(
    { routers: [{ middlewares: ['auth@test'] }], middlewares: { 'auth@test': { basicAuth: { users } } } },
    (request, response) => {
      asked += 1;
      request.resume();
      response.end('inside');
    },
  );
  const url = `http://127.0.0.1:${harness.port()}/`;
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(401);
  expect(asked).toBe(0);
  expect((await harness.record()).middlewares).toMatchObject([
    { name: 'auth@test', type: 'basicAuth', verdict: 'refused' },
  ]);
  const inside = await fetch(url, { method: 'POST', body: 'hello', headers: { Authorization: credentials } });
  expect(await inside.text()).toBe('inside');
  expect(await harness.record((record) => record.status === 200)).toMatchObject({ username: 'user', requestBytes: 5 });
});

test('a WebSocket passes the same middlewares', async () => {
  const { harness, server } = await start(
    {
      routers: [{ middlewares: ['auth@test', 'zip@test'] }],
      middlewares: { 'auth@test': { basicAuth: { users } }, 'zip@test': { compress: {} } },
    },
    (_request, response) => response.end(),
  );
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.send('welcome'));
  const url = `ws://127.0.0.1:${harness.port()}/`;
  const [refusal] = (await once(new WebSocket(url), 'error')) as [Error];
  expect(refusal.message).toContain('401');
  const socket = new WebSocket(url, { headers: { Authorization: credentials } });
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(String(message)).toBe('welcome');
  socket.close();
  await once(socket, 'close');
});

test('compressed answers are streamed at the pace of their reader', async () => {
  const total = 64 * 1024 * 1024;
  let sent = 0;
  const { harness } = await start(
    { routers: [{ middlewares: ['zip@test'] }], middlewares: { 'zip@test': { compress: { encodings: ['gzip'] } } } },
    (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      const chunk = Buffer.from(Array.from({ length: 64 * 1024 }, () => 32 + Math.floor(Math.random() * 90)));
      const more = (): void => {
        while (sent < total) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    },
  );
  const request = http.get({ port: harness.port(), host: '127.0.0.1', headers: { 'Accept-Encoding': 'gzip' } });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  expect(response.headers['content-encoding']).toBe('gzip');
  response.pause();
  let last = -1;
  let quietSince = performance.now();
  await until(() => {
    if (sent !== last) quietSince = performance.now();
    last = sent;
    return sent > 0 && performance.now() - quietSince > 300;
  }, 'the server to be held back');
  expect(sent).toBeLessThan(total / 2);
  request.destroy();
  const record = await harness.record();
  expect(record.error?.code).toBe('CLIENT_ABORTED');
});

test('sticky sessions: the cookie is set once and brings the visitor back', async () => {
  const hits = { first: 0, second: 0 };
  const first = await start({}, (_request, response) => {
    hits.first += 1;
    response.end();
  });
  const second = await start({}, (_request, response) => {
    hits.second += 1;
    response.end();
  });
  const harness = await startProxy({
    services: { 'app@test': loadBalancer([first.url, second.url], { sticky: { name: 'stay' } }) },
  });
  closers.push(() => harness.close());
  const url = `http://127.0.0.1:${harness.port()}/`;
  const [cookie] = (await fetch(url)).headers.getSetCookie();
  expect(cookie).toMatch(/^stay=/);
  for (let i = 0; i < 5; i += 1) {
    const again = await fetch(url, { headers: { Cookie: cookie!.split(';')[0]! } });
    expect(again.headers.getSetCookie()).toEqual([]);
  }
  expect([hits.first, hits.second].toSorted((a, b) => a - b)).toEqual([0, 6]);
});

test('hop-by-hop fields that a middleware sets do not break the request', async () => {
  const { harness } = await start(
    {
      routers: [{ middlewares: ['head@test'] }],
      middlewares: {
        'head@test': {
          headers: {
            customRequestHeaders: {
              Connection: 'Upgrade',
              Upgrade: 'h2c',
              'Transfer-Encoding': 'x',
              Host: 'other.test',
            },
            customResponseHeaders: { 'X-Ours': 'yes' },
          },
        },
      },
    },
    (request, response) => response.end(JSON.stringify(request.headers)),
  );
  const answer = await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(statuses(answer)).toEqual([200]);
  expect(answer).toContain('X-Ours: yes');
  expect(answer).toContain('"host":"other.test"');
  expect(answer).not.toContain('h2c');
});
