import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFields } from './field-lines.ts';

function read(lines: string): { raw: string[]; fault: string | null } {
  const raw: string[] = [];
  const around = `before\r\n${lines}after`;
  const fault = parseFields(around, 8, 8 + lines.length, raw);
  return { raw, fault: fault?.detail ?? null };
}

test.each<[string, string[]]>([
  ['', []],
  ['A: b\r\n', ['A', 'b']],
  ['A:b\r\nc:\t d \t\r\n', ['A', 'b', 'c', 'd']],
  ['A:\r\nB: \t \r\n', ['A', '', 'B', '']],
  ['A: b  c\td\r\n', ['A', 'b  c\td']],
  ['A: \xe9\x80\xff\r\n', ['A', '\xe9\x80\xff']],
  ["!#$%&'*+-.^_`|~09azAZ: :\r\n", ["!#$%&'*+-.^_`|~09azAZ", ':']],
  ['__proto__: x\r\n', ['__proto__', 'x']],
])('reads %j', (lines, raw) => {
  expect(read(lines)).toEqual({ raw, fault: null });
});

test.each([
  ['a header line that ends with a bare LF', 'A: b\nC: d\r\n'],
  ['a header line that ends with a bare LF', 'A\n'],
  ['a header line that ends with a bare LF', 'A: b\r\n\n'],
  ['a bare CR in a header line', 'A: b\rC: d\r\n'],
  ['a bare CR in a header line', 'A\rB: c\r\n'],
  ['a bare CR in a header line', 'A: b\r'],
  ['a bare CR in a header line', 'A: b'],
  ['a bare CR in a header line', 'A: b\r\r\n'],
  ['a folded header line', 'A: b\r\n c\r\n'],
  ['a folded header line', '\tA: b\r\n'],
  ['a header line without a name', ': b\r\n'],
  ['a header line without a colon', 'A\r\n'],
  ['a header line without a colon', 'A'],
  ['a header line without a colon', '\r\n'],
  ['a space before the colon of a header line', 'A : b\r\n'],
  ['a space before the colon of a header line', 'A\t: b\r\n'],
  ['a character that no header name may hold', 'A(b): c\r\n'],
  ['a character that no header name may hold', '\xe9: c\r\n'],
  ['a character that no header name may hold', 'A\0: c\r\n'],
  ['a control character in the value of a header field', 'A: b\0c\r\n'],
  ['a control character in the value of a header field', 'A: b\x0bc\r\n'],
  ['a control character in the value of a header field', 'A: \x7f\r\n'],
])('finds %s in %j', (fault, lines) => {
  expect(read(lines).fault).toBe(fault);
});

test('what it accepts is what a plain reading of the grammar accepts, and nothing beyond the end is read', () => {
  const line =
    /^([!#$%&'*+.^_`|~\w-]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/;
  const piece = fc.oneof(
    fc.constantFrom('\r\n', '\r', '\n', ':', ' ', '\t', 'A', 'b-c', ': ', 'A: b\r\n', '\0', '\x7f', '\xe9'),
    fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const { raw, fault } = read(text);
      const lines = text.split('\r\n');
      const isWhole = lines.pop() === '';
      const matches = lines.map((each) => line.exec(each));
      expect(fault === null).toBe(isWhole && matches.every((match) => match !== null));
      if (fault === null) expect(raw).toEqual(matches.flatMap((match) => [match?.[1], match?.[2]]));
    }),
    { numRuns: 2000 },
  );
});
