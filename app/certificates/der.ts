/** The few forms of DER (ITU-T X.690) that certificates are made of. */

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const digits = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, body]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => tagged(tags.sequence, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => tagged(tags.set, ...items);
export const octetString = (content: Uint8Array): Buffer => tagged(tags.octetString, content);
export const utf8String = (text: string): Buffer => tagged(tags.utf8String, Buffer.from(text));
export const isTrue: Buffer = tagged(tags.boolean, Buffer.from([0xff]));

/** Unsigned, big-endian. */
export function integer(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = first < 0 ? Buffer.from([0]) : bytes.subarray(first);
  const sign = (significant[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : [];
  return tagged(tags.integer, ...sign, significant);
}

export function bitString(content: Uint8Array, unusedBits = 0): Buffer {
  return tagged(tags.bitString, Buffer.from([unusedBits]), content);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const base128 = [part & 0x7f];
    for (let left = part >>> 7; left > 0; left >>>= 7) base128.unshift((left & 0x7f) | 0x80);
    bytes.push(...base128);
  }
  return tagged(tags.oid, Buffer.from(bytes));
}

/** To the second. RFC 5280 section 4.1.2.5: two digits for the year up to 2049, four from then on. */
export function time(ms: number): Buffer {
  const text = `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  return ms < Date.UTC(2050)
    ? tagged(tags.utcTime, Buffer.from(text.slice(2)))
    : tagged(tags.generalizedTime, Buffer.from(text));
}

/** The elements inside a constructed one, each with its tag and length. Throws RangeError where the bytes do not fit. */
export function childrenOf(element: Uint8Array): Buffer[] {
  const bytes = Buffer.from(element.buffer, element.byteOffset, element.byteLength);
  const { start, end } = extentOf(bytes, 0);
  const children: Buffer[] = [];
  for (let at = start; at < end; ) {
    const child = extentOf(bytes, at);
    if (child.end > end) throw new RangeError('an element ends after what holds it');
    children.push(bytes.subarray(at, child.end));
    at = child.end;
  }
  return children;
}

function extentOf(bytes: Buffer, at: number): { start: number; end: number } {
  const first = bytes.readUInt8(at + 1);
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const digits = first & 0x7f;
  const start = at + 2 + digits;
  return { start, end: start + bytes.readUIntBE(at + 2, digits) };
}
