import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const lifetimeMs = 10 * 60_000;
/** More open links than anybody needs; the oldest goes first, so that asking again and again costs no memory. */
const mostOpen = 20;

export interface SignInCodes {
  /** A new code, good once, for ten minutes. `expiresAt` is in milliseconds since 1970. */
  create(): { readonly code: string; readonly expiresAt: number };
  /** True exactly once for each code that is still good. */
  redeem(code: string): boolean;
  clear(): void;
}

/** One-time sign-in codes. They live in memory only: a restart of the engine ends them. */
export function createSignInCodes(now: () => number): SignInCodes {
  let open: { readonly hash: Buffer; readonly expiresAt: number }[] = [];
  return {
    create() {
      const code = randomBytes(32).toString('base64url');
      const expiresAt = now() + lifetimeMs;
      open = [
        ...open.filter((entry) => entry.expiresAt > now()).slice(1 - mostOpen),
        { hash: digest(code), expiresAt },
      ];
      return { code, expiresAt };
    },
    redeem(code) {
      const hash = digest(code);
      // Every entry is compared, so that the time taken tells nothing about which one it was.
      let found = false;
      const left: typeof open = [];
      for (const entry of open) {
        const same = timingSafeEqual(entry.hash, hash);
        if (same && entry.expiresAt > now()) found = true;
        if (!same && entry.expiresAt > now()) left.push(entry);
      }
      open = left;
      return found;
    },
    clear() {
      open = [];
    },
  };
}

function digest(code: string): Buffer {
  return createHash('sha256').update(code).digest();
}
