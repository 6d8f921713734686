import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { loadBalancer, sendRaw, startProxy, startRawServer, statuses } from '../../test/support/proxy-harness.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function ask(url: string, transport: ServersTransportConfig, host = 'visitor.test') {
  const harness = await startProxy({
    services: { 'app@test': loadBalancer([url], { serversTransport: 'transport@test' }) },
    serversTransports: { 'transport@test': transport },
  });
  closers.push(() => harness.close());
  const answer = await sendRaw(harness.port(), `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return { status: statuses(answer)[0], answer, record: await harness.record() };
}

async function secureServer(names: readonly string[]) {
  const certificate = await makeCertificate(names);
  const server = https.createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem },
    (request, response) => {
      response.end(
        `${String((request.socket as TLSSocket & { servername: string | false }).servername)} ${request.headers.host}`,
      );
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { certificate, port: (server.address() as AddressInfo).port };
}

test('a certificate that cannot be verified gives 502; insecureSkipVerify accepts it', async () => {
  const { port } = await secureServer(['nas.test']);
  const refused = await ask(`https://127.0.0.1:${port}`, {});
  expect(refused.status).toBe(502);
  expect(refused.record.error?.code).toBe('UPSTREAM_TLS');
  const accepted = await ask(`https://127.0.0.1:${port}`, { insecureSkipVerify: true });
  expect(accepted.answer).toContain('false visitor.test');
});

test('rootCAs are trusted; the name is that of the server or serverName, never the visitor’s Host', async () => {
  const { certificate, port } = await secureServer(['localhost', 'nas.test']);
  const rootCAs = [certificate.certificatePem];
  expect((await ask(`https://localhost:${port}`, { rootCAs })).answer).toContain('localhost visitor.test');
  expect((await ask(`https://127.0.0.1:${port}`, { rootCAs, serverName: 'nas.test' })).answer).toContain(
    'nas.test visitor.test',
  );
  const wrong = await ask(`https://127.0.0.1:${port}`, { rootCAs, serverName: 'other.test' }, 'nas.test');
  expect(wrong.record.error?.code).toBe('UPSTREAM_TLS');
  const address = await secureServer(['127.0.0.1']);
  const byAddress = await ask(`https://127.0.0.1:${address.port}`, { rootCAs: [address.certificate.certificatePem] });
  expect(byAddress.status).toBe(200);
});

describe('a transport', () => {
  const peer = async (options: https.ServerOptions) => {
    const own = await makeCertificate(['localhost']);
    const server = https.createServer(
      { cert: own.certificatePem, key: own.privateKeyPem, ...options },
      (request, response) => {
        const socket = request.socket as TLSSocket;
        const client = socket.getPeerCertificate() as { subject?: { CN?: string } };
        response.end(`${client.subject?.CN ?? 'nobody'} ${socket.getProtocol()} ${socket.getCipher().name}`);
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const lax = { insecureSkipVerify: true };

  test('shows its certificate to servers that ask', async () => {
    const client = await makeCertificate(['gatehouse']);
    const url = await peer({ requestCert: true, ca: [client.certificatePem], rejectUnauthorized: true });
    const certificates = [{ certFile: client.certificatePem, keyFile: client.privateKeyPem }];
    expect((await ask(url, { ...lax, certificates })).answer).toContain('gatehouse TLSv1.3');
    expect((await ask(url, lax)).status).toBe(502);
  });

  test('keeps to its versions and cipher suites', async () => {
    const url = await peer({});
    const chosen = { maxVersion: 'VersionTLS12', cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] } as const;
    const { answer } = await ask(url, { ...lax, ...chosen, cipherSuites: [...chosen.cipherSuites] });
    expect(answer).toContain('TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384');
    const old = await peer({ maxVersion: 'TLSv1.2' });
    const refused = await ask(old, { ...lax, minVersion: 'VersionTLS13' });
    expect(refused.record.error?.code).toBe('UPSTREAM_TLS');
  });

  test('wants the owner of a certificate, verified, whatever the host', async () => {
    const own = await makeCertificate(['localhost', 'spiffe://home/nas']);
    const url = await peer({ cert: own.certificatePem, key: own.privateKeyPem });
    const rootCAs = [own.certificatePem];
    expect((await ask(url, { ...lax, rootCAs, peerCertURI: 'spiffe://home/nas' })).status).toBe(200);
    expect((await ask(url, { ...lax, rootCAs, peerCertURI: 'spiffe://home/other' })).record.error?.code).toBe(
      'UPSTREAM_TLS',
    );
    expect((await ask(url, { ...lax, peerCertURI: 'spiffe://home/nas' })).record.error?.code).toBe('UPSTREAM_TLS');
  });
});

test('a server that does not answer in time gives 504', async () => {
  const server = await startRawServer(() => undefined);
  closers.push(() => server.close());
  const { status, record } = await ask(server.url, { forwardingTimeouts: { responseHeaderTimeout: '1s' } });
  expect(status).toBe(504);
  expect(record.error?.code).toBe('UPSTREAM_TIMEOUT');
});

test.each<[string, string]>([
  ['no HTTP', 'hello there\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!'],
  ['length and chunked', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a bare LF', 'HTTP/1.1 200 OK\r\nX-A: b\nX-B: c\r\n\r\n'],
  ['a folded field', 'HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n'],
])('an answer with %s gives 502', async (_name, bytes) => {
  const server = await startRawServer((socket) => socket.end(bytes, 'latin1'));
  closers.push(() => server.close());
  const { status, record } = await ask(server.url, {});
  expect(status).toBe(502);
  expect(record.error?.code).toBe('UPSTREAM_PROTOCOL');
});
