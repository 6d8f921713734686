/** One source's tokens: how many there were at a moment. Negative where requests wait for tokens to come. */
export interface TokenBucket {
  tokens: number;
  atMs: number;
}

export interface BucketRate {
  /** Tokens per millisecond. */
  readonly perMs: number;
  /** Most tokens that can be saved up; at least 1. */
  readonly burst: number;
  /** The longest that a request may be held back for its token, milliseconds. */
  readonly maxDelayMs: number;
}

/**
 * Takes one token. Returns how long the request must wait for it, milliseconds (0: not at all). A wait longer than
 * the rate allows means refusal, and then the token is not taken.
 */
export function takeToken(bucket: TokenBucket, rate: BucketRate, nowMs: number): number {
  const elapsedMs = Math.max(nowMs - bucket.atMs, 0);
  bucket.tokens = Math.min(bucket.tokens + elapsedMs * rate.perMs, rate.burst);
  bucket.atMs = nowMs;
  const delayMs = bucket.tokens >= 1 ? 0 : (1 - bucket.tokens) / rate.perMs;
  if (delayMs <= rate.maxDelayMs) bucket.tokens -= 1;
  return delayMs;
}
