import type { TrafficPoint, TrafficSeries, TrafficTick } from '../../../app/contract/objects.ts';

/** Traffic as the charts and the table want it. Pure. */

export interface PartSummary {
  readonly name: string;
  readonly kind: 'entryPoint' | 'service';
  readonly requestsPerSecond: number;
  readonly requests: number;
  /** Between 0 and 1; null without requests. */
  readonly errorRatio: number | null;
  readonly p95Ms: number | null;
  readonly responseBytes: number;
  readonly trend: readonly (number | null)[];
}

/** Ticks in the shape of a series; a part that a tick does not name had no requests then. */
export function seriesOfTicks(ticks: readonly TrafficTick[]): TrafficSeries {
  const nothing: TrafficPoint = {
    requests: 0,
    errors: 0,
    p50Ms: null,
    p95Ms: null,
    requestBytes: 0,
    responseBytes: 0,
  };
  const names = (pick: (tick: TrafficTick) => Record<string, TrafficPoint>): string[] => [
    ...new Set(ticks.flatMap((tick) => Object.keys(pick(tick)))),
  ];
  const spread = (pick: (tick: TrafficTick) => Record<string, TrafficPoint>): Record<string, TrafficPoint[]> =>
    Object.fromEntries(names(pick).map((name) => [name, ticks.map((tick) => pick(tick)[name] ?? nothing)]));
  return {
    stepMs: ticks.at(-1)?.stepMs ?? 1000,
    at: ticks.map((tick) => tick.at),
    total: ticks.map((tick) => tick.total),
    entryPoints: spread((tick) => tick.entryPoints),
    services: spread((tick) => tick.services),
  };
}

const trendPoints = 60;

/** Sums neighbours so that at most so many values are left. */
export function thin(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values];
  const per = values.length / count;
  return Array.from({ length: count }, (_, index) =>
    values.slice(Math.floor(index * per), Math.floor((index + 1) * per)).reduce((sum, value) => sum + value, 0),
  );
}

export function summarise(
  name: string,
  kind: PartSummary['kind'],
  points: readonly TrafficPoint[],
  stepMs: number,
): PartSummary {
  let requests = 0;
  let errors = 0;
  let responseBytes = 0;
  let weighted = 0;
  let timed = 0;
  for (const point of points) {
    requests += point.requests;
    errors += point.errors;
    responseBytes += point.responseBytes;
    if (point.p95Ms !== null) {
      weighted += point.p95Ms * point.requests;
      timed += point.requests;
    }
  }
  const seconds = (points.length * stepMs) / 1000;
  return {
    name,
    kind,
    requests,
    requestsPerSecond: seconds > 0 ? requests / seconds : 0,
    errorRatio: requests > 0 ? errors / requests : null,
    p95Ms: timed > 0 ? weighted / timed : null,
    responseBytes,
    trend: thin(
      points.map((point) => point.requests),
      trendPoints,
    ),
  };
}

/** Every entry point, then the services, busiest first. */
export function summariesOf(series: TrafficSeries): PartSummary[] {
  const of = (kind: PartSummary['kind'], parts: Record<string, TrafficPoint[]>): PartSummary[] =>
    Object.entries(parts)
      .map(([name, points]) => summarise(name, kind, points, series.stepMs))
      .toSorted((a, b) => b.requests - a.requests || a.name.localeCompare(b.name));
  return [...of('entryPoint', series.entryPoints), ...of('service', series.services)];
}

/** Requests of the last minute. */
export function lastMinute(ticks: readonly TrafficTick[], now: number): number {
  return ticks.filter((tick) => tick.at > now - 60_000).reduce((sum, tick) => sum + tick.total.requests, 0);
}

/** A service's requests per second over the last ten seconds; null where nothing is known. */
export function serviceRate(ticks: readonly TrafficTick[], service: string): number | null {
  const recent = ticks.slice(-10);
  if (recent.length === 0) return null;
  const seconds = recent.reduce((sum, tick) => sum + tick.stepMs / 1000, 0);
  return recent.reduce((sum, tick) => sum + (tick.services[service]?.requests ?? 0), 0) / seconds;
}
