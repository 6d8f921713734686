import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoredChange } from './changes.ts';
import type { StoredExposure } from './exposures.ts';
import { openStore, type Store } from './store.ts';

let dir = '';
let path = '';
let stores: Store[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-damage-'));
  path = join(dir, 'gatehouse.db');
});
afterEach(() => {
  for (const store of stores) store.close();
  stores = [];
  rmSync(dir, { recursive: true, force: true });
});

const at = Date.UTC(2026, 10, 20, 6, 30);
const asideName = 'gatehouse.db.corrupt-2026-11-20T06-30-00-000Z';

function open(): Store {
  const store = openStore(dir, { now: () => at });
  stores.push(store);
  return store;
}

function exposure(number: number): StoredExposure {
  return {
    id: `e-${number}`,
    name: `app-${number}`,
    target: { container: `app-${number}`, composeProject: null, composeService: null },
    host: `app-${number}.example.org`,
    port: 80,
    scheme: 'http',
    protection: { kind: 'none' },
    paused: false,
    createdAt: number,
    updatedAt: number,
  };
}

/** A store with something in every table, closed. */
function fill(): void {
  const store = open();
  for (let number = 1; number <= 5; number++) store.exposures.put(exposure(number));
  store.settings.put('domain', 'example.org');
  store.access.setPasswordHash('hash');
  store.access.addToken({ id: 't', name: 'widget', createdAt: 1, lastUsedAt: null, hash: 'aa' });
  store.transaction(() => {
    for (let number = 0; number < 400; number++) store.changes.add(change(number));
  });
  store.close();
}

function change(number: number): StoredChange {
  return {
    id: `c-${number}`,
    at: number,
    actor: 'cli',
    kind: 'container.appeared',
    subject: 'app',
    details: {},
    undo: null,
    undoneAt: null,
  };
}

/** Overwrites the page that a table begins in. */
function spoil(table: string): void {
  const db = new Database(path);
  const root = db
    .prepare<[string], { rootpage: number }>('SELECT rootpage FROM sqlite_schema WHERE name = ?')
    .get(table);
  const pageSize = Number(db.pragma('page_size', { simple: true }));
  db.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(pageSize, 0xa5), 0, pageSize, (root!.rootpage - 1) * pageSize);
  closeSync(file);
}

test('a file that is no database is set aside, said so, and replaced', () => {
  fill();
  writeFileSync(path, 'this was a database once\n'.repeat(1000));
  const before = readFileSync(path);
  const store = open();
  expect(readFileSync(join(dir, asideName)).equals(before)).toBe(true);
  expect(store.problems).toHaveLength(1);
  expect(store.problems[0]).toMatchObject({ code: 'DATABASE_SET_ASIDE', severity: 'error' });
  expect(store.problems[0]?.message).toContain('Kept: nothing');
  expect(store.problems[0]?.message).toContain('exposed apps');
  expect(store.problems[0]?.fix).toContain(join(dir, asideName));
  expect(store.exposures.list()).toEqual([]);
  store.exposures.put(exposure(1));
  store.close();
  const again = open();
  expect(again.problems).toEqual([]);
  expect(again.exposures.list()).toHaveLength(1);
});

test('damage in the request log leaves all that was clicked', () => {
  fill();
  spoil('requests_host');
  const store = open();
  const [found] = store.problems;
  expect(found?.message).toContain('Kept: exposed apps (5)');
  expect(found?.message).toContain('Lost, in whole or in part: the request log, traffic history.');
  expect(found?.details['asidePath']).toBe(join(dir, asideName));
  expect(store.exposures.list()).toEqual([1, 2, 3, 4, 5].map(exposure));
  expect(store.settings.get('domain')).toBe('example.org');
  expect(store.access.passwordHash()).toBe('hash');
  expect(store.access.tokens()).toHaveLength(1);
  expect(store.changes.list(1000)).toHaveLength(400);
});

test('damage in the exposures keeps the rest and names them as lost', () => {
  fill();
  spoil('exposures');
  const store = open();
  expect(store.problems[0]?.details['lost']).toBe('exposed apps, the request log, traffic history');
  expect(store.exposures.list()).toEqual([]);
  expect(store.settings.get('domain')).toBe('example.org');
});

test('a truncated file keeps what can be read', () => {
  fill();
  truncateSync(path, statSync(path).size - 3 * 4096);
  const store = open();
  expect(store.problems[0]).toMatchObject({ code: 'DATABASE_SET_ASIDE' });
  expect(store.exposures.list()).toHaveLength(5);
});

test('an empty file is not taken for a new one', () => {
  fill();
  truncateSync(path, 0);
  expect(open().problems[0]?.details['reason']).toBe('the file was empty');
  expect(readdirSync(dir)).toContain(asideName);
});

test('a write-ahead log without its database is kept aside, not replayed into a new one', () => {
  const first = open();
  first.exposures.put(exposure(1));
  copyFileSync(`${path}-wal`, join(dir, 'kept'));
  first.close();
  rmSync(path);
  renameSync(join(dir, 'kept'), `${path}-wal`);
  const store = open();
  expect(store.problems[0]?.details['reason']).toBe('the main file was missing');
  expect(store.exposures.list()).toEqual([]);
  expect(readdirSync(dir)).toContain(`${asideName}-wal`);
});

test('a value that is not what its column holds counts as damage, and only its row is lost', () => {
  fill();
  const db = new Database(path);
  db.pragma('ignore_check_constraints = ON');
  db.exec(`UPDATE exposures SET protection = '{"kind":' WHERE id = 'e-3'`);
  db.close();
  const store = open();
  expect(store.problems[0]?.details['lost']).toContain('exposed apps');
  expect(store.exposures.list().map(({ id }) => id)).toEqual(['e-1', 'e-2', 'e-4', 'e-5']);
});

test('what a start that was cut off left behind does no harm', () => {
  fill();
  writeFileSync(`${path}.new`, 'half of a database');
  expect(open().exposures.list()).toHaveLength(5);
  expect(readdirSync(dir)).not.toContain('gatehouse.db.new');
});

test('damage that shows while it runs fails the write, not the reading, and is reported', () => {
  fill();
  const store = open();
  spoil('settings');
  // A write by another connection makes the store read its pages again.
  const other = new Database(path);
  other.exec(`DELETE FROM changes WHERE id = 'c-1'`);
  other.close();
  expect(() => store.settings.put('domain', 'x')).toThrow('damaged');
  expect(store.exposures.list()).toHaveLength(5);
  expect(store.problems.at(-1)).toMatchObject({ code: 'DATABASE_SET_ASIDE', severity: 'error' });
});
