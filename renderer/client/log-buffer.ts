import type { RequestRecord } from '../../proxy/model/request-record.ts';

/** The newest requests, oldest first, bounded. Readers are told at most four times a second. */
export interface LogBuffer {
  readonly append: (records: readonly RequestRecord[], skipped: number) => void;
  readonly clear: () => void;
  /** A new object after each change, so that React sees it. */
  readonly view: () => LogView;
  readonly subscribe: (listener: () => void) => () => void;
}

export interface LogView {
  /** Oldest first. The array is the buffer's own: it grows in place, `length` says how far this view reaches. */
  readonly records: readonly RequestRecord[];
  readonly length: number;
  /** Sequence number of `records[0]`: rises when old records are dropped. */
  readonly start: number;
  /** Requests that the engine did not send since the buffer was last empty. */
  readonly skipped: number;
}

export function createLogBuffer(options: { readonly capacity: number; readonly notifyMs: number }): LogBuffer {
  const listeners = new Set<() => void>();
  let records: RequestRecord[] = [];
  let start = 0;
  let skipped = 0;
  let view: LogView = { records, length: 0, start, skipped };
  let timer: ReturnType<typeof setTimeout> | undefined;

  const notify = (): void => {
    timer = undefined;
    view = { records, length: records.length, start, skipped };
    for (const listener of listeners) listener();
  };
  const changed = (): void => {
    timer ??= setTimeout(notify, options.notifyMs);
  };

  return {
    append(news, skippedMore) {
      if (news.length === 0 && skippedMore === 0) return;
      skipped += skippedMore;
      for (const record of news) records.push(record);
      // Dropping in tenths keeps the cost of a full buffer low; a new array, because views hold the old one.
      if (records.length > options.capacity) {
        const drop = records.length - Math.floor(options.capacity * 0.9);
        records = records.slice(drop);
        start += drop;
      }
      changed();
    },
    clear() {
      start += records.length;
      records = [];
      skipped = 0;
      changed();
    },
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
