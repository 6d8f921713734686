import { Readable } from 'node:stream';

const ignoreError = (): void => undefined;

/**
 * A request's body on its way to the server behind. It stands between the wire and whoever reads, because destroying a
 * reader's stream must not destroy the client's connection, on which the answer still has to go out. Nothing is taken
 * from the wire before the first read, and never more than the reader takes.
 */
export abstract class RequestBody extends Readable {
  bytes = 0;
  /** Since when we wait for bytes (`performance.now()`), the last ones included; null while none are wanted. */
  wantedSince: number | null = null;
  /** Called once, when nothing more of it can come. */
  whenOver: (() => void) | null = null;
  /** Set by a reader who can tell: true where it holds nothing of what it has read. */
  readerHoldsNothing: (() => boolean) | null = null;
  private waitedMs = 0;
  private started = false;
  private isReceived = false;
  private isBroken = false;

  constructor() {
    super({ highWaterMark: 64 * 1024 });
    // Whoever reads has its own listener; without one left, a late error must not end the process.
    this.on('error', ignoreError);
  }

  /** Called before the first byte is asked for, which is when `100 Continue` is due. */
  protected abstract begin(): void;
  /** Bytes are wanted; called again and again. */
  protected abstract wanted(): void;
  /** The reader takes no more for now. */
  protected abstract held(): void;
  /** Nobody wants the rest. It is read and thrown away, so that the client gets to read its answer. */
  protected abstract discard(): void;

  /** True where the client's bytes were read to their end. */
  get isComplete(): boolean {
    return this.readableEnded || this.isReceived;
  }

  /** Nobody holds anything of what has come, so that its memory may be used again. */
  get isLetGo(): boolean {
    return this.readableLength === 0 && this.readerHoldsNothing?.() === true;
  }

  /** Nothing more of it can come. */
  get isOver(): boolean {
    return this.isComplete || this.isBroken;
  }

  /** How long, in all, bytes were waited for. */
  wantedMs(nowMs: number): number {
    return this.waitedMs + (this.wantedSince === null ? 0 : nowMs - this.wantedSince);
  }

  /** Bytes have come. */
  protected arrived(chunk: Buffer): void {
    this.bytes += chunk.byteLength;
    if (this.destroyed) return;
    const nowMs = performance.now();
    this.waitedMs = this.wantedMs(nowMs);
    this.wantedSince = nowMs;
    if (this.push(chunk)) return;
    this.wantedSince = null;
    this.held();
  }

  /** All of it has come. */
  protected finish(): void {
    this.isReceived = true;
    this.wantedSince = null;
    this.tellOver();
    if (!this.destroyed) this.push(null);
  }

  /** The rest will not come. */
  protected fail(error: Error): void {
    this.isBroken = true;
    this.wantedSince = null;
    this.tellOver();
    this.destroy(error);
  }

  private tellOver(): void {
    const { whenOver } = this;
    this.whenOver = null;
    whenOver?.();
  }

  override _read(): void {
    if (!this.started) {
      this.started = true;
      this.begin();
    }
    if (this.isOver) return;
    this.wantedSince ??= performance.now();
    this.wanted();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.wantedSince = null;
    if (!this.isOver) this.discard();
    callback(error);
  }
}
