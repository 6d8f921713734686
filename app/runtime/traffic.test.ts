import { describe, expect, test } from 'vitest';
import { latencyBucketsMs, type TrafficCount } from '../../proxy/model/snapshot.ts';
import type { TrafficRollup } from '../store/traffic.ts';
import { createTraffic } from './traffic.ts';

const noon = Date.UTC(2026, 10, 20, 12);

function setUp(start = noon, kept: TrafficRollup[] = []) {
  let time = start;
  const errors: unknown[] = [];
  const repository = {
    upsert: (batch: readonly TrafficRollup[]) => {
      for (const rollup of batch) {
        const index = kept.findIndex(
          ({ minute, scope, name }) => minute === rollup.minute && scope === rollup.scope && name === rollup.name,
        );
        if (index < 0) kept.push(rollup);
        else kept[index] = rollup;
      }
    },
    load: (sinceMs: number) => kept.filter(({ minute }) => minute >= sinceMs),
  };
  const traffic = createTraffic({ repository, now: () => time, onError: (error) => errors.push(error) });
  return { traffic, kept, errors, advance: (ms: number) => (time += ms) };
}

function count(overrides: Partial<TrafficCount> = {}): TrafficCount {
  const latency = Array.from({ length: latencyBucketsMs.length + 1 }, (_, index) => (index === 2 ? 10 : 0));
  return {
    entryPoint: 'websecure',
    router: 'photos@docker',
    service: 'photos@docker',
    requests: 10,
    statusClasses: [0, 8, 0, 0, 2],
    requestBytes: 100,
    responseBytes: 1000,
    latency,
    ...overrides,
  };
}

describe('traffic', () => {
  test('a tick tells of the second that is over', () => {
    const { traffic, advance } = setUp();
    traffic.add([count(), count({ service: null, router: null, entryPoint: 'web' })]);
    traffic.setOpenConnections(0, 3);
    traffic.setOpenConnections(1, 4);
    advance(1000);
    const tick = traffic.tick();
    expect(tick).toMatchObject({ at: noon, stepMs: 1000, openConnections: 7 });
    expect(tick.total).toEqual({
      requests: 20,
      errors: 4,
      p50Ms: 3,
      p95Ms: expect.closeTo(3.9),
      requestBytes: 200,
      responseBytes: 2000,
    });
    expect(Object.keys(tick.entryPoints)).toEqual(['websecure', 'web']);
    expect(tick.services['photos@docker']?.requests).toBe(10);
    advance(1000);
    expect(traffic.tick().total).toMatchObject({ requests: 0, p50Ms: null });
  });

  test('a series has a zero where it was quiet and a gap where nobody counted', () => {
    const { traffic, advance } = setUp();
    traffic.add([count()]);
    advance(1000);
    traffic.tick();
    advance(1000);
    traffic.tick();
    // The machine slept.
    advance(5000);
    traffic.add([count()]);
    advance(1000);
    traffic.tick();
    const series = traffic.series('live');
    expect(series.at.map((at) => at - noon)).toEqual([0, 1000, 2000, 7000]);
    expect(series.total.map(({ requests }) => requests)).toEqual([10, 0, 0, 10]);
    expect(series.services['photos@docker']?.map(({ requests }) => requests)).toEqual([10, 0, 0, 10]);
  });

  test('the live window is five minutes, and what is older is forgotten', () => {
    const { traffic, advance } = setUp();
    traffic.add([count({ service: 'old@docker' })]);
    for (let second = 0; second < 400; second++) {
      advance(1000);
      traffic.tick();
    }
    const series = traffic.series('live');
    expect(series.at.length).toBeLessThanOrEqual(300);
    expect(series.services).toEqual({});
    expect(traffic.series('hour').services['old@docker']?.[0]?.requests).toBe(10);
  });

  test('minutes are written once they are over, and a restart goes on from them', () => {
    const first = setUp();
    first.traffic.add([count()]);
    first.traffic.tick();
    expect(first.kept).toEqual([]);
    first.advance(60_000);
    first.traffic.tick();
    expect(first.kept.map(({ scope, name, requests }) => ({ scope, name, requests }))).toEqual([
      { scope: 'total', name: '', requests: 10 },
      { scope: 'entryPoint', name: 'websecure', requests: 10 },
      { scope: 'service', name: 'photos@docker', requests: 10 },
    ]);
    first.traffic.add([count()]);
    first.traffic.flush();

    const second = setUp(noon + 70_000, first.kept);
    second.traffic.add([count()]);
    second.traffic.flush();
    expect(second.traffic.series('day').total.at(-1)?.requests).toBe(30);
    const total = first.kept.filter(({ scope }) => scope === 'total').map(({ requests }) => requests);
    expect(total).toEqual([10, 20]);
  });

  test('a service is not a word of the language', () => {
    const { traffic, advance } = setUp();
    traffic.add([count({ service: '__proto__@docker', entryPoint: 'constructor' })]);
    advance(1000);
    expect(Object.keys(traffic.tick().entryPoints)).toEqual(['constructor']);
  });
});
