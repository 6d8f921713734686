import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareDataDir } from './data-dir.ts';
import type { StoredExposure } from './exposures.ts';
import { currentFormat, migrations } from './migrations.ts';
import { openStore, type Store } from './store.ts';
import { StoreError } from './store-error.ts';

let dir = '';
let stores: Store[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-store-'));
});
afterEach(() => {
  for (const store of stores) store.close();
  stores = [];
  rmSync(dir, { recursive: true, force: true });
});

function open(dataDir = dir): Store {
  const store = openStore(dataDir, { now: () => 1_795_000_000_000, maxChanges: 5 });
  stores.push(store);
  return store;
}

const photos: StoredExposure = {
  id: 'e-1',
  name: 'photos',
  target: { container: 'immich-server-1', composeProject: 'immich', composeService: 'immich-server' },
  host: 'photos.home.example.org',
  port: 2283,
  scheme: 'http',
  protection: { kind: 'password', username: 'anna', passwordHash: '$2b$10$abcdefghijklmnopqrstuv' },
  paused: false,
  createdAt: 1_794_000_000_000,
  updatedAt: 1_794_000_000_001,
};

function errorOf(work: () => unknown): StoreError {
  try {
    work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('files', () => {
  test('are for their owner alone, in a folder made for it', () => {
    const made = join(dir, 'new', 'data');
    open(made).exposures.put(photos);
    expect(statSync(made).mode & 0o777).toBe(0o700);
    const files = readdirSync(made);
    expect(files.toSorted()).toEqual(['gatehouse.db', 'gatehouse.db-shm', 'gatehouse.db-wal']);
    for (const file of files) expect(statSync(join(made, file)).mode & 0o777).toBe(0o600);
  });

  test('an empty folder that is there is closed to others, one with other things is left as it is', () => {
    const empty = join(dir, 'empty');
    const shared = join(dir, 'shared');
    mkdirSync(empty, { mode: 0o755 });
    mkdirSync(join(shared, 'something'), { recursive: true, mode: 0o755 });
    prepareDataDir(empty);
    prepareDataDir(shared);
    expect(statSync(empty).mode & 0o777).toBe(0o700);
    expect(statSync(shared).mode & 0o777).toBe(0o755);
    expect(readdirSync(empty)).toEqual([]);
  });

  test('closing twice does nothing more', () => {
    const store = open();
    store.close();
    expect(() => store.close()).not.toThrow();
  });
});

describe('repositories', () => {
  test('exposures are kept over a restart, replaced by id and removed', () => {
    const first = open();
    const other: StoredExposure = {
      ...photos,
      id: 'e-2',
      name: 'nas',
      target: { container: 'nas', composeProject: null, composeService: null },
      protection: { kind: 'allowList', sourceRange: ['192.168.1.0/24'] },
      createdAt: photos.createdAt + 1,
    };
    first.exposures.put(other);
    first.exposures.put(photos);
    first.exposures.put({ ...other, paused: true });
    first.close();
    const second = open();
    expect(second.exposures.list()).toEqual([photos, { ...other, paused: true }]);
    expect(second.exposures.get('e-1')).toEqual(photos);
    expect(second.exposures.remove('e-1')).toBe(true);
    expect(second.exposures.remove('e-1')).toBe(false);
    expect(second.exposures.get('e-1')).toBeUndefined();
  });

  test('changes come newest first with what undoes them, and are bounded', () => {
    const { changes } = open();
    for (let number = 1; number <= 8; number++) {
      changes.add({
        id: `c-${number}`,
        at: number,
        actor: 'cli',
        kind: 'exposure.created',
        subject: 'photos@gatehouse',
        details: { port: number },
        undo: number % 2 === 0 ? { kind: 'exposure.remove', exposureId: 'e-1' } : null,
        undoneAt: null,
      });
    }
    changes.markUndone('c-8', 99);
    expect(changes.list(100).map(({ id }) => id)).toEqual(['c-8', 'c-7', 'c-6', 'c-5', 'c-4']);
    expect(changes.list(2).map(({ id }) => id)).toEqual(['c-8', 'c-7']);
    expect(changes.get('c-8')).toEqual({
      id: 'c-8',
      at: 8,
      actor: 'cli',
      kind: 'exposure.created',
      subject: 'photos@gatehouse',
      details: { port: 8 },
      undo: { kind: 'exposure.remove', exposureId: 'e-1' },
      undoneAt: 99,
    });
    expect(changes.get('c-1')).toBeUndefined();
  });

  test('settings are values by section', () => {
    const { settings } = open();
    expect(settings.get('docker')).toBeUndefined();
    settings.put('docker', { endpoint: null });
    settings.put('docker', { endpoint: 'tcp://nas:2375' });
    expect(settings.get('docker')).toEqual({ endpoint: 'tcp://nas:2375' });
    settings.remove('docker');
    expect(settings.get('docker')).toBeUndefined();
  });

  test('traffic replaces a minute that is there, and forgets after 25 hours', () => {
    const { traffic } = open();
    const minute = 1_795_000_000_000 - (1_795_000_000_000 % 60_000);
    const rollup = {
      minute,
      scope: 'service' as const,
      name: 'photos@gatehouse',
      requests: 1,
      errors: 0,
      requestBytes: 2,
      responseBytes: 3,
      latency: [1, 0, 2],
    };
    traffic.upsert([rollup, { ...rollup, minute: minute - 26 * 3_600_000 }, { ...rollup, minute: minute - 60_000 }]);
    traffic.upsert([{ ...rollup, requests: 5 }]);
    expect(traffic.load(0)).toEqual([
      { ...rollup, minute: minute - 60_000 },
      { ...rollup, requests: 5 },
    ]);
    expect(traffic.load(minute)).toHaveLength(1);
  });

  test('access keeps password hash, tokens and sessions', () => {
    const { access } = open();
    expect(access.passwordHash()).toBeNull();
    access.setPasswordHash('one');
    access.setPasswordHash('two');
    expect(access.passwordHash()).toBe('two');

    const token = { id: 't-1', name: 'widget', createdAt: 1, lastUsedAt: null, hash: 'aa' };
    access.addToken(token);
    access.touchToken('t-1', 7);
    expect(access.tokens()).toEqual([{ ...token, lastUsedAt: 7 }]);
    expect(access.removeToken('t-1')).toBe(true);
    expect(access.removeToken('t-1')).toBe(false);

    access.addSession({ hash: 'a', createdAt: 1, expiresAt: 2 });
    access.addSession({ hash: 'a', createdAt: 1, expiresAt: 3 });
    access.addSession({ hash: 'b', createdAt: 2, expiresAt: 3 });
    access.addSession({ hash: 'c', createdAt: 3, expiresAt: 3 });
    access.removeSession('b');
    expect(access.sessions().map(({ hash, expiresAt }) => [hash, expiresAt])).toEqual([
      ['a', 3],
      ['c', 3],
    ]);
    expect(access.removeAllSessions()).toBe(2);
    expect(access.sessions()).toEqual([]);
  });

  test('a transaction that fails leaves nothing', () => {
    const store = open();
    expect(() =>
      store.transaction(() => {
        store.exposures.put(photos);
        store.settings.put('domain', 'x');
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(store.exposures.list()).toEqual([]);
    expect(store.settings.get('domain')).toBeUndefined();
    expect(store.problems).toEqual([]);
  });
});

function write(sql: string): void {
  const db = new Database(join(dir, 'gatehouse.db'));
  db.exec(sql);
  db.close();
}

function schemaOf(db: Database.Database): unknown {
  return db.prepare('SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name').all();
}

function columnsOf(db: Database.Database): unknown {
  return db
    .prepare(
      `SELECT t.name AS tbl, c.* FROM sqlite_schema t, pragma_table_info(t.name) c
       WHERE t.type = 'table' ORDER BY 1, c.cid`,
    )
    .all();
}

describe('formats', () => {
  const sample = readFileSync(new URL('samples/format-1.sql', import.meta.url), 'utf8');
  test('format 1 is read whole', () => {
    write(sample);
    const store = open();
    expect(store.problems).toEqual([]);
    expect(store.exposures.list().map(({ name, paused }) => [name, paused])).toEqual([
      ['photos', false],
      ['nas', true],
    ]);
    expect(store.exposures.get('e-1')).toEqual(photos);
    expect(store.changes.list(10).map(({ id }) => id)).toEqual(['c-2', 'c-1']);
    expect(store.settings.get('domain')).toBe('home.example.org');
    expect(store.access.passwordHash()).toBe('$argon2id$sample');
    expect(store.access.tokens()).toHaveLength(1);
    expect(store.access.sessions()).toHaveLength(1);
    expect(store.traffic.load(0)).toHaveLength(1);
    expect(store.requests.get('r-1')).toMatchObject({ host: 'photos.home.example.org', durationMs: 12.5 });
  });

  test('format 2 is read whole', () => {
    write(readFileSync(new URL('samples/format-2.sql', import.meta.url), 'utf8'));
    const store = open();
    expect(store.problems).toEqual([]);
    expect(store.exposures.list()).toHaveLength(2);
    expect(store.overrides.list()).toEqual([
      {
        id: 'o-1',
        object: 'router',
        name: 'wiki@docker',
        host: 'wiki.home.example.org',
        middlewares: null,
        protection: null,
        servers: null,
        healthCheckPath: null,
        paused: false,
        seen: { rule: 'Host(`wiki.localhost`)', middlewares: [] },
        createdAt: 1_794_000_000_000,
        updatedAt: 1_794_000_000_001,
      },
    ]);
  });

  test('the step that makes format 1 still makes what the sample has', () => {
    const made = new Database(':memory:');
    made.exec(migrations[0]!);
    const kept = new Database(':memory:');
    kept.exec(sample);
    expect(schemaOf(made)).toEqual(schemaOf(kept));
    expect(columnsOf(made)).toEqual(columnsOf(kept));
    made.close();
    kept.close();
  });

  test('a newer one is refused and left as it is', () => {
    write(`${sample}; PRAGMA user_version = ${currentFormat + 4};`);
    const before = readFileSync(join(dir, 'gatehouse.db'));
    const error = errorOf(() => open());
    expect(error.code).toBe('DATABASE_NEWER');
    expect(error.message).toContain(`format ${currentFormat + 4}`);
    expect(error.fix).toContain('newer version');
    expect(readFileSync(join(dir, 'gatehouse.db')).equals(before)).toBe(true);
    expect(readdirSync(dir)).toEqual(['gatehouse.db']);
  });

  test('another program’s database is refused and left as it is', () => {
    write('CREATE TABLE theirs (a)');
    expect(errorOf(() => open()).code).toBe('DATABASE_FOREIGN');
    expect(readdirSync(dir)).toEqual(['gatehouse.db']);
  });

  test('one that another program holds is said to be in use', () => {
    open().close();
    const holder = new Database(join(dir, 'gatehouse.db'));
    holder.pragma('locking_mode = EXCLUSIVE');
    holder.exec('BEGIN EXCLUSIVE');
    try {
      expect(errorOf(() => open()).code).toBe('DATABASE_BUSY');
    } finally {
      holder.close();
    }
  });
});
