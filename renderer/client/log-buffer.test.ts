import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import { createLogBuffer } from './log-buffer.ts';

const records = (from: number, count: number): RequestRecord[] =>
  Array.from({ length: count }, (_, index) => ({ id: String(from + index) }) as RequestRecord);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('createLogBuffer', () => {
  it('tells its readers at most once in a period', () => {
    const buffer = createLogBuffer({ capacity: 100, notifyMs: 250 });
    let told = 0;
    const leave = buffer.subscribe(() => {
      told += 1;
    });
    for (let turn = 0; turn < 20; turn += 1) buffer.append(records(turn, 1), 0);
    expect(told).toBe(0);
    vi.advanceTimersByTime(250);
    expect(told).toBe(1);
    expect(buffer.view().length).toBe(20);
    leave();
    buffer.append(records(99, 1), 0);
    vi.advanceTimersByTime(250);
    expect(told).toBe(1);
  });

  it('drops its oldest when it is full, and counts on', () => {
    const buffer = createLogBuffer({ capacity: 100, notifyMs: 0 });
    buffer.append(records(0, 100), 0);
    vi.runAllTimers();
    const before = buffer.view();
    buffer.append(records(100, 5), 0);
    vi.runAllTimers();
    const after = buffer.view();
    expect(after.length).toBe(90);
    expect(after.start).toBe(15);
    expect(after.records[0]?.id).toBe('15');
    // What was read before still stands.
    expect(before.records[0]?.id).toBe('0');
    expect(before.length).toBe(100);
  });

  it('counts what was not sent until it is emptied', () => {
    const buffer = createLogBuffer({ capacity: 10, notifyMs: 0 });
    buffer.append(records(0, 2), 7);
    buffer.append([], 3);
    vi.runAllTimers();
    expect(buffer.view().skipped).toBe(10);
    buffer.clear();
    vi.runAllTimers();
    expect(buffer.view()).toMatchObject({ length: 0, skipped: 0, start: 2 });
  });
});
