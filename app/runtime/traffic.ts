import type { TrafficCount } from '../../proxy/model/snapshot.ts';
import type { TrafficPoint, TrafficSeries, TrafficTick } from '../contract/objects.ts';
import type { TrafficRepository, TrafficRollup } from '../store/traffic.ts';
import {
  addTo,
  type Bucket,
  BucketRing,
  emptyBucket,
  emptyPoint,
  pointOf,
  type TrafficAmount,
} from './traffic-buckets.ts';

type Range = 'live' | 'hour' | 'day';
type Scope = TrafficRollup['scope'];

const minuteMs = 60_000;
const ranges: Readonly<Record<Range, { readonly stepMs: number; readonly steps: number }>> = {
  live: { stepMs: 1000, steps: 300 },
  hour: { stepMs: 10_000, steps: 360 },
  day: { stepMs: 300_000, steps: 288 },
};
const rangeNames = ['live', 'hour', 'day'] as const;

/** How long minutes that cannot be written are held for a better time. */
const longestUnkeptMs = 10 * minuteMs;

/** Most services whose traffic is told apart; names come from labels, and memory has an end. */
const mostNames = 2000;

export interface Traffic {
  readonly add: (counts: readonly TrafficCount[]) => void;
  readonly setOpenConnections: (worker: number, open: number) => void;
  readonly series: (range: Range) => TrafficSeries;
  /** Called every second by the engine: ends the second that is over, and says what happened in it. */
  readonly tick: () => TrafficTick;
  /** Writes the minutes that are not kept yet. */
  readonly flush: () => void;
}

type Rings = Readonly<Record<Range, BucketRing>>;

