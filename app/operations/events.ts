import { EventEmitter, once } from 'node:events';
import type { EngineEvent, EventTopic } from '../contract/objects.ts';
import type { EngineContext } from './context.ts';
import { operations } from './implementer.ts';

/** At ten events a second and topic this is about a second of a client that stands still. */
const mostWaiting = 64;

export const events = operations.events.handler(({ context, input, signal }) =>
  eventsOf(context.engine, input?.topics, signal),
);

/**
 * Events for one client. One that reads too slowly gets a gap, not a queue: what waits for it is thrown away, and the
 * jump in revisions tells it to fetch the snapshot again.
 */
async function* eventsOf(
  engine: Pick<EngineContext, 'subscribe'>,
  topics: readonly EventTopic[] | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<EngineEvent, void, void> {
  let waiting: EngineEvent[] = [];
  const reader = { gone: signal?.aborted ?? false };
  const stir = new EventEmitter();
  const wanted = topics && new Set<EventTopic>(topics);

  const unsubscribe = engine.subscribe((event) => {
    if (wanted && !wanted.has(event.topic)) return;
    if (waiting.length >= mostWaiting) waiting = [];
    waiting.push(event);
    stir.emit('stir');
  });
  const onAbort = (): void => {
    reader.gone = true;
    stir.emit('stir');
  };
  signal?.addEventListener('abort', onAbort);
  try {
    while (!reader.gone) {
      const next = waiting.shift();
      if (next) yield next;
      else await once(stir, 'stir');
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    unsubscribe();
  }
}
