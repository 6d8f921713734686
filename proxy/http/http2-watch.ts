import type { ClientLimits } from '../model/limits.ts';
import type { Limited, TimeLimits } from './time-limits.ts';

const lookMs = 1000;
/** What was written last has so many looks to leave. */
const lingerLooks = 4;
/** What a client may send for a request beside its fields and its body: frame heads, windows, priorities. */
const bytesPerRequest = 512;
/** What a client may send for a piece of an answer or of a body: windows of stream and connection, a frame's head. */
const bytesPerPiece = 64;

interface WatchOptions {
  readonly limits: Pick<ClientLimits, 'http2IdleBurstBytes' | 'http2IdleBytesPerSecond'>;
  readonly clock: TimeLimits;
  /** The HTTP/2 connection is over; what is below it may not be. */
  readonly isOver: () => boolean;
  /** It has been over for some time. */
  readonly lingers: () => void;
  /** All that came on the connection, in bytes. */
  readonly received: () => number;
  /** Too much of it was for nothing. */
  readonly tooIdle: () => void;
}

/**
 * Sees to it that what a client of HTTP/2 sends is mostly requests. Frames that ask for nothing (PING, SETTINGS, PRIORITY,
 * WINDOW_UPDATE, empty DATA) cost time and are not told of one by one; what they come to is what is left of all bytes
 * when those of requests are taken away.
 */
export class Http2Watch implements Limited {
  private readonly options: WatchOptions;
  private allowedBytes: number;
  private atMs = performance.now();
  private receivedBytes = 0;
  private looksSinceEnd = 0;

  constructor(options: WatchOptions) {
    this.options = options;
    this.allowedBytes = options.limits.http2IdleBurstBytes;
    options.clock.watch(this, lookMs);
  }

  /** A request has come, with so many bytes of fields, which may have been packed. */
  request(fieldBytes: number): void {
    this.allowedBytes += fieldBytes + bytesPerRequest;
  }

  /** A piece of a body has come. */
  received(bytes: number): void {
    this.allowedBytes += bytes + bytesPerPiece;
  }

  /** A piece of an answer has gone out. */
  sent(bytes: number): void {
    this.allowedBytes += bytesPerPiece * Math.ceil(bytes / 16_384);
  }

  expired(): void {
    const { clock, tooIdle, isOver, lingers } = this.options;
    if (isOver()) {
      this.looksSinceEnd += 1;
      if (this.looksSinceEnd > lingerLooks) lingers();
      else clock.watch(this, lookMs);
      return;
    }
    if (this.isTooIdle()) tooIdle();
    else clock.watch(this, lookMs);
  }

  /** By all that came until now. */
  isTooIdle(): boolean {
    const { limits, received } = this.options;
    const nowMs = performance.now();
    const seconds = (nowMs - this.atMs) / 1000;
    const bytes = received();
    const came = bytes - this.receivedBytes;
    this.atMs = nowMs;
    this.receivedBytes = bytes;
    // What a body brings is counted when it is read, which may be later: up to the connection's window is on its way.
    this.allowedBytes = Math.min(mostAllowedBytes, this.allowedBytes + seconds * limits.http2IdleBytesPerSecond - came);
    return this.allowedBytes < 0;
  }

  close(): void {
    this.options.clock.forget(this);
  }
}

/** Whoever sent requests for hours has not earned the right to a flood. */
const mostAllowedBytes = 16 * 1024 * 1024;
