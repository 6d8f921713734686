const smallestBytes = 16 * 1024;

/**
 * Lines as bytes. Texts that are put together are kept by V8 as trees of their parts; held for a while they cost more
 * than all else of a line, so that each is written out at once.
 */
export class LineBuffer {
  private bytes = Buffer.allocUnsafeSlow(smallestBytes);
  private length = 0;
  lines = 0;

  add(line: string): void {
    // A UTF-16 unit takes three bytes at most.
    if (this.length + line.length * 3 > this.bytes.byteLength) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.byteLength * 2, this.length + line.length * 3));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    this.length += this.bytes.write(line, this.length);
    this.lines += 1;
  }

  /** What was added, in memory of its own; nothing is left. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.bytes.subarray(0, this.length));
    // After a rush the memory is given back.
    if (this.bytes.byteLength > smallestBytes && this.length < this.bytes.byteLength / 8) {
      this.bytes = Buffer.allocUnsafeSlow(smallestBytes);
    }
    this.length = 0;
    this.lines = 0;
    return taken;
  }
}
