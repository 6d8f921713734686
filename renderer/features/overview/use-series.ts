import { useEffect, useMemo, useState } from 'react';
import type { TrafficSeries } from '../../../app/contract/objects.ts';
import { useEngine } from '../../client/store.ts';
import { seriesOfTicks } from './traffic.ts';

export type Range = 'live' | 'hour' | 'day';

const refreshMs = { hour: 10_000, day: 60_000 } as const;

/** The last five minutes as they come in, or a longer time read anew now and then. Null while on its way. */
export function useSeries(range: Range): TrafficSeries | null {
  const ticks = useEngine((state) => state.ticks);
  const client = useEngine((state) => state.client);
  const [stored, setStored] = useState<{ readonly range: Range; readonly series: TrafficSeries } | null>(null);
  useEffect(() => {
    if (range === 'live' || !client) return undefined;
    let current = true;
    const read = (): void => {
      client.traffic.series({ range }).then(
        (series) => {
          if (current) setStored({ range, series });
        },
        // The next turn tries again; when the engine is away the page says so.
        () => undefined,
      );
    };
    read();
    const timer = setInterval(read, refreshMs[range]);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [range, client]);
  const live = useMemo(() => (range === 'live' ? seriesOfTicks(ticks) : null), [range, ticks]);
  if (range === 'live') return live;
  return stored?.range === range ? stored.series : null;
}
