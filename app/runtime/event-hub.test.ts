import { describe, expect, test } from 'vitest';
import type { Change, ContainerView, EngineEvent, TrafficTick } from '../contract/objects.ts';
import { createEventHub } from './event-hub.ts';

function clock() {
  let time = 0;
  let timers: { at: number; work: () => void }[] = [];
  return {
    now: () => time,
    setTimer: (work: () => void, delayMs: number) => {
      const timer = { at: time + delayMs, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    advance: (ms: number) => {
      time += ms;
      const due = timers.filter((each) => each.at <= time);
      timers = timers.filter((each) => each.at > time);
      for (const { work } of due) work();
    },
    pending: () => timers.length,
  };
}

function hubWith(time: ReturnType<typeof clock>) {
  const errors: unknown[] = [];
  const hub = createEventHub({ ...time, onListenerError: (error) => errors.push(error) });
  const events: EngineEvent[] = [];
  hub.subscribe((event) => events.push(event));
  return { hub, events, errors };
}

const container = (id: string, image: string): ContainerView => ({ id, image }) as ContainerView;
const change = (id: string): Change => ({ id }) as Change;
const containers = (upserted: ContainerView[], removed: string[] = []) =>
  ({ topic: 'containers', containers: { upserted, removed } }) as const;

describe('event hub', () => {
  test('the first event leaves at once, with number one', () => {
    const { hub, events } = hubWith(clock());
    hub.emit({ topic: 'changes', changes: [change('a')] });
    expect(events).toEqual([{ topic: 'changes', revision: 1, changes: [change('a')] }]);
    expect(hub.revision()).toBe(1);
  });

  test('deltas that wait are joined, and the last word on each object holds', () => {
    const time = clock();
    const { hub, events } = hubWith(time);
    hub.emit(containers([container('a', '1')]));
    hub.emit(containers([container('b', '1'), container('c', '1')]));
    hub.emit(containers([container('b', '2')], ['c', 'a']));
    hub.emit(containers([container('a', '3')]));
    expect(events).toHaveLength(1);
    time.advance(100);
    expect(events[1]).toEqual({
      ...containers([container('b', '2'), container('a', '3')], ['c']),
      revision: 2,
    });
    expect(time.pending()).toBe(0);
  });

  test('a topic sends ten times a second at most, and another topic does not wait for it', () => {
    const time = clock();
    const { hub, events } = hubWith(time);
    for (let ms = 0; ms < 1000; ms += 1) {
      hub.emit(containers([container(String(ms), '1')]));
      time.advance(1);
    }
    expect(events.length).toBeLessThanOrEqual(11);
    const seen = events.flatMap((event) => (event.topic === 'containers' ? event.containers.upserted : []));
    time.advance(100);
    expect(seen.length).toBeGreaterThan(880);
    hub.emit({ topic: 'traffic', tick: {} as TrafficTick });
    expect(events.at(-1)?.topic).toBe('traffic');
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index + 1));
  });

  test('requests come four times a second with two hundred at most, the rest is counted', () => {
    const time = clock();
    const { hub, events } = hubWith(time);
    const records = Array.from({ length: 150 }, () => ({}) as never);
    for (let i = 0; i < 4; i++) hub.emit({ topic: 'requests', records, skipped: 1 });
    time.advance(249);
    expect(events).toHaveLength(1);
    time.advance(1);
    expect(events[1]).toMatchObject({ topic: 'requests', skipped: 3 + 450 - 200 });
    expect(events[1]?.topic === 'requests' && events[1].records).toHaveLength(200);
  });

  test('a listener that throws does not keep the event from the others', () => {
    const time = clock();
    const { hub, events, errors } = hubWith(time);
    hub.subscribe(() => {
      throw new Error('broken');
    });
    const late: EngineEvent[] = [];
    const leave = hub.subscribe((event) => late.push(event));
    hub.emit({ topic: 'exposures', exposures: [] });
    leave();
    time.advance(100);
    hub.emit({ topic: 'exposures', exposures: [] });
    expect([events.length, late.length, errors.length]).toEqual([2, 1, 2]);
  });

  test('closing drops what waits', () => {
    const time = clock();
    const { hub } = hubWith(time);
    hub.emit({ topic: 'exposures', exposures: [] });
    hub.emit({ topic: 'exposures', exposures: [] });
    expect(time.pending()).toBe(1);
    hub.close();
    expect(time.pending()).toBe(0);
  });
});
