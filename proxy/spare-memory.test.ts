import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { giveBackMemory } from './spare-memory.ts';

const mib = 1024 * 1024;
let held = 0;
let busy = 0;
let collections = 0;
let callOff: () => void = () => undefined;

beforeEach(() => {
  vi.useFakeTimers();
  held = 40 * mib;
  busy = 0;
  collections = 0;
  callOff = giveBackMemory({
    firstAfterMs: 3000,
    lookEveryMs: 1000,
    collect: () => {
      collections += 1;
      held = 20 * mib;
    },
    heldBytes: () => held,
    busyPart: () => busy,
  });
});
afterEach(() => {
  callOff();
  vi.useRealTimers();
});

test('memory is given back after the start, and then not without a reason', () => {
  vi.advanceTimersByTime(2999);
  expect(collections).toBe(0);
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(1);
});

test('it is given back each time a busy time is over, and never while busy', () => {
  vi.advanceTimersByTime(3000);
  for (const round of [2, 3]) {
    busy = 0.6;
    held = 90 * mib;
    vi.advanceTimersByTime(120_000);
    expect(collections).toBe(round - 1);
    busy = 0.01;
    vi.advanceTimersByTime(3000);
    expect(collections).toBe(round - 1);
    vi.advanceTimersByTime(1000);
    expect(collections).toBe(round);
    vi.advanceTimersByTime(60_000);
    expect(collections).toBe(round);
  }
});

test('pauses between bursts are no quiet time', () => {
  vi.advanceTimersByTime(3000);
  held = 90 * mib;
  for (let burst = 0; burst < 20; burst += 1) {
    busy = 0.5;
    vi.advanceTimersByTime(1000);
    busy = 0;
    vi.advanceTimersByTime(3000);
  }
  expect(collections).toBe(1);
});

test('little is left alone, and nothing happens once it is called off', () => {
  vi.advanceTimersByTime(3000);
  held += 3 * mib;
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(1);
  callOff();
  held += 50 * mib;
  vi.advanceTimersByTime(60_000);
  expect(collections).toBe(1);
});

test('it stays off where the collector is out of reach', () => {
  const asked = vi.getTimerCount();
  giveBackMemory({ firstAfterMs: 1 });
  expect(vi.getTimerCount()).toBe(asked);
});
