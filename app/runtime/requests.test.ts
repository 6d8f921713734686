import { expect, test } from 'vitest';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { EngineEvent } from '../contract/objects.ts';
import { createEventHub } from './event-hub.ts';
import { createRequests, sample } from './requests.ts';

function setUp(insert?: (records: readonly RequestRecord[]) => void) {
  const stored: RequestRecord[] = [];
  const errors: unknown[] = [];
  const hub = createEventHub({ onListenerError: (error) => errors.push(error) });
  const events: EngineEvent[] = [];
  hub.subscribe((event) => events.push(event));
  const repository = {
    insert: insert ?? ((records: readonly RequestRecord[]) => void stored.push(...records)),
    query: () => ({ records: [], more: false }),
    get: () => undefined,
    count: () => stored.length,
    trim: () => 0,
  };
  const requests = createRequests({ repository, hub, onError: (error) => errors.push(error) });
  return { requests, stored, errors, events, hub };
}

const records = (count: number): RequestRecord[] =>
  Array.from({ length: count }, (_, index) => ({ id: String(index) }) as RequestRecord);

test('records are kept in their order and shown at once', () => {
  const { requests, stored, events, hub } = setUp();
  requests.add(records(3), 2);
  expect(events).toMatchObject([{ topic: 'requests', skipped: 2 }]);
  expect(stored).toEqual([]);
  requests.flush();
  expect(stored.map(({ id }) => id)).toEqual(['0', '1', '2']);
  expect(requests.skipped()).toBe(2);
  hub.close();
});

test('a flood is thinned out evenly, and what is left out is counted', () => {
  const { requests, stored, events, hub } = setUp();
  for (let i = 0; i < 30; i++) requests.add(records(1000), 0);
  requests.flush();
  expect(stored).toHaveLength(500);
  expect(requests.skipped()).toBe(29_500);
  expect(events[0]).toMatchObject({ topic: 'requests', skipped: 800 });
  hub.close();
});

test('a store that fails is reported, and the next records are tried again', () => {
  let full = true;
  const kept: string[] = [];
  const { requests, errors, hub } = setUp((batch) => {
    if (full) throw new Error('disk full');
    kept.push(...batch.map(({ id }) => id));
  });
  requests.add(records(2), 0);
  requests.flush();
  expect(errors).toHaveLength(1);
  full = false;
  requests.add(records(1), 0);
  requests.stop();
  expect(kept).toEqual(['0']);
  hub.close();
});

test('a sample keeps order and spread', () => {
  expect(sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 5)).toEqual([0, 2, 4, 6, 8]);
  expect(sample([1, 2], 5)).toEqual([1, 2]);
});
