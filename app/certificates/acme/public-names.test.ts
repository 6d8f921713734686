import { expect, test } from 'vitest';
import { loadPublicSuffixes, registeredDomain } from './public-names.ts';

test('limits count by what somebody registered, by the whole list of public suffixes once it is loaded', async () => {
  const common = [
    ['a.b.example.org', 'example.org'],
    ['*.example.org', 'example.org'],
    ['photos.example.co.uk', 'example.co.uk'],
    ['a.home.duckdns.org', 'home.duckdns.org'],
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
  ] as const;
  const found = () => common.map(([name]) => registeredDomain(name));
  expect(found()).toEqual(common.map(([, domain]) => domain));
  expect(registeredDomain('a.shop.chiyoda.tokyo.jp')).toBe('tokyo.jp');
  await loadPublicSuffixes();
  expect(found()).toEqual(common.map(([, domain]) => domain));
  expect(registeredDomain('a.shop.chiyoda.tokyo.jp')).toBe('shop.chiyoda.tokyo.jp');
  expect(registeredDomain('duckdns.org')).toBe('duckdns.org');
});
