import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FakeApi, fakeApi } from '../../../test/support/dns-api.ts';
import { failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';
import type { DnsProvider } from '../dns-provider.ts';
import { duckdns } from './duckdns.ts';

const signal = new AbortController().signal;
const text = new Map<string, string>();
const address = new Map<string, string>();
let api: FakeApi;
let provider: DnsProvider;
const make = (token: string): DnsProvider =>
  duckdns.create({ token: new Secret(token) }, { endpoint: api.url, pause: () => Promise.resolve() });

beforeEach(async () => {
  text.clear();
  address.clear();
  api = await fakeApi({
    changes: () => true,
    handle: ({ path, query }) => {
      const domain = query.get('domains') ?? '';
      if (path !== '/update' || query.get('token') !== 'good-token' || domain !== 'photos') return { text: 'KO' };
      const txt = query.get('txt');
      if (txt !== null) text.set(domain, query.get('clear') === 'true' ? '' : txt);
      else address.set(domain, query.get('ip') ?? query.get('ipv6') ?? '');
      return { text: 'OK' };
    },
  });
  provider = make('good-token');
});
afterEach(() => api.close());

test('sets and clears the one text of a domain', async () => {
  const record = { fqdn: '_acme-challenge.a.photos.duckdns.org.', value: 'one' };
  api.failAfterChange = 1;
  await provider.setTxt(record, signal);
  await provider.setTxt(record, signal);
  expect(text.get('photos')).toBe('one');
  await provider.removeTxt({ ...record, value: 'another' }, signal);
  expect(text.get('photos')).toBe('one');
  await provider.removeTxt(record, signal);
  await provider.removeTxt(record, signal);
  expect(text.get('photos')).toBe('');
});

test('does not push out a value that another challenge needs', async () => {
  const first = { fqdn: '_acme-challenge.photos.duckdns.org', value: 'apex' };
  await provider.setTxt(first, signal);
  const second = make('good-token').setTxt({ fqdn: first.fqdn, value: 'wildcard' }, signal);
  expect((await failureOf(second)).message).toContain('holds one TXT value');
  expect(text.get('photos')).toBe('apex');
  await provider.removeTxt(first, signal);
  await provider.setTxt({ fqdn: first.fqdn, value: 'wildcard' }, signal);
  expect(text.get('photos')).toBe('wildcard');
  const later = duckdns.create(
    { token: new Secret('good-token') },
    { endpoint: api.url, now: () => Date.now() + 16 * 60_000 },
  );
  await later.setTxt({ fqdn: first.fqdn, value: 'after one that was cut off' }, signal);
  await later.removeTxt({ fqdn: first.fqdn, value: 'after one that was cut off' }, signal);
});

test('sets addresses of a domain, and of nothing below it', async () => {
  await provider.upsertAddress({ name: 'photos.duckdns.org', type: 'A', value: '192.0.2.1' }, signal);
  expect(address.get('photos')).toBe('192.0.2.1');
  await provider.upsertAddress({ name: 'photos.duckdns.org', type: 'AAAA', value: '2001:db8::1' }, signal);
  expect(address.get('photos')).toBe('2001:db8::1');
  const below = provider.upsertAddress({ name: 'a.photos.duckdns.org', type: 'A', value: '192.0.2.1' }, signal);
  expect((await failureOf(below)).kind).toBe('refused');
});

test('says what is wrong, without the token that stands in the address', async () => {
  const wrong = await failureOf(
    make('wrong-token').setTxt({ fqdn: '_acme-challenge.photos.duckdns.org', value: 'v' }, signal),
  );
  expect([wrong.kind, wrong.message]).toEqual(['credentials', expect.stringContaining('KO')]);
  expect(wrong.message).not.toContain('wrong-token');
  expect(await make('wrong-token').check(signal, '*.photos.duckdns.org')).toMatchObject({ ok: false });
  expect(await provider.check(signal, 'photos.duckdns.org')).toMatchObject({ ok: true, note: null });
  expect(await provider.check(signal)).toMatchObject({ ok: true, note: expect.any(String) as string });
  const other = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal));
  expect(other.kind).toBe('zone-missing');
  expect((await failureOf(provider.listZones(signal))).message).toContain('no list of zones');
  api.rateLimit = 1000;
  const limited = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.photos.duckdns.org', value: 'v' }, signal));
  expect(limited.kind).toBe('rate-limited');
});
