import { expect, test } from 'vitest';
import { keepSame, same } from './same.ts';

test.each([
  [1, 1, true],
  [{ a: [1, { b: null }] }, { a: [1, { b: null }] }, true],
  [{ a: 1 }, { a: 1, b: undefined }, false],
  [{ a: 1 }, { b: 1 }, false],
  [[], {}, false],
  [{}, [], false],
  [[1, 2], [2, 1], false],
  [null, {}, false],
  ['1', 1, false],
])('%j and %j: %s', (a, b, expected) => {
  expect(same(a, b)).toBe(expected);
});

test('a value that says the same is the previous one itself', () => {
  const previous = { hosts: ['a.example.org'] };
  expect(keepSame(previous, { hosts: ['a.example.org'] })).toBe(previous);
  const next = { hosts: ['b.example.org'] };
  expect(keepSame(previous, next)).toBe(next);
});
