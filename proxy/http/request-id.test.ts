import { expect, test } from 'vitest';
import { nextRequestId } from './request-id.ts';

test('ids are unique, and sort by time even when the clock stands still or goes back', () => {
  const nowMs = Date.now();
  const ids = Array.from({ length: 200_000 }, (_, i) => nextRequestId(nowMs + (i % 3) - 1));
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
  for (const id of ids.slice(0, 100)) expect(id).toMatch(/^[0-9a-v]{16}$/);
});
