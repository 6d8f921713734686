import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const lifetimeMs = 10 * 60_000;
/** Nonces whose numbers are remembered; one that was forgotten has to be asked for anew. */
const mostNonces = 10_000;
/** Numbers behind the highest that may still come: requests overtake one another. */
const windowSize = 64;

/** Numbers of one nonce that were used: the highest, and a bit for each of those behind it. */
interface Used {
  highest: number;
  seen: bigint;
}

/**
 * Nonces of digest authentication (RFC 7616 §3.3): made and known again by a key, for one realm and ten minutes. Each
 * answer to one is taken once.
 */
export class DigestNonces {
  readonly #key = randomBytes(32);
  readonly #now: () => number;
  readonly #used = new LRUCache<string, Used>({ max: mostNonces });

  constructor(now: () => number) {
    this.#now = now;
  }

  create(realm: string): string {
    const random = randomBytes(12).toString('hex');
    const made = `${Math.floor(this.#now()).toString(36)}-${random}`;
    const nonce = `${made}-${this.#mark(made, realm)}`;
    this.#used.set(nonce, { highest: 0, seen: 0n });
    return nonce;
  }

  /** Takes an answer by its number. False where the nonce is not ours, too old or forgotten, or the number was used. */
  use(nonce: string, realm: string, count: number): boolean {
    const [time = '', random = '', mark = ''] = nonce.split('-');
    const made = `${time}-${random}`;
    const expected = Buffer.from(this.#mark(made, realm));
    const given = Buffer.from(mark);
    if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) return false;
    if (this.#now() - Number.parseInt(time, 36) > lifetimeMs) return false;
    const used = this.#used.get(nonce);
    if (used === undefined || count < 1) return false;
    return take(used, count);
  }

  #mark(made: string, realm: string): string {
    return createHmac('sha256', this.#key).update(`${made} ${realm}`).digest('hex').slice(0, 32);
  }
}

function take(used: Used, count: number): boolean {
  if (count > used.highest) {
    const shift = count - used.highest;
    used.seen = shift >= windowSize ? 1n : BigInt.asUintN(windowSize, (used.seen << BigInt(shift)) | 1n);
    used.highest = count;
    return true;
  }
  const behind = used.highest - count;
  if (behind >= windowSize) return false;
  const bit = 1n << BigInt(behind);
  if ((used.seen & bit) !== 0n) return false;
  used.seen |= bit;
  return true;
}
