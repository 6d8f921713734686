import { MovingCounts, movingCountsLength } from '../shared/moving-counts.ts';
import type { Functions } from './expression.ts';

const statuses = { slices: 10, sliceMs: 1000, values: 1000 };
/** Latencies are kept to one per cent, from a microsecond to a day. */
const step = Math.log(1.01);
const lowest = Math.round(Math.log(0.001) / step);
const latencies = { slices: 6, sliceMs: 10_000, values: Math.round(Math.log(86_400_000) / step) - lowest + 1 };

const statusBytes = movingCountsLength(statuses) * Int32Array.BYTES_PER_ELEMENT;
const latencyBytes = movingCountsLength(latencies) * Int32Array.BYTES_PER_ELEMENT;

/** What an expression needs to know: latencies take most of the memory, and few ask for them. */
export function answerMetricsBytes(expression: string): number {
  return statusBytes + (expression.includes('LatencyAtQuantileMS') ? latencyBytes : 0);
}

/** What a service has lately answered in all workers: statuses over ten seconds, latencies over a minute. */
export class AnswerMetrics {
  readonly #statuses: MovingCounts;
  /** Null where the memory has no room for them. */
  readonly #latencies: MovingCounts | null;

  /** `memory` has {@link answerMetricsBytes} bytes behind `offset`. */
  constructor(memory: SharedArrayBuffer, offset: number) {
    this.#statuses = new MovingCounts(memory, offset, statuses);
    const hasLatencies = memory.byteLength - offset >= statusBytes + latencyBytes;
    this.#latencies = hasLatencies ? new MovingCounts(memory, offset + statusBytes, latencies) : null;
  }

  note(status: number, durationMs: number, nowMs: number): void {
    this.#statuses.add(status, nowMs);
    this.#latencies?.add(Math.round(Math.log(Math.max(durationMs, 0.001)) / step) - lowest, nowMs);
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
    const all = this.#latencies?.all() ?? new Float64Array();
    const total = all.reduce((sum, count) => sum + count, 0);
    let left = (Math.min(quantile, 100) / 100) * total;
    for (const [value, count] of all.entries()) {
      left -= count;
      if (count > 0 && left <= 0) return Math.exp((value + lowest) * step);
    }
    return 0;
  }

  clear(): void {
    this.#statuses.clear();
    this.#latencies?.clear();
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
