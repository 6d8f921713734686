import { once } from 'node:events';
import http2 from 'node:http2';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CertificateSnapshot } from '../../../proxy/model/snapshot.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { pollUntil } from '../../support/poll.ts';
import {
  type Harness,
  loadBalancer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
} from '../../support/proxy-harness.ts';

const deadlineMs = 30_000;
const host = 'app.test';

let certificate: CertificateSnapshot;
beforeAll(async () => {
  certificate = await makeCertificate([host], true);
});

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(server: RawServer): Promise<Harness> {
  closers.push(() => server.close());
  const harness = await startProxy({
    entryPoints: [{}, { name: 'websecure', tls: true }],
    routers: [{}, { entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([server.url]) },
    certificates: [certificate],
  });
  closers.push(() => harness.close());
  return harness;
}

async function connect(harness: Harness): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`https://127.0.0.1:${harness.port('websecure')}`, {
    rejectUnauthorized: false,
    servername: host,
  });
  closers.push(() => session.destroy());
  session.on('error', () => undefined);
  await once(session, 'remoteSettings');
  return session;
}

/** One stream, with what is sent on it before anything comes back. */
async function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const stream = session.request(headers, { endStream: false });
  let status = 0;
  let text = '';
  stream.on('error', () => undefined);
  stream.on('response', (fields) => {
    status = Number(fields[':status']);
  });
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  stream.write(body);
  await pollUntil(() => status >= 400 || stream.destroyed, deadlineMs);
  stream.close();
  return { status, text };
}

const smuggled = 'GET /admin HTTP/1.1\r\nHost: internal\r\n\r\n';

describe('CONNECT opens no tunnel, and what comes with it goes nowhere (traefik#13542, traefik#13543)', () => {
  test.each<[string, string]>([
    ['behind it', `CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\n\r\n${smuggled}`],
    [
      'as its content',
      `CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    ],
    [
      'in chunks',
      `CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    ],
    [
      'with an upgrade',
      `CONNECT internal:80 HTTP/1.1\r\nHost: internal:80\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n${smuggled}`,
    ],
  ])('%s', async (_name, bytes) => {
    const server = await startRawServer();
    const harness = await start(server);
    expect(statuses(await sendRaw(harness.port(), bytes))).toEqual([405]);
    expect(server.received()).toBe('');
  });

  test('on a stream of HTTP/2', async () => {
    const server = await startRawServer();
    const session = await connect(await start(server));
    const { status } = await ask(session, { ':method': 'CONNECT', ':authority': 'internal:80' }, smuggled);
    expect(status === 0 || status >= 400).toBe(true);
    expect(server.received()).toBe('');
  });
});

describe('what a client sends before a server agreed to an upgrade does not reach one that declines', () => {
  const declines = (): Promise<RawServer> =>
    startRawServer((socket, text) => {
      if (text.includes('\r\n\r\n')) socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    });

  test('on HTTP/1.1', async () => {
    const server = await declines();
    const harness = await start(server);
    const upgrade = `GET /socket HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    expect(statuses(await sendRaw(harness.port(), upgrade + smuggled))).toEqual([403]);
    expect(server.received()).toContain('GET /socket ');
    expect(server.received()).not.toContain('/admin');
  });

  test('on a stream of HTTP/2', async () => {
    const server = await declines();
    const session = await connect(await start(server));
    const { status } = await ask(
      session,
      { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': host, ':path': '/socket' },
      smuggled,
    );
    expect(status).toBe(403);
    expect(server.received()).toContain('GET /socket ');
    expect(server.received()).not.toContain('/admin');
  });
});

test('clients of HTTP/2 share no connection to a server that one of them has signed in (CVE-2026-88007)', async () => {
  const server = await startRawServer();
  const harness = await start(server);
  const [ann, bob] = [await connect(harness), await connect(harness)];
  const get = async (session: http2.ClientHttp2Session, path: string, fields: http2.OutgoingHttpHeaders = {}) => {
    const stream = session.request({ ':path': path, ':authority': host, ...fields });
    stream.on('error', () => undefined);
    stream.resume();
    await once(stream, 'close');
  };
  await get(ann, '/ann', { authorization: 'NTLM TlRMTVNTUAAD' });
  const [signedIn] = server.sockets;
  const others: string[] = [];
  signedIn?.on('data', (chunk: Buffer) => others.push(chunk.toString('latin1')));
  for (let n = 0; n < 3; n += 1) await get(bob, '/bob');
  await get(ann, '/again');
  expect(server.received().match(/GET \/bob /g)).toHaveLength(3);
  expect(others.join('')).toContain('GET /again ');
  expect(others.join('')).not.toContain('/bob');
});
