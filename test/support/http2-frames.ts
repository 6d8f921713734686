/** Reads frames of HTTP/2 (RFC 9113 §4). They are written by `../attack/floods/http2-frames.ts`. */

export const pushPromise = 5;
export const acknowledges = 1;

/** RFC 9113 §7. */
export const errorCodes = {
  noError: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Cuts what one side sends into frames. */
export class FrameReader {
  private rest: Buffer = Buffer.alloc(0);

  push(chunk: Uint8Array): Frame[] {
    this.rest = this.rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.rest, chunk]);
    const frames: Frame[] = [];
    for (let at = 0; ; ) {
      const { rest } = this;
      const length = rest.length - at < 9 ? Number.POSITIVE_INFINITY : rest.readUIntBE(at, 3);
      if (rest.length - at < 9 + length) {
        this.rest = rest.subarray(at);
        return frames;
      }
      frames.push({
        type: rest.readUInt8(at + 3),
        flags: rest.readUInt8(at + 4),
        stream: rest.readUInt32BE(at + 5) & 0x7fffffff,
        payload: rest.subarray(at + 9, at + 9 + length),
      });
      at += 9 + length;
    }
  }
}
