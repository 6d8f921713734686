import type { ClientLimits } from '../model/limits.ts';
import type { LoggedFieldModes } from '../model/request-record.ts';
import type { EntryPointOptions } from '../model/snapshot.ts';
import type { TrustedPeers } from './client-address.ts';
import type { ConnectionGate } from './connection-gate.ts';
import type { Crowd } from './crowd.ts';
import type { LimitCounts } from './limit-counts.ts';
import type { LiveExchange } from './live-exchange.ts';
import type { Recorder, TrafficCounter } from './recorder.ts';
import type { RequestReading } from './request-reading.ts';
import type { TimeLimits } from './time-limits.ts';

/** What every connection of one entry point shares. */
export interface EntryContext {
  readonly options: EntryPointOptions;
  readonly peers: TrustedPeers;
  readonly recorder: Recorder;
  readonly limits: TimeLimits;
  readonly clientLimits: ClientLimits;
  /** Of the whole worker. */
  readonly gate: ConnectionGate;
  readonly held: LimitCounts;
  /** Answers that clients do not read, and bodies that they do not send, in the whole worker. */
  readonly unread: Crowd;
  readonly unsent: Crowd;
  readonly reading: RequestReading;
  /** What the access log is to know; null: it gets nothing from here. */
  readonly accessLog: LoggedFieldModes | null;
  /** Whether requests go there whose routers do not say. */
  readonly isLogged: boolean;
  /** Counts what no router took. */
  readonly unrouted: TrafficCounter;
  /** Takes a request that was not refused to its route. */
  readonly route: (exchange: LiveExchange) => void;
  readonly warn: (message: string, details: Readonly<Record<string, unknown>>) => void;
  /** Clients that a PROXY protocol header named, by {@link remoteKey} of their connection. */
  readonly announced: ReadonlyMap<string, { readonly address: string; readonly port: number }>;
  /** New answers tell the client to open another connection next time. */
  isDraining: boolean;
}

/** How long a client may leave what is ready for it where it is; 0: as long as it likes. */
export function unreadLimitMs({ options, clientLimits }: Pick<EntryContext, 'options' | 'clientLimits'>): number {
  const { idleMs } = options.timeouts;
  return idleMs === 0 ? clientLimits.stalledAnswerMs : Math.min(idleMs, clientLimits.stalledAnswerMs);
}
