import { once } from 'node:events';
import type http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Harness, type HarnessOptions, startProxy, until } from '../../test/support/proxy-harness.ts';
import { Shredder } from '../../test/support/shredder.ts';
import type { CertificateSnapshot } from '../model/snapshot.ts';
import { defaultTlsOptions, type TlsOptionsConfig, tlsOptionsSnapshot } from '../model/tls.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let fallback: CertificateSnapshot;
let secret: CertificateSnapshot;
let friend: CertificateSnapshot;
let stranger: CertificateSnapshot;
beforeAll(async () => {
  fallback = await makeCertificate(['fallback.test'], true);
  secret = await makeCertificate(['secret.test']);
  friend = await makeCertificate(['friend']);
  stranger = await makeCertificate(['stranger']);
});

const mutual = (type?: NonNullable<TlsOptionsConfig['clientAuth']>['clientAuthType']) =>
  tlsOptionsSnapshot({ clientAuth: type === undefined ? {} : { clientAuthType: type } }, [friend.certificatePem]);

async function start(
  tlsOptions: NonNullable<HarnessOptions['tlsOptions']>,
  hosts: Readonly<Record<string, string>>,
  routers: HarnessOptions['routers'] = [{}],
): Promise<Harness> {
  const harness = await startProxy({
    entryPoints: [{ name: 'websecure', tls: true }],
    routers: routers.map((router) => ({ entryPoints: ['websecure'], tls: true, ...router })),
    certificates: [fallback, secret],
    tlsOptions,
    tlsHosts: { websecure: hosts },
  });
  closers.push(() => harness.close());
  return harness;
}

/** Status of one request; `refused` where there is no handshake, or the connection is broken off after it. */
async function ask(
  harness: Harness,
  servername: string,
  options: https.RequestOptions = {},
): Promise<number | 'refused'> {
  const request = https.get({
    port: harness.port(),
    host: '127.0.0.1',
    servername,
    rejectUnauthorized: false,
    agent: false,
    ...options,
    headers: { host: servername.toLowerCase(), ...(options.headers as http.OutgoingHttpHeaders | undefined) },
  });
  return new Promise((resolve) => {
    request.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', () => resolve('refused'));
  });
}

const as = (certificate: CertificateSnapshot) => ({ cert: certificate.certificatePem, key: certificate.privateKeyPem });

