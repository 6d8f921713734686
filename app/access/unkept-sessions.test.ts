import { beforeEach, expect, test } from 'vitest';
import { accessStoreDouble, logDouble } from '../../test/support/context.ts';
import type { AccessStore } from '../operations/context.ts';
import { OperationError } from '../operations/error.ts';
import { type Access, createAccess, type NewSession } from './access.ts';

const hourMs = 60 * 60_000;
let isFull = false;
let clockMs = 0;
let store: AccessStore;
let log = logDouble();
let access: Access;

beforeEach(() => {
  isFull = false;
  clockMs = 1_800_000_000_000;
  const kept = accessStoreDouble();
  const room = (): void => {
    if (isFull) throw new OperationError('UNAVAILABLE', 'The disk is full.', { reason: 'DISK_FULL' });
  };
  store = {
    ...kept,
    addSession: (session) => {
      room();
      kept.addSession(session);
    },
    removeSession: (hash) => {
      room();
      kept.removeSession(hash);
    },
    removeAllSessions: () => {
      room();
      return kept.removeAllSessions();
    },
    touchToken: (id, at) => {
      room();
      kept.touchToken(id, at);
    },
  };
  log = logDouble();
  const record = () => ({ id: 'c', at: 0, actor: 'system', kind: 'x', subject: '', details: {}, undo: null }) as never;
  access = createAccess({ store, record, log, now: () => clockMs });
});

function signIn(): NewSession {
  return access.signInWithCode(access.createSignInCode().code)!;
}

test('on a full disk a sign-in is kept in memory, with its cause in the log', () => {
  isFull = true;
  const { value, hash } = signIn();
  expect(access.session(value)).toMatchObject({ hash });
  expect(access.sessionLives(hash)).toBe(true);
  expect(store.sessions()).toEqual([]);
  expect(log.lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      message: 'a sign-in is kept in memory only, and ends when Gatehouse stops',
      details: { reason: 'DISK_FULL', cause: 'The disk is full.' },
    }),
  ]);
  access.signOut(value);
  expect(access.session(value)).toBeNull();
});

test('with a password too, and for as long as any other; it goes to the disk when there is room', async () => {
  await access.setPassword({ password: 'correct horse', needsCurrent: false, keepSession: null, actor: 'dashboard' });
  isFull = true;
  const result = await access.signInWithPassword('correct horse', '127.0.0.1');
  expect(result.kind).toBe('signedIn');
  const { value, hash } = (result as { session: NewSession }).session;
  clockMs += 2 * hourMs;
  expect(access.session(value)?.expiresAt).toBe(clockMs + 30 * 24 * hourMs);
  isFull = false;
  clockMs += 2 * hourMs;
  expect(access.session(value)).toMatchObject({ hash });
  expect(store.sessions()).toEqual([expect.objectContaining({ hash })]);
  clockMs += 31 * 24 * hourMs;
  expect(access.session(value)).toBeNull();
});

test('a way out that the disk has no room for is one all the same', () => {
  const { value, hash } = signIn();
  isFull = true;
  access.signOut(value);
  expect(access.session(value)).toBeNull();
  expect(access.sessionLives(hash)).toBe(false);
  expect(log.lines.at(-1)?.message).toContain('a session was ended, but the disk still has it');
});

test('signing out everywhere and a new password end sessions in memory too', async () => {
  isFull = true;
  const first = signIn();
  isFull = false;
  expect(access.signOutAll()).toBe(1);
  expect(access.session(first.value)).toBeNull();
  isFull = true;
  const kept = signIn();
  const other = signIn();
  isFull = false;
  await access.setPassword({
    password: 'correct horse',
    needsCurrent: false,
    keepSession: kept.hash,
    actor: 'dashboard',
  });
  expect(access.session(kept.value)).not.toBeNull();
  expect(access.session(other.value)).toBeNull();
});

test('an API token goes on working', () => {
  const { token, info } = access.createToken('widget', 'dashboard');
  isFull = true;
  expect(access.tokenOf(token)).toMatchObject({ id: info.id, lastUsedAt: null });
});

test('a fault of our own is not taken for a full disk', () => {
  store = {
    ...store,
    addSession: () => {
      throw new TypeError('no');
    },
  };
  access = createAccess({ store, record: (() => ({ id: 'c' })) as never, log, now: () => clockMs });
  expect(signIn).toThrow(TypeError);
});
