import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnswerListener, AnswerReader } from './answer-reader.ts';

interface Reading {
  readonly events: string[];
  readonly content: string;
}

/** What a server's bytes mean as the answer to a request, read in pieces that end at these indexes. */
function read(bytes: string, cuts: readonly number[] = [], method = 'GET', mayUpgrade = false, ends = false): Reading {
  const events: string[] = [];
  let content = '';
  const listener: AnswerListener = {
    informational: ({ status, fields }) => events.push(`${status} ${fields.join('|')}`),
    head: ({ status, fields, connectionFields }) =>
      events.push(
        `${status} ${fields.join('|')}${connectionFields.length > 0 ? ` (${connectionFields.join('|')})` : ''}`,
      ),
    content: (slice) => {
      content += slice.toString('latin1');
    },
    switched: ({ status }, early) => events.push(`${status} switched ${early.toString('latin1')}`),
    answered: (trailers, isClean) => events.push(`answered ${trailers.join('|')} ${isClean ? 'clean' : 'spent'}`),
    malformed: (detail) => events.push(`malformed: ${detail}`),
  };
  const reader = new AnswerReader(listener);
  reader.expect(method, mayUpgrade);
  const all = Buffer.from(bytes, 'latin1');
  let from = 0;
  for (const to of [...cuts, all.length]) {
    // A connection that was answered uncleanly is closed.
    if (events.some((event) => event.endsWith('spent'))) break;
    reader.read(all, from, to);
    from = to;
  }
  if (ends && !reader.closed() && !reader.isWaiting) events.push('cut off');
  return { events, content };
}

const everyCut = (bytes: string): number[] => Array.from({ length: bytes.length - 1 }, (_, n) => n + 1);

