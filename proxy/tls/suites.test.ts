import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { type Harness, startProxy } from '../../test/support/proxy-harness.ts';

/** Both kinds of keys, since suites belong to one of them. */
const hosts = { 'ec.test': 'ECDSA', 'rsa.test': 'RSA' } as const;
let harness: Harness;

beforeAll(async () => {
  const made = execFileSync(
    'openssl',
    'req -x509 -newkey rsa:2048 -nodes -subj /CN=rsa.test -addext subjectAltName=DNS:rsa.test -keyout - -days 2'.split(
      ' ',
    ),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const keyEnd = made.indexOf('-----BEGIN CERTIFICATE-----');
  const rsa = {
    id: 'rsa',
    names: ['rsa.test'],
    privateKeyPem: made.slice(0, keyEnd),
    certificatePem: made.slice(keyEnd),
    isDefault: false,
  };
  harness = await startProxy({
    entryPoints: [{ name: 'web', tls: true }],
    routers: [{ entryPoints: ['web'], tls: true }],
    certificates: [await makeCertificate(['ec.test'], true), rsa],
  });
});
afterAll(() => harness.close());

/** The suite that was agreed on; `refused` where none was. */
async function agree(servername: string, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({
    port: harness.port(),
    host: '127.0.0.1',
    servername,
    rejectUnauthorized: false,
    ...options,
  });
  try {
    await once(socket, 'secureConnect');
    return socket.getCipher().name;
  } catch {
    return 'refused';
  } finally {
    socket.destroy();
  }
}

describe.each(Object.entries(hosts))('%s, where nothing is said of TLS', (host, kind) => {
  test.each([`ECDHE-${kind}-AES128-GCM-SHA256`, `ECDHE-${kind}-AES256-GCM-SHA384`, `ECDHE-${kind}-CHACHA20-POLY1305`])(
    'takes %s',
    async (ciphers) => {
      expect(await agree(host, { ciphers, maxVersion: 'TLSv1.2' })).toBe(ciphers);
    },
  );

  test.each([
    `ECDHE-${kind}-AES128-SHA`,
    `ECDHE-${kind}-AES256-SHA384`,
    'AES128-GCM-SHA256',
    'AES256-SHA',
    'DHE-RSA-AES128-GCM-SHA256',
  ])('refuses %s', async (ciphers) => {
    expect(await agree(host, { ciphers, maxVersion: 'TLSv1.2' })).toBe('refused');
  });

  test('takes TLS 1.3, and nothing before 1.2', async () => {
    expect(await agree(host, { minVersion: 'TLSv1.3' })).toMatch(/^TLS_/);
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const ciphers = 'DEFAULT:@SECLEVEL=0';
      expect(await agree(host, { ciphers, minVersion: version, maxVersion: version })).toBe('refused');
    }
  });
});
