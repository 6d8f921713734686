import { useEffect, useEffectEvent, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import type { LogView } from '../../client/log-buffer.ts';
import { type LogFilter, matcherOf } from '../../client/log-filter.ts';
import { logBuffer, useEngine } from '../../client/store.ts';
import { extendMatches, type LiveMatches } from './matches.ts';

/** What fits a filter, as a store's snapshot: worked out once for each state of the buffer. */
function liveMatchesOf(filter: LogFilter): () => { readonly view: LogView; readonly live: LiveMatches } {
  const fits = matcherOf(filter);
  let last: { readonly view: LogView; readonly live: LiveMatches } | null = null;
  return () => {
    const view = logBuffer.view();
    if (last?.view !== view) last = { view, live: extendMatches(last?.live ?? null, view, fits) };
    return last;
  };
}

export interface OlderLines {
  readonly records: readonly RequestRecord[];
  readonly state: 'idle' | 'loading' | 'end' | 'failed';
}

const pageLines = 200;

export interface LogLines {
  readonly live: readonly RequestRecord[];
  /** How many of `live` were there at this moment: the array grows in place. */
  readonly liveLength: number;
  /** How many live lines ever fitted: what is new is the difference between two moments. */
  readonly liveTotal: number;
  readonly older: OlderLines;
  readonly skipped: number;
  /** Changes when the lines are others altogether. */
  readonly key: string;
  readonly loadOlder: () => void;
  /** Forgets the live lines and reads the log again: shows what was not sent live. */
  readonly reload: () => void;
}

/** Live lines and the stored ones before them, both through the same filter. */
export function useLogLines(filter: LogFilter): LogLines {
  const client = useEngine((state) => state.client);
  const filterKey = JSON.stringify(filter);
  const matches = useMemo(() => liveMatchesOf(JSON.parse(filterKey) as LogFilter), [filterKey]);
  const { view, live } = useSyncExternalStore(logBuffer.subscribe, matches);

  const [generation, setGeneration] = useState(0);
  const key = `${filterKey} ${generation}`;
  const [older, setOlder] = useState<OlderLines & { readonly key: string }>({ key, records: [], state: 'idle' });
  const current: OlderLines = older.key === key ? older : { records: [], state: 'idle' };
  const busyRef = useRef(false);

  const loadOlder = (): void => {
    if (!client || busyRef.current || current.state === 'end') return;
    busyRef.current = true;
    const known = current.records;
    setOlder({ key, records: known, state: 'loading' });
    // What is older than anything live, whether or not that fits the filter.
    const before = known.at(-1)?.id ?? logBuffer.view().records[0]?.id;
    const query = JSON.parse(filterKey) as LogFilter;
    client.requests.query({ filter: query, limit: pageLines, ...(before === undefined ? {} : { before }) }).then(
      ({ records, more }) => {
        busyRef.current = false;
        setOlder((now) =>
          now.key === key ? { key, records: [...known, ...records], state: more ? 'idle' : 'end' } : now,
        );
      },
      () => {
        busyRef.current = false;
        setOlder((now) => (now.key === key ? { key, records: known, state: 'failed' } : now));
      },
    );
  };

  const firstPage = useEffectEvent(loadOlder);
  // A new filter or a new client begins with a first page.
  useEffect(() => {
    busyRef.current = false;
    firstPage();
  }, [key, client]);

  return {
    live: live.matches,
    liveLength: live.matches.length,
    liveTotal: live.total,
    key,
    older: current,
    skipped: view.skipped,
    loadOlder,
    reload: () => {
      logBuffer.clear();
      setGeneration((now) => now + 1);
    },
  };
}
