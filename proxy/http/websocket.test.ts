import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { makeCertificate } from '../../test/support/certificates.ts';
import {
  type Harness,
  loadBalancer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
  until,
} from '../../test/support/proxy-harness.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function echoServer(): Promise<{ url: string; server: WebSocketServer }> {
  const httpServer = http.createServer((_request, response) => response.writeHead(403).end('no socket here'));
  const server = new WebSocketServer({ server: httpServer, path: '/socket', handleProtocols: () => 'chat' });
  server.on('connection', (socket, request) => {
    socket.send(JSON.stringify({ ...request.headers, url: request.url }));
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  httpServer.listen(0, '127.0.0.1');
  await once(httpServer, 'listening');
  closers.push(() => {
    for (const client of server.clients) client.terminate();
    httpServer.closeAllConnections();
    return new Promise((resolve) => httpServer.close(resolve));
  });
  return { url: `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`, server };
}

async function proxyTo(url: string): Promise<Harness> {
  const harness = await startProxy({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [{}, { entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([url]) },
    certificates: [await makeCertificate(['app.test'], true)],
  });
  closers.push(() => harness.close());
  return harness;
}

test.each(['ws', 'wss'])('messages of any size pass both ways over %s', async (scheme) => {
  const { url } = await echoServer();
  const harness = await proxyTo(url);
  const port = harness.port(scheme === 'ws' ? 'web' : 'websecure');
  const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/socket?a=b`, ['chat'], {
    rejectUnauthorized: false,
    origin: 'https://app.test',
    headers: { 'X-Forwarded-For': '6.6.6.6' },
  });
  const received: Buffer[] = [];
  socket.on('message', (data) => received.push(data as Buffer));
  await once(socket, 'open');
  expect(socket.protocol).toBe('chat');
  const big = Buffer.alloc(8 * 1024 * 1024, 7);
  socket.send('hello');
  socket.send(big);
  await until(() => received.length === 3, 'the echoes');
  expect(JSON.parse(String(received[0]))).toMatchObject({
    url: '/socket?a=b',
    origin: 'https://app.test',
    host: `127.0.0.1:${port}`,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': scheme,
  });
  expect(String(received[1])).toBe('hello');
  expect(received[2]?.equals(big)).toBe(true);
  socket.close(1000, 'done');
  await once(socket, 'close');
  const record = await harness.record();
  expect(record).toMatchObject({ status: 101, originStatus: 101, upgrade: 'websocket', error: null });
  expect(record.requestBytes).toBeGreaterThan(big.length);
  expect(record.responseBytes).toBeGreaterThan(big.length);
});

test('a socket outlives the time limits of requests', async () => {
  const { url } = await echoServer();
  const harness = await startProxy({
    entryPoints: [{ timeouts: { readMs: 100, writeMs: 100, idleMs: 100 } }],
    services: { 'app@test': loadBalancer([url]) },
  });
  closers.push(() => harness.close());
  const socket = new WebSocket(`ws://127.0.0.1:${harness.port()}/socket`, ['chat']);
  await once(socket, 'open');
  const begunAt = performance.now();
  await until(() => performance.now() - begunAt > 1500, 'the limits to pass');
  socket.send('still here');
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(String(message)).toBe('still here');
  socket.close();
  await once(socket, 'close');
});

test('a server that declines gives its own answer', async () => {
  const { url } = await echoServer();
  const harness = await proxyTo(url);
  const socket = new WebSocket(`ws://127.0.0.1:${harness.port()}/elsewhere`);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('400');
  expect(await harness.record()).toMatchObject({ status: 400, originStatus: 400 });
});

test('no server gives 502, and no router 404', async () => {
  const gone = await startRawServer();
  await gone.close();
  const harness = await startProxy({
    routers: [{ rule: 'Host(`app.test`)' }],
    services: { 'app@test': loadBalancer([gone.url]) },
  });
  closers.push(() => harness.close());
  const ask = (host: string) =>
    sendRaw(
      harness.port(),
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    );
  expect(statuses(await ask('app.test'))).toEqual([502]);
  expect(statuses(await ask('other.test'))).toEqual([404]);
});

test('a client that vanishes closes the connection to the server, and the other way round', async () => {
  const { url, server } = await echoServer();
  const harness = await proxyTo(url);
  const first = new WebSocket(`ws://127.0.0.1:${harness.port()}/socket`, ['chat']);
  await once(first, 'open');
  first.terminate();
  await until(() => server.clients.size === 0, 'the server to lose its client');
  const second = new WebSocket(`ws://127.0.0.1:${harness.port()}/socket`, ['chat']);
  await once(second, 'open');
  for (const client of server.clients) client.terminate();
  const [code] = (await once(second, 'close')) as [number];
  expect(code).toBe(1006);
});

const upgradeHead =
  'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

test('one side may end and still receive', async () => {
  let serverSawEnd = false;
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('data', () => socket.write(switching));
    socket.on('end', () => {
      serverSawEnd = true;
      socket.end('late');
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const harness = await proxyTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const client = net.connect({ port: harness.port(), host: '127.0.0.1', allowHalfOpen: true });
  let answer = '';
  client.on('data', (chunk) => {
    answer += chunk;
    if (answer.endsWith('\r\n\r\n')) client.end();
  });
  client.write(upgradeHead);
  await once(client, 'end');
  client.destroy();
  expect(serverSawEnd).toBe(true);
  expect(answer).toContain('101 Switching Protocols');
  expect(answer.endsWith('late')).toBe(true);
});

test('a reader that stops holds the other side back', async () => {
  let sent = 0;
  const server = await startRawServer((socket, text) => {
    if (!text.startsWith('GET')) return;
    socket.write(switching);
    const chunk = Buffer.alloc(256 * 1024, 1);
    const more = (): void => {
      while (sent < 200 * 1024 * 1024) {
        sent += chunk.length;
        if (!socket.write(chunk)) {
          socket.once('drain', more);
          return;
        }
      }
    };
    more();
  });
  closers.push(() => server.close());
  const harness = await proxyTo(server.url);
  const client = net.connect({ port: harness.port(), host: '127.0.0.1' });
  client.pause();
  client.write(upgradeHead);
  let last = -1;
  await until(() => {
    const isStill = sent === last;
    last = sent;
    return isStill && sent > 0;
  }, 'the server to be held back');
  expect(sent).toBeLessThan(40 * 1024 * 1024);
  client.destroy();
});

test('bytes sent before the server agreed wait for it, and are dropped where it declines', async () => {
  const server = await startRawServer((socket, text) => {
    if (text.includes('/x')) setTimeout(() => socket.write(switching), 20);
    else if (text.includes('/no')) socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    else socket.write(`got ${text}`);
  });
  closers.push(() => server.close());
  const harness = await proxyTo(server.url);
  const joined = await sendRaw(harness.port(), `${upgradeHead}early`, (answer) => answer.includes('got early'));
  expect(joined).toContain('101');
  const smuggled = `${upgradeHead.replace('/x', '/no')}GET /admin HTTP/1.1\r\nHost: a\r\n\r\n`;
  expect(statuses(await sendRaw(harness.port(), smuggled))).toEqual([403]);
  expect(server.received()).not.toContain('/admin');
});
