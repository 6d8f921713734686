import { expect, test } from 'vitest';
import { visible } from './visible.ts';

test('what others wrote cannot steer the terminal', () => {
  expect(visible('a\u001b]0;owned\u0007\u001b[2Jb\rc\u009b31md\u202ee')).toBe(
    String.raw`a\u001b]0;owned\u0007\u001b[2Jb\u000dc\u009b31md\u202ee`,
  );
});

test('colours, line ends, other scripts and what JSON means stay', () => {
  const text = '\u001b[31mrot\u001b[39m\n\t写真 é';
  expect(visible(text)).toBe(text);
  const json = JSON.stringify({ rule: 'a\u009b\u202e\u007f\u001b' });
  expect(JSON.parse(visible(json))).toEqual(JSON.parse(json));
});