describe('proper answers, cut anywhere', () => {
  test.each<[string, string, string[], string?, string?]>([
    [
      'with a length',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello',
      ['200 Content-Length|5|A|b', 'answered  clean'],
      'hello',
    ],
    ['empty', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', ['200 content-length|0', 'answered  clean']],
    ['without a reason', 'HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n', ['404 Content-Length|0', 'answered  clean']],
    [
      'with an odd reason',
      'HTTP/1.1 200 \xe9t\xe9 a:b\r\nContent-Length: 0\r\n\r\n',
      ['200 Content-Length|0', 'answered  clean'],
    ],
    [
      'in chunks with trailers',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: C\r\n\r\n3;x\r\nabc\r\n1\r\nd\r\n0\r\nC: e\r\n\r\n',
      ['200 Trailer|C (Transfer-Encoding|Chunked)', 'answered C|e clean'],
      'abcd',
    ],
    [
      'to HEAD',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
      ['200 Content-Length|5', 'answered  clean'],
      '',
      'HEAD',
    ],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', ['204 ', 'answered  clean']],
    ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n', ['304 Content-Length|9', 'answered  clean']],
    [
      'after others',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx',
      ['103 Link|</a>', '102 ', '200 Content-Length|1', 'answered  clean'],
      'x',
    ],
    [
      'that closes',
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
      ['200 Content-Length|1 (Connection|close)', 'answered  spent'],
      'x',
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx', ['200 Content-Length|1', 'answered  spent'], 'x'],
    [
      'of HTTP/1.0 that stays',
      'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx',
      ['200 Content-Length|1 (Connection|Keep-Alive)', 'answered  clean'],
      'x',
    ],
    [
      'with a length said twice',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx',
      ['200 Content-Length|1', 'answered  clean'],
      'x',
    ],
    [
      'with fields for the connection',
      'HTTP/1.1 200 OK\r\nConnection: X-A, close\r\nX-A: 1\r\nX-B: 2\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx',
      ['200 X-B|2|Content-Length|1 (Connection|X-A, close|Keep-Alive|timeout=5|Upgrade|h2c)', 'answered  spent'],
      'x',
    ],
    [
      'that announces trailers it cannot have',
      'HTTP/1.1 200 OK\r\nTrailer: A\r\nContent-Length: 1\r\n\r\nx',
      ['200 Content-Length|1', 'answered  clean'],
      'x',
    ],
  ])('%s', (_name, bytes, events, content = '', method = 'GET') => {
    const wanted = { events, content };
    expect(read(bytes, [], method)).toEqual(wanted);
    for (const cut of everyCut(bytes)) expect(read(bytes, [cut], method)).toEqual(wanted);
    expect(read(bytes, everyCut(bytes), method)).toEqual(wanted);
  });

  test('that lasts until the server closes', () => {
    const bytes = 'HTTP/1.1 200 OK\r\nA: b\r\n\r\nhello';
    const wanted = { events: ['200 A|b', 'answered  spent'], content: 'hello' };
    expect(read(bytes, [], 'GET', false, true)).toEqual(wanted);
    expect(read(bytes, everyCut(bytes), 'GET', false, true)).toEqual(wanted);
    expect(read(bytes).events).toEqual(['200 A|b']);
  });

  test('that switches protocols, where that was asked for', () => {
    const bytes = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nearly';
    expect(read(bytes, [], 'GET', true).events).toEqual(['101 switched early']);
    expect(read(bytes).events).toEqual(['malformed: an upgrade that nothing asked for']);
  });

  test('with a large head', () => {
    const fields = Array.from({ length: 400 }, (_, n) => `X-${n}: ${'v'.repeat(200)}\r\n`).join('');
    const bytes = `HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`;
    for (const cuts of [[], [2046], [2048, 2049], [bytes.length - 4], [bytes.length - 3], [bytes.length - 6]]) {
      const { events, content } = read(bytes, cuts);
      expect([events.length, events[1], content]).toEqual([2, 'answered  clean', 'ok']);
    }
  });
});

describe('answers that are none', () => {
  test.each<[string, string, string?]>([
    ['an answer that does not begin like HTTP/1', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['an answer that does not begin like HTTP/1', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['an answer that does not begin like HTTP/1', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['an answer that does not begin like HTTP/1', 'http/1.1 200 OK\r\n\r\n'],
    ['an answer that does not begin like HTTP/1', 'HTTP/1.1  200 OK\r\n\r\n'.replace('1.1 ', '1.1\t')],
    ['an answer that does not begin like HTTP/1', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['an answer that does not begin like HTTP/1', '\x00\x1f>]|\x9b'],
    ['an answer that does not begin like HTTP/1', '220 mail.example.org ESMTP\r\n'],
    ['an answer without a proper status', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['an answer without a proper status', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['an answer without a proper status', 'HTTP/1.1 +20 OK\r\n\r\n'],
    ['a malformed status line', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a malformed status line', 'HTTP/1.1 200 a\0b\r\n\r\n'],
    ['a malformed status line', 'HTTP/1.1 200 OK\nA: b\r\n\r\n'],
    ['a malformed status line', 'HTTP/1.1 200 OK\rA: b\r\n\r\n'],
    ['a header line that ends with a bare LF', 'HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n'],
    ['a bare CR in a header line', 'HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n'],
    ['a folded header line', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['a space before the colon of a header line', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n'],
    ['a header line without a name', 'HTTP/1.1 200 OK\r\n: b\r\n\r\n'],
    ['a header line without a colon', 'HTTP/1.1 200 OK\r\nA\r\n\r\n'],
    ['a control character in the value of a header field', 'HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n'],
    ['Content-Length "-1"', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['Content-Length "+1"', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx'],
    ['Content-Length "1, 1"', 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx'],
    ['Content-Length ""', 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nx'],
    ['Content-Length "9999999999999999"', 'HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999\r\n\r\nx'],
    ['two different Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy'],
    [
      'Content-Length beside Transfer-Encoding',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'Content-Length beside Transfer-Encoding',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n',
      'HEAD',
    ],
    ['Transfer-Encoding "gzip, chunked"', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['Transfer-Encoding "identity"', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nx'],
    [
      'Transfer-Encoding twice',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['Transfer-Encoding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['interim answers without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(40)],
    ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(40)],
    ['a head of more than 256 KiB', `HTTP/1.1 200 OK\r\nA: ${'b'.repeat(300_000)}`],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello'],
    ['a chunk is longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n'],
    [
      'a space before the colon of a header line',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n\r\n',
    ],
  ])('%s', (fault, bytes, method = 'GET') => {
    const last = (cuts: readonly number[]): string | undefined => read(bytes, cuts, method).events.at(-1);
    expect(last([])).toBe(`malformed: ${fault}`);
    if (bytes.length > 2000) {
      expect(last([1000, 2000])).toBe(`malformed: ${fault}`);
      return;
    }
    for (const cut of everyCut(bytes)) expect(last([cut])).toBe(`malformed: ${fault}`);
    expect(last(everyCut(bytes))).toBe(`malformed: ${fault}`);
  });

  test('bytes that nothing asked for are not given to the next who asks', () => {
    const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison';
    const first = 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx';
    expect(read(first + poison)).toEqual({ events: ['200 Content-Length|1', 'answered  spent'], content: 'x' });
    expect(read(first + poison, [first.length])).toEqual({
      events: ['200 Content-Length|1', 'answered  clean', 'malformed: bytes that nothing asked for'],
      content: 'x',
    });
    const empty = 'HTTP/1.1 204 No Content\r\n\r\n';
    expect(read(`${empty}x`).events).toEqual(['204 ', 'answered  spent']);
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect(read(`${chunks}x`).events.at(-1)).toBe('answered  spent');
  });

  test('an answer that is cut off is not complete', () => {
    for (const bytes of [
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ]) {
      for (let length = 1; length < bytes.length; length += 1) {
        expect(read(bytes.slice(0, length), [], 'GET', false, true).events.at(-1)).toBe('cut off');
      }
    }
  });

  test('whatever bytes come, nothing throws and pieces make no difference', () => {
    const fragment = fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 103 Early Hints\r\n',
      'HTTP/1.0 404 \r\n',
      'Content-Length: 3\r\n',
      'Content-Length: 0\r\n',
      'Transfer-Encoding: chunked\r\n',
      'Connection: close\r\n',
      '\r\n',
      '3\r\nabc\r\n',
      '0\r\n',
      '0\r\n\r\n',
      'abc',
      '\n',
      '\r',
      ' ',
      'A: b\r\n',
      '\0',
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), fc.array(fc.nat(120), { maxLength: 4 }), (parts, cuts) => {
        const bytes = parts.join('');
        const sorted = cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b);
        const whole = read(bytes);
        const pieces = read(bytes, sorted);
        expect(pieces.content).toBe(whole.content);
        // Surplus in the same piece spends the connection; in another it is found to be unasked for.
        const meaning = ({ events }: Reading): string[] =>
          events
            .filter((event) => !event.includes('nothing asked'))
            .map((event) => event.replace(/ (clean|spent)$/, ''));
        expect(meaning(pieces)).toEqual(meaning(whole));
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});
