/**
 * HalfSipHash-2-4 with 64 bits of output (Aumasson and Bernstein) of a text's UTF-16 units. Who does not know the key
 * cannot find texts that fall together. The result of {@link of} is read from {@link high} and {@link low}, so that a
 * request makes no garbage.
 */
export class KeyedHash {
  /** Halves of the last hash, 32 bits each, signed. */
  high = 0;
  low = 0;
  readonly #k0: number;
  readonly #k1: number;

  /** `key`: at least 8 bytes. */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
    this.#k0 = view.getInt32(0, true);
    this.#k1 = view.getInt32(4, true);
  }

  of(text: string): this {
    let v0 = this.#k0;
    let v1 = this.#k1 ^ 0xee;
    let v2 = 0x6c796765 ^ this.#k0;
    let v3 = 0x74656462 ^ this.#k1;
    const { length } = text;
    // The last word has what is left of the text and the number of its bytes.
    const words = (length >> 1) + 1;
    let low = 0;
    for (let word = 0; word < words + 8; word += 1) {
      let m = 0;
      if (word < words - 1) m = text.charCodeAt(2 * word) | (text.charCodeAt(2 * word + 1) << 16);
      else if (word === words - 1) m = (length << 25) | (length % 2 === 1 ? text.charCodeAt(length - 1) : 0);
      else if (word === words) v2 ^= 0xee;
      else if (word === words + 4) {
        low = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= m;
      // Two rounds for each word of the text; four to finish, and four more for the second half of the output.
      for (let rounds = word < words ? 2 : 1; rounds > 0; rounds -= 1) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      v0 ^= m;
    }
    this.low = low;
    this.high = v1 ^ v3;
    return this;
  }
}
