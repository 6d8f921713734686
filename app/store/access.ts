import type { ApiToken } from '../contract/objects.ts';
import type { AccessSession, AccessStore } from '../operations/context.ts';
import type { Connection } from './connection.ts';

export function createAccessRepository(connection: Connection): AccessStore {
  const { db } = connection;
  const passwordHash = db.prepare<[], { hash: string }>('SELECT hash FROM access_password');
  const setPasswordHash = db.prepare<[string]>('INSERT OR REPLACE INTO access_password (only, hash) VALUES (1, ?)');
  const tokens = db.prepare<[], ApiToken & { readonly hash: string }>(
    `SELECT id, name, hash, created_at AS createdAt, last_used_at AS lastUsedAt
     FROM access_tokens ORDER BY created_at, id`,
  );
  const addToken = db.prepare<[string, string, string, number, number | null]>(
    'INSERT INTO access_tokens (id, name, hash, created_at, last_used_at) VALUES (?, ?, ?, ?, ?)',
  );
  const removeToken = db.prepare<[string]>('DELETE FROM access_tokens WHERE id = ?');
  const touchToken = db.prepare<[number, string]>('UPDATE access_tokens SET last_used_at = ? WHERE id = ?');
  const sessions = db.prepare<[], AccessSession>(
    'SELECT hash, created_at AS createdAt, expires_at AS expiresAt FROM access_sessions ORDER BY created_at, hash',
  );
  // Replaced where it is there already: that is how a session slides.
  const addSession = db.prepare<[string, number, number]>('INSERT OR REPLACE INTO access_sessions VALUES (?, ?, ?)');
  const removeSession = db.prepare<[string]>('DELETE FROM access_sessions WHERE hash = ?');
  const removeAllSessions = db.prepare<[]>('DELETE FROM access_sessions');
  return {
    passwordHash: () => passwordHash.get()?.hash ?? null,
    setPasswordHash: (hash) => {
      connection.write(() => setPasswordHash.run(hash));
    },
    tokens: () => tokens.all(),
    addToken: ({ id, name, hash, createdAt, lastUsedAt }) => {
      connection.write(() => addToken.run(id, name, hash, createdAt, lastUsedAt));
    },
    removeToken: (id) => connection.write(() => removeToken.run(id).changes > 0),
    touchToken: (id, at) => {
      connection.writeLoosely(() => touchToken.run(at, id));
    },
    sessions: () => sessions.all(),
    addSession: ({ hash, createdAt, expiresAt }) => {
      connection.write(() => addSession.run(hash, createdAt, expiresAt));
    },
    removeSession: (hash) => {
      connection.write(() => removeSession.run(hash));
    },
    removeAllSessions: () => connection.write(() => removeAllSessions.run().changes),
  };
}
