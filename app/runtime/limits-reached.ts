import { type LimitCount, type LimitName, serverFaultNames } from '../../proxy/model/limits.ts';
import type { Problem } from '../contract/objects.ts';
import type { Log } from '../log.ts';
import { problem } from '../problem.ts';

/**
 * What limits hold off and what servers do wrong, gathered from all workers: told in the log, counted, and shown while
 * it lasts.
 */
export interface LimitsReached {
  readonly add: (counts: readonly LimitCount[]) => void;
  /** Since the start. */
  readonly totals: () => ReadonlyMap<LimitName, number>;
  readonly problems: () => readonly Problem[];
  /** Logs what was not told of yet. */
  readonly stop: () => void;
}

/** One line for each limit in so long, with what came meanwhile. */
const logEveryMs = 10_000;
/** An attack is over when nothing came for so long. */
const shownMs = 10 * 60_000;
/** Fewer in that time are what any address on the internet sees: scanners, broken clients, people on bad networks. */
const worthShowing = 1000;

const words: Readonly<Record<LimitName, string>> = {
  connections: 'too many connections: those that waited longest were closed',
  'connections-per-address': 'too many connections from one address',
  descriptors: 'requests for which no file or socket was left (docs/limits.md says how to raise that bound)',
  'slow-handshake': 'TLS handshakes that did not end',
  'slow-head': 'request heads that came too slowly (Slowloris)',
  'slow-body': 'request bodies that came too slowly',
  'slow-reader': 'clients that did not read their answers',
  'head-too-large': 'request heads that were too large',
  'malformed-request': 'requests that are malformed or ambiguous',
  'http2-streams-per-address': 'too many requests at once on HTTP/2 from one address',
  'http2-failed-streams': 'HTTP/2 connections with too many failed streams (Rapid Reset, MadeYouReset)',
  'http2-idle-frames': 'HTTP/2 connections that were flooded with frames which ask for nothing',
  'http2-protocol': 'HTTP/2 connections that broke the protocol or its bounds, or stayed after their end',
  'server-truncated': 'answers that servers broke off in the middle',
  'server-malformed': 'answers of servers that are not valid HTTP, or longer than they say',
  'server-reset': 'connections that servers closed before they answered',
  'server-timeout': 'servers that did not answer in time',
};

const faults: ReadonlySet<string> = new Set(serverFaultNames);

export function createLimitsReached({
  log,
  now,
  onChange,
}: {
  readonly log: Pick<Log, 'warn'>;
  readonly now: () => number;
  /** What is shown may have changed. */
  readonly onChange: () => void;
}): LimitsReached {
  const totals = new Map<LimitName, number>();
  const untold = new Map<LimitName, LimitCount>();
  let recent: { readonly at: number; readonly count: number; readonly limit: LimitName }[] = [];
  let timer: NodeJS.Timeout | null = null;

  const tell = (): void => {
    for (const { limit, count, clientIp } of untold.values()) {
      log.warn(`${faults.has(limit) ? 'servers failed' : 'held off'}: ${words[limit]}`, {
        limit,
        count,
        clientIp,
        total: totals.get(limit) ?? 0,
      });
    }
    untold.clear();
  };
  const isShown = (): boolean => recent.reduce((sum, { count }) => sum + count, 0) >= worthShowing;

  return {
    add(counts) {
      const at = now();
      const wasShown = isShown();
      recent = recent.filter((each) => at - each.at < shownMs);
      for (const { limit, count, clientIp } of counts) {
        totals.set(limit, (totals.get(limit) ?? 0) + count);
        untold.set(limit, { limit, count: count + (untold.get(limit)?.count ?? 0), clientIp });
        // A server at fault is no flood.
        if (!faults.has(limit)) recent.push({ at, count, limit });
      }
      if (timer === null) {
        // The first is told of at once.
        tell();
        timer = setTimeout(() => {
          timer = null;
          tell();
        }, logEveryMs);
        timer.unref();
      }
      if (!wasShown && isShown()) onChange();
    },
    totals: () => totals,
    problems() {
      recent = recent.filter(({ at }) => now() - at < shownMs);
      if (!isShown()) return [];
      const sums = new Map<LimitName, number>();
      for (const { limit, count } of recent) sums.set(limit, (sums.get(limit) ?? 0) + count);
      const [[limit, count] = ['connections', 0] as const] = [...sums].toSorted((a, b) => b[1] - a[1]);
      return [
        problem(
          'LIMITS_REACHED',
          'warning',
          `Limits are holding off a flood, most of it ${words[limit]} (${count} in ten minutes). Other visitors are served.`,
          'The engine log names an address. If these are your own clients, raise the limit (docs/limits.md).',
          { limit, count },
        ),
      ];
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      tell();
    },
  };
}
