import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkedDecoder, chunkSizeLine, lastChunk } from './chunked.ts';

interface Reading {
  readonly content: string;
  readonly trailerLines: string;
  readonly fault: string | null;
  readonly isDone: boolean;
  /** What was not taken. */
  readonly rest: string;
}

/** Reads a body in pieces that end at these indexes. */
function read(body: string, cuts: readonly number[] = []): Reading {
  const decoder = new ChunkedDecoder();
  const slices: Buffer[] = [];
  const sink = { content: (slice: Buffer) => slices.push(Buffer.from(slice)) };
  const bytes = Buffer.from(body, 'latin1');
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    if (decoder.isDone || decoder.fault !== null) break;
    const taken = decoder.decode(bytes, from, to, sink);
    from = decoder.isDone ? taken : to;
  }
  return {
    content: Buffer.concat(slices).toString('latin1'),
    trailerLines: decoder.trailerLines,
    fault: decoder.fault,
    isDone: decoder.isDone,
    rest: decoder.isDone ? body.slice(from) : '',
  };
}

const good = [
  { body: '0\r\n\r\n', content: '', trailerLines: '' },
  { body: '5\r\nhello\r\n0\r\n\r\n', content: 'hello', trailerLines: '' },
  { body: '5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\n', content: 'hello', trailerLines: '', rest: 'GET / HTTP/1.1\r\n' },
  { body: '0000a\r\n0123456789\r\n00\r\n\r\n', content: '0123456789', trailerLines: '' },
  { body: 'A\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n', content: '\r\n\r\n\r\n\r\n\r\n', trailerLines: '' },
  { body: '1;a=b;c="d;e"\r\nx\r\n0;f\r\n\r\n', content: 'x', trailerLines: '' },
  { body: '1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n', content: 'x', trailerLines: 'A: b\r\nC: d\r\n' },
];

test.each(good)('reads $body, cut anywhere', ({ body, content, trailerLines, rest = '' }) => {
  const wanted = { content, trailerLines, fault: null, isDone: true, rest };
  expect(read(body)).toEqual(wanted);
  for (let cut = 1; cut < body.length; cut += 1) expect(read(body, [cut])).toEqual(wanted);
  expect(
    read(
      body,
      Array.from({ length: body.length - 1 }, (_, n) => n + 1),
    ),
  ).toEqual(wanted);
});

test.each([
  ['a chunk without a size', '\r\nhello\r\n0\r\n\r\n'],
  ['a chunk without a size', ';a\r\n'],
  ['a chunk without a size', '-1\r\n'],
  ['a chunk without a size', '+1\r\nx'],
  ['a chunk without a size', ' 1\r\nx'],
  ['a chunk size that is not hexadecimal', '0x1\r\nx'],
  ['a chunk size that is not hexadecimal', '1_0\r\n'],
  ['a chunk size that is not hexadecimal', '1 \r\nx\r\n'],
  ['a chunk size that is not hexadecimal', '1 ;a\r\nx\r\n'],
  ['a chunk size that is not hexadecimal', '1\t\r\nx\r\n'],
  ['a chunk size line that ends with a bare LF', '1\nx\r\n0\r\n\r\n'],
  ['a bare CR in a chunk size line', '1\rx'],
  ['a bare CR in a chunk size line', '1;a\rx\n'],
  ['a control character in a chunk extension', '1;a\nx\r\n0\r\n\r\n'],
  ['a control character in a chunk extension', '1;a\0\r\n'],
  ['a chunk size that is too large', '20000000000000\r\n'],
  ['a chunk size that is too large', 'ffffffffffffffff\r\n'],
  ['a chunk size that is too large', '00000000000000001\r\n'],
  ['a chunk is longer than its size', '1\r\nxy\r\n0\r\n\r\n'],
  ['a chunk is longer than its size', '1\r\nx\n0\r\n\r\n'],
  ['no LF after a chunk', '1\r\nx\r0\r\n\r\n'],
  ['a bare LF in the trailers', '0\r\nA: b\n\r\n'],
  ['a bare LF in the trailers', '0\r\n\n'],
  ['a bare CR in the trailers', '0\r\nA: b\rC: d\r\n\r\n'],
  ['no LF at the end of the trailers', '0\r\n\rX'],
])('%s: refuses %j, cut anywhere', (fault, body) => {
  expect(read(body)).toMatchObject({ fault, isDone: false });
  for (let cut = 1; cut < body.length; cut += 1) expect(read(body, [cut])).toMatchObject({ fault, isDone: false });
});

test('bounds extensions by the content that they come with', () => {
  expect(read(`1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`).fault).toBe('chunk extensions without end');
  const line = `1;${'a'.repeat(100)}\r\nx\r\n`;
  expect(read(`${line.repeat(1000)}0\r\n\r\n`).fault).toBe('chunk extensions without end');
  const worthy = `64;${'a'.repeat(100)}\r\n${'x'.repeat(100)}\r\n`;
  expect(read(`${worthy.repeat(1000)}0\r\n\r\n`)).toMatchObject({ fault: null, isDone: true });
});

test('bounds trailers', () => {
  expect(read(`0\r\n${`A: ${'b'.repeat(1000)}\r\n`.repeat(20)}\r\n`).fault).toBe('trailers that are too long');
});

test('one-byte chunks are no attack', () => {
  expect(read(`${'1\r\nx\r\n'.repeat(50_000)}0\r\n\r\n`)).toMatchObject({ fault: null, isDone: true });
});

test('an unfinished body is not done', () => {
  const body = '5\r\nhello\r\n0\r\nA: b\r\n\r\n';
  for (let length = 0; length < body.length; length += 1) {
    expect(read(body.slice(0, length))).toMatchObject({ isDone: false, fault: null });
  }
});

test('reads what it writes, whatever the content and the cuts', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 10 }),
      fc.array(fc.nat(3000), { maxLength: 6 }),
      (chunks, cuts) => {
        const parts = chunks.map((chunk) => Buffer.from(chunk).toString('latin1'));
        const body = parts.map((part) => `${chunkSizeLine(part.length)}${part}\r\n`).join('') + lastChunk(['A', 'b']);
        const sorted = cuts.filter((cut) => cut < body.length).toSorted((a, b) => a - b);
        expect(read(body, sorted)).toEqual({
          content: parts.join(''),
          trailerLines: 'A: b\r\n',
          fault: null,
          isDone: true,
          rest: '',
        });
      },
    ),
    { seed: 20261120, numRuns: 300 },
  );
});
