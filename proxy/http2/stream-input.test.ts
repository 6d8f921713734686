import { expect, it } from 'vitest';
import { StreamInput } from './stream-input.ts';

/** What a reader is told, and how many bytes left our hands. */
function open(contentLength = -1) {
  const told: string[] = [];
  let consumed = 0;
  const input = new StreamInput(1, { consumed: (_input, bytes) => void (consumed += bytes) }, contentLength);
  input.readBy({
    arrived: (slice) => told.push(slice.toString()),
    ended: () => told.push('END'),
    broken: () => told.push('BROKEN'),
  });
  return { input, told, consumed: () => consumed };
}

it('gives a piece each time that one is wanted, and the end behind the last', () => {
  const { input, told, consumed } = open();
  // Small pieces that nobody wants yet are put together.
  input.arrived(Buffer.from('a'));
  input.arrived(Buffer.from('b'));
  input.arrived(Buffer.alloc(5000, 'c'));
  input.ended();
  expect(told).toEqual([]);
  expect(consumed()).toBe(0);
  input.want();
  expect(told).toEqual(['ab']);
  expect(consumed()).toBe(2);
  input.want();
  expect(told).toEqual(['ab', 'c'.repeat(5000), 'END']);
  expect(consumed()).toBe(5002);
});

it('tells of the end at once where nothing is held', () => {
  const { input, told } = open();
  input.want();
  input.arrived(Buffer.from('a'));
  input.ended();
  expect(told).toEqual(['a', 'END']);
});

it('that is dropped gives its window back, before it has come to its end and after', () => {
  for (const endsFirst of [true, false]) {
    const { input, told, consumed } = open();
    input.arrived(Buffer.from('abc'));
    if (endsFirst) input.ended();
    input.drop();
    expect(consumed()).toBe(3);
    if (!endsFirst) {
      input.arrived(Buffer.from('de'));
      expect(consumed()).toBe(5);
      input.ended();
    }
    // Whoever waits for its end is told of it, and gets nothing of what was dropped.
    input.want();
    expect(told).toEqual(['END']);
  }
});

it('that is broken off says so once, and gives nothing of what was held', () => {
  const { input, told, consumed } = open();
  input.arrived(Buffer.from('abc'));
  input.ended();
  input.broken(new Error('gone'));
  input.broken(new Error('gone'));
  input.want();
  expect(told).toEqual(['BROKEN']);
  expect(consumed()).toBe(3);
});

it('is as long as its head says, or does not fit', () => {
  const { input } = open(5);
  expect(input.fits(3, false)).toBe(true);
  expect(input.fits(2, true)).toBe(true);
  expect(open(5).input.fits(6, false)).toBe(false);
  expect(open(5).input.fits(4, true)).toBe(false);
  expect(open(0).input.fits(0, true)).toBe(true);
  expect(open(0).input.fits(1, false)).toBe(false);
  expect(open().input.fits(1_000_000, true)).toBe(true);
});
