import { describe, expect, it } from 'vitest';
import type { TrafficPoint, TrafficTick } from '../../../app/contract/objects.ts';
import { lastMinute, seriesOfTicks, serviceRate, summariesOf, summarise, thin } from './traffic.ts';

const point = (requests: number, errors = 0, p95Ms: number | null = null): TrafficPoint => ({
  requests,
  errors,
  p50Ms: null,
  p95Ms,
  requestBytes: 0,
  responseBytes: requests * 10,
});
const tick = (at: number, services: Record<string, TrafficPoint>): TrafficTick => ({
  at,
  stepMs: 1000,
  total: point(5),
  entryPoints: { web: point(5) },
  services,
  openConnections: 0,
});

describe('seriesOfTicks', () => {
  it('fills what a tick does not name with nothing', () => {
    const series = seriesOfTicks([tick(0, { a: point(3) }), tick(1000, { b: point(2) })]);
    expect(series.services['a']?.map((one) => one.requests)).toEqual([3, 0]);
    expect(series.services['b']?.map((one) => one.requests)).toEqual([0, 2]);
  });
});

describe('summarise', () => {
  it('weighs latency by requests and counts rates over the time covered', () => {
    const summary = summarise('a', 'service', [point(10, 1, 100), point(30, 1, 20)], 1000);
    expect(summary.requestsPerSecond).toBe(20);
    expect(summary.errorRatio).toBe(0.05);
    expect(summary.p95Ms).toBe(40);
    expect(summary.responseBytes).toBe(400);
  });

  it('knows no error share without requests', () => {
    expect(summarise('a', 'service', [point(0)], 1000).errorRatio).toBeNull();
  });
});

describe('summariesOf', () => {
  it('puts entry points first, then the busiest service', () => {
    const series = seriesOfTicks([tick(0, { calm: point(1), busy: point(9) })]);
    expect(summariesOf(series).map((one) => one.name)).toEqual(['web', 'busy', 'calm']);
  });
});

describe('thin', () => {
  it('keeps the sum', () => {
    const thinned = thin([1, 2, 3, 4, 5, 6, 7], 3);
    expect(thinned).toHaveLength(3);
    expect(thinned.reduce((sum, value) => sum + value, 0)).toBe(28);
  });
});

describe('rates of now', () => {
  it('counts the last minute only', () => {
    expect(lastMinute([tick(0, {}), tick(100_000, {})], 120_000)).toBe(5);
  });
  it('averages a service over ten seconds', () => {
    const ticks = Array.from({ length: 20 }, (_, index) => tick(index * 1000, { a: point(index < 10 ? 100 : 4) }));
    expect(serviceRate(ticks, 'a')).toBe(4);
    expect(serviceRate([], 'a')).toBeNull();
  });
});