describe('TLS options by host', () => {
  test('ask for certificates at one host and at no other, whatever the case of the name', async () => {
    const harness = await start({ 'mutual@file': mutual() }, { 'secret.test': 'mutual@file' });
    expect(await ask(harness, 'open.test')).toBe(200);
    expect(await ask(harness, 'secret.test')).toBe('refused');
    expect(await ask(harness, 'SECRET.Test')).toBe('refused');
    expect(await ask(harness, 'secret.test', as(stranger))).toBe('refused');
    expect(await ask(harness, 'secret.test', as(friend))).toBe(200);
    expect(await ask(harness, 'Secret.TEST', as(friend))).toBe(200);
  });

  test('a request for such a host on a connection for another is misdirected, on HTTP/1 and HTTP/2', async () => {
    const harness = await start({ 'mutual@file': mutual() }, { 'secret.test': 'mutual@file' });
    expect(await ask(harness, 'open.test', { headers: { host: 'secret.test' } })).toBe(421);
    expect(await ask(harness, 'open.test', { headers: { host: 'SECRET.test:443' } })).toBe(421);
    expect(await ask(harness, 'open.test', { headers: { host: 'other.test' } })).toBe(200);
    expect(await ask(harness, 'secret.test', { ...as(friend), headers: { host: 'open.test' } })).toBe(421);
    const session = http2.connect(`https://127.0.0.1:${harness.port()}`, {
      servername: 'open.test',
      rejectUnauthorized: false,
    });
    closers.push(() => {
      session.destroy();
      return undefined;
    });
    const stream = session.request({ ':path': '/', ':authority': 'secret.test' });
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(421);
    expect((await harness.record(({ status }) => status === 421)).error?.code).toBe('MISDIRECTED');
  });

  test('a router that demands options serves nobody who came by others', async () => {
    const harness = await start({ 'mutual@file': mutual() }, {}, [{ tlsOptions: 'mutual@file' }]);
    expect(await ask(harness, 'any.test')).toBe(421);
  });

  test('options that change hold for requests on connections that are open', async () => {
    const harness = await start({}, {});
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    closers.push(() => {
      agent.destroy();
      return undefined;
    });
    expect(await ask(harness, 'secret.test', { agent })).toBe(200);
    harness.apply({
      routers: [{ entryPoints: ['websecure'], tls: true }],
      tlsOptions: { default: mutual() },
    });
    expect(await ask(harness, 'secret.test', { agent })).toBe(421);
    expect(await ask(harness, 'secret.test')).toBe('refused');
  });

  test.each([
    ['RequestClientCert', [200, 200, 200]],
    ['RequireAnyClientCert', ['refused', 200, 200]],
    ['VerifyClientCertIfGiven', [200, 'refused', 200]],
    ['RequireAndVerifyClientCert', ['refused', 'refused', 200]],
  ] as const)('%s: no certificate, a stranger’s, a friend’s', async (type, expected) => {
    const harness = await start({ default: mutual(type) }, {});
    const got = [
      await ask(harness, 'a.test'),
      await ask(harness, 'secret.test', as(stranger)),
      await ask(harness, 'a.test', as(friend)),
    ];
    expect(got).toEqual(expected);
  });

  test('sniStrict refuses names without a certificate, and clients that name nobody', async () => {
    const harness = await start({ default: { ...defaultTlsOptions, sniStrict: true } }, {});
    expect(await ask(harness, 'secret.test')).toBe(200);
    expect(await ask(harness, 'unknown.test')).toBe('refused');
    expect(await ask(harness, '', { headers: { host: 'secret.test' } })).toBe('refused');
  });

  test('versions, cipher suites, curves and protocols are those that are asked for', async () => {
    const old = tlsOptionsSnapshot(
      {
        maxVersion: 'VersionTLS12',
        cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
        curvePreferences: ['CurveP384'],
        alpnProtocols: ['http/1.1'],
        disableSessionTickets: true,
      },
      [],
    );
    const newest = tlsOptionsSnapshot({ minVersion: 'VersionTLS13' }, []);
    const ancient = tlsOptionsSnapshot({ minVersion: 'VersionTLS10' }, []);
    const harness = await start(
      { 'old@file': old, 'new@file': newest, 'ancient@file': ancient },
      { 'old.test': 'old@file', 'new.test': 'new@file', 'ancient.test': 'ancient@file' },
    );
    const shake = async (servername: string, options: tls.ConnectionOptions = {}) => {
      const socket = tls.connect({
        port: harness.port(),
        host: '127.0.0.1',
        servername,
        rejectUnauthorized: false,
        ALPNProtocols: ['h2', 'http/1.1'],
        ...options,
      });
      try {
        await once(socket, 'secureConnect');
        const key = socket.getEphemeralKeyInfo() as tls.EphemeralKeyInfo;
        return [socket.getProtocol(), socket.getCipher().name, 'name' in key ? key.name : '', socket.alpnProtocol];
      } catch {
        return 'refused';
      } finally {
        socket.destroy();
      }
    };
    expect(await shake('old.test')).toEqual(['TLSv1.2', 'ECDHE-ECDSA-AES256-GCM-SHA384', 'secp384r1', 'http/1.1']);
    expect(await shake('old.test', { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' })).toBe('refused');
    expect(await shake('new.test', { maxVersion: 'TLSv1.2' })).toBe('refused');
    expect((await shake('new.test'))[0]).toBe('TLSv1.3');
    const ancientClient = { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect((await shake('ancient.test', ancientClient))[0]).toBe('TLSv1');
    expect(await shake('plain.test', ancientClient)).toBe('refused');
    expect((await shake('plain.test'))[3]).toBe('h2');
  });
});

describe('a ClientHello', () => {
  test.each([1, 7, 50])('in records of %i bytes leads to the same options', async (size) => {
    const harness = await start({ 'mutual@file': mutual() }, { 'secret.test': 'mutual@file' });
    const shredded = async (servername: string, options: tls.ConnectionOptions = {}): Promise<boolean> => {
      const raw = net.connect(harness.port(), '127.0.0.1');
      raw.setNoDelay(true);
      const socket = tls.connect({
        socket: new Shredder(raw, size),
        servername,
        rejectUnauthorized: false,
        ...options,
      });
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      let isOver = false;
      for (const event of ['error', 'close'] as const) socket.on(event, () => void (isOver = true));
      raw.on('close', () => void (isOver = true));
      socket.on('secureConnect', () => socket.write(`GET / HTTP/1.1\r\nHost: ${servername}\r\n\r\n`));
      await until(() => isOver || text !== '', 'an answer');
      socket.destroy();
      raw.destroy();
      return text.startsWith('HTTP/1.1 200');
    };
    expect(await shredded('open.test')).toBe(true);
    expect(await shredded('seCret.test')).toBe(false);
    expect(await shredded('seCret.test', as(friend))).toBe(true);
  });

  test('that never comes, or is none, ends the connection and nothing else', async () => {
    const harness = await start({ 'mutual@file': mutual() }, { 'secret.test': 'mutual@file' });
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x16\x03\x01\xff\xff',
      '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00',
    ]) {
      const socket = net.connect(harness.port(), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(bytes, 'latin1');
      await once(socket, 'close');
    }
    const silent = net.connect(harness.port(), '127.0.0.1');
    await once(silent, 'connect');
    silent.destroy();
    expect(await ask(harness, 'open.test')).toBe(200);
  });
});
