import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { createCertificateStore } from './certificates.ts';

test('the exact name goes before a wildcard, a wildcard covers one label, and the rest gets the default', async () => {
  const store = createCertificateStore();
  expect(store.select('a.test')).toBeUndefined();
  expect(store.defaultPem()).toBeNull();
  const fallback = await makeCertificate(['fallback.test'], true);
  const exact = await makeCertificate(['a.home.test']);
  const wildcard = await makeCertificate(['*.home.test']);
  expect(store.change([fallback, exact, wildcard], [])).toEqual([]);
  const standard = store.select('nothing.known');
  expect(standard).toBeDefined();
  expect(store.select('fallback.test')).toBe(standard);
  expect(store.select('b.a.home.test')).toBe(standard);
  expect(store.select('home.test')).toBe(standard);
  expect(store.select('')).toBe(standard);
  const byWildcard = store.select('b.home.test');
  expect(byWildcard).not.toBe(standard);
  expect(store.select('C.HOME.test.')).toBe(byWildcard);
  expect(store.select('A.Home.Test')).not.toBe(byWildcard);
  expect(store.select('a.home.test')).not.toBe(standard);
  store.change([], [exact.id]);
  expect(store.select('a.home.test')).toBe(byWildcard);
});

test('contexts are kept until their certificate changes', async () => {
  const store = createCertificateStore();
  const certificate = await makeCertificate(['a.test'], true);
  store.change([certificate], []);
  const before = store.select('a.test');
  store.change([await makeCertificate(['b.test'])], []);
  expect(store.select('a.test')).toBe(before);
  store.change([certificate], []);
  expect(store.select('a.test')).not.toBe(before);
});

test('what is broken is named, and the others stay', async () => {
  const store = createCertificateStore();
  const good = await makeCertificate(['good.test'], true);
  const bad = await makeCertificate(['bad.test']);
  const failures = store.change(
    [good, { ...bad, privateKeyPem: good.privateKeyPem }, { ...bad, id: 'x', certificatePem: 'x' }],
    [],
  );
  expect(failures.map((failure) => failure.id)).toEqual([bad.id, 'x']);
  expect(store.select('bad.test')).toBe(store.select('good.test'));
});

test('our own certificates are read at the first visit, so that thousands of them hold up nobody', async () => {
  const store = createCertificateStore();
  const certificate = await makeCertificate(['a.test'], true);
  const many = Array.from({ length: 10_000 }, (_, i) => ({
    ...certificate,
    id: String(i),
    names: [`h${i}.test`],
    isDefault: false,
    isOwn: true as const,
  }));
  const startedAt = performance.now();
  expect(store.change([certificate, ...many], [])).toEqual([]);
  // Reading them all took three seconds and more.
  expect(performance.now() - startedAt).toBeLessThan(1000);
  const context = store.select('h9999.test');
  expect(context).toBeDefined();
  expect(context).not.toBe(store.select('a.test'));
  expect(store.select('h9999.test')).toBe(context);
});
