import { expect, test } from 'vitest';
import { endTurn, flushAtTurnEnd } from './turn-end.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what is held back leaves at the end of the turn, in its order', async () => {
  const seen: number[] = [];
  for (const n of [1, 2, 3]) flushAtTurnEnd({ flush: () => seen.push(n) });
  expect(seen).toEqual([]);
  await turn();
  expect(seen).toEqual([1, 2, 3]);
  await turn();
  expect(seen).toEqual([1, 2, 3]);
});

test('more than a few hold nothing back', () => {
  const seen: number[] = [];
  for (let n = 0; n < 100; n += 1) flushAtTurnEnd({ flush: () => seen.push(n) });
  expect(seen.length).toBeGreaterThan(90);
  endTurn();
  expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test('who holds something back while others are written is written too', async () => {
  const seen: string[] = [];
  flushAtTurnEnd({
    flush() {
      seen.push('first');
      flushAtTurnEnd({ flush: () => seen.push('second') });
    },
  });
  endTurn();
  expect(seen).toEqual(['first']);
  await turn();
  expect(seen).toEqual(['first', 'second']);
});
