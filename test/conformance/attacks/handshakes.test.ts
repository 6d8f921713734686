import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CertificateSnapshot } from '../../../proxy/model/snapshot.ts';
import { tlsOptionsSnapshot } from '../../../proxy/model/tls.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { pollUntil } from '../../support/poll.ts';
import { type Harness, loadBalancer, type RawServer, startProxy, startRawServer } from '../../support/proxy-harness.ts';
import { Shredder } from '../../support/shredder.ts';

const deadlineMs = 30_000;

let certificates: readonly CertificateSnapshot[];
let friend: CertificateSnapshot;
beforeAll(async () => {
  certificates = [await makeCertificate(['open.test'], true), await makeCertificate(['vault.test'])];
  friend = await makeCertificate(['friend']);
});

let server: RawServer;
let harness: Harness;
beforeEach(async () => {
  server = await startRawServer();
  harness = await startProxy({
    entryPoints: [{ name: 'websecure', tls: true }],
    routers: [{ entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([server.url]) },
    certificates,
    tlsOptions: {
      'mutual@file': tlsOptionsSnapshot({ clientAuth: {} }, [friend.certificatePem]),
      // Its authorities could not be read: there are none that a certificate could be from.
      'nobody@file': tlsOptionsSnapshot({ clientAuth: { clientAuthType: 'RequireAndVerifyClientCert' } }, []),
    },
    tlsHosts: { websecure: { 'vault.test': 'mutual@file', 'sealed.test': 'nobody@file' } },
  });
});
afterEach(async () => {
  await harness.close();
  await server.close();
});

interface Visit {
  readonly serverName: string;
  /** Left out: the same. */
  readonly host?: string;
  readonly certificate?: CertificateSnapshot;
  /** Bytes of each TLS record of the ClientHello; left out: it is one. */
  readonly recordBytes?: number;
}

/** What came back for one request; empty where there was no handshake, or the connection was broken off. */
async function visit({ serverName, host = serverName, certificate, recordBytes }: Visit): Promise<string> {
  const raw = net.connect(harness.port(), '127.0.0.1');
  raw.setNoDelay(true);
  raw.on('error', () => undefined);
  const socket = tls.connect({
    socket: recordBytes === undefined ? raw : new Shredder(raw, recordBytes),
    servername: serverName,
    rejectUnauthorized: false,
    ...(certificate ? { cert: certificate.certificatePem, key: certificate.privateKeyPem } : {}),
  });
  let text = '';
  let isOver = false;
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  for (const event of ['error', 'close'] as const) socket.on(event, () => void (isOver = true));
  raw.on('close', () => void (isOver = true));
  socket.on('secureConnect', () => {
    socket.write(`GET /from-${serverName} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });
  try {
    await pollUntil(() => isOver, deadlineMs);
  } finally {
    socket.destroy();
    raw.destroy();
  }
  return text;
}

describe('a host that asks for client certificates', () => {
  test.each<[string, Visit]>([
    ['without one', { serverName: 'vault.test' }],
    ['in another case (CVE-2026-53622)', { serverName: 'VAULT.Test', host: 'vault.test' }],
    ['in small records (CVE-2026-32305)', { serverName: 'vault.test', recordBytes: 3 }],
    [
      'in records that part its name, in another case',
      { serverName: 'vAult.test', host: 'vault.test', recordBytes: 40 },
    ],
    ['by another host’s handshake', { serverName: 'open.test', host: 'vault.test' }],
    ['by a handshake for nobody', { serverName: '', host: 'vault.test' }],
    ['by a superstring of its name', { serverName: 'vault.test.evil.test', host: 'vault.test' }],
  ])('is not reached %s', { timeout: 60_000 }, async (_name, how) => {
    const answer = await visit(how);
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(server.received()).toBe('');
    expect(await visit({ serverName: 'vault.test', certificate: friend })).toMatch(/^HTTP\/1\.1 200 /);
    expect(server.received()).toContain('GET /from-vault.test ');
  });

  test('is closed to all where its authorities are missing (CVE-2026-27586)', { timeout: 60_000 }, async () => {
    for (const certificate of [undefined, friend, certificates[0]]) {
      expect(await visit({ serverName: 'sealed.test', ...(certificate ? { certificate } : {}) })).toBe('');
    }
    expect(server.received()).toBe('');
  });
});

test.each([
  '__proto__',
  'constructor',
  'toString',
  'a'.repeat(63),
  `${'a.'.repeat(120)}test`,
  '*.test',
  'xn--',
  '127.0.0.1.',
])('a handshake for "%s" ends no worker (CVE-2026-21637)', { timeout: 60_000 }, async (serverName) => {
  await visit({ serverName, host: 'open.test' });
  expect(await visit({ serverName: 'open.test' })).toMatch(/^HTTP\/1\.1 200 /);
});

test.each<[string, readonly number[]]>([
  ['a name of no bytes', [0, 0, 0, 5, 0, 3, 0, 0, 0]],
  ['a name longer than its list', [0, 0, 0, 5, 0, 3, 0, 0, 9]],
  ['a list that is not there', [0, 0, 0, 2, 0, 9]],
  ['a name with a NUL', [0, 0, 0, 8, 0, 6, 0, 0, 3, 97, 0, 98]],
  ['a name of bytes beyond ASCII', [0, 0, 0, 7, 0, 5, 0, 0, 2, 0xff, 0xfe]],
])('%s in a ClientHello ends no worker', { timeout: 60_000 }, async (_name, serverNameExtension) => {
  const extensions = Buffer.from(serverNameExtension);
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    // No session, one cipher suite, no compression.
    Buffer.from([0, 0, 2, 0x13, 1, 1, 0]),
    Buffer.from([extensions.length >> 8, extensions.length & 255]),
    extensions,
  ]);
  const handshake = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body]);
  const socket = net.connect(harness.port(), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  const closed = once(socket, 'close');
  socket.write(Buffer.concat([Buffer.from([22, 3, 1, handshake.length >> 8, handshake.length & 255]), handshake]));
  await closed;
  expect(server.received()).toBe('');
  expect(await visit({ serverName: 'open.test' })).toMatch(/^HTTP\/1\.1 200 /);
});
