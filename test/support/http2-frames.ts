/** Frames of HTTP/2 (RFC 9113 §4, §6) by hand, as no library would send them. */

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** `ack` is `endStream` of SETTINGS and PING. */
export const frameFlags = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const;

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

export const clientPreface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: number, flags: number, stream: number, payload: Uint8Array | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** A number of four bytes, as increments, error codes and stream numbers are. */
export function four(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The payload of SETTINGS. */
export function settingsOf(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(pairs.length * 6);
  for (const [n, [id, value]] of pairs.entries()) {
    bytes.writeUInt16BE(id, n * 6);
    bytes.writeUInt32BE(value, n * 6 + 2);
  }
  return bytes;
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
