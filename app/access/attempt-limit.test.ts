import { beforeEach, describe, expect, it } from 'vitest';
import { type AttemptLimit, createAttemptLimit } from './attempt-limit.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
let clockMs: number;
let limit: AttemptLimit;

beforeEach(() => {
  clockMs = 1_800_000_000_000;
  limit = createAttemptLimit(() => clockMs);
});

function takeMany(address: string, count: number): number[] {
  return Array.from({ length: count }, () => limit.take(address));
}

describe('the limit on attempts', () => {
  it('gives five a minute, then waits that double up to an hour', () => {
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      expect(takeMany('10.0.0.1', 5)).toEqual([0, 0, 0, 0, 0]);
      const waitMs = limit.take('10.0.0.1');
      waits.push(waitMs / minuteMs);
      clockMs += waitMs;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('tells how much of the wait is left, and does not lengthen it', () => {
    takeMany('10.0.0.1', 6);
    clockMs += 20_000;
    expect(takeMany('10.0.0.1', 3)).toEqual([40_000, 40_000, 40_000]);
  });

  it('forgets after a quiet time, and at once after the right password', () => {
    takeMany('10.0.0.1', 6);
    clockMs += hourMs;
    expect(takeMany('10.0.0.1', 6)).toEqual([0, 0, 0, 0, 0, minuteMs]);
    limit.succeeded('10.0.0.1');
    expect(limit.take('10.0.0.1')).toBe(0);
  });

  it('takes a /64 for one visitor, and IPv4 in IPv6 for IPv4', () => {
    takeMany('2001:db8:1:2::1', 5);
    expect(limit.take('2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(minuteMs);
    expect(limit.take('2001:db8:1:3::1')).toBe(0);
    takeMany('::ffff:10.0.0.1', 5);
    expect(limit.take('10.0.0.1')).toBe(minuteMs);
  });

  it('slows all together for a minute at most, however many addresses there are', () => {
    for (let i = 0; i < 30; i += 1) expect(limit.take(`10.0.${i}.1`)).toBe(0);
    expect(limit.take('10.1.0.1')).toBe(minuteMs);
    clockMs += minuteMs;
    for (let i = 0; i < 30; i += 1) expect(limit.take(`10.2.${i}.1`)).toBe(0);
    expect(limit.take('10.3.0.1')).toBe(minuteMs);
  });
});
