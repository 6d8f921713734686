import { latencyBucketsMs } from '../../proxy/model/snapshot.ts';

/** Counts per bucket of {@link latencyBucketsMs}, and one more for what is slower than the last bound. */
export const latencyBucketCount = latencyBucketsMs.length + 1;

/** The duration that a share of the requests stayed below, by straight lines within buckets; null where there are none. */
export function percentileMs(counts: ArrayLike<number>, share: number): number | null {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i] ?? 0;
  if (total === 0) return null;
  const wanted = total * share;
  let passed = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count > 0 && passed + count >= wanted) {
      const lower = i === 0 ? 0 : (latencyBucketsMs[i - 1] ?? 0);
      // What is slower than the last bound has no upper one; the bound itself is all that is known.
      const upper = latencyBucketsMs[i] ?? lower;
      return lower + (upper - lower) * ((wanted - passed) / count);
    }
    passed += count;
  }
  return latencyBucketsMs.at(-1) ?? null;
}
