import { describe, expect, it } from 'vitest';
import { KeyedHash } from './keyed-hash.ts';
import { type Rate, RateTable, rateTableBytes } from './rate-table.ts';

const rate: Rate = { intervalMs: 100, burst: 3, maxDelayMs: 50 };
const table = () => new RateTable(new SharedArrayBuffer(rateTableBytes));
const source = { high: 1, low: 1 };

describe('RateTable', () => {
  it('gives a burst, then one token per interval, then makes wait, then refuses', () => {
    const rates = table();
    expect([0, 0, 0].map((now) => rates.take(source, rate, now))).toEqual([0, 0, 0]);
    expect(rates.take(source, rate, 0)).toBe(100);
    expect(rates.take(source, rate, 60)).toBeCloseTo(40);
    expect(rates.take(source, rate, 60)).toBeCloseTo(140);
    expect(rates.take(source, rate, 200)).toBe(0);
  });

  it('saves up no more than the burst', () => {
    const rates = table();
    expect(rates.take(source, rate, 0)).toBe(0);
    const later = [1, 2, 3, 4].map(() => rates.take(source, rate, 1_000_000));
    expect(later).toEqual([0, 0, 0, 100]);
  });

  it('keeps sources apart', () => {
    const rates = table();
    const once = { ...rate, burst: 1 };
    const others = [
      { high: 2, low: 1 },
      { high: 1, low: 2 },
      { high: 0, low: 7 },
    ];
    for (const each of [source, ...others]) expect(rates.take(each, once, 0)).toBe(0);
    for (const each of [source, ...others]) expect(rates.take(each, once, 0)).toBe(100);
  });

  it.each([
    [100, 100, 2000, 200, 300],
    [0.5, 1, 60_000, 100, 31],
    [300_000, 1, 20, 1_000_000, 6001],
  ])('passes average × time + burst: %d per second', (perSecond, burst, durationMs, askedPerSecond, ideal) => {
    const limit = {
      intervalMs: 1000 / perSecond,
      burst,
      maxDelayMs: perSecond < 1 ? 500 : 1000 / (Math.floor(perSecond) * 2),
    };
    const rates = table();
    let passed = 0;
    for (let now = 0; now < durationMs; now += 1000 / askedPerSecond) {
      if (rates.take(source, limit, now) <= limit.maxDelayMs) passed += 1;
    }
    expect(passed).toBeGreaterThanOrEqual(ideal * 0.95);
    expect(passed).toBeLessThanOrEqual(ideal * 1.02);
  });

  it('gives nothing more to who asks under very many names, nor to one who comes back after them', () => {
    const rates = table();
    const hash = new KeyedHash(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const hourly = { intervalMs: 3_600_000, burst: 1, maxDelayMs: 500 };
    expect(rates.take(hash.of('first'), hourly, 0)).toBe(0);
    let passed = 0;
    for (let name = 0; name < 400_000; name += 1) {
      if (rates.take(hash.of(`name ${name}`), hourly, 0) === 0) passed += 1;
    }
    // One for each place in the table, and not one for each name.
    expect(passed).toBeLessThan(131_072);
    expect(passed).toBeGreaterThan(120_000);
    expect(rates.take(hash.of('first'), hourly, 0)).toBeGreaterThan(hourly.maxDelayMs);
    // What a slow rate has filled keeps sources of a fast one out for no longer than their own rate does.
    const fast = { intervalMs: 100, burst: 2, maxDelayMs: 50 };
    for (let name = 0; name < 100; name += 1) {
      expect(rates.take(hash.of(`other ${name}`), fast, 0)).toBeLessThanOrEqual(150);
    }
  });
});
