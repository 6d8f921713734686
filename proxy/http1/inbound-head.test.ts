import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HeadReader, type ReceivedHead } from './inbound-head.ts';

interface Reading {
  readonly head: ReceivedHead | null;
  /** What followed the head. */
  readonly rest: string;
}

/** Reads bytes in pieces that end at these indexes. */
function read(text: string, cuts: readonly number[] = [], maxBytes = 65_536): Reading {
  const reader = new HeadReader(maxBytes);
  const bytes = Buffer.from(text, 'latin1');
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    const next = reader.read(bytes, from, to);
    if (next >= 0) return { head: reader.head, rest: text.slice(next) };
    from = to;
  }
  return { head: null, rest: '' };
}

const everyCut = (text: string): number[] => Array.from({ length: Math.max(0, text.length - 1) }, (_, n) => n + 1);

const good: [string, Partial<ReceivedHead>, string?][] = [
  ['GET / HTTP/1.1\r\nHost: a\r\n\r\n', { method: 'GET', target: '/', raw: ['Host', 'a'] }],
  ['GET / HTTP/1.1\r\n\r\n', { method: 'GET', target: '/', raw: [] }],
  ['\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', { method: 'GET', target: '/', raw: ['Host', 'a'] }],
  ['POST /a?b=c HTTP/1.0\r\nA:\t b \r\n\r\nbody', { method: 'POST', protocol: 'HTTP/1.0', raw: ['A', 'b'] }, 'body'],
  ['M-SEARCH * HTTP/1.1\r\n\r\n\r\n', { method: 'M-SEARCH', target: '*' }, '\r\n'],
  ['OPTIONS http://a/ HTTP/1.1\r\nHost: a\r\n\r\nGET', { method: 'OPTIONS', target: 'http://a/' }, 'GET'],
  [`GET /${'x'.repeat(5000)} HTTP/1.1\r\nHost: a\r\n\r\nmore`, { raw: ['Host', 'a'] }, 'more'],
];

test.each(good)('reads %j, cut anywhere', (text, wanted, rest = '') => {
  const whole = read(text);
  expect(whole.head).toMatchObject({ protocol: 'HTTP/1.1', ...wanted, fault: null });
  expect(whole.rest).toBe(rest);
  for (let cut = 1; cut < Math.min(text.length, 200); cut += 1) expect(read(text, [cut])).toEqual(whole);
  expect(read(text, everyCut(text))).toEqual(whole);
});

describe('refuses', () => {
  test.each<[number, string]>([
    [400, 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET /\tHTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, ' GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
    [400, 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET / HTTP/1.1\nHost: a\r\n\r\n'],
    [400, 'GET / HTTP/1.1\rHost: a\r\n\r\n'],
    [400, 'GET /\r\n\r\n'],
    [400, 'GET\r\n\r\n'],
    [400, 'GET /\n'],
    [400, 'G\x00T / HTTP/1.1\r\n\r\n'],
    [400, 'G(T / HTTP/1.1\r\n\r\n'],
    [400, 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET / http/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
    [400, 'GET / HTTP/11\r\nHost: a\r\n\r\n'],
    [505, 'GET / HTTP/1.2\r\nHost: a\r\n\r\n'],
    [505, 'GET / HTTP/0.9\r\nHost: a\r\n\r\n'],
    [505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [400, '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, '\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, '\rGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a\n\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a\r\n\rX'],
    [400, 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a\0\r\n\r\n'],
  ])('with %i: %j, cut anywhere', (status, text) => {
    expect(read(text).head?.fault?.status).toBe(status);
    for (let cut = 1; cut < text.length; cut += 1)
      expect(read(text, [cut]).head?.fault?.status, `cut ${cut}`).toBe(status);
    expect(read(text, everyCut(text)).head?.fault?.status).toBe(status);
  });

  test('a head that is too large as 431, a request line as 414, however it comes', () => {
    const large = `GET /a HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(300)}\r\n\r\n`;
    const long = `GET /${'a'.repeat(300)} HTTP/1.1\r\nHost: a\r\n\r\n`;
    for (const cuts of [[], [5], [150], everyCut(large)]) {
      expect(read(large, cuts, 200).head).toMatchObject({ method: 'GET', target: '/a', fault: { status: 431 } });
      expect(read(long, cuts, 200).head).toMatchObject({ method: 'GET', fault: { status: 414 } });
    }
    expect(read(large, [], large.length).head?.fault).toBeNull();
    expect(read(large, [], large.length - 1).head?.fault?.status).toBe(431);
    expect(read(large, everyCut(large), large.length).head?.fault).toBeNull();
    expect(read(large, everyCut(large), large.length - 1).head?.fault?.status).toBe(431);
  });

  test('what has a fault in its fields, and still tells what was asked', () => {
    const { head } = read('GET /x HTTP/1.1\r\nHost: a\nX: b\r\n\r\n', [20]);
    expect(head).toMatchObject({ method: 'GET', target: '/x', raw: [], fault: { code: 'REQUEST_AMBIGUOUS' } });
  });
});

test('heads follow each other, each with one empty line before it at most', () => {
  const reader = new HeadReader(1000);
  const one = 'GET /1 HTTP/1.1\r\n\r\n';
  const bytes = Buffer.from(`${one}\r\n${one}${one}\r\n\r\n`);
  let at = reader.read(bytes, 0, bytes.length);
  expect(at).toBe(one.length);
  at = reader.read(bytes, at, bytes.length);
  expect(at).toBe(2 * one.length + 2);
  at = reader.read(bytes, at, bytes.length);
  expect(at).toBe(3 * one.length + 2);
  expect(reader.head?.fault).toBeNull();
  expect(reader.read(bytes, at, bytes.length)).toBeGreaterThan(0);
  expect(reader.head?.fault?.status).toBe(400);
});

const piece = fc.oneof(
  fc.constantFrom(
    'GET / HTTP/1.1\r\n',
    'GET',
    ' ',
    '/',
    'HTTP/1.1',
    'HTTP/1.0',
    '\r\n',
    '\r',
    '\n',
    'Host: a\r\n',
    ':',
  ),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
);
const noise = fc.array(piece, { maxLength: 10 });

test('what is accepted is well formed, and where the bytes are cut changes nothing', () => {
  const whole =
    /^(?:\r\n)?([!#$%&'*+.^_`|~\w-]+) ([\x21-\x7e]+) HTTP\/1\.[01]\r\n(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n/;
  fc.assert(
    fc.property(noise, fc.array(fc.nat(200), { maxLength: 5 }), fc.boolean(), (pieces, at, isWhole) => {
      const text = pieces.join('') + (isWhole ? '\r\n\r\n' : '');
      const first = read(text);
      const cuts = [...new Set(at)].filter((cut) => cut > 0 && cut < text.length).toSorted((a, b) => a - b);
      const again = read(text, cuts);
      expect(again.head?.fault?.status).toBe(first.head?.fault?.status);
      const isGood = first.head !== null && first.head.fault === null;
      expect(isGood).toBe(whole.test(text));
      if (isGood) expect(again).toEqual(first);
    }),
    { numRuns: 3000, seed: 4 },
  );
});
