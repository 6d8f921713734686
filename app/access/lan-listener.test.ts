import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contextDouble, logDouble } from '../../test/support/context.ts';
import { send } from '../../test/support/http-client.ts';
import { pollUntil } from '../../test/support/poll.ts';
import { type CertificateAuthority, createCertificateAuthority } from '../certificates/authority.ts';
import { type Dashboard, startDashboard } from './dashboard.ts';
import { mostConnections } from './lan-listener.ts';

const password = 'correct horse battery';
let authority: CertificateAuthority;
let double: ReturnType<typeof contextDouble>;
let dashboard: Dashboard;
let changes = 0;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gh-lan-'));
  closers.push(() => rm(dataDir, { recursive: true, force: true }));
  authority = await createCertificateAuthority({ dataDir });
  double = contextDouble();
  changes = 0;
  dashboard = await startDashboard({
    context: double.context,
    access: double.access,
    address: '127.0.0.1:0',
    addressFixed: true,
    // The loopback address stands for one of the local network: what matters is which listener it is.
    lanAddress: '127.0.0.1:0',
    staticDir: dataDir,
    certificates: authority.certificatesFor,
    log: logDouble(),
    onChange: () => {
      changes += 1;
    },
  });
  closers.push(() => dashboard.close());
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function lanUrl(): Promise<string> {
  await double.access.setPassword({ password, needsCurrent: false, keepSession: null, actor: 'cli' });
  await pollUntil(() => dashboard.lanUrl() !== null);
  return dashboard.lanUrl() ?? '';
}

it('listens on the local network only once a password is set', async () => {
  expect(dashboard.lanUrl()).toBeNull();
  expect(dashboard.problems()).toMatchObject([{ code: 'PASSWORD_NOT_SET' }]);
  const before = changes;
  const url = await lanUrl();
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(dashboard.problems()).toEqual([]);
  expect(changes).toBeGreaterThan(before);
  await dashboard.setLanAddress(null);
  await expect(send(url, '/ping')).rejects.toThrow('ECONNREFUSED');
});

it('shows the certificate of the address or name that is asked for, signed by the CA', async () => {
  const url = await lanUrl();
  const ca = authority.info().certificatePem;
  expect(await send(url, '/ping', { ca })).toMatchObject({ status: 200 });
  const name = hostname().toLowerCase();
  const peer = await new Promise<string>((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: Number(new URL(url).port), servername: name, ca }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
  expect(peer).toBe(`DNS:${name}`);
});

it('takes so many connections and no more, and others once some are gone', async () => {
  const url = await lanUrl();
  const port = Number(new URL(url).port);
  const ca = authority.info().certificatePem;
  let closed = 0;
  const sockets = Array.from({ length: mostConnections + 20 }, () => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    socket.resume();
    socket.on('close', () => {
      closed += 1;
    });
    return socket;
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  await pollUntil(() => closed === 20);
  for (const socket of sockets) socket.destroy();
  await pollUntil(async () => (await send(url, '/ping', { ca }).catch(() => null))?.status === 200);
});

it('signs nothing for names that are not its own', async () => {
  const url = await lanUrl();
  const port = Number(new URL(url).port);
  const names = await new Promise<string>((resolve, reject) => {
    const socket = connectTls(
      { host: '127.0.0.1', port, servername: 'bank.example', rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().subjectaltname ?? '');
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
  expect(names).toBe('IP Address:127.0.0.1');
});

it('sets a cookie that stays with HTTPS and this host', async () => {
  const url = await lanUrl();
  const ca = authority.info().certificatePem;
  const body = JSON.stringify({ password });
  const headers = { Origin: url, 'Content-Type': 'application/json' };
  const { status, headers: answered } = await send(url, '/api/gatehouse/sign-in', {
    method: 'POST',
    headers,
    body,
    ca,
  });
  expect(status).toBe(200);
  const port = new URL(url).port;
  expect(answered['set-cookie']?.[0]).toMatch(
    new RegExp(`^__Host-gatehouse-${port}=[\\w-]{43}; Path=/; Max-Age=\\d+; HttpOnly; SameSite=Strict; Secure$`),
  );
});

it('answers to this machine’s own names, and to no others', async () => {
  const url = await lanUrl();
  const ca = authority.info().certificatePem;
  const status = async (host: string) => (await send(url, '/ping', { ca, headers: { Host: host } })).status;
  expect(await status(hostname())).toBe(200);
  expect(await status('evil.example')).toBe(421);
});

it('speaks no plain HTTP there', async () => {
  const { hostname: host, port } = new URL(await lanUrl());
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), host, () => socket.write('GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
  expect(answer).not.toContain('200');
});
