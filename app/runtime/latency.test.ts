import { expect, test } from 'vitest';
import { latencyBucketsMs } from '../../proxy/model/snapshot.ts';
import { latencyBucketCount, percentileMs } from './latency.ts';

function counts(entries: Record<number, number>): number[] {
  return Array.from({ length: latencyBucketCount }, (_, index) => entries[index] ?? 0);
}

test('nothing has no percentile', () => {
  expect(percentileMs(counts({}), 0.5)).toBeNull();
});

test('lies within the bucket that holds the wanted request', () => {
  // 100 requests between 8 and 10 ms.
  expect(percentileMs(counts({ 5: 100 }), 0.5)).toBe(9);
  expect(percentileMs(counts({ 0: 90, 13: 10 }), 0.95)).toBe(125);
});

test('what is slower than the last bound counts as the last bound', () => {
  expect(percentileMs(counts({ [latencyBucketsMs.length]: 1 }), 0.5)).toBe(60_000);
});
