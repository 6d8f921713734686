import { expect, test } from 'vitest';
import { jsonString } from './escape.ts';
import { LineBuffer } from './line-buffer.ts';

const text = (buffer: LineBuffer): string => Buffer.from(buffer.take()).toString();
const add = (buffer: LineBuffer, line: string): void => {
  buffer.begin();
  buffer.text(line);
  buffer.end();
};

test('holds lines in their order, however many, until they are taken', () => {
  const buffer = new LineBuffer();
  const lines = Array.from({ length: 3000 }, (_, n) => `${n} ${'é€😀'.repeat(n % 40)}\n`);
  for (const line of lines) add(buffer, line);
  expect(buffer.lines).toBe(3000);
  const first = buffer.take();
  expect(first.buffer.byteLength).toBe(first.byteLength);
  expect(Buffer.from(first).toString()).toBe(lines.join(''));
  expect(buffer.lines).toBe(0);
  add(buffer, 'next\n');
  expect(text(buffer)).toBe('next\n');
  // What was taken is not written to again.
  expect(Buffer.from(first).toString()).toBe(lines.join(''));
  expect(text(buffer)).toBe('');
});

test('a line that was not ended leaves nothing', () => {
  const buffer = new LineBuffer();
  buffer.begin();
  buffer.text('half');
  add(buffer, 'whole\n');
  expect(buffer.lines).toBe(1);
  expect(text(buffer)).toBe('whole\n');
});

const key = Buffer.from('"k":');
const written = (write: (buffer: LineBuffer) => void): string => {
  const buffer = new LineBuffer();
  buffer.begin();
  write(buffer);
  buffer.end();
  return text(buffer);
};

test('texts are written as Go writes them, whatever they hold', () => {
  const characters = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code));
  const texts = ['', 'plain', '"\\<>&', 'é€😀', '\ud800', '\u2028', 'a'.repeat(40_000), `${'<'.repeat(9000)}\n`];
  for (const each of [...characters, ...characters.map((character) => `/a${character}b`), ...texts]) {
    expect(written((buffer) => buffer.textMember(key, each))).toBe(`"k":${jsonString(each)},`);
  }
});

test('numbers are written as JavaScript writes them', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const powers = Array.from({ length: 16 }, (_, n) => 10 ** n);
  for (const each of [0, 7, 1 << 30, most, most + 1, 0.125, -3, -0.5, 1e300, ...powers, ...powers.map((n) => n - 1)]) {
    expect(written((buffer) => buffer.numberMember(key, each))).toBe(`"k":${each},`);
  }
});
