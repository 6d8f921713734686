import type { InboundClock } from '../http1/inbound-clock.ts';
import type { ClientLimits, LimitName } from '../model/limits.ts';
import type { RequestHead } from './request-head.ts';
import type { Http2Stream } from './stream.ts';

/** What is told of a request while its stream is open. */
export interface StreamAnswering {
  /** All that waited has gone out, and the client takes more. */
  drained(): void;
  /** The request is malformed, as its head does not show; the stream is reset right after that. */
  malformed(detail: string): void;
  /** Gives what is wrong with the trailers, or null. They come before the reader sees the end of the body. */
  trailersArrived(fields: readonly string[]): string | null;
  /** The stream is closed. `isAnswered`: the whole answer was handed over, and nobody reset the stream. */
  streamClosed(isAnswered: boolean): void;
}

/** Who reads what comes on a stream. */
export interface StreamReader {
  /** True where nobody holds anything of what has come; left out: nobody knows. */
  readonly isLetGo?: boolean;
  /** A piece that was wanted. The next one may come right after it, unless the input is told to hold it. */
  arrived(slice: Buffer): void;
  /** There is no more. */
  ended(): void;
  /** The rest will not come. */
  broken(error: Error): void;
}

/** What one connection is served for. */
export interface Http2Client {
  /** Takes a request: calls {@link Http2Stream.begin}, or resets the stream. */
  takeRequest(stream: Http2Stream, head: RequestHead): void;
  /** A request that can only be reset. */
  malformed(detail: string): void;
  /** A limit was met; told of it once. */
  note(limit: LimitName): void;
  /** A fault of our own. */
  failed(error: unknown): void;
  closed(): void;
}

export interface Http2Settings {
  readonly maxHeaderBytes: number;
  readonly maxConcurrentStreams: number;
  readonly maxDecoderTableBytes: number;
  readonly maxEncoderTableBytes: number;
  /** From the first byte of a head to its last, and from a connection's begin to its first frame. */
  readonly headMs: number;
  /** Without a request; 0: as long as it likes. */
  readonly idleMs: number;
  /** How long what is to be written may wait for the client to take some of it; 0: as long as it likes. */
  readonly stalledMs: number;
  readonly limits: Pick<
    ClientLimits,
    'http2FailureBurst' | 'http2FailuresPerSecond' | 'http2IdleBurstBytes' | 'http2IdleBytesPerSecond'
  >;
  readonly clock: InboundClock;
}
