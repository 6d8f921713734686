import { expect, it } from 'vitest';
import { createRandom } from '../../test/fuzz/mutate.ts';
import { fromBits, huffmanBits } from '../../test/support/hpack.ts';
import { decodeHuffman, mostDecodedBytes } from './huffman.ts';
import { endOfString, huffmanCodes, longestCode } from './huffman-code.ts';

function decode(source: Buffer): number[] | null {
  const out = Buffer.alloc(mostDecodedBytes(source.length));
  const length = decodeHuffman(source, 0, source.length, out);
  return length < 0 ? null : [...out.subarray(0, length)];
}

it('has a code for each byte and the end, and no room for more', () => {
  expect(huffmanCodes.map(({ symbol }) => symbol).toSorted((a, b) => a - b)).toEqual([...Array(257).keys()]);
  expect(huffmanCodes.reduce((sum, { bits }) => sum + 2 ** (longestCode - bits), 0)).toBe(2 ** longestCode);
});

it('reads each byte alone, and behind and before each length of code', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    expect(decode(fromBits(huffmanBits([byte])))).toEqual([byte]);
    for (const other of [0x30, 0x20, 0x58, 0x21, 0x3f, 0x27, 0x2b, 0x00, 0x5c, 0x01, 0x0a, 0xff]) {
      expect(decode(fromBits(huffmanBits([other, byte, other])))).toEqual([other, byte, other]);
    }
  }
});

it('reads all bytes at random', () => {
  const random = createRandom(7541);
  for (let n = 0; n < 500; n += 1) {
    // Mostly letters, whose codes are short, with rare ones between them.
    const bytes = Array.from({ length: Math.floor(random() * 60) }, () =>
      random() < 0.7 ? 0x61 + Math.floor(random() * 26) : Math.floor(random() * 256),
    );
    expect(decode(fromBits(huffmanBits(bytes)))).toEqual(bytes);
  }
});

it('reads a part of what it is given, and no more', () => {
  const bytes = Buffer.concat([
    Buffer.from('xx'),
    fromBits(huffmanBits(Buffer.from('www.example.com'))),
    Buffer.from('yy'),
  ]);
  const out = Buffer.alloc(64);
  expect(out.toString('latin1', 0, decodeHuffman(bytes, 2, bytes.length - 2, out))).toBe('www.example.com');
  expect(decode(Buffer.alloc(0))).toEqual([]);
});

it.each([
  ['the code of the end', fromBits(huffmanBits([0x61, endOfString]))],
  ['the code of the end alone', Buffer.from('ffffffff', 'hex')],
  ['8 bits of padding', Buffer.from('1fff', 'hex')],
  ['a whole byte of padding', Buffer.from('ff', 'hex')],
  ['two bytes of padding', Buffer.from('ffff', 'hex')],
  ['three bytes of padding', Buffer.from('ffffff', 'hex')],
  ['padding of zeros', fromBits(huffmanBits([0x61]), '0')],
  ['padding with one zero in it', Buffer.from([0b00011101])],
  ['a long code that is cut off', fromBits(huffmanBits([0xff]).slice(0, 24))],
  ['a long code that is cut off behind others', fromBits(huffmanBits([0x61, 0x61, 0x0a]).slice(0, 32))],
])('refuses %s', (_what, source) => {
  expect(decode(source)).toBeNull();
});

it('refuses every cut that leaves more than padding', () => {
  const whole = huffmanBits(Buffer.from('a\x00b\xffc'));
  for (let bits = 8; bits < whole.length; bits += 8) {
    const read = decode(fromBits(whole.slice(0, bits)));
    // What is left over of a code may be ones, which are padding where there are few of them.
    if (read !== null) expect(fromBits(huffmanBits(read)).equals(fromBits(whole.slice(0, bits)))).toBe(true);
  }
});

it('never makes more bytes than it has said', () => {
  const zeros = Buffer.alloc(1000);
  const out = Buffer.alloc(mostDecodedBytes(zeros.length));
  expect(decodeHuffman(zeros, 0, zeros.length, out)).toBe(1600);
  expect(out.subarray(0, 1600).every((byte) => byte === 0x30)).toBe(true);
});
