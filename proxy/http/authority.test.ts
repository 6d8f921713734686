import { expect, test } from 'vitest';
import { parseAuthority } from './authority.ts';

test.each([
  ['Example.COM', 'example.com', ''],
  ['example.com.', 'example.com', ''],
  ['example.com:8080', 'example.com', '8080'],
  ['example.com:', 'example.com', ''],
  ['my_nas.local', 'my_nas.local', ''],
  ['[2001:DB8::1]:443', '2001:db8::1', '443'],
  ['192.168.1.2', '192.168.1.2', ''],
  ['', '', ''],
])('%s', (text, host, port) => {
  expect(parseAuthority(text)).toEqual({ host, port });
  expect(parseAuthority(text)).toEqual({ host, port });
});

test.each([
  'a b',
  'a@b',
  'a/b',
  'a:b',
  'a:99999',
  'a..b',
  '.a',
  'a%2eb',
  'a,b',
  '[::1',
  '::1',
  'ä.de',
  '\u212a.test',
  'a\\b',
])('%s is refused', (text) => {
  expect(parseAuthority(text)).toBeNull();
});
