import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import type { LogView } from '../../client/log-buffer.ts';

/** The live lines that fit a filter, kept up to date without going through all of them each time. Oldest first. */
export interface LiveMatches {
  /** Grows in place as long as the buffer does; another array after the buffer dropped its oldest. */
  readonly matches: readonly RequestRecord[];
  /** Sequence numbers of the buffer's part that was looked at. */
  readonly start: number;
  readonly seen: number;
  /** All that ever fitted, those included that the buffer has dropped. */
  readonly total: number;
}

/** Looks only at what came since `before`. */
export function extendMatches(
  before: LiveMatches | null,
  view: LogView,
  fits: (record: RequestRecord) => boolean,
): LiveMatches {
  const end = view.start + view.length;
  const same = before !== null && before.start === view.start;
  const from = Math.max(view.start, before?.seen ?? 0);
  const matches = same ? (before.matches as RequestRecord[]) : [];
  let total = before?.total ?? 0;
  if (!same) {
    for (let at = view.start; at < from; at += 1) {
      const record = view.records[at - view.start];
      if (record && fits(record)) matches.push(record);
    }
  }
  for (let at = from; at < end; at += 1) {
    const record = view.records[at - view.start];
    if (!record || !fits(record)) continue;
    matches.push(record);
    total += 1;
  }
  return { matches, start: view.start, seen: end, total };
}
