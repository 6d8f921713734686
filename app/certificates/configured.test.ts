import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { createTlsFiles, type PublishedTls } from './configured.ts';

async function pair(name: string) {
  const { certificatePem, privateKeyPem } = await makeCertificate([name]);
  return { certFile: certificatePem, keyFile: privateKeyPem };
}

function read(...published: PublishedTls[]) {
  const files = createTlsFiles({ onChanged: () => undefined });
  try {
    return files.read(published);
  } finally {
    files.stop();
  }
}

test('certificates by which names are proved to an authority are not those of visitors', async () => {
  const certificates = [
    { ...(await pair('proof.example.org')), stores: ['acme-tls/1'] },
    { ...(await pair('site.example.org')), stores: ['default', 'another'] },
  ];
  const { certificates: served } = read({ provider: 'file', configuration: { tls: { certificates } } });
  expect(served.map(({ names, isDefault }) => [names, isDefault])).toEqual([[['site.example.org'], false]]);
});

test('the default certificate of one provider is used, and that of two by neither', async () => {
  const stores = async (name: string) => ({ stores: { default: { defaultCertificate: await pair(name) } } });
  const one: PublishedTls = { provider: 'file', configuration: { tls: await stores('a.example.org') } };
  const other: PublishedTls = { provider: 'http', configuration: { tls: await stores('b.example.org') } };
  expect(read(one).certificates).toMatchObject([{ names: ['a.example.org'], isDefault: true }]);
  const both = read(one, other);
  expect(both.certificates).toEqual([]);
  expect(both.problems).toMatchObject([{ code: 'CERTIFICATE_UNUSABLE' }]);
});
