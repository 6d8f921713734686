import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { memorySecrets } from '../../test/support/acme-rig.ts';
import { makeCertificate } from '../../test/support/certificates.ts';
import { openStore } from '../store/store.ts';
import { loadResolverSettings } from './resolver-settings.ts';

async function settings() {
  const dataDir = await mkdtemp(join(tmpdir(), 'gh-resolvers-'));
  const store = openStore(dataDir);
  onTestFinished(async () => {
    store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const secrets = { ...memorySecrets(), delete: () => Promise.resolve(false) };
  return loadResolverSettings(store.certificates, secrets, () => 0);
}

const input = { name: 'home', email: '', ca: 'https://ca.test/directory', challenge: 'http-01' } as const;

test.each(['/dev/zero', '/etc/passwd', '-----BEGIN', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
  'takes no %j as the certificate of a CA: a path would be read from this machine',
  async (caCertificates) => {
    const { set, list } = await settings();
    await expect(set({ ...input, caCertificates })).rejects.toMatchObject({
      code: 'INVALID',
      details: { reason: 'CA_CERTIFICATES_INVALID' },
    });
    expect(list()).toEqual([]);
  },
);

test('keeps the certificates of a CA, and nothing that stands around them', async () => {
  const { certificatePem } = await makeCertificate(['ca.test'], true);
  const { set } = await settings();
  const made = await set({ ...input, caCertificates: `Bag Attributes\n${certificatePem}` });
  expect(made.connection.caCertificates).toEqual([`${certificatePem.trim()}\n`]);
  expect((await set({ ...input, caCertificates: '' })).connection.caCertificates).toEqual([]);
});
