import { frameHeadBytes, frameTypes, mostFrameBytes } from './frames.ts';

const firstHeldBytes = 256;

/**
 * Finds frames in the bytes of a connection, which may be cut anywhere. A frame that lies whole in what was read is not
 * copied; DATA is told of in pieces as they come, whatever else is cut is held until it is whole. The frame found last
 * stands in the fields.
 */
export class FrameReader {
  type = 0;
  flags = 0;
  /** Number of the stream; 0: the connection's. */
  stream = 0;
  /** Of the frame's payload; of DATA all of it, where the range below may be a piece. */
  payloadBytes = 0;
  bytes: Buffer = Buffer.alloc(0);
  /** The payload stands in `bytes` from here … */
  start = 0;
  /** … up to here. */
  end = 0;
  /** Of DATA: the piece that the frame begins or ends with. */
  isFirst = true;
  isLast = true;
  private chunk: Buffer = this.bytes;
  private at = 0;
  private held: Buffer | null = null;
  private heldBytes = 0;
  private isInData = false;
  private dataLeft = 0;

  /** Part of a frame is in, and it is not DATA. */
  get isHolding(): boolean {
    return this.heldBytes > 0;
  }

  /** Takes what was read, from `start` on; all before it was looked at. */
  feed(chunk: Buffer, start: number): void {
    this.chunk = chunk;
    this.at = start;
  }

  /** True where there is a frame, or a piece of DATA. One that is longer than allowed has no payload. */
  next(): boolean {
    if (this.isInData) return this.nextPiece();
    if (this.heldBytes > 0) return this.nextHeld();
    const { chunk, at } = this;
    const left = chunk.length - at;
    if (left < frameHeadBytes) {
      if (left > 0) this.hold(frameHeadBytes);
      return false;
    }
    this.readHead(chunk, at);
    const { payloadBytes } = this;
    if (payloadBytes > mostFrameBytes) return this.emptyFrame();
    if (this.type === frameTypes.data) {
      this.at = at + frameHeadBytes;
      return this.beginData();
    }
    if (left < frameHeadBytes + payloadBytes) {
      this.hold(frameHeadBytes + payloadBytes);
      return false;
    }
    this.bytes = chunk;
    this.start = at + frameHeadBytes;
    this.end = this.start + payloadBytes;
    this.at = this.end;
    return true;
  }

  private readHead(bytes: Buffer, at: number): void {
    this.payloadBytes = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    this.type = bytes[at + 3] as number;
    this.flags = bytes[at + 4] as number;
    this.stream =
      (((bytes[at + 5] as number) & 0x7f) << 24) |
      ((bytes[at + 6] as number) << 16) |
      ((bytes[at + 7] as number) << 8) |
      (bytes[at + 8] as number);
    this.isFirst = true;
    this.isLast = true;
  }

  private emptyFrame(): true {
    this.start = 0;
    this.end = 0;
    return true;
  }

  private beginData(): boolean {
    if (this.payloadBytes === 0) return this.emptyFrame();
    this.isInData = true;
    this.dataLeft = this.payloadBytes;
    return this.nextPiece();
  }

  /** The first piece holds at least one byte, which says how much padding there is. */
  private nextPiece(): boolean {
    const { chunk, at, dataLeft } = this;
    const bytes = Math.min(chunk.length - at, dataLeft);
    if (bytes === 0) return false;
    this.bytes = chunk;
    this.start = at;
    this.end = at + bytes;
    this.at = this.end;
    this.isFirst = dataLeft === this.payloadBytes;
    this.isLast = bytes === dataLeft;
    this.dataLeft = dataLeft - bytes;
    this.isInData = !this.isLast;
    return true;
  }

  private nextHeld(): boolean {
    if (this.heldBytes < frameHeadBytes && !this.hold(frameHeadBytes)) return false;
    const held = this.held as Buffer;
    this.readHead(held, 0);
    const { payloadBytes } = this;
    if (payloadBytes > mostFrameBytes) return this.emptyFrame();
    if (this.type === frameTypes.data) {
      this.letGo();
      return this.beginData();
    }
    if (!this.hold(frameHeadBytes + payloadBytes)) return false;
    this.bytes = this.held as Buffer;
    this.start = frameHeadBytes;
    this.end = frameHeadBytes + payloadBytes;
    this.letGo();
    return true;
  }

  private letGo(): void {
    this.held = null;
    this.heldBytes = 0;
  }

  /** Holds up to `wanted` bytes; true: they are all there. Memory grows with what came, not with what was promised. */
  private hold(wanted: number): boolean {
    const { chunk, at, heldBytes } = this;
    const bytes = Math.min(wanted - heldBytes, chunk.length - at);
    const needed = heldBytes + bytes;
    if (this.held === null || this.held.length < needed) {
      const larger = Buffer.allocUnsafeSlow(Math.max(firstHeldBytes, needed, Math.min(wanted, needed * 2)));
      this.held?.copy(larger, 0, 0, heldBytes);
      this.held = larger;
    }
    chunk.copy(this.held, heldBytes, at, at + bytes);
    this.heldBytes = needed;
    this.at = at + bytes;
    return needed === wanted;
  }
}