export function createTraffic(options: {
  readonly repository: TrafficRepository;
  readonly now: () => number;
  /** Called where a minute could not be kept; it is tried again with the next. */
  readonly onError: (error: unknown) => void;
}): Traffic {
  const { repository, now } = options;
  const rings: Readonly<Record<Scope, Map<string, Rings>>> = {
    total: new Map(),
    entryPoint: new Map(),
    service: new Map(),
  };
  /** Minutes not written yet, by start; the value's keys are scope and name. */
  const minutes = new Map<
    number,
    Map<string, { readonly scope: Scope; readonly name: string; readonly bucket: Bucket }>
  >();
  const openConnections = new Map<number, number>();

  const ringsOf = (scope: Scope, name: string): Rings | undefined => {
    const known = rings[scope].get(name);
    if (known !== undefined || rings[scope].size >= mostNames) return known;
    const made: Rings = {
      live: new BucketRing(ranges.live.stepMs, ranges.live.steps),
      hour: new BucketRing(ranges.hour.stepMs, ranges.hour.steps),
      day: new BucketRing(ranges.day.stepMs, ranges.day.steps),
    };
    rings[scope].set(name, made);
    return made;
  };

  const minuteBucket = (at: number, scope: Scope, name: string): Bucket => {
    const start = Math.floor(at / minuteMs) * minuteMs;
    let entries = minutes.get(start);
    if (entries === undefined) minutes.set(start, (entries = new Map()));
    const key = `${scope} ${name}`;
    let entry = entries.get(key);
    if (entry === undefined) entries.set(key, (entry = { scope, name, bucket: emptyBucket() }));
    return entry.bucket;
  };

  const record = (at: number, scope: Scope, name: string, amount: TrafficAmount): void => {
    const own = ringsOf(scope, name);
    if (own === undefined) return;
    for (const range of rangeNames) addTo(own[range].at(at), amount);
    addTo(minuteBucket(at, scope, name), amount);
  };

  /** Marks a moment as lived through, so that a quiet step is a zero and a stopped engine a gap. */
  const mark = (at: number): void => {
    const own = ringsOf('total', '');
    if (own !== undefined) for (const range of rangeNames) own[range].at(at);
    minuteBucket(at, 'total', '');
  };

  const write = (upTo: number): void => {
    const batch: TrafficRollup[] = [];
    for (const [minute, entries] of minutes) {
      if (minute >= upTo) continue;
      for (const { scope, name, bucket } of entries.values()) {
        batch.push({ minute, scope, name, ...bucket, latency: [...bucket.latency] });
      }
    }
    let kept = true;
    try {
      if (batch.length > 0) repository.upsert(batch);
    } catch (error) {
      kept = false;
      options.onError(error);
    }
    for (const minute of minutes.keys()) {
      if (minute + minuteMs <= upTo - (kept ? 0 : longestUnkeptMs)) minutes.delete(minute);
    }
  };

  const restore = (): void => {
    const start = now();
    const currentMinute = Math.floor(start / minuteMs) * minuteMs;
    for (const rollup of repository.load(start - ranges.day.stepMs * ranges.day.steps)) {
      if (rollup.minute > start) continue;
      const own = ringsOf(rollup.scope, rollup.name);
      if (own !== undefined) addTo(own.day.at(rollup.minute), rollup);
      // A restart within the minute goes on with it; it is written whole again.
      if (rollup.minute === currentMinute) addTo(minuteBucket(rollup.minute, rollup.scope, rollup.name), rollup);
    }
    mark(start);
  };

  const trim = (at: number): void => {
    for (const scope of Object.values(rings)) {
      for (const [name, own] of scope) {
        for (const range of rangeNames) own[range].trim(at);
        if (rangeNames.every((range) => own[range].isEmpty)) scope.delete(name);
      }
    }
  };

  const pointsAt = (scope: Scope, range: Range, starts: readonly number[]): Record<string, TrafficPoint[]> => {
    const result: Record<string, TrafficPoint[]> = {};
    for (const [name, own] of rings[scope]) {
      const points = starts.map((start) => pointOf(own[range].get(start)));
      if (points.some((point) => point !== emptyPoint)) result[name] = points;
    }
    return result;
  };

  let writtenMinute = Math.floor(now() / minuteMs) * minuteMs;
  restore();

  return {
    add: (counts) => {
      const at = now();
      for (const count of counts) {
        const amount = { ...count, errors: count.statusClasses[4] };
        record(at, 'total', '', amount);
        record(at, 'entryPoint', count.entryPoint, amount);
        if (count.service !== null) record(at, 'service', count.service, amount);
      }
    },
    setOpenConnections: (worker, open) => {
      openConnections.set(worker, open);
    },
    series: (range) => {
      const { stepMs, steps } = ranges[range];
      const total = ringsOf('total', '')?.[range];
      const oldest = now() - stepMs * steps;
      // The step under way is not whole yet and would look like a fall.
      const current = Math.floor(now() / stepMs) * stepMs;
      const at = (total?.starts() ?? []).filter((start) => start >= oldest && (start < current || range === 'day'));
      return {
        stepMs,
        at,
        total: at.map((start) => pointOf(total?.get(start))),
        entryPoints: pointsAt('entryPoint', range, at),
        services: pointsAt('service', range, at),
      };
    },
    tick: () => {
      const at = now();
      const { stepMs } = ranges.live;
      const over = Math.floor(at / stepMs) * stepMs - stepMs;
      mark(at);
      const minute = Math.floor(at / minuteMs) * minuteMs;
      if (minute !== writtenMinute) {
        writtenMinute = minute;
        write(minute);
        trim(at);
      }
      const point = (scope: Scope): Record<string, TrafficPoint> => {
        const points: Record<string, TrafficPoint> = {};
        for (const [name, own] of rings[scope]) {
          const bucket = own.live.get(over);
          if (bucket !== undefined && bucket.requests > 0) points[name] = pointOf(bucket);
        }
        return points;
      };
      let open = 0;
      for (const count of openConnections.values()) open += count;
      return {
        at: over,
        stepMs,
        total: pointOf(ringsOf('total', '')?.live.get(over)),
        entryPoints: point('entryPoint'),
        services: point('service'),
        openConnections: open,
      };
    },
    flush: () => write(Infinity),
  };
}
