import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readProxyHeader, writeProxyHeader } from './proxy-protocol.ts';

const destination = { address: '192.0.2.9', port: 443 };

describe('a header that was written can be read', () => {
  test.each([
    [1, '203.0.113.7', '203.0.113.7'],
    [2, '203.0.113.7', '203.0.113.7'],
    [1, '2001:db8::7', '2001:db8::7'],
    [2, '2001:db8::7', '2001:db8::7'],
    [2, '::1', '::1'],
    [2, '2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
  ] as const)('version %i of %s', (version, address, read) => {
    const header = writeProxyHeader(version, { address, port: 50_000 }, destination);
    const all = Buffer.concat([header, Buffer.from('GET /')]);
    expect(readProxyHeader(all)).toEqual({
      kind: 'header',
      length: header.length,
      source: { address: read, port: 50_000 },
    });
    for (let length = 1; length < header.length; length++) {
      expect(readProxyHeader(header.subarray(0, length))).toEqual({ kind: 'more' });
    }
  });

  test('version 1 is the line that others write', () => {
    const header = writeProxyHeader(1, { address: '203.0.113.7', port: 1 }, destination);
    expect(header.toString()).toBe('PROXY TCP4 203.0.113.7 192.0.2.9 1 443\r\n');
    expect(writeProxyHeader(1, { address: '', port: 1 }, destination).toString()).toBe('PROXY UNKNOWN\r\n');
  });

  test('version 2 has the bytes of its description', () => {
    const header = writeProxyHeader(2, { address: '1.2.3.4', port: 0x0102 }, { address: '5.6.7.8', port: 0x0304 });
    expect(header.toString('hex')).toBe('0d0a0d0a000d0a515549540a2111000c010203040506070801020304');
  });
});

describe('what others send', () => {
  test.each([
    ['PROXY UNKNOWN\r\n', { kind: 'header', length: 15, source: null }],
    ['PROXY UNKNOWN ffff::1 ::2 1 2\r\n', { kind: 'header', length: 31, source: null }],
    ['PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nrest', { kind: 'header', length: 32, source: { address: '1.2.3.4', port: 1 } }],
    ['PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n', { kind: 'malformed' }],
    ['PROXY TCP4 ::1 5.6.7.8 1 2\r\n', { kind: 'malformed' }],
    ['PROXY TCP4 1.2.3.4 5.6.7.8 70000 2\r\n', { kind: 'malformed' }],
    ['PROXY TCP9 1.2.3.4 5.6.7.8 1 2\r\n', { kind: 'malformed' }],
    [`PROXY TCP4 ${'1'.repeat(200)}`, { kind: 'malformed' }],
    ['GET / HTTP/1.1\r\n', { kind: 'none' }],
    ['PRO', { kind: 'more' }],
    ['', { kind: 'more' }],
  ])('%j', (text, expected) => {
    expect(readProxyHeader(Buffer.from(text))).toEqual(expected);
  });

  test('version 2: local connections, Unix sockets, additions and faults', () => {
    const header = (hex: string) => readProxyHeader(Buffer.from(`0d0a0d0a000d0a515549540a${hex}`, 'hex'));
    expect(header('20000000')).toEqual({ kind: 'header', length: 16, source: null });
    expect(header(`213100d8${'00'.repeat(216)}`)).toEqual({ kind: 'header', length: 232, source: null });
    expect(header('2111000f010203040506070800010002ffffff')).toEqual({
      kind: 'header',
      length: 31,
      source: { address: '1.2.3.4', port: 1 },
    });
    expect(header('11110000')).toEqual({ kind: 'malformed' });
    expect(header('21110004ffffffff')).toEqual({ kind: 'malformed' });
    expect(header('2111ffff')).toEqual({ kind: 'malformed' });
  });

  test('no bytes make it fail', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('', 'PROXY ', '\r\n\r\n\0\r\nQUIT\n'),
        (bytes, start) => {
          const reading = readProxyHeader(Buffer.concat([Buffer.from(start, 'latin1'), bytes]));
          expect(['more', 'none', 'malformed', 'header']).toContain(reading.kind);
        },
      ),
    );
  });
});
