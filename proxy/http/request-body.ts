import { Readable } from 'node:stream';

const ignoreError = (): void => undefined;

/**
 * A request's body on its way to the server behind. It stands between the wire and whoever reads, because destroying a
 * reader's stream must not destroy the client's connection, on which the answer still has to go out. Nothing is read
 * from the wire before the first read, and never more than the reader takes.
 */
export class RequestBody extends Readable {
  bytes = 0;
  /** Since when we wait for bytes (`performance.now()`), the last ones included; null while none are wanted. */
  wantedSince: number | null = null;
  private waitedMs = 0;
  private readonly source: Readable;
  private readonly onFirstRead: (() => void) | null;
  private started = false;
  private readonly onChunk = (chunk: Buffer): void => {
    this.bytes += chunk.byteLength;
    const nowMs = performance.now();
    this.waitedMs = this.wantedMs(nowMs);
    this.wantedSince = nowMs;
    if (this.push(chunk)) return;
    this.source.pause();
    this.wantedSince = null;
  };
  private readonly onSourceEnd = (): void => {
    this.detach();
    this.push(null);
  };
  private readonly onSourceFailed = (error?: Error): void => {
    this.detach();
    this.destroy(error ?? new Error('the client broke off its request'));
  };

  /** `onFirstRead` is called before the first byte is asked for, which is when `100 Continue` is due. */
  constructor(source: Readable, onFirstRead: (() => void) | null = null) {
    super({ highWaterMark: 64 * 1024 });
    this.source = source;
    this.onFirstRead = onFirstRead;
    // Whoever reads has its own listener; without one left, a late error must not end the process.
    this.on('error', ignoreError);
  }

  /** True where the client's bytes were read to their end. */
  get isComplete(): boolean {
    return this.readableEnded || this.source.readableEnded;
  }

  /** Nothing more of it can come. */
  get isOver(): boolean {
    return this.isComplete || this.source.destroyed;
  }

  /** How long, in all, bytes were waited for. */
  wantedMs(nowMs: number): number {
    return this.waitedMs + (this.wantedSince === null ? 0 : nowMs - this.wantedSince);
  }

  override _read(): void {
    if (!this.started) {
      this.started = true;
      this.onFirstRead?.();
      if (this.source.destroyed && !this.source.readableEnded) {
        this.onSourceFailed();
        return;
      }
      this.source
        .on('data', this.onChunk)
        .on('end', this.onSourceEnd)
        .on('error', this.onSourceFailed)
        .on('close', this.onSourceFailed);
    }
    this.wantedSince ??= performance.now();
    this.source.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.detach();
    // The rest of the body is read and thrown away, so that the client gets to read its answer.
    if (!this.source.destroyed) this.source.resume();
    callback(error);
  }

  private detach(): void {
    this.wantedSince = null;
    this.source
      .off('data', this.onChunk)
      .off('end', this.onSourceEnd)
      .off('error', this.onSourceFailed)
      .off('close', this.onSourceFailed);
  }
}
