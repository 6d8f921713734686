import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeCertificate } from '../../../test/support/certificates.ts';
import { Secret } from '../../secrets/secret.ts';
import { pkcs12 } from './pkcs12.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gh-pfx-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

it('is read by openssl with its passphrase, and with no other', async () => {
  const { certificatePem, privateKeyPem } = await makeCertificate(['photos.example.org']);
  const { certificatePem: issuer } = await makeCertificate(['between.example.org']);
  const passphrase = new Secret('correct hörse ✓');
  const content = { friendlyName: 'photos.example.org', privateKey: new Secret(privateKeyPem), passphrase };
  writeFileSync(join(dir, 'a.pfx'), pkcs12({ ...content, certificatePem: certificatePem + issuer }));

  const read = (what: string): string =>
    openssl('pkcs12', '-in', 'a.pfx', '-passin', `pass:${passphrase.reveal()}`, '-nodes', what);
  const certificates = read('-nokeys');
  expect(certificates.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(certificates).toContain('friendlyName: photos.example.org');
  writeFileSync(join(dir, 'key.pem'), read('-nocerts'));
  writeFileSync(join(dir, 'cert.pem'), certificatePem);
  expect(openssl('pkey', '-in', 'key.pem', '-pubout')).toBe(openssl('x509', '-in', 'cert.pem', '-noout', '-pubkey'));
  expect(() => openssl('pkcs12', '-in', 'a.pfx', '-passin', 'pass:other', '-nodes')).toThrow(/mac verify/i);
});

it('holds RSA keys, and nothing that reads in clear', async () => {
  const { certificatePem } = await makeCertificate(['photos.example.org']);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const bytes = pkcs12({
    certificatePem,
    privateKey: new Secret(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()),
    passphrase: new Secret('x'),
    friendlyName: '-',
  });
  expect(bytes.includes(privateKey.export({ format: 'der', type: 'pkcs8' }))).toBe(false);
  expect(bytes.includes('photos.example.org')).toBe(false);
  writeFileSync(join(dir, 'a.pfx'), bytes);
  expect(openssl('pkcs12', '-in', 'a.pfx', '-passin', 'pass:x', '-nodes', '-nocerts')).toContain('BEGIN PRIVATE KEY');
});

it('says so where there is nothing to export', () => {
  const content = { certificatePem: '', privateKey: new Secret('x'), passphrase: new Secret('x'), friendlyName: '' };
  expect(() => pkcs12(content)).toThrow();
});
