import type { Functions } from './expression.ts';

interface Slice<T> {
  readonly startMs: number;
  readonly counts: Map<T, number>;
}

/** Counts over a window that moves in slices. */
class MovingCounts {
  readonly #sliceMs: number;
  readonly #slices: number;
  #recent: Slice<number>[] = [];

  constructor(slices: number, sliceMs: number) {
    this.#slices = slices;
    this.#sliceMs = sliceMs;
  }

  add(value: number, nowMs: number): void {
    const startMs = Math.floor(nowMs / this.#sliceMs) * this.#sliceMs;
    let slice = this.#recent.at(-1);
    if (slice?.startMs !== startMs) {
      slice = { startMs, counts: new Map() };
      this.#recent.push(slice);
      const oldestMs = startMs - (this.#slices - 1) * this.#sliceMs;
      this.#recent = this.#recent.filter((each) => each.startMs >= oldestMs);
    }
    slice.counts.set(value, (slice.counts.get(value) ?? 0) + 1);
  }

  /** How often values from `from` to below `to` were counted. */
  count(from: number, to: number): number {
    let total = 0;
    for (const { counts } of this.#recent) {
      for (const [value, count] of counts) if (value >= from && value < to) total += count;
    }
    return total;
  }

  all(): [number, number][] {
    const sums = new Map<number, number>();
    for (const { counts } of this.#recent) {
      for (const [value, count] of counts) sums.set(value, (sums.get(value) ?? 0) + count);
    }
    return [...sums].toSorted(([a], [b]) => a - b);
  }

  clear(): void {
    this.#recent = [];
  }
}

/** Latencies are kept to one per cent. */
const step = Math.log(1.01);

/** What a service has lately answered: statuses over ten seconds, latencies over a minute. */
export class AnswerMetrics {
  readonly #statuses = new MovingCounts(10, 1000);
  readonly #latencies = new MovingCounts(6, 10_000);

  note(status: number, durationMs: number, nowMs: number): void {
    this.#statuses.add(status, nowMs);
    this.#latencies.add(Math.round(Math.log(Math.max(durationMs, 0.001)) / step), nowMs);
  }

  /** Share of answers that say that the service could not be reached in time. */
  networkErrorRatio(): number {
    return ratio(this.#statuses.count(502, 503) + this.#statuses.count(504, 505), this.#statuses.count(0, 1000));
  }

  /** Answers with statuses from `a` to below `b`, for each one from `c` to below `d`. */
  responseCodeRatio(a: number, b: number, c: number, d: number): number {
    return ratio(this.#statuses.count(a, b), this.#statuses.count(c, d));
  }

  /** The latency in milliseconds that so many per cent of answers do not exceed. */
  latencyAtQuantileMs(quantile: number): number {
    const all = this.#latencies.all();
    const total = all.reduce((sum, [, count]) => sum + count, 0);
    let left = (Math.min(quantile, 100) / 100) * total;
    for (const [value, count] of all) {
      left -= count;
      if (left <= 0) return Math.exp(value * step);
    }
    return 0;
  }

  clear(): void {
    this.#statuses.clear();
    this.#latencies.clear();
  }
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** The functions of circuitBreaker's expressions, in Traefik's names. */
export const metricFunctions: Functions<AnswerMetrics> = {
  NetworkErrorRatio: { takes: [], gives: 'number', call: (metrics) => metrics.networkErrorRatio() },
  ResponseCodeRatio: {
    takes: ['number', 'number', 'number', 'number'],
    gives: 'number',
    call: (metrics, [a = 0, b = 0, c = 0, d = 0]) => metrics.responseCodeRatio(a, b, c, d),
  },
  LatencyAtQuantileMS: {
    takes: ['number'],
    gives: 'number',
    call: (metrics, [quantile = 0]) => metrics.latencyAtQuantileMs(quantile),
  },
};
