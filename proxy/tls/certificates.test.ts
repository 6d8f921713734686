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

test('one that was taken as good and is not is told of at its first visitor, who gets the next best', async () => {
  const told: unknown[] = [];
  const store = createCertificateStore((failure) => told.push(failure.id));
  const wildcard = await makeCertificate(['*.home.test']);
  const standard = await makeCertificate(['fallback.test'], true);
  const other = await makeCertificate(['other.test']);
  const broken = { ...(await makeCertificate(['a.home.test'])), privateKeyPem: other.privateKeyPem };
  expect(store.change([standard, wildcard, { ...broken, isJudged: true }], [])).toEqual([]);
  expect(store.find('a.home.test')?.certificate.id).toBe(wildcard.id);
  expect(store.find('a.home.test')?.isFallback).toBe(false);
  expect(told).toEqual([broken.id]);
});

test('a default certificate is judged at once, whatever is said of it', async () => {
  const store = createCertificateStore();
  const good = await makeCertificate(['good.test'], true);
  const bad = { ...(await makeCertificate(['bad.test'], true)), privateKeyPem: good.privateKeyPem };
  expect(store.change([good], [])).toEqual([]);
  expect(store.change([{ ...bad, isJudged: true }], []).map(({ id }) => id)).toEqual([bad.id]);
  expect(store.defaultPem()?.cert).toBe(good.certificatePem);
});

test('of two with one name the later serves, in whatever turns they come, and the other where that one goes', async () => {
  const store = createCertificateStore();
  const standard = await makeCertificate(['a.test'], true);
  const first = { ...(await makeCertificate(['a.test', 'b.test'])), id: 'first' };
  const second = { ...(await makeCertificate(['a.test'])), id: 'second' };
  const serving = () => [store.find('a.test')?.certificate.id, store.find('b.test')?.certificate.id];
  store.change([first], []);
  store.change([standard], []);
  store.change([second], []);
  expect(serving()).toEqual(['second', 'first']);
  store.change([], ['second']);
  expect(serving()).toEqual(['first', 'first']);
  store.change([], ['first']);
  expect(serving()).toEqual([standard.id, standard.id]);
  expect(store.find('b.test')?.isFallback).toBe(true);
});
