import { expect, test } from 'vitest';
import { formatAddress, parseListenAddress } from './address.ts';

test.each([
  [':443', { host: null, port: 443 }],
  ['*:80', { host: null, port: 80 }],
  ['0.0.0.0:0', { host: '0.0.0.0', port: 0 }],
  ['127.0.0.1:18080', { host: '127.0.0.1', port: 18_080 }],
  ['[::1]:8443', { host: '::1', port: 8443 }],
  ['[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
  ['localhost:80/tcp', { host: 'localhost', port: 80 }],
  ['443', null],
  ['::1:80', null],
  [':65536', null],
  [':80/udp', null],
  ['a b:80', null],
])('reads %s', (text, expected) => {
  expect(parseListenAddress(text)).toEqual(expected);
});

test('IPv6 hosts get brackets', () => {
  expect(formatAddress('::', 443)).toBe('[::]:443');
  expect(formatAddress('0.0.0.0', 443)).toBe('0.0.0.0:443');
});
