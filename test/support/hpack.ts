import { huffmanCodes } from '../../proxy/http2/huffman-code.ts';

const bySymbol = new Map(huffmanCodes.map(({ symbol, bits, code }) => [symbol, code.toString(2).padStart(bits, '0')]));

/** Zeros and ones as bytes; `padding` fills the last one. */
export function fromBits(bits: string, padding: '0' | '1' = '1'): Buffer {
  const whole = bits.padEnd(Math.ceil(bits.length / 8) * 8, padding);
  return Buffer.from(
    Array.from({ length: whole.length / 8 }, (_, n) => Number.parseInt(whole.slice(n * 8, n * 8 + 8), 2)),
  );
}

/** The Huffman code of these symbols, bit by bit (RFC 7541 §5.2). */
export function huffmanBits(symbols: Iterable<number>): string {
  let bits = '';
  for (const symbol of symbols) bits += bySymbol.get(symbol)!;
  return bits;
}

/** A number with a prefix of so many bits (RFC 7541 §5.1). */
export function hpackNumber(kind: number, prefixBits: number, value: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([kind | value]);
  const bytes = [kind | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A string (RFC 7541 §5.2), of characters up to 255. */
export function hpackString(text: string, isHuffman = false): Buffer {
  const plain = Buffer.from(text, 'latin1');
  const bytes = isHuffman ? fromBits(huffmanBits(plain)) : plain;
  return Buffer.concat([hpackNumber(isHuffman ? 0x80 : 0, 7, bytes.length), bytes]);
}

const literals = { kept: [0x40, 6], passing: [0, 4], never: [0x10, 4] } as const;

/** A literal field (RFC 7541 §6.2); `name`: itself, or the index of an entry that has it. */
export function hpackLiteral(
  kind: keyof typeof literals,
  name: string | number,
  value: string,
  isHuffman = false,
): Buffer {
  const [bits, prefixBits] = literals[kind];
  const index = hpackNumber(bits, prefixBits, typeof name === 'number' ? name : 0);
  const written = typeof name === 'number' ? [] : [hpackString(name, isHuffman)];
  return Buffer.concat([index, ...written, hpackString(value, isHuffman)]);
}
