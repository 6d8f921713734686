import type { InboundClock } from './inbound-clock.ts';
import type { InboundConnection } from './inbound-connection.ts';
import type { ReceivedHead } from './inbound-head.ts';

/** What is told of the request that a connection is busy with. */
export interface Answering {
  /** The head of its answer has gone out. */
  readonly hasBegun: boolean;
  /** The connection takes more again. */
  drained(): void;
  /** The whole answer was handed to the system, or as good as. */
  answered(): void;
  /** The connection closed before that. */
  gone(): void;
  /** The body cannot be read: answer with 400, or break the answer off. */
  bodyMalformed(detail: string): void;
  /** The request was not in by its time: answer with 408, or break the answer off. */
  bodyLate(): void;
  /** The client does not take what was written. */
  stopsReading(): void;
  /** Lines of trailer fields; gives what is wrong with them, or null. */
  trailersArrived(lines: string): string | null;
}

export interface InboundSettings {
  readonly maxHeadBytes: number;
  /** From a head's first byte to its last, and from a connection's begin to its first byte. */
  readonly headMs: number;
  /** From a head's first byte to the last of its body; 0: as long as it likes. */
  readonly readMs: number;
  /** Between requests, and for a client that takes nothing; 0: as long as it likes. */
  readonly idleMs: number;
  readonly clock: InboundClock;
  /** Takes a request: calls {@link InboundConnection.begin} before all else. */
  readonly takeRequest: (connection: InboundConnection, head: ReceivedHead) => void;
  readonly onClosed: (connection: InboundConnection) => void;
}
