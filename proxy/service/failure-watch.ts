import type { FailureSettings } from '../shared/identity.ts';
import { ServerFailures, serverFailuresBytes } from '../shared/server-failures.ts';

/** Learns from visitors' requests which servers fail: Traefik's passive health check. */
export interface FailureWatch {
  /** A request that could not be answered, or was answered with 5xx. */
  failed(url: string): void;
  succeeded(url: string): void;
  /** It failed so often within the window that it is left alone for as long as the window is. */
  isFailing(url: string): boolean;
  readonly failing: () => readonly string[];
  readonly state: FailureState;
}

interface FailureState {
  readonly settings: string;
  /** What is known of each server; workers share it. */
  readonly servers: ReadonlyMap<string, ServerFailures>;
  /** Servers that this worker has told of. */
  readonly told: Set<string>;
}

interface FailureWatchOptions {
  /** URLs of the servers. */
  readonly servers: Iterable<string>;
  /** Milliseconds, monotonic; the same in all workers that share memory. */
  readonly now: () => number;
  readonly previous?: FailureWatch | null | undefined;
  /** Servers took to failing, or may be tried again. */
  readonly onChange?: (() => void) | undefined;
  /** What all workers know of a server; left out: this one learns by itself. */
  readonly memoryOf?: ((url: string, bytes: number) => SharedArrayBuffer) | undefined;
}

const longestTimerMs = 2 ** 31 - 2;

export function createFailureWatch(settings: FailureSettings, options: FailureWatchOptions): FailureWatch {
  const { now, previous, onChange = () => undefined } = options;
  const key = JSON.stringify(settings);
  const kept = previous?.state.settings === key ? previous.state : null;
  const bytes = serverFailuresBytes(settings);
  const { memoryOf = () => new SharedArrayBuffer(bytes) } = options;
  const servers = new Map<string, ServerFailures>();
  for (const url of options.servers) {
    servers.set(url, kept?.servers.get(url) ?? new ServerFailures(memoryOf(url, bytes), settings));
  }
  const told = kept?.told ?? new Set<string>();
  for (const url of told) if (!servers.has(url)) told.delete(url);

  const isFailing = (url: string): boolean => {
    const failures = servers.get(url);
    const until = failures?.restsUntilMs() ?? null;
    const isResting = until !== null && now() < until;
    if (until !== null && !isResting) failures?.endRest(until);
    if (isResting !== told.has(url)) tell(url, isResting ? until - now() : null);
    return isResting;
  };

  /** Any worker may have found out; each says what it sees. */
  const tell = (url: string, restMs: number | null): void => {
    if (restMs === null) told.delete(url);
    else {
      told.add(url);
      lookAgain(url, restMs);
    }
    onChange();
  };

  /** It may be that nobody asks for it again. */
  const lookAgain = (url: string, restMs: number): void => {
    const look = (): void => {
      const until = servers.get(url)?.restsUntilMs() ?? null;
      if (isFailing(url) && until !== null) lookAgain(url, until - now());
    };
    setTimeout(look, Math.min(Math.max(restMs, 0), longestTimerMs) + 1).unref();
  };

  // A worker that stands in for another learns what that one knew.
  for (const url of servers.keys()) isFailing(url);

  return {
    state: { settings: key, servers, told },
    isFailing,
    failing: () => [...servers.keys()].filter(isFailing),
    succeeded: (url) => servers.get(url)?.succeeded(),
    failed(url) {
      servers.get(url)?.failed(now());
      isFailing(url);
    },
  };
}
