const bufferBytes = 64 * 1024;
/** What is smaller is copied; what is larger is handed on as it is, and another buffer takes its place. */
const worthHandingOnBytes = 8 * 1024;

/** Connections read one at a time and to the end before another does, so all of a thread's can read into this one. */
const shared = Buffer.allocUnsafeSlow(bufferBytes);

/** Where a connection reads into: small answers into a buffer that all share, large ones into buffers of their own. */
export class ReadBuffer {
  current = shared;
  private isGivenAway = false;

  /** The buffer for the next read. */
  next(): Buffer {
    if (this.isGivenAway) {
      this.isGivenAway = false;
      this.current = Buffer.allocUnsafeSlow(bufferBytes);
    }
    return this.current;
  }

  /** Bytes of `slice`, a part of the buffer that was read into, for somebody to keep. */
  keep(slice: Buffer): Buffer {
    if (slice.byteLength < worthHandingOnBytes) return Buffer.from(slice);
    if (this.current === shared) {
      // A large answer: from now on into buffers that can be handed on.
      this.isGivenAway = true;
      return Buffer.from(slice);
    }
    this.isGivenAway = true;
    return slice;
  }

  /** No large answer is under way any more. */
  rest(): void {
    this.current = shared;
    this.isGivenAway = false;
  }
}
