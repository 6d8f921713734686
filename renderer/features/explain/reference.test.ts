import { expect, it } from 'vitest';
import { referenceIn } from './reference.ts';

it.each([
  ['01juks3q0abcdefg', '01juks3q0abcdefg'],
  ['Reference: 01JUKS3Q0ABCDEFG.', '01juks3q0abcdefg'],
  ['01juks3q0abcdefgh', null],
  ['https://photos.example.org/', null],
  ['', null],
])('finds in %j the reference %s', (text, reference) => {
  expect(referenceIn(text)).toBe(reference);
});
