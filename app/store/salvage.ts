import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { sqliteCode } from './connection.ts';
import { currentFormat } from './migrations.ts';

/** What is worth saving from a damaged file, and its name for people. The request log and traffic are not. */
const precious = [
  ['exposures', 'exposed apps'],
  ['overrides', 'overrides'],
  ['certificates', 'certificates'],
  ['acme_accounts', 'accounts at certificate authorities'],
  ['acme_resolvers', 'certificate resolvers'],
  ['settings', 'settings'],
  ['access_password', 'the dashboard’s password'],
  ['access_tokens', 'API tokens'],
  ['changes', 'the list of changes'],
] as const;

export interface SalvageReport {
  readonly kept: readonly { readonly what: string; readonly rows: number }[];
  /** Could not be read, or not to the end. */
  readonly lost: readonly string[];
}

export interface Salvage {
  /** Format of the damaged file; undefined where it cannot be told: then nothing is kept. */
  readonly format: number | undefined;
  /** Copies what can be read into an empty database of that format. */
  readonly fill: (db: Database.Database) => void;
  readonly report: () => SalvageReport;
}

/** Looks into a damaged file, without writing to it. */
export function salvage(path: string, applicationId: number): Salvage {
  const kept: { what: string; rows: number }[] = [];
  const lost: string[] = [];
  const format = formatOf(path, applicationId);
  return {
    format,
    fill: (db) => {
      for (const [table, what] of precious) {
        const rows = format === undefined ? undefined : copyTable(path, table, db);
        if (rows?.complete !== true) lost.push(what);
        if (rows !== undefined && rows.copied > 0) kept.push({ what, rows: rows.copied });
      }
    },
    report: () => ({ kept, lost }),
  };
}

function formatOf(path: string, applicationId: number): number | undefined {
  if (!existsSync(path)) return undefined;
  return reading(path, (db) => {
    const format = Number(db.pragma('user_version', { simple: true }));
    const ours = db.pragma('application_id', { simple: true }) === applicationId;
    return ours && format >= 1 && format <= currentFormat ? format : undefined;
  });
}

/** One connection for each look, so that an error in one table does not spoil the next. */
function reading<T>(path: string, look: (db: Database.Database) => T): T | undefined {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true });
    db.pragma('trusted_schema = OFF');
    // With a writable schema SQLite also reads files that are shorter than they say. This connection writes nothing.
    db.unsafeMode();
    db.pragma('writable_schema = ON');
    db.pragma('cell_size_check = ON');
    return look(db);
  } catch (error) {
    // The file it is copied to, not the damaged one.
    if (sqliteCode(error) === 'SQLITE_FULL') throw error;
    return undefined;
  } finally {
    db?.close();
  }
}

function copyTable(path: string, table: string, target: Database.Database): { copied: number; complete: boolean } {
  let copied = 0;
  let refused = 0;
  const reachedEnd = reading(path, (source) => {
    // In the table's own order, without indexes: those may be what is damaged.
    const select = source.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table} NOT INDEXED`);
    const columns = select.columns().map((column) => column.name);
    const insert = target.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`,
    );
    for (const row of select.iterate()) {
      try {
        insert.run(row);
        copied += 1;
      } catch (error) {
        if (!sqliteCode(error).startsWith('SQLITE_CONSTRAINT')) throw error;
        refused += 1;
      }
    }
    return true;
  });
  return { copied, complete: reachedEnd === true && refused === 0 };
}

export function setAsideProblem(path: string, asidePath: string, reason: string, report: SalvageReport): Problem {
  const kept = report.kept.map(({ what, rows }) => (rows === 1 ? what : `${what} (${rows})`)).join(', ');
  const lost = [...report.lost, 'the request log', 'traffic history'].join(', ');
  return problem(
    'DATABASE_SET_ASIDE',
    'error',
    `The database ${path} was damaged (${reason}), so a new one was made. Kept: ${kept || 'nothing'}. Lost, in whole or in part: ${lost}.`,
    `The damaged file is at ${asidePath}: restore a backup over ${path}, or look over your apps and settings and delete it.`,
    { path, asidePath, reason, kept, lost },
  );
}
