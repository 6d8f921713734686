import { once } from 'node:events';
import http2 from 'node:http2';
import net, { type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Harness, loadBalancer, startProxy } from '../../test/support/proxy-harness.ts';
import type { CertificateSnapshot } from '../model/snapshot.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let certificate: CertificateSnapshot;
beforeAll(async () => {
  certificate = await makeCertificate(['app.test'], true);
});

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function startSecure(url: string | null): Promise<Harness> {
  const harness = await startProxy({
    entryPoints: [{ name: 'websecure', tls: true }],
    routers: [{ entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': url === null ? { kind: 'whoami' } : loadBalancer([url]) },
    certificates: [certificate],
  });
  closers.push(() => harness.close());
  return harness;
}

function connect(harness: Harness): http2.ClientHttp2Session {
  const session = http2.connect(`https://127.0.0.1:${harness.port()}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  closers.push(async () => session.destroy());
  return session;
}

const socketRequest = {
  ':authority': 'app.test',
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'https',
  ':path': '/socket',
  'sec-websocket-version': '13',
};

function rawAnswer(answer: string): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
  });
  return listen(server);
}

test.each([
  ['declines', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', '403'],
  [
    'answers another’s key',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n',
    '502',
  ],
])('a WebSocket on a stream whose server %s is answered, and its stream ends', async (_name, bytes, status) => {
  const harness = await startSecure(await rawAnswer(bytes));
  const session = connect(harness);
  if (session.remoteSettings?.enableConnectProtocol !== true) await once(session, 'remoteSettings');
  const stream = session.request(socketRequest, { endStream: false });
  stream.on('error', () => undefined);
  stream.write('early');
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  expect(String(headers[':status'])).toBe(status);
  stream.resume();
  await once(stream, 'close');
  expect(await harness.record()).toMatchObject({ status: Number(status), upgrade: 'websocket' });
});

test('CONNECT without a protocol stays refused', async () => {
  const harness = await startSecure(null);
  const session = connect(harness);
  const stream = session.request({ ':authority': 'other.test:22', ':method': 'CONNECT' }, { endStream: false });
  stream.on('error', () => undefined);
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  expect(headers[':status']).toBe(405);
});
