import { expect, test } from 'vitest';
import { nearestName } from './nearest.ts';

test.each([
  ['midlewares', 'middlewares'],
  ['ruel', 'rule'],
  ['entrypoint', 'entryPoints'],
  ['SERVICE', 'service'],
  ['zzz', null],
  ['', null],
])('%s is meant to be %s', (name, expected) => {
  expect(nearestName(name, ['entryPoints', 'middlewares', 'rule', 'service', 'tls'])).toBe(expected);
});
