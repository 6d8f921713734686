const slots = 16_384;
/** Words before the slots: the number of the next one. */
const header = 1;
const highestBits = 16n;
const windowBits = 32n;
/** Numbers behind the highest that may still come: requests overtake one another. */
const windowSize = Number(windowBits);
const highestCount = 2 ** Number(highestBits) - 1;
const mostTries = 64;

export const nonceSlotsBytes = (header + 2 * slots) * BigInt64Array.BYTES_PER_ELEMENT;

/** A nonce as its slot knows it. */
export interface NonceMark {
  readonly slot: number;
  /** When it was made, microseconds of the shared clock; above 0. */
  readonly madeAt: bigint;
  /** 16 bits of it, which tell it from others that were in its slot. */
  readonly tag: bigint;
}

/**
 * Which numbers of which nonces were used, in all workers. A nonce takes its slot with its first right answer, so who
 * knows no password takes none; two that meet in one slot leave it to the younger, and the older is refused from then
 * on. A slot has two words: when its nonce was made, and (tag, highest number, a bit for each of the numbers behind it).
 */
export class NonceSlots {
  readonly #words: BigInt64Array<SharedArrayBuffer>;
  readonly #next: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new BigInt64Array(memory);
    this.#next = new Int32Array(memory, 0, 1);
  }

  /** The slot for a new nonce. */
  next(): number {
    return Atomics.add(this.#next, 0, 1) & (slots - 1);
  }

  /** Takes a number. False where it was used already, or may have been. */
  use({ slot, madeAt, tag }: NonceMark, count: number): boolean {
    if (slot < 0 || slot >= slots || count < 1 || count > highestCount) return false;
    const owner = header + 2 * slot;
    for (let tries = 0; tries < mostTries; tries += 1) {
      const made = Atomics.load(this.#words, owner);
      if (made > madeAt) return false;
      if (made < madeAt) {
        Atomics.compareExchange(this.#words, owner, made, madeAt);
        continue;
      }
      const before = Atomics.load(this.#words, owner + 1);
      // A younger one that took the slot since has not written yet, or this word has changed when we write.
      if (Atomics.load(this.#words, owner) !== madeAt) return false;
      const after = taken(before, tag, count);
      if (after === null) return false;
      if (Atomics.compareExchange(this.#words, owner + 1, before, after) === before) return true;
    }
    return false;
  }
}

/** The word with a number taken; null where it was used. */
function taken(signed: bigint, tag: bigint, count: number): bigint | null {
  const word = BigInt.asUintN(64, signed);
  const isOwn = word >> (highestBits + windowBits) === tag;
  const highest = isOwn ? Number(BigInt.asUintN(Number(highestBits), word >> windowBits)) : 0;
  const seen = isOwn ? BigInt.asUintN(windowSize, word) : 0n;
  const write = (newHighest: number, newSeen: bigint): bigint =>
    BigInt.asIntN(64, (((tag << highestBits) | BigInt(newHighest)) << windowBits) | newSeen);
  if (count > highest) {
    const shift = count - highest;
    return write(count, shift >= windowSize ? 1n : BigInt.asUintN(windowSize, (seen << BigInt(shift)) | 1n));
  }
  const behind = highest - count;
  const bit = 1n << BigInt(behind);
  return behind >= windowSize || (seen & bit) !== 0n ? null : write(highest, seen | bit);
}
