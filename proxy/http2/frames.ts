/** Frames of HTTP/2 as they stand on the wire (RFC 9113 §4 and §6). */
export const frameTypes = {
  data: 0x0,
  headers: 0x1,
  priority: 0x2,
  resetStream: 0x3,
  settings: 0x4,
  pushPromise: 0x5,
  ping: 0x6,
  goAway: 0x7,
  windowUpdate: 0x8,
  continuation: 0x9,
  /** RFC 9218 §7.1. */
  priorityUpdate: 0x10,
} as const;

export const frameFlags = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

/** Error codes of RST_STREAM and GOAWAY (RFC 9113 §7). */
export const errorCodes = {
  none: 0x0,
  protocol: 0x1,
  internal: 0x2,
  flowControl: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSize: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compression: 0x9,
  enhanceYourCalm: 0xb,
} as const;

/** Settings by their number (RFC 9113 §6.5.2, RFC 8441 §3). */
export const settingIds = {
  headerTableSize: 0x1,
  enablePush: 0x2,
  maxConcurrentStreams: 0x3,
  initialWindowSize: 0x4,
  maxFrameSize: 0x5,
  maxHeaderListSize: 0x6,
  enableConnectProtocol: 0x8,
} as const;

export const frameHeadBytes = 9;
/** The largest payload that either side may send unless told otherwise; no more is asked for here. */
export const mostFrameBytes = 16_384;
/** The window that streams and the connection begin with (RFC 9113 §6.9.2). */
export const firstWindowBytes = 65_535;
export const mostWindowBytes = 0x7fffffff;
export const lastStreamId = 0x7fffffff;

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Writes the head of a frame and gives the index after it. */
export function putFrameHead(
  out: Buffer,
  at: number,
  payloadBytes: number,
  type: number,
  flags: number,
  stream: number,
): number {
  out[at] = payloadBytes >>> 16;
  out[at + 1] = payloadBytes >>> 8;
  out[at + 2] = payloadBytes;
  out[at + 3] = type;
  out[at + 4] = flags;
  return putWord(out, at + 5, stream);
}

/** Writes 32 bits and gives the index after them. */
export function putWord(out: Buffer, at: number, value: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

/** Reads 31 bits; the one before them is reserved. */
export function readWord31(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) & 0x7f) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** Reads 32 bits, unsigned. */
export function readWord(bytes: Buffer, at: number): number {
  return readWord31(bytes, at) + ((bytes[at] as number) >= 0x80 ? 0x80000000 : 0);
}
