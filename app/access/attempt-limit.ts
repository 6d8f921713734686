import { networkOf } from '../../proxy/http/client-address.ts';

const windowMs = 60_000;
const freeAttempts = 5;
const longestWaitMs = 60 * 60_000;
/** All addresses together. It only slows: with it alone nobody can lock the owner out for longer than a minute. */
const freeAttemptsOfAll = 30;
const mostAddresses = 10_000;

interface Attempts {
  startedAt: number;
  count: number;
  /** How many windows were used up in a row; each doubles the wait. */
  strikes: number;
  blockedUntil: number;
}

export interface AttemptLimit {
  /** Takes one attempt. Returns 0 where it may be made now, else the milliseconds to wait. */
  take(address: string): number;
  /** A right password: the address starts afresh. */
  succeeded(address: string): void;
}

/** Slows password guessing: five attempts a minute for an address, then waits that double up to an hour. */
export function createAttemptLimit(now: () => number): AttemptLimit {
  const byAddress = new Map<string, Attempts>();
  const all: Attempts = { startedAt: 0, count: 0, strikes: 0, blockedUntil: 0 };

  function take(attempts: Attempts, free: number, waits: (strikes: number) => number): number {
    const at = now();
    if (attempts.blockedUntil > at) return attempts.blockedUntil - at;
    if (at - attempts.startedAt >= windowMs) {
      // Strikes fade only after a quiet time as long as the wait they caused.
      if (at - attempts.blockedUntil > waits(attempts.strikes)) attempts.strikes = 0;
      attempts.startedAt = at;
      attempts.count = 0;
    }
    if (attempts.count >= free) {
      attempts.strikes += 1;
      attempts.blockedUntil = at + waits(attempts.strikes);
      attempts.startedAt = attempts.blockedUntil;
      attempts.count = 0;
      return attempts.blockedUntil - at;
    }
    attempts.count += 1;
    return 0;
  }

  return {
    take(address) {
      const key = networkOf(address);
      let attempts = byAddress.get(key);
      if (!attempts) {
        if (byAddress.size >= mostAddresses) {
          const oldest = byAddress.keys().next();
          if (!oldest.done) byAddress.delete(oldest.value);
        }
        attempts = { startedAt: now(), count: 0, strikes: 0, blockedUntil: 0 };
        byAddress.set(key, attempts);
      }
      const waitMs = take(attempts, freeAttempts, (strikes) => Math.min(longestWaitMs, windowMs * 2 ** (strikes - 1)));
      // A refused attempt of one address does not count for the others.
      return waitMs > 0 ? waitMs : take(all, freeAttemptsOfAll, () => windowMs);
    },
    succeeded(address) {
      byAddress.delete(networkOf(address));
    },
  };
}
