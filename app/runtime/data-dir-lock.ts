import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EngineStartError } from './start-error.ts';

/** A connection that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<Database.Database>();

/**
 * Takes the data folder for this process. The lock is an open transaction on a small database, which the kernel lets
 * go when the process ends, however it ends; the file itself may stay. Throws EngineStartError where another has it.
 */
export function lockDataDir(dataDir: string): () => void {
  const pidPath = join(dataDir, 'engine.pid');
  const lockPath = join(dataDir, 'engine.lock');
  // SQLite would make it with the process's own file mode. One that is there is left alone: closing any descriptor of
  // it would let go of a lock that this process has (POSIX, fcntl: "all locks are removed").
  if (!existsSync(lockPath)) closeSync(openSync(lockPath, 'a', 0o600));
  const database = new Database(lockPath, { timeout: 0 });
  try {
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!(error instanceof Database.SqliteError) || !error.code.startsWith('SQLITE_BUSY')) throw error;
    const holder = readPid(pidPath);
    throw new EngineStartError(
      'DATA_DIR_IN_USE',
      `The data folder ${dataDir} is in use by Gatehouse${holder === null ? '' : ` (pid ${holder})`}.`,
      'Use the one that runs, stop it first, or choose another folder with --data-dir.',
      { cause: error },
    );
  }
  writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  held.add(database);
  return () => {
    held.delete(database);
    if (database.inTransaction) database.exec('ROLLBACK');
    database.close();
  };
}

function readPid(path: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    // The other one has not written it yet.
    return null;
  }
}
