import { describe, expect, it } from 'vitest';
import { KeyedHash } from './keyed-hash.ts';

/** A text whose UTF-16 units are these bytes: 0, 1, 2, … */
function counting(bytes: number): string {
  let text = '';
  for (let at = 0; at < bytes; at += 2) text += String.fromCharCode(at | ((at + 1) << 8));
  return text;
}

function written({ high, low }: KeyedHash): string {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(low, 0);
  bytes.writeInt32LE(high, 4);
  return bytes.toString('hex');
}

describe('KeyedHash', () => {
  // From the reference implementation's vectors of HalfSipHash-2-4 with 64 bits, key 00 01 … 07.
  it.each([
    [0, '218d1f59b9b83cc8'],
    [2, '064f39ef7c50eb57'],
    [4, 'd5e78a175be52ea1'],
    [6, 'ce3e91358aa2bc25'],
    [8, 'edfee820bce4858c'],
    [18, 'c9b2db2b9a3e42f9'],
    [62, 'f90b3ab572d46693'],
  ])('of %d bytes is that of the reference', (bytes, expected) => {
    expect(written(new KeyedHash(Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7])).of(counting(bytes)))).toBe(expected);
  });

  it('differs with each text and each key', () => {
    const texts = ['', '\0', 'a', 'a\0', 'aa', 'b', '192.0.2.1', '192.0.2.11', '2001:db8::1'];
    const keys = [new Uint8Array(8), Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0])];
    const all = keys.flatMap((key) => texts.map((text) => written(new KeyedHash(key).of(text))));
    expect(new Set(all).size).toBe(all.length);
  });
});
