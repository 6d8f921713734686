import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import type { Problem } from '../contract/objects.ts';
import { OperationError } from '../operations/error.ts';
import { problem } from '../problem.ts';

/** What the repositories share: one database, one way to write, one memory of what went wrong with writing. */
export interface Connection {
  readonly db: Database.Database;
  /**
   * Runs `work` in one transaction and waits until the disk has it. Inside another `write` it joins that one.
   * Throws OperationError UNAVAILABLE (`DISK_FULL`, `STORE_DAMAGED`, `STORE_FAILED`) where it cannot be kept.
   */
  readonly write: <T>(work: () => T) => T;
  /** As `write`, but the last moments may be lost when the power goes: for logs and counts. */
  readonly writeLoosely: <T>(work: () => T) => T;
  readonly problems: () => readonly Problem[];
}

export function createConnection(db: Database.Database): Connection {
  let failure: OperationError | undefined;

  const write = <T>(work: () => T): T => {
    if (db.inTransaction) return work();
    try {
      const result = db.transaction(work).immediate();
      failure = undefined;
      return result;
    } catch (error) {
      const known = asOperationError(error, db.name);
      if (!known) throw error;
      failure = known;
      throw known;
    }
  };

  return {
    db,
    write,
    writeLoosely: (work) => {
      if (db.inTransaction) return work();
      db.pragma('synchronous = NORMAL');
      try {
        return write(work);
      } finally {
        db.pragma('synchronous = FULL');
      }
    },
    problems: () => (failure ? [problemOf(failure, db.name)] : []),
  };
}

export function sqliteCode(error: unknown): string {
  return error instanceof Error && error.name === 'SqliteError' && 'code' in error ? String(error.code) : '';
}

/** Less than this and a failed write is put down to the disk being full. */
const nearlyNothingBytes = 256 * 1024;

export function isDiskFull(code: string, path: string): boolean {
  if (code === 'SQLITE_FULL') return true;
  if (!code.startsWith('SQLITE_IOERR') && !code.startsWith('SQLITE_CANTOPEN')) return false;
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < nearlyNothingBytes;
  } catch {
    return false;
  }
}

function asOperationError(error: unknown, path: string): OperationError | undefined {
  const code = sqliteCode(error);
  if (code === '') return undefined;
  if (isDiskFull(code, path)) {
    return new OperationError('UNAVAILABLE', `The disk that holds ${dirname(path)} is full. Nothing was changed.`, {
      reason: 'DISK_FULL',
      path: dirname(path),
    });
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new OperationError('UNAVAILABLE', `The database ${path} is damaged. Nothing was changed.`, {
      reason: 'STORE_DAMAGED',
      path,
    });
  }
  if (/^SQLITE_(IOERR|READONLY|CANTOPEN|BUSY|LOCKED|PERM)/.test(code)) {
    return new OperationError('UNAVAILABLE', `The database ${path} cannot be written (${code}). Nothing was changed.`, {
      reason: 'STORE_FAILED',
      path,
      code,
    });
  }
  return undefined;
}

function problemOf(failure: OperationError, path: string): Problem {
  const folder = dirname(path);
  const reason = String(failure.details['reason']);
  switch (reason) {
    case 'DISK_FULL':
      return problem(
        'DISK_FULL',
        'error',
        `The disk that holds ${folder} is full. Routing goes on; changes and the request log are not kept.`,
        'Free some space on that disk.',
        { path: folder },
      );
    case 'STORE_DAMAGED':
      return problem(
        'DATABASE_SET_ASIDE',
        'error',
        `The database ${path} is damaged. Routing goes on; changes and the request log are not kept.`,
        'Start Gatehouse again: it sets the damaged file aside, keeps what can be read of it, and says what was lost.',
        { path },
      );
    default:
      return problem(
        'DATA_DIR_READ_ONLY',
        'error',
        `${failure.message} Routing goes on; changes and the request log are not kept.`,
        `See that ${folder} can be written by the user that runs Gatehouse.`,
        { path: folder },
      );
  }
}
