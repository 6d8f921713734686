import type { FrameReader } from './frame-reader.ts';
import { errorCodes, frameFlags, frameTypes, readWord31 } from './frames.ts';

/** Frames that a block may take beyond what its bytes need; nobody sends empty ones. */
const mostSpareFrames = 16;
const usualFrameBytes = 4096;
const nothing = Buffer.alloc(0);

/**
 * A field block from HEADERS and any CONTINUATION (RFC 9113 §4.3): bounded in bytes and frames. One that comes in a single
 * frame is not copied.
 */
export class HeaderBlock {
  /** More of it is to come, for this stream; 0: none is under way. */
  openStream = 0;
  /** The stream is ended by it, save for what goes out. */
  isLast = false;
  /** What its HEADERS frame says of priorities cannot be. */
  dependsOnItself = false;
  /** Where it stands once it is whole. */
  bytes: Buffer = nothing;
  start = 0;
  end = 0;
  private readonly mostBytes: number;
  private held: Buffer = nothing;
  private heldBytes = 0;
  private frames = 0;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  /** Takes a frame of it. It is whole where {@link openStream} is 0 then. Gives the error that it is for the connection. */
  take(frame: FrameReader): number {
    const { flags, stream } = frame;
    if (stream === 0) return errorCodes.protocol;
    let { start, end } = frame;
    if (frame.type === frameTypes.headers) {
      let padding = 0;
      if ((flags & frameFlags.padded) !== 0) {
        padding = start < end ? (frame.bytes[start] as number) : 0;
        start += 1;
      }
      this.dependsOnItself = false;
      if ((flags & frameFlags.priority) !== 0) {
        this.dependsOnItself = start + 4 <= end && readWord31(frame.bytes, start) === stream;
        start += 5;
      }
      if (start > end) return errorCodes.frameSize;
      end -= padding;
      if (start > end) return errorCodes.protocol;
      this.isLast = (flags & frameFlags.endStream) !== 0;
      if ((flags & frameFlags.endHeaders) !== 0) {
        this.found(frame.bytes, start, end);
        return errorCodes.none;
      }
      this.openStream = stream;
    }
    if (!this.hold(frame.bytes, start, end)) return errorCodes.enhanceYourCalm;
    if ((flags & frameFlags.endHeaders) !== 0) {
      this.found(this.held, 0, this.heldBytes);
      this.openStream = 0;
      this.held = nothing;
      this.heldBytes = 0;
      this.frames = 0;
    }
    return errorCodes.none;
  }

  /** It was read. */
  done(): void {
    this.bytes = nothing;
  }

  private found(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** False: it is too large, or comes in too many frames. */
  private hold(source: Buffer, start: number, end: number): boolean {
    const needed = this.heldBytes + end - start;
    this.frames += 1;
    if (needed > this.mostBytes || this.frames > mostSpareFrames + needed / usualFrameBytes) return false;
    if (this.held.length < needed) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.mostBytes, needed * 2)));
      this.held.copy(larger, 0, 0, this.heldBytes);
      this.held = larger;
    }
    source.copy(this.held, this.heldBytes, start, end);
    this.heldBytes = needed;
    return true;
  }
}
