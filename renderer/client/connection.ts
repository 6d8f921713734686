import type { EngineEvent } from '../../app/contract/objects.ts';
import type { GatehouseClient } from './contract.ts';
import { applyEvent } from './picture.ts';
import { readSession } from './session.ts';
import { liveTicksKept, logBuffer, useEngine } from './store.ts';
import { inDesktopWindow, openPort, openWebSocket, type Transport } from './transport.ts';

const firstBackoffMs = 300;
const longestBackoffMs = 10_000;
/** After a gap the snapshot is fetched again, but not more often than this. */
const refetchMs = 1000;

let wake: (() => void) | null = null;

/** Tries at once instead of at the end of the pause: after sign-in, or when someone asks. */
export function reconnectNow(): void {
  wake?.();
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      wake = null;
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener('online', done);
    wake = done;
  });
}

function takeEvent(event: EngineEvent): 'ok' | 'gap' {
  const { picture } = useEngine.getState();
  if (!picture) return 'ok';
  const applied = applyEvent(picture, event);
  if (applied.kind === 'old') return 'ok';
  if (event.topic === 'traffic') {
    useEngine.setState((state) => ({
      picture: applied.picture,
      ticks: [...state.ticks.filter((tick) => tick.at !== event.tick.at), event.tick].slice(-liveTicksKept),
    }));
  } else {
    if (event.topic === 'requests') logBuffer.append(event.records, event.skipped);
    useEngine.setState({ picture: applied.picture });
  }
  return applied.kind === 'gap' ? 'gap' : 'ok';
}

async function follow(client: GatehouseClient): Promise<void> {
  // Listen first: what happens while the snapshot travels waits in the iterator.
  const events = await client.events();
  let fetchedAt = Date.now();
  useEngine.setState({ picture: await client.snapshot(), link: { kind: 'live' }, client });
  const live = await client.traffic.series({ range: 'live' });
  useEngine.setState({
    ticks: live.at.map((at, index) => {
      const pick = <T>(series: Record<string, T[]>): Record<string, T> =>
        Object.fromEntries(
          Object.entries(series).flatMap(([name, points]) => {
            const point = points[index];
            return point ? [[name, point]] : [];
          }),
        );
      return {
        at,
        stepMs: live.stepMs,
        total: live.total[index] ?? {
          requests: 0,
          errors: 0,
          p50Ms: null,
          p95Ms: null,
          requestBytes: 0,
          responseBytes: 0,
        },
        entryPoints: pick(live.entryPoints),
        services: pick(live.services),
        openConnections: 0,
      };
    }),
  });
  let refetch: ReturnType<typeof setTimeout> | undefined;
  try {
    for await (const event of events) {
      if (takeEvent(event) === 'gap' && refetch === undefined) {
        refetch = setTimeout(
          () => {
            refetch = undefined;
            fetchedAt = Date.now();
            client.snapshot().then(
              (picture) => useEngine.setState({ picture }),
              // The connection's end is seen by the loop above.
              () => undefined,
            );
          },
          Math.max(0, refetchMs - (Date.now() - fetchedAt)),
        );
      }
    }
  } finally {
    clearTimeout(refetch);
  }
}

/** Opens a transport, or says why there is none yet. */
export type OpenTransport = (signal: AbortSignal) => Promise<Transport | { readonly passwordSet: boolean }>;

const openDefault: OpenTransport = async (signal) => {
  if (inDesktopWindow()) return openPort(signal);
  const session = await readSession(signal);
  if (!session.signedIn) return { passwordSet: session.passwordSet };
  useEngine.setState({ session: true });
  return openWebSocket(signal);
};

/** Connects, and connects again for as long as the page is open. */
export async function keepConnected(open: OpenTransport = openDefault): Promise<never> {
  for (let attempt = 0; ; attempt += 1) {
    const abort = new AbortController();
    let transport: Transport | undefined;
    try {
      const opened = await open(abort.signal);
      if ('passwordSet' in opened) {
        useEngine.setState({ link: { kind: 'signedOut', passwordSet: opened.passwordSet }, client: null });
        attempt = -1;
        await pause(longestBackoffMs);
        continue;
      }
      transport = opened;
      const ended = transport.closed;
      await Promise.race([
        follow(transport.client).then(() => undefined),
        ended.then(() => {
          throw new Error('closed');
        }),
      ]);
    } catch {
      // Whatever it was, the answer is the same: keep the last picture, say since when, try again.
    } finally {
      abort.abort();
      transport?.close();
    }
    const { link } = useEngine.getState();
    if (link.kind === 'live') attempt = 0;
    if (link.kind !== 'away') useEngine.setState({ link: { kind: 'away', since: Date.now() } });
    await pause(Math.min(longestBackoffMs, firstBackoffMs * 2 ** attempt));
  }
}
