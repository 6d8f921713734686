import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

const all = (): boolean => true;

test('turns follow the weights and are spread evenly', () => {
  const turns = createTurns([
    { target: 'a', weight: 3 },
    { target: 'b', weight: 1 },
    { target: 'never', weight: 0 },
  ]);
  const taken = Array.from({ length: 400 }, () => turns.next(all));
  expect(taken.filter((each) => each === 'a')).toHaveLength(300);
  expect(taken.filter((each) => each === 'b')).toHaveLength(100);
  expect(taken.join('')).not.toContain('bb');
});

test('who may not have it is passed over, and does not make up for it later', () => {
  const turns = createTurns([
    { target: 'a', weight: 1 },
    { target: 'b', weight: 1 },
  ]);
  for (let i = 0; i < 100; i++) expect(turns.next((target) => target === 'a')).toBe('a');
  expect(
    [turns.next(all), turns.next(all), turns.next(all), turns.next(all)].filter((each) => each === 'a'),
  ).toHaveLength(2);
  expect(turns.next(() => false)).toBeNull();
  expect(createTurns([]).next(all)).toBeNull();
});
