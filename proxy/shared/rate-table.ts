import type { KeyedHash } from './keyed-hash.ts';

export interface Rate {
  /** Milliseconds from one token to the next. */
  readonly intervalMs: number;
  /** Most tokens that can be saved up; at least 1. */
  readonly burst: number;
  /** The longest that a request may be held back for its token, milliseconds. */
  readonly maxDelayMs: number;
}

/** Sources whose buckets are known at once. */
const places = 131_072;
/** Places in which one source may stand. Their tags fill half a cache line. */
const ways = 8;
const sets = places / ways;
/** A source that lost so many races in a row is so busy that it has no token left. */
const mostTries = 64;

export const rateTableBytes = places * (Int32Array.BYTES_PER_ELEMENT + BigInt64Array.BYTES_PER_ELEMENT);

/**
 * Token buckets by source, which all workers take from: the generic cell rate algorithm (ITU-T I.371), one time for each
 * source, namely when its bucket will be full again. Each step is one compare-and-swap, so nobody ever waits.
 *
 * Where all places for a source are taken by sources that still owe tokens, it takes the place of the one that owes
 * least, with what that one owes: those who came in excess share buckets. Nobody gets more by asking under many names.
 */
export class RateTable {
  /** 0: a place that nobody has taken. */
  readonly #tags: Int32Array<SharedArrayBuffer>;
  /** When a bucket is full again, nanoseconds of the shared clock. */
  readonly #fullAt: BigInt64Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#fullAt = new BigInt64Array(memory, 0, places);
    this.#tags = new Int32Array(memory, this.#fullAt.byteLength, places);
  }

  /**
   * Takes one token. Returns how long the request must wait for it, milliseconds (0: not at all). A wait longer than the
   * rate allows means refusal, and then the token is not taken.
   */
  take({ high, low }: Pick<KeyedHash, 'high' | 'low'>, rate: Rate, nowMs: number): number {
    const { intervalMs, burst, maxDelayMs } = rate;
    const savedMs = (burst - 1) * intervalMs;
    const tag = high === 0 ? 1 : high;
    const first = (low & (sets - 1)) * ways;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const place = this.#placeOf(tag, first, nowMs, savedMs + maxDelayMs + intervalMs);
      if (place < 0) continue;
      const before = Atomics.load(this.#fullAt, place);
      const fullAtMs = Math.max(Number(before) / 1e6, nowMs);
      const delayMs = Math.max(fullAtMs - nowMs - savedMs, 0);
      if (delayMs > maxDelayMs) return delayMs;
      const after = BigInt(Math.round((fullAtMs + intervalMs) * 1e6));
      if (Atomics.compareExchange(this.#fullAt, place, before, after) === before) return delayMs;
    }
    return maxDelayMs + intervalMs;
  }

  /** Below 0: another took it first. `mostMs`: the most that a source of this rate can owe. */
  #placeOf(tag: number, first: number, nowMs: number, mostMs: number): number {
    for (let place = first; place < first + ways; place += 1) {
      if (Atomics.load(this.#tags, place) === tag) return place;
    }
    const { place, fullAt, known } = this.#stalest(tag, first);
    // Another worker has just made a place for the same source: a second one would be a second bucket.
    if (known === tag) return place;
    if (Atomics.compareExchange(this.#tags, place, known, tag) !== known) return -1;
    // What a slower rate left behind would keep this one out for longer than its own refusals last.
    const most = BigInt(Math.round((nowMs + mostMs) * 1e6));
    if (fullAt > most) Atomics.compareExchange(this.#fullAt, place, fullAt, most);
    return place;
  }

  /** The first place that is the source's own or free, or else the one whose source owes least. */
  #stalest(tag: number, first: number): { place: number; fullAt: bigint; known: number } {
    let stalest = { place: first, fullAt: 0n, known: 0 };
    for (let place = first; place < first + ways; place += 1) {
      const known = Atomics.load(this.#tags, place);
      const fullAt = Atomics.load(this.#fullAt, place);
      if (known === 0 || known === tag) return { place, fullAt, known };
      if (place === first || fullAt < stalest.fullAt) stalest = { place, fullAt, known };
    }
    return stalest;
  }
}
