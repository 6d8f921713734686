import type { TrafficPoint } from '../contract/objects.ts';
import { latencyBucketCount, percentileMs } from './latency.ts';

/** What is added up: one worker's count since its last batch, or a kept minute. */
export interface TrafficAmount {
  readonly requests: number;
  /** Answers with 5xx. */
  readonly errors: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly latency: ArrayLike<number>;
}

/** Traffic of one step of time. */
export interface Bucket {
  requests: number;
  errors: number;
  requestBytes: number;
  responseBytes: number;
  readonly latency: Uint32Array;
}

export function emptyBucket(): Bucket {
  return { requests: 0, errors: 0, requestBytes: 0, responseBytes: 0, latency: new Uint32Array(latencyBucketCount) };
}

export function addTo(bucket: Bucket, amount: TrafficAmount): void {
  bucket.requests += amount.requests;
  bucket.errors += amount.errors;
  bucket.requestBytes += amount.requestBytes;
  bucket.responseBytes += amount.responseBytes;
  for (let i = 0; i < latencyBucketCount; i++) {
    const count = amount.latency[i];
    if (count !== undefined && count > 0) bucket.latency[i] = (bucket.latency[i] ?? 0) + count;
  }
}

export const emptyPoint: TrafficPoint = {
  requests: 0,
  errors: 0,
  p50Ms: null,
  p95Ms: null,
  requestBytes: 0,
  responseBytes: 0,
};

export function pointOf(bucket: Bucket | undefined): TrafficPoint {
  if (bucket === undefined || bucket.requests === 0) return emptyPoint;
  return {
    requests: bucket.requests,
    errors: bucket.errors,
    p50Ms: percentileMs(bucket.latency, 0.5),
    p95Ms: percentileMs(bucket.latency, 0.95),
    requestBytes: bucket.requestBytes,
    responseBytes: bucket.responseBytes,
  };
}

/** The newest steps of a series by their start. Steps nobody added to are not there. */
export class BucketRing {
  readonly stepMs: number;
  readonly length: number;
  private readonly buckets = new Map<number, Bucket>();

  constructor(stepMs: number, length: number) {
    this.stepMs = stepMs;
    this.length = length;
  }

  at(timeMs: number): Bucket {
    const start = Math.floor(timeMs / this.stepMs) * this.stepMs;
    let bucket = this.buckets.get(start);
    if (bucket === undefined) {
      bucket = emptyBucket();
      this.buckets.set(start, bucket);
    }
    return bucket;
  }

  get(startMs: number): Bucket | undefined {
    return this.buckets.get(startMs);
  }

  starts(): number[] {
    return [...this.buckets.keys()].toSorted((a, b) => a - b);
  }

  /** Forgets what has left the window that ends now, and what a clock set back left in the future. */
  trim(nowMs: number): void {
    const oldest = nowMs - this.stepMs * this.length;
    for (const start of this.buckets.keys()) {
      if (start <= oldest - this.stepMs || start > nowMs) this.buckets.delete(start);
    }
  }

  get isEmpty(): boolean {
    return this.buckets.size === 0;
  }
}
