import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type { RequestRepository } from '../store/requests.ts';
import { type EventHub, mostRequestsPerEvent } from './event-hub.ts';

/** How often records are written. */
const flushIntervalMs = 250;
/** Records kept per flush: 2,000 a second. */
const mostKeptPerFlush = (2000 * flushIntervalMs) / 1000;
/** Records held between two flushes, from which those kept are chosen. */
const mostHeld = 20_000;

export interface Requests {
  /** `dropped`: records that a worker could not send. */
  readonly add: (records: readonly RequestRecord[], dropped: number) => void;
  /** Writes what is held. */
  readonly flush: () => void;
  /** Records that were not kept since the start, because more came than can be. */
  readonly skipped: () => number;
  readonly stop: () => void;
}

/** Passes request records to the store and to live views, at a bounded rate. */
export function createRequests(options: {
  readonly repository: RequestRepository;
  readonly hub: EventHub;
  readonly onError: (error: unknown) => void;
}): Requests {
  const { repository, hub } = options;
  let held: RequestRecord[] = [];
  let skipped = 0;
  let timer: NodeJS.Timeout | null = null;

  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (held.length === 0) return;
    const kept = sample(held, mostKeptPerFlush);
    skipped += held.length - kept.length;
    held = [];
    try {
      repository.insert(kept);
    } catch (error) {
      skipped += kept.length;
      options.onError(error);
    }
  };

  return {
    add: (records, dropped) => {
      skipped += dropped;
      const room = mostHeld - held.length;
      if (records.length > room) skipped += records.length - room;
      for (const record of records.length > room ? records.slice(0, room) : records) held.push(record);
      if (held.length > 0) timer ??= setTimeout(flush, flushIntervalMs);
      if (records.length === 0 && dropped === 0) return;
      const shown = sample(records, mostRequestsPerEvent);
      hub.emit({ topic: 'requests', records: [...shown], skipped: records.length - shown.length + dropped });
    },
    flush,
    skipped: () => skipped,
    stop: flush,
  };
}

/** Evenly spaced items in their order, at most `most`. */
export function sample<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const step = items.length / most;
  return Array.from({ length: most }, (_, index) => items[Math.floor(index * step)] as T);
}
