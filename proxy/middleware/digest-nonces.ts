import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { NonceSlots } from '../shared/nonce-slots.ts';

const lifetimeMs = 10 * 60_000;

/**
 * Nonces of digest authentication (RFC 7616 §3.3): made and known again by a key that all workers have, for one realm
 * and ten minutes. Each answer to one is taken once, by whichever worker gets it first.
 */
export class DigestNonces {
  readonly #key: Uint8Array;
  readonly #slots: NonceSlots;
  readonly #now: () => number;

  /** `now`: milliseconds of a clock that all who have the key go by. */
  constructor(key: Uint8Array, slots: NonceSlots, now: () => number) {
    this.#key = key;
    this.#slots = slots;
    this.#now = now;
  }

  create(realm: string): string {
    const madeAt = Math.floor(this.#now() * 1000) + 1;
    const made = `${madeAt.toString(36)}-${this.#slots.next().toString(36)}-${randomBytes(8).toString('hex')}`;
    return `${made}-${this.#mark(made, realm)}`;
  }

  /** Takes an answer by its number. False where the nonce is not ours, too old or forgotten, or the number was used. */
  use(nonce: string, realm: string, count: number): boolean {
    const [time = '', slot = '', random = '', mark = ''] = nonce.split('-');
    const expected = Buffer.from(this.#mark(`${time}-${slot}-${random}`, realm));
    const given = Buffer.from(mark);
    if (given.byteLength !== expected.byteLength || !timingSafeEqual(given, expected)) return false;
    const madeAt = Number.parseInt(time, 36);
    if (this.#now() - madeAt / 1000 > lifetimeMs) return false;
    const tag = BigInt(Number.parseInt(random.slice(0, 4), 16));
    return this.#slots.use({ slot: Number.parseInt(slot, 36), madeAt: BigInt(madeAt), tag }, count);
  }

  #mark(made: string, realm: string): string {
    return createHmac('sha256', this.#key).update(`${made} ${realm}`).digest('hex').slice(0, 32);
  }
}
