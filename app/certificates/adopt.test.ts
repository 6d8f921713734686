import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { OperationError } from '../operations/error.ts';
import { Secret } from '../secrets/secrets.ts';
import type { CertificateRepository, StoredCertificate } from '../store/certificates.ts';
import type { Issuance } from './acme/issuance.ts';
import { adoptFound } from './adopt.ts';
import type { FoundCertificate } from './import/found.ts';

async function found(name: string): Promise<FoundCertificate> {
  const { certificatePem, privateKeyPem } = await makeCertificate([name]);
  const privateKey = new Secret(privateKeyPem);
  const notAfter = Date.now() + 80_000_000;
  return {
    where: name,
    names: [name],
    certificatePem,
    privateKey,
    resolver: null,
    byAcme: false,
    notBefore: 0,
    notAfter,
  };
}

function setUp(fails: (written: number) => boolean = () => false) {
  const kept = new Map<string, StoredCertificate>();
  let writes = 0;
  let looks = 0;
  const issuance = {
    get: (id: string) => {
      const stored = kept.get(id);
      return stored && { stored };
    },
    putAll: (certificates: readonly StoredCertificate[]) => {
      if (fails(kept.size)) throw new OperationError('UNAVAILABLE', 'The disk is full.', { reason: 'DISK_FULL' });
      writes += 1;
      for (const each of certificates) kept.set(each.id, each);
    },
    look: () => {
      looks += 1;
    },
  } as unknown as Issuance;
  const adopt = (certificates: readonly FoundCertificate[]) =>
    adoptFound(
      { certificates, accounts: [] },
      {
        issuance,
        repository: {} as CertificateRepository,
        seal: (pem) => pem,
        resolvers: new Map(),
        now: Date.now(),
      },
    );
  return { adopt, kept, writes: () => writes, looks: () => looks };
}

test('many certificates are kept in a few writes and looked at once; the same again is told of', async () => {
  const { adopt, kept, writes, looks } = setUp();
  const all = await Promise.all(Array.from({ length: 120 }, (_, n) => found(`h${n}.test`)));
  const [first] = all;
  const report = await adopt(first ? [...all, first] : all);
  expect(report.taken).toHaveLength(120);
  expect(report.skipped).toMatchObject([{ what: 'h0.test', code: 'ALREADY_THERE' }]);
  expect(kept.size).toBe(120);
  expect(writes()).toBeLessThan(10);
  expect(looks()).toBe(1);
});

test('one that stands twice beside each other is taken once', async () => {
  const { adopt, kept } = setUp();
  const one = await found('one.test');
  const report = await adopt([one, one]);
  expect([report.taken.length, report.skipped.map(({ code }) => code), kept.size]).toEqual([1, ['ALREADY_THERE'], 1]);
});

test('where the disk is full, what was kept by then is looked after', async () => {
  const { adopt, kept, looks } = setUp((written) => written > 0);
  const all = await Promise.all(Array.from({ length: 60 }, (_, n) => found(`h${n}.test`)));
  await expect(adopt(all)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(kept.size).toBe(50);
  expect(looks()).toBe(1);
});
