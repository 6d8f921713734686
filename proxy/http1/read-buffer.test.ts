import { expect, test } from 'vitest';
import { ReadBuffer } from './read-buffer.ts';

const large = 32 * 1024;

test('small pieces are copied, and read into the same memory again', () => {
  const buffer = new ReadBuffer();
  const first = buffer.next();
  first.write('hello');
  const kept = buffer.lend(first.subarray(0, 5));
  expect(buffer.next()).toBe(first);
  first.write('other');
  expect(kept.toString()).toBe('hello');
});

test('what is held is not read into again until it is given back', () => {
  const buffer = new ReadBuffer();
  // The first large piece shows that others will follow.
  buffer.lend(buffer.next().subarray(0, large));
  const first = buffer.next();
  expect(buffer.lend(first.subarray(0, large)).buffer).toBe(first.buffer);
  const second = buffer.next();
  buffer.lend(second.subarray(0, large));
  const third = buffer.next();
  expect(new Set([first, second, third]).size).toBe(3);
  buffer.lend(third.subarray(0, large));
  buffer.returned();
  expect(buffer.next()).toBe(third);
  buffer.lend(third.subarray(0, large));
  expect([first, second]).toContain(buffer.next());
});

test('after a large answer small ones are read as before, and nothing held is used again', () => {
  const buffer = new ReadBuffer();
  const shared = buffer.next();
  buffer.lend(shared.subarray(0, large));
  const held = buffer.next();
  buffer.lend(held.subarray(0, large));
  buffer.rest();
  expect(buffer.next()).toBe(shared);
  const other = new ReadBuffer();
  for (let n = 0; n < 20; n += 1) {
    other.lend(other.next().subarray(0, large));
    expect(other.next()).not.toBe(held);
  }
});
