import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { RequestRecord } from '../../../proxy/model/request-record.ts';
import { type LogFilter, matcherOf } from '../../client/log-filter.ts';
import { logBuffer, useEngine } from '../../client/store.ts';
import { extendMatches, type LiveMatches } from './matches.ts';

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
  const view = useSyncExternalStore(logBuffer.subscribe, logBuffer.view);
  const filterKey = JSON.stringify(filter);
  const fits = useMemo(() => matcherOf(JSON.parse(filterKey) as LogFilter), [filterKey]);
  const cacheRef = useRef<{ fits: typeof fits; matches: LiveMatches } | null>(null);
  const previous = cacheRef.current?.fits === fits ? cacheRef.current.matches : null;
  const live = extendMatches(previous, view, fits);
  cacheRef.current = { fits, matches: live };

  const [generation, setGeneration] = useState(0);
  const key = `${filterKey} ${generation}`;
  const [older, setOlder] = useState<OlderLines & { readonly key: string }>({ key, records: [], state: 'idle' });
  const current: OlderLines = older.key === key ? older : { records: [], state: 'idle' };
  const busyRef = useRef(false);
  const currentRef = useRef(current);
  currentRef.current = current;

  const loadOlder = (): void => {
    if (!client || busyRef.current || currentRef.current.state === 'end') return;
    busyRef.current = true;
    const known = currentRef.current.records;
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

  const loadRef = useRef(loadOlder);
  loadRef.current = loadOlder;
  // biome-ignore lint: a new filter or a new client begins with a first page
  useEffect(() => {
    busyRef.current = false;
    loadRef.current();
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
