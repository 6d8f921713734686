import { expect, test } from 'vitest';
import { LineBuffer } from './line-buffer.ts';

const text = (buffer: LineBuffer): string => Buffer.from(buffer.take()).toString();

test('holds lines in their order, however many, until they are taken', () => {
  const buffer = new LineBuffer();
  const lines = Array.from({ length: 3000 }, (_, n) => `${n} ${'é€😀'.repeat(n % 40)}\n`);
  for (const line of lines) buffer.add(line);
  expect(buffer.lines).toBe(3000);
  const first = buffer.take();
  expect(first.buffer.byteLength).toBe(first.byteLength);
  expect(Buffer.from(first).toString()).toBe(lines.join(''));
  expect(buffer.lines).toBe(0);
  buffer.add('next\n');
  expect(text(buffer)).toBe('next\n');
  // What was taken is not written to again.
  expect(Buffer.from(first).toString()).toBe(lines.join(''));
  expect(text(buffer)).toBe('');
});
