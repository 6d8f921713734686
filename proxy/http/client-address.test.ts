import { expect, test } from 'vitest';
import { clientBehindProxies, createTrustedPeers, plainAddress } from './client-address.ts';

test('IPv4 over IPv6 is shown as IPv4, and zones are left off', () => {
  expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(plainAddress('::FFFF:192.0.2.1')).toBe('192.0.2.1');
  expect(plainAddress('fe80::1%eth0')).toBe('fe80::1');
  expect(plainAddress('2001:db8::1')).toBe('2001:db8::1');
});

test('trust follows addresses and ranges of both families', () => {
  const peers = createTrustedPeers(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);
  for (const address of ['10.9.9.9', '192.0.2.1', '2001:db8::5']) expect(peers.trusts(address)).toBe(true);
  for (const address of ['11.0.0.1', '192.0.2.2', '2001:db9::5', 'nonsense', ''])
    expect(peers.trusts(address)).toBe(false);
  expect(createTrustedPeers([]).trusts('10.0.0.1')).toBe(false);
});

test.each(['nonsense', '10.0.0.0/64', '300.1.1.1', '/8'])('the range "%s" is refused', (range) => {
  expect(() => createTrustedPeers([range])).toThrow();
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['6.6.6.6, 203.0.113.9, 10.1.1.1', '203.0.113.9'],
  ['203.0.113.9:1234', '203.0.113.9'],
  ['[2001:db8::1]:1234, 10.1.1.1', '2001:db8::1'],
  ['10.2.2.2, 10.1.1.1', '10.2.2.2'],
  ['unknown', '10.0.0.1'],
  ['6.6.6.6, unknown, 10.1.1.1', '10.1.1.1'],
  ['', '10.0.0.1'],
])('the client behind "%s" is %s', (forwardedFor, client) => {
  expect(clientBehindProxies(forwardedFor, '10.0.0.1', createTrustedPeers(['10.0.0.0/8']))).toBe(client);
});
