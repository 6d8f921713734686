import type { EngineEvent, EventTopic } from '../contract/objects.ts';
import { viewKey } from '../contract/view-key.ts';

/** An event before it has its number. */
export type PendingEvent = EngineEvent extends infer Event
  ? Event extends EngineEvent
    ? Omit<Event, 'revision'>
    : never
  : never;

export interface EventHub {
  /** Of the newest event sent; the next one has the next number. */
  readonly revision: () => number;
  readonly subscribe: (listener: (event: EngineEvent) => void) => () => void;
  /** Sends at once where the topic has been quiet, else joins what waits for the topic's next turn. */
  readonly emit: (event: PendingEvent) => void;
  /** Drops what waits and all listeners. */
  readonly close: () => void;
}

export interface EventHubOptions {
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly setTimer?: (work: () => void, delayMs: number) => () => void;
  readonly onListenerError: (error: unknown) => void;
}

/** Least time between two events of a topic: ten a second, and four a second for requests, which are large. */
const spacingMs: Readonly<Record<EventTopic, number>> = {
  status: 100,
  containers: 100,
  routing: 100,
  exposures: 100,
  certificates: 100,
  changes: 100,
  traffic: 100,
  requests: 250,
};

export const mostRequestsPerEvent = 200;
const mostChangesPerEvent = 500;

export function createEventHub(options: EventHubOptions): EventHub {
  const now = options.now ?? (() => performance.now());
  const setTimer =
    options.setTimer ??
    ((work, delayMs) => {
      const timer = setTimeout(work, delayMs);
      return () => clearTimeout(timer);
    });
  const listeners = new Set<(event: EngineEvent) => void>();
  const lastSentAt = new Map<EventTopic, number>();
  const waiting = new Map<EventTopic, { event: PendingEvent; readonly cancel: () => void }>();
  let revision = 0;

  const send = (pending: PendingEvent): void => {
    revision += 1;
    lastSentAt.set(pending.topic, now());
    const event: EngineEvent = { ...pending, revision };
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        options.onListenerError(error);
      }
    }
  };

  return {
    revision: () => revision,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    emit: (event) => {
      const { topic } = event;
      const before = waiting.get(topic);
      if (before !== undefined) {
        before.event = joined(before.event, event);
        return;
      }
      const sent = lastSentAt.get(topic);
      const delayMs = sent === undefined ? 0 : sent + spacingMs[topic] - now();
      if (delayMs <= 0) {
        send(event);
        return;
      }
      const cancel = setTimer(() => {
        const held = waiting.get(topic);
        waiting.delete(topic);
        if (held !== undefined) send(held.event);
      }, delayMs);
      waiting.set(topic, { event, cancel });
    },
    close: () => {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
      listeners.clear();
    },
  };
}

/** Two events of one topic as one that leaves a client where both would have. */
function joined(first: PendingEvent, second: PendingEvent): PendingEvent {
  switch (second.topic) {
    case 'status':
    case 'exposures':
    case 'traffic':
      return second;
    case 'containers':
      return first.topic === second.topic
        ? { topic: second.topic, containers: joinedDelta(first.containers, second.containers, ({ id }) => id) }
        : second;
    case 'routing':
      return first.topic === second.topic
        ? {
            topic: second.topic,
            routers: joinedDelta(first.routers, second.routers, viewKey),
            services: joinedDelta(first.services, second.services, viewKey),
            middlewares: joinedDelta(first.middlewares, second.middlewares, viewKey),
          }
        : second;
    case 'certificates':
      return first.topic === second.topic
        ? {
            topic: second.topic,
            certificates: joinedDelta(first.certificates, second.certificates, ({ id }) => id),
            resolvers: second.resolvers,
          }
        : second;
    case 'changes':
      return first.topic === second.topic
        ? { topic: second.topic, changes: [...first.changes, ...second.changes].slice(-mostChangesPerEvent) }
        : second;
    case 'requests': {
      if (first.topic !== second.topic) return second;
      const all = [...first.records, ...second.records];
      const records = all.slice(-mostRequestsPerEvent);
      return {
        topic: second.topic,
        records,
        skipped: first.skipped + second.skipped + all.length - records.length,
      };
    }
  }
}

interface Delta<T> {
  readonly upserted: T[];
  readonly removed: string[];
}

function joinedDelta<T>(first: Delta<T>, second: Delta<T>, keyOf: (item: T) => string): Delta<T> {
  const upserted = new Map(first.upserted.map((item) => [keyOf(item), item]));
  const removed = new Set(first.removed);
  for (const key of second.removed) {
    upserted.delete(key);
    removed.add(key);
  }
  for (const item of second.upserted) {
    removed.delete(keyOf(item));
    upserted.set(keyOf(item), item);
  }
  return { upserted: [...upserted.values()], removed: [...removed] };
}
