import { expect, test } from 'vitest';
import { createWorkerRestarts } from './worker-restarts.ts';

test('replaced workers are mentioned with the last reason, and for ten minutes', () => {
  let time = 0;
  const restarts = createWorkerRestarts(() => time);
  expect(restarts.problems()).toEqual([]);
  restarts.note('it ran out of memory');
  expect(restarts.problems()).toMatchObject([
    { code: 'WORKER_RESTARTED', details: { count: 1, reason: 'it ran out of memory' } },
  ]);
  time = 5 * 60_000;
  restarts.note('it ended with code 1');
  const [both] = restarts.problems();
  expect(both?.message).toContain('(2 times): it ended with code 1.');
  time = 12 * 60_000;
  expect(restarts.problems()).toMatchObject([{ details: { count: 1 } }]);
  time = 15 * 60_000;
  expect(restarts.problems()).toEqual([]);
});
