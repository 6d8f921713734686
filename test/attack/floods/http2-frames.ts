/** Frames of HTTP/2 (RFC 9113 §4), well-formed or not, as bytes. Shares no code with the product. */

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const endStream = 1;
export const endHeaders = 4;
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const noBytes = Buffer.alloc(0);

export function frame(type: number, flags: number, stream: number, payload: Buffer = noBytes): Buffer {
  const bytes = Buffer.alloc(9 + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  payload.copy(bytes, 9);
  return bytes;
}

/** Settings by their identifiers (RFC 9113 §6.5.2). */
export function settingsFrame(settings: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Buffer.concat(
    Object.entries(settings).map(([id, value]) => {
      const one = Buffer.alloc(6);
      one.writeUInt16BE(Number(id), 0);
      one.writeUInt32BE(value, 2);
      return one;
    }),
  );
  return frame(frameTypes.settings, 0, 0, payload);
}

export const settingsAck = frame(frameTypes.settings, 1, 0);

/** What a client begins with: the preface, its settings, and that it has those of the server, which come first. */
export function greeting(settings: Readonly<Record<number, number>> = {}): Buffer {
  return Buffer.concat([preface, settingsFrame(settings), settingsAck]);
}

export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export const windowUpdate = (stream: number, increment: number): Buffer =>
  frame(frameTypes.windowUpdate, 0, stream, word(increment));

/** A field as HPACK has it: literal, with a new name (RFC 7541 §6.2); `indexed`: it goes to the table. */
export function field(name: string, value: string, indexed = false): Buffer {
  return Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), text(name), text(value)]);
}

/** The field at a place of the table (RFC 7541 §6.1), the newest that was added being at 62. */
export const indexedField = (index: number): Buffer => Buffer.from([0x80 | index]);

/** A string without Huffman coding, of any length (RFC 7541 §5.1, §5.2). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  const head: number[] = [];
  if (bytes.length < 127) head.push(bytes.length);
  else {
    head.push(127);
    let rest = bytes.length - 127;
    for (; rest >= 128; rest >>= 7) head.push((rest & 127) | 128);
    head.push(rest);
  }
  return Buffer.concat([Buffer.from(head), bytes]);
}

export function requestFields(host: string, path = '/', method = 'GET'): Buffer {
  return Buffer.concat([
    field(':method', method),
    field(':scheme', 'https'),
    field(':authority', host),
    field(':path', path),
  ]);
}
