import { endOfString, huffmanCodes, longestCode } from './huffman-code.ts';

/** Bits that are looked at in one go: as much as nearly every two characters of a header field take. */
const lookBits = 12;
const lookMask = (1 << lookBits) - 1;

/*
 * By the next 12 bits, what they begin with: the first symbol (8 bits), the second (8), the bits of both (4), those of
 * the first alone (4), and whether there is a second (1). 0: a longer code. 16 KiB.
 */
const looks = makeLooks();

function makeLooks(): Uint32Array {
  const table = new Uint32Array(1 << lookBits);
  for (const first of huffmanCodes) {
    if (first.bits > lookBits) break;
    const room = lookBits - first.bits;
    const from = first.code << room;
    table.fill(first.symbol | (first.bits << 16) | (first.bits << 20), from, from + (1 << room));
    for (const second of huffmanCodes) {
      if (second.bits > room) break;
      const rest = room - second.bits;
      const at = from | (second.code << rest);
      const both = first.symbol | (second.symbol << 8) | ((first.bits + second.bits) << 16);
      table.fill(both | (first.bits << 20) | (1 << 24), at, at + (1 << rest));
    }
  }
  return table;
}

/** By bits: what 32 bits are below that begin with a code so long, or with a shorter one. */
const limits = new Float64Array(longestCode + 1);
/** By bits: what is to be added to a code so long for the place of its symbol among all. */
const places = new Int32Array(longestCode + 1);
for (const [place, { bits, code }] of huffmanCodes.entries()) {
  limits[bits] = (code + 1) * 2 ** (32 - bits);
  places[bits] = place - code;
}
const symbols = new Uint16Array(huffmanCodes.map(({ symbol }) => symbol));

/** What so many bytes may become at most, and one byte of room for a look that found two symbols too many. */
export function mostDecodedBytes(bytes: number): number {
  // No code is shorter than 5 bits.
  return Math.ceil((bytes * 8) / 5) + 1;
}

/**
 * Decodes a string (RFC 7541 §5.2) into the begin of `out`, which has room for {@link mostDecodedBytes}. Gives its
 * length, or -1 where it holds the code of the end, or ends with anything but up to 7 bits of ones.
 */
export function decodeHuffman(source: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let at = start;
  let length = 0;
  // The last bits that were taken from the source; only the lower `bits` of them count.
  let held = 0;
  let bits = 0;
  for (;;) {
    while (bits < 17 && at < end) {
      held = (held << 8) | (source[at] as number);
      at += 1;
      bits += 8;
    }
    if (bits < lookBits) break;
    const look = looks[(held >>> (bits - lookBits)) & lookMask] as number;
    if (look === 0) {
      const from = at * 8 - bits;
      const found = findLong(source, from, end * 8);
      if (found < 0) return -1;
      out[length] = found & 0xff;
      length += 1;
      const next = from + (found >>> 8);
      at = (next + 7) >>> 3;
      bits = at * 8 - next;
      held = source[at - 1] as number;
      continue;
    }
    out[length] = look & 0xff;
    out[length + 1] = (look >>> 8) & 0xff;
    length += 1 + (look >>> 24);
    bits -= (look >>> 16) & 0xf;
  }
  for (;;) {
    // What is missing to a whole look is taken for padding.
    const missing = lookBits - bits;
    const look = looks[((held << missing) | ((1 << missing) - 1)) & lookMask] as number;
    const first = (look >>> 20) & 0xf;
    if (look === 0 || first > bits) break;
    out[length] = look & 0xff;
    length += 1;
    bits -= first;
  }
  const padding = (1 << bits) - 1;
  return bits < 8 && (held & padding) === padding ? length : -1;
}

/**
 * The symbol whose code begins at that bit and is longer than a look, and above its 8 bits the length of the code; -1
 * where it is not there in whole, or is that of the end.
 */
function findLong(source: Uint8Array, fromBit: number, endBit: number): number {
  const at = fromBit >>> 3;
  const skipped = fromBit & 7;
  // Bytes behind the string count for nothing: a code that reached into them is longer than what is left.
  const four = (byteAt(source, at) << 24) | (byteAt(source, at + 1) << 16) | (byteAt(source, at + 2) << 8);
  const word = (((four | byteAt(source, at + 3)) << skipped) | (byteAt(source, at + 4) >>> (8 - skipped))) >>> 0;
  let bits = lookBits + 1;
  while (word >= (limits[bits] as number)) bits += 1;
  if (bits > endBit - fromBit) return -1;
  const symbol = symbols[(word >>> (32 - bits)) + (places[bits] as number)] as number;
  return symbol === endOfString ? -1 : symbol | (bits << 8);
}

function byteAt(source: Uint8Array, at: number): number {
  return at < source.length ? (source[at] as number) : 0;
}
