import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { ApiToken } from '../contract/objects.ts';
import type { Log } from '../log.ts';
import type { AccessSession, AccessStore, Actor, EngineContext } from '../operations/context.ts';
import { OperationError } from '../operations/error.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import { hashPassword, verifyPassword } from './password.ts';
import { createSignInCodes } from './sign-in-codes.ts';

const sessionLifetimeMs = 30 * 24 * 60 * 60_000;
/** A session in use is prolonged at most this often, so that reading a page does not write to the disk each time. */
const prolongEveryMs = 60 * 60_000;
const touchTokenEveryMs = 60_000;
const mostPasswordChecksAtOnce = 4;
/** Sessions that the disk had no room for. */
const mostUnkeptSessions = 1000;

export type PasswordSignIn =
  | { readonly kind: 'signedIn'; readonly session: NewSession }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'tooMany'; readonly waitMs: number };

export interface NewSession {
  /** The cookie's value. Only its hash is kept. */
  readonly value: string;
  readonly hash: string;
  readonly expiresAt: number;
}

/** Who may use the dashboard and its API: one password, browser sessions, one-time links and API tokens. */
export interface Access {
  readonly passwordSet: () => boolean;
  /** `current` is needed where `needsCurrent` and a password is set. Ends every session but `keepSession`. */
  readonly setPassword: (change: {
    readonly password: string;
    readonly current?: string | undefined;
    readonly needsCurrent: boolean;
    readonly keepSession: string | null;
    readonly actor: Actor;
  }) => Promise<{ readonly changeId: string }>;
  readonly signInWithPassword: (password: string, address: string) => Promise<PasswordSignIn>;
  readonly createSignInCode: () => { readonly code: string; readonly expiresAt: number };
  readonly signInWithCode: (code: string) => NewSession | null;
  /** The session that a cookie's value belongs to; prolongs it while it is in use. */
  readonly session: (value: string) => AccessSession | null;
  /** Whether a session that was good before still is. */
  readonly sessionLives: (hash: string) => boolean;
  readonly signOut: (value: string) => void;
  readonly signOutAll: () => number;
  readonly tokens: () => readonly ApiToken[];
  readonly createToken: (name: string, actor: Actor) => { readonly token: string; readonly info: ApiToken };
  readonly revokeToken: (id: string, actor: Actor) => { readonly changeId: string };
  readonly tokenOf: (bearer: string) => ApiToken | null;
  readonly tokenLives: (id: string) => boolean;
  /** Told after sessions or tokens ended and after the password changed. Returns how to stop listening. */
  readonly onChange: (listener: () => void) => () => void;
}

