/** Pieces up to this size are put together, so that many small ones do not take more than their bytes. */
const copiedBytes = 4096;
const blockBytes = 8192;

/** Bytes of a body that nobody wants yet, in the order of their coming. */
export class HeldBytes {
  bytes = 0;
  private readonly pieces: Buffer[] = [];
  /** What the last piece is a part of, where there is room behind it. */
  private block: Buffer | null = null;
  private blockEnd = 0;

  /** `isLent`: the slice's memory is used again. */
  add(slice: Buffer, isLent: boolean): void {
    this.bytes += slice.length;
    if (slice.length > copiedBytes) {
      this.block = null;
      this.pieces.push(isLent ? Buffer.from(slice) : slice);
      return;
    }
    const { block } = this;
    if (block !== null && block.length - this.blockEnd >= slice.length) {
      slice.copy(block, this.blockEnd);
      this.blockEnd += slice.length;
      this.pieces[this.pieces.length - 1] = block.subarray(0, this.blockEnd);
      return;
    }
    this.block = Buffer.allocUnsafeSlow(this.pieces.length === 0 ? Math.max(256, slice.length * 2) : blockBytes);
    this.blockEnd = slice.length;
    slice.copy(this.block);
    this.pieces.push(this.block.subarray(0, slice.length));
  }

  /** The first piece; null: there is nothing. */
  take(): Buffer | null {
    const piece = this.pieces.shift();
    if (piece === undefined) return null;
    this.bytes -= piece.length;
    // Whoever has it may keep it.
    if (this.pieces.length === 0) this.block = null;
    return piece;
  }
}
