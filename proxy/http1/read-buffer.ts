const bufferBytes = 64 * 1024;
/** What is smaller is copied; what is larger is handed on as it is, and another buffer takes its place. */
const worthLendingBytes = 8 * 1024;
/** Buffers of large answers that rest between two of them. */
const mostSpare = 16;

/** Connections read one at a time and to the end before another does, so all of a thread's can read into this one. */
const shared = Buffer.allocUnsafeSlow(bufferBytes);
const spare: Buffer[] = [];

/**
 * Where a connection reads into: small answers into a buffer that all share, large ones into buffers of their own, which
 * are read into again once nobody holds them. Fresh memory for each piece of a large answer would cost more than to move
 * it.
 */
export class ReadBuffer {
  current: Buffer = shared;
  private isLent = false;
  private readonly lent: Buffer[] = [];

  /** The buffer for the next read. */
  next(): Buffer {
    if (this.isLent) {
      this.isLent = false;
      if (this.current !== shared) this.lent.push(this.current);
      this.current = spare.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
    }
    return this.current;
  }

  /** Bytes of `slice`, a part of the buffer that was read into, for somebody to hold. */
  lend(slice: Buffer): Buffer {
    if (slice.byteLength < worthLendingBytes) return Buffer.from(slice);
    this.isLent = true;
    return this.current === shared ? Buffer.from(slice) : slice;
  }

  /** Nobody holds anything any more of what was lent. */
  returned(): void {
    if (this.current !== shared) this.isLent = false;
    if (this.lent.length > 0) this.spareLent();
  }

  /** No large answer is under way any more. What is still held is left to whoever holds it. */
  rest(): void {
    if (this.current !== shared && !this.isLent && spare.length < mostSpare) spare.push(this.current);
    this.current = shared;
    this.isLent = false;
    this.lent.length = 0;
  }

  private spareLent(): void {
    for (const buffer of this.lent.splice(0)) if (spare.length < mostSpare) spare.push(buffer);
  }
}
