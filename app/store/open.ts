import { chmodSync, copyFileSync, existsSync, linkSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Problem } from '../contract/objects.ts';
import { isDiskFull, sqliteCode } from './connection.ts';
import { diskFullError, syncDir } from './data-dir.ts';
import { currentFormat, migrations } from './migrations.ts';
import { salvage, setAsideProblem } from './salvage.ts';
import { StoreError } from './store-error.ts';

/** "GATE": tells our files from other programs' databases. */
const applicationId = 0x47415445;

export interface OpenedDatabase {
  readonly db: Database.Database;
  readonly problems: readonly Problem[];
}

/** Thrown inside this file: the database cannot be trusted. */
class DamagedError extends Error {}

export function openDatabase(path: string, now: () => number): OpenedDatabase {
  try {
    // Left by a start that was cut off before it had put a new database in place.
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(newPathOf(path) + suffix, { force: true });
    if (existsSync(path)) {
      try {
        return { db: openExisting(path), problems: [] };
      } catch (error) {
        if (!(error instanceof DamagedError)) throw error;
        return replaceDamaged(path, now(), error.message);
      }
    }
    // A write-ahead log of a database that is gone would be replayed into the new one.
    if (existsSync(`${path}-wal`)) return replaceDamaged(path, now(), 'the main file was missing');
    createNew(path, { format: currentFormat, fill: () => undefined, beforeRename: () => undefined });
    return { db: openExisting(path), problems: [] };
  } catch (error) {
    throw asStoreError(error, path);
  }
}

function newPathOf(path: string): string {
  return `${path}.new`;
}

function openExisting(path: string): Database.Database {
  // A new database is put in place whole, so an empty one is one that has lost its content.
  if (statSync(path).size === 0) throw new DamagedError('the file was empty');
  chmodSync(path, 0o600);
  const db = new Database(path, { timeout: 2000 });
  try {
    db.pragma('trusted_schema = OFF');
    const format = Number(db.pragma('user_version', { simple: true }));
    if (db.pragma('application_id', { simple: true }) !== applicationId) {
      throw new StoreError(
        'DATABASE_FOREIGN',
        `${path} is a database of another program.`,
        'Choose another data folder with --data-dir, or move that file away.',
      );
    }
    if (format > currentFormat) {
      throw new StoreError(
        'DATABASE_NEWER',
        `${path} was written by a newer Gatehouse (format ${format}; this one knows formats up to ${currentFormat}).`,
        'Install the newer version again, or choose another data folder with --data-dir.',
      );
    }
    const verdict = String(db.pragma('quick_check(1)', { simple: true }));
    if (verdict !== 'ok') throw new DamagedError(verdict);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('journal_size_limit = 16777216');
    migrate(db, format);
    return db;
  } catch (error) {
    db.close();
    const code = sqliteCode(error);
    if (code === 'SQLITE_NOTADB') throw new DamagedError('it is not a database', { cause: error });
    if (code.startsWith('SQLITE_CORRUPT')) throw new DamagedError('its structure is damaged', { cause: error });
    throw error;
  }
}

/** All steps from one format to another, in one transaction. */
function migrate(db: Database.Database, from: number, to: number = currentFormat): void {
  if (from >= to) return;
  db.transaction(() => {
    for (const step of migrations.slice(from, to)) db.exec(step);
    db.pragma(`user_version = ${to}`);
  }).immediate();
}

interface NewDatabase {
  readonly format: number;
  readonly fill: (db: Database.Database) => void;
  readonly beforeRename: () => void;
}

/** Makes the database beside its place and moves it there when it is whole. */
function createNew(path: string, { format, fill, beforeRename }: NewDatabase): void {
  const newPath = newPathOf(path);
  const db = new Database(newPath);
  try {
    chmodSync(newPath, 0o600);
    db.pragma(`application_id = ${applicationId}`);
    migrate(db, 0, format);
    db.transaction(fill)(db);
    migrate(db, format);
  } finally {
    db.close();
  }
  beforeRename();
  renameSync(newPath, path);
  syncDir(dirname(path));
}

/**
 * The damaged file gets a second name and is then replaced in one step, so that being cut off at any point leaves
 * either the damaged file in its place, to be found again, or the new one with the damaged one aside.
 */
function replaceDamaged(path: string, at: number, reason: string): OpenedDatabase {
  const asidePath = `${path}.corrupt-${new Date(at).toISOString().replaceAll(/[:.]/g, '-')}`;
  const found = salvage(path, applicationId);
  createNew(path, {
    format: found.format ?? currentFormat,
    fill: found.fill,
    beforeRename: () => {
      if (existsSync(path)) linkOrCopy(path, asidePath);
      for (const suffix of ['-wal', '-shm']) {
        if (existsSync(path + suffix)) renameSync(path + suffix, asidePath + suffix);
      }
    },
  });
  return { db: openExisting(path), problems: [setAsideProblem(path, asidePath, reason, found.report())] };
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // File systems such as exFAT have no links.
    copyFileSync(from, to);
  }
}

function asStoreError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const dataDir = dirname(path);
  if (isDiskFull(code, path) || code === 'ENOSPC') return diskFullError(dataDir, error);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StoreError(
      'DATABASE_BUSY',
      `${path} is in use by another program.`,
      'Stop that program, or choose another data folder with --data-dir.',
      { cause: error },
    );
  }
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM|IOERR)|EACCES|EPERM|EROFS)/.test(code)) {
    return new StoreError(
      'DATA_DIR_READ_ONLY',
      `The database ${path} cannot be written (${code}).`,
      'Give it to the user that runs Gatehouse, or choose another folder with --data-dir.',
      { cause: error },
    );
  }
  return error;
}
