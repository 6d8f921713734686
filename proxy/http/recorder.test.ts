import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { RequestRecord } from '../model/request-record.ts';
import { type FromWorker, latencyBucketsMs } from '../model/snapshot.ts';
import { bucketOf, createRecorder } from './recorder.ts';

type Traffic = Extract<FromWorker, { type: 'traffic' }>;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function record(status = 200): RequestRecord {
  return { status, durationMs: 3, requestBytes: 1, responseBytes: 2, error: null } as RequestRecord;
}

function start() {
  const sent: Traffic[] = [];
  const recorder = createRecorder((message) => sent.push(message as Traffic));
  return { sent, recorder, counter: recorder.counter('web', 'a@test', 'b@test') };
}

test('what happens within 50 ms leaves in one batch', () => {
  const { sent, recorder, counter } = start();
  recorder.connectionOpened();
  recorder.finished(record(), counter);
  recorder.finished(record(503), counter);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(50);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({ dropped: 0, openConnections: 1 });
  expect(sent[0]?.records).toHaveLength(2);
  expect(sent[0]?.counts).toMatchObject([
    { requests: 2, statusClasses: [0, 1, 0, 0, 1], requestBytes: 2, responseBytes: 4 },
  ]);
  vi.advanceTimersByTime(1000);
  expect(sent).toHaveLength(1);
});

test('of many records a sample is told, and all that failed as long as there is room; the counts stay true', () => {
  const { sent, recorder, counter } = start();
  for (let i = 0; i < 1200; i += 1) recorder.finished(record(), counter);
  for (let i = 0; i < 300; i += 1) recorder.finished(record(503), counter);
  vi.advanceTimersByTime(50);
  expect(sent[0]?.records.filter(({ status }) => status === 200)).toHaveLength(50);
  expect(sent[0]?.records.filter(({ status }) => status === 503)).toHaveLength(300);
  expect(sent[0]?.dropped).toBe(1150);
  expect(sent[0]?.counts[0]?.requests).toBe(1500);
  for (let i = 0; i < 1200; i += 1) recorder.finished(record(503), counter);
  vi.advanceTimersByTime(50);
  expect(sent[1]?.records).toHaveLength(1000);
  expect(sent[1]?.dropped).toBe(200);
});

test('the access log has a line of each request it is to have, with its number', () => {
  const sent: Traffic[] = [];
  let count = 0;
  const recorder = createRecorder((message) => sent.push(message as Traffic), {
    writer: {
      wants: ({ status }) => status !== 204,
      write: (out, _record, _facts, number) => {
        out.begin();
        out.text(`${number}\n`);
        out.end();
      },
    },
    nextCount: () => ++count,
  });
  const counter = recorder.counter('web', null, null);
  const facts = { authority: 'a.test' };
  for (const status of [200, 204, 404]) recorder.finished(record(status), counter, facts);
  recorder.finished(record(), counter, null);
  vi.advanceTimersByTime(50);
  expect(sent[0]?.log).toEqual({ bytes: new Uint8Array(Buffer.from('1\n3\n')), lines: 2, dropped: 0 });
  for (let i = 0; i < 5001; i += 1) recorder.finished(record(), counter, facts);
  vi.advanceTimersByTime(50);
  expect(sent[1]?.log).toMatchObject({ lines: 5000, dropped: 1 });
});

test('an engine that says when it takes batches is not flooded while it is slow', () => {
  const { sent, recorder, counter } = start();
  const round = (): void => {
    recorder.finished(record(), counter);
    vi.advanceTimersByTime(50);
  };
  round();
  recorder.taken();
  for (let i = 0; i < 20; i += 1) round();
  const before = sent.length;
  expect(before).toBeLessThanOrEqual(10);
  for (let i = 0; i < before; i += 1) recorder.taken();
  vi.advanceTimersByTime(100);
  const requests = sent.flatMap((message) => message.counts).reduce((sum, count) => sum + count.requests, 0);
  expect(requests).toBe(21);
  const told = sent.reduce((sum, message) => sum + message.records.length + message.dropped, 0);
  expect(told).toBe(21);
});

test('closing sends what is left and leaves no timer', () => {
  const { sent, recorder, counter } = start();
  recorder.finished(record(), counter);
  recorder.close();
  expect(sent[0]?.records).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('a duration falls into the first bucket that is not below it', () => {
  expect(bucketOf(0)).toBe(0);
  expect(bucketOf(1)).toBe(0);
  expect(bucketOf(1.01)).toBe(1);
  expect(bucketOf(60_000)).toBe(latencyBucketsMs.length - 1);
  expect(bucketOf(60_001)).toBe(latencyBucketsMs.length);
});
