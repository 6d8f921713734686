import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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

test('a real thread gives a busy time back long before V8 would by itself', async () => {
  vi.useRealTimers();
  const script = `
    import { getHeapStatistics } from 'node:v8';
    import { giveBackMemory } from ${JSON.stringify(new URL('spare-memory.ts', import.meta.url).href)};
    const heldMiB = () => getHeapStatistics().total_heap_size / 1024 / 1024;
    giveBackMemory({ firstAfterMs: 10, lookEveryMs: 50 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = heldMiB();
    let kept = Array.from({ length: 400_000 }, (_, index) => ({ index, text: 'x' + index }));
    const busy = heldMiB();
    kept = null;
    const deadline = performance.now() + 4000;
    while (heldMiB() > before + 8 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
    console.log(JSON.stringify({ grown: busy - before, left: heldMiB() - before }));
  `;
  const args = ['--expose-gc', '--input-type=module', '-e', script];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { grown, left } = JSON.parse(stdout) as { grown: number; left: number };
  expect(grown).toBeGreaterThan(16);
  expect(left).toBeLessThan(8);
}, 20_000);