export interface AccessOptions {
  readonly store: AccessStore;
  readonly record: EngineContext['changes']['record'];
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export function createAccess(options: AccessOptions): Access {
  const { store, record, log } = options;
  const now = options.now ?? Date.now;
  const codes = createSignInCodes(now);
  const limit = createAttemptLimit(now);
  const listeners = new Set<() => void>();
  /** Sessions that could not be kept: a full disk must not lock anybody out of the page that says so. */
  const unkept = new Map<string, AccessSession>();
  /** Hashes of sessions that ended while the store could not forget them. */
  const ended = new Set<string>();
  let checksUnderWay = 0;

  function changed(): void {
    for (const listener of listeners) listener();
  }

  /** False where the store cannot be written, for a reason that it knows; `otherwise` is logged then. */
  function written(write: () => void, otherwise?: string): boolean {
    try {
      write();
      return true;
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (otherwise !== undefined) log.warn(otherwise, { reason: error.details['reason'], cause: error.message });
      return false;
    }
  }

  function openSession(): NewSession {
    const value = randomBytes(32).toString('base64url');
    const session = { hash: sha256(value), createdAt: now(), expiresAt: now() + sessionLifetimeMs };
    for (const { hash, expiresAt } of unkept.values()) if (expiresAt <= now()) unkept.delete(hash);
    const isKept = written(() => {
      for (const { hash, expiresAt } of store.sessions()) if (expiresAt <= now()) store.removeSession(hash);
      store.addSession(session);
    }, 'a sign-in is kept in memory only, and ends when Gatehouse stops');
    if (!isKept) {
      const [oldest] = unkept.size >= mostUnkeptSessions ? unkept.keys() : [];
      if (oldest !== undefined) unkept.delete(oldest);
      unkept.set(session.hash, session);
    }
    return { value, hash: session.hash, expiresAt: session.expiresAt };
  }

  function findSession(hash: string): AccessSession | null {
    let found: AccessSession | null = null;
    for (const session of [...store.sessions(), ...unkept.values()]) if (sameHash(session.hash, hash)) found = session;
    return found && found.expiresAt > now() && !ended.has(hash) ? found : null;
  }

  async function check(password: string): Promise<boolean> {
    checksUnderWay += 1;
    try {
      return await verifyPassword(store.passwordHash(), password);
    } finally {
      checksUnderWay -= 1;
    }
  }

  return {
    passwordSet: () => store.passwordHash() !== null,

    async setPassword({ password, current, needsCurrent, keepSession, actor }) {
      if (needsCurrent && store.passwordHash() !== null) {
        // The same limit as for signing in: an open session must not become a way to guess the password.
        const waitMs = limit.take('set-password');
        if (waitMs > 0) throw tooMany(waitMs);
        if (current === undefined || !(await check(current))) {
          throw new OperationError('FORBIDDEN', 'The current password is not right.', { reason: 'PASSWORD_WRONG' });
        }
        limit.succeeded('set-password');
      }
      store.setPasswordHash(await hashPassword(password));
      for (const session of store.sessions()) if (session.hash !== keepSession) store.removeSession(session.hash);
      for (const hash of unkept.keys()) if (hash !== keepSession) unkept.delete(hash);
      codes.clear();
      const change = record({ actor, kind: 'access.passwordSet', subject: 'dashboard', details: {} });
      changed();
      return { changeId: change.id };
    },

    async signInWithPassword(password, address) {
      const waitMs = limit.take(address);
      if (waitMs > 0) return { kind: 'tooMany', waitMs };
      // Each check takes 19 MiB and a core for a moment: a crowd of them waits outside.
      if (checksUnderWay >= mostPasswordChecksAtOnce) return { kind: 'tooMany', waitMs: 1000 };
      if (!(await check(password))) return { kind: 'wrong' };
      limit.succeeded(address);
      return { kind: 'signedIn', session: openSession() };
    },

    createSignInCode: () => codes.create(),
    signInWithCode: (code) => (codes.redeem(code) ? openSession() : null),

    session(value) {
      const session = findSession(sha256(value));
      if (!session) return null;
      const expiresAt = now() + sessionLifetimeMs;
      if (expiresAt - session.expiresAt < prolongEveryMs) return session;
      const prolonged = { ...session, expiresAt };
      const isKept = written(() => store.addSession(prolonged));
      if (isKept) unkept.delete(session.hash);
      else if (unkept.has(session.hash)) unkept.set(session.hash, prolonged);
      else return session;
      return prolonged;
    },
    sessionLives: (hash) => findSession(hash) !== null,
    signOut(value) {
      const hash = sha256(value);
      const isForgotten =
        unkept.delete(hash) ||
        written(
          () => store.removeSession(hash),
          'a session was ended, but the disk still has it: it would be good again after the next start',
        );
      if (!isForgotten && findSession(hash) !== null) ended.add(hash);
      changed();
    },
    signOutAll() {
      const count = store.removeAllSessions() + unkept.size;
      unkept.clear();
      codes.clear();
      changed();
      return count;
    },

    tokens: () => store.tokens().map(withoutHash),
    createToken(name, actor) {
      const token = `gh_${randomBytes(32).toString('base64url')}`;
      const info: ApiToken = { id: randomUUID(), name, createdAt: now(), lastUsedAt: null };
      store.addToken({ ...info, hash: sha256(token) });
      record({ actor, kind: 'access.tokenCreated', subject: name, details: { id: info.id } });
      return { token, info };
    },
    revokeToken(id, actor) {
      const token = store.tokens().find((candidate) => candidate.id === id);
      if (!token || !store.removeToken(id)) {
        throw new OperationError('NOT_FOUND', `There is no API token with the id ${id}.`, {
          reason: 'TOKEN_UNKNOWN',
          id,
        });
      }
      const change = record({ actor, kind: 'access.tokenRevoked', subject: token.name, details: { id } });
      changed();
      return { changeId: change.id };
    },
    tokenOf(bearer) {
      if (!bearer.startsWith('gh_')) return null;
      const hash = sha256(bearer);
      let found: (ApiToken & { readonly hash: string }) | null = null;
      for (const token of store.tokens()) if (sameHash(token.hash, hash)) found = token;
      if (!found) return null;
      const { id, lastUsedAt } = found;
      if (now() - (lastUsedAt ?? 0) > touchTokenEveryMs) {
        written(() => store.touchToken(id, now()));
      }
      return withoutHash(found);
    },
    tokenLives: (id) => store.tokens().some((token) => token.id === id),

    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function tooMany(waitMs: number): OperationError {
  const seconds = Math.ceil(waitMs / 1000);
  return new OperationError('RATE_LIMITED', `Too many attempts. Try again in ${seconds} seconds.`, {
    reason: 'TOO_MANY_ATTEMPTS',
    seconds,
  });
}

function withoutHash({ id, name, createdAt, lastUsedAt }: ApiToken): ApiToken {
  return { id, name, createdAt, lastUsedAt };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
