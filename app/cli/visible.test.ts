import { expect, test } from 'vitest';
import { colour, visible, withoutColours } from './visible.ts';

const key = '0123456789abcdef';

test.each([
  ['a title', 'a\u001b]0;owned\u0007b', String.raw`a\u001b]0;owned\u0007b`],
  ['a clearing', '\u001b[2J\u001b[31m', String.raw`\u001b[2J\u001b[31m`],
  ['a return to the line’s beginning', 'error\rfine', String.raw`error\u000dfine`],
  ['8-bit controls', '\u009b31m\u009d0;x\u009c\u0085', String.raw`\u009b31m\u009d0;x\u009c\u0085`],
  ['turned writing', 'a\u202eb\u2066c\u2069\u200f\u061c', String.raw`a\u202eb\u2066c\u2069\u200f\u061c`],
  ['a line of its own', 'a\nerror: b\t\u2028\u2029c', String.raw`a\nerror: b\t\u2028\u2029c`],
  ['what stands for a colour', '\u0000fedcba987654321031mred', String.raw`\u0000fedcba987654321031mred`],
  ['a lone zero and the delete character', '\u0000\u007f', String.raw`\u0000\u007f`],
])('what others wrote cannot steer the terminal: %s', (_what, text, shown) => {
  expect(visible(text)).toBe(shown);
  expect(visible(text, key)).toBe(shown);
});

test('our own colours come through, other scripts stay, and no colour counts as width', () => {
  const text = `${colour(key, 31)}写真${colour(key, 39)} é 👩‍👩‍👧`;
  expect(visible(text, key)).toBe('\u001b[31m写真\u001b[39m é 👩‍👩‍👧');
  expect(withoutColours(text)).toBe('写真 é 👩‍👩‍👧');
});

test('JSON means what it meant', () => {
  const json = JSON.stringify({ rule: 'a\u009b\u202e\u007f\u001b\n' });
  expect(JSON.parse(visible(json))).toEqual(JSON.parse(json));
});
