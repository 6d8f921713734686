import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { writePrivateFile } from '../certificates/files.ts';
import { lockDataDir } from '../runtime/data-dir-lock.ts';
import { createSecrets } from '../secrets/files.ts';
import { Secret } from '../secrets/secrets.ts';
import { prepareDataDir, syncDir } from '../store/data-dir.ts';
import { type Backup, BackupError, type BackupFile } from './archive.ts';

export interface RestoreOptions {
  readonly dataDir: string;
  readonly backup: Backup;
  /** Whether what is there already may be put aside. */
  readonly force: boolean;
  readonly now?: () => number;
}

export interface Restored {
  /** Where what was there before is now; null where nothing was. */
  readonly asidePath: string | null;
}

/** Everything a backup may bring; what is there of it goes aside together, so that old and new cannot mix. */
const places = ['gatehouse.db', 'gatehouse.db-wal', 'gatehouse.db-shm', 'ca', 'secrets'];
const allowed = new Set(['gatehouse.db', 'ca/ca.pem', 'ca/ca-key.pem']);

/**
 * Puts a backup in place of what a data folder holds. Everything is written and judged beside it first. Rejects with
 * BackupError, SecretsError, StoreError, or EngineStartError where an engine runs on the folder.
 */
export async function restoreBackup({ dataDir, backup, force, now = Date.now }: RestoreOptions): Promise<Restored> {
  prepareDataDir(dataDir);
  const unlock = lockDataDir(dataDir);
  const newDir = join(dataDir, 'restore.new');
  try {
    rmSync(newDir, { recursive: true, force: true });
    const isThere = places.filter((place) => existsSync(join(dataDir, place)));
    if (isThere.length > 0 && !force) {
      throw new BackupError(
        'RESTORE_REFUSED',
        `${dataDir} holds a Gatehouse already.`,
        'Choose another folder with --data-dir, or put what is there aside with --force.',
      );
    }
    mkdirSync(newDir, { mode: 0o700 });
    for (const file of [...backup.files, ...(backup.secret?.files ?? [])]) write(newDir, file);
    judgeDatabase(join(newDir, 'gatehouse.db'));
    const secrets = createSecrets({ dataDir: newDir });
    for (const [name, value] of Object.entries(backup.secret?.secrets ?? {}))
      await secrets.set(name, new Secret(value));

    const asidePath = isThere.length === 0 ? null : join(dataDir, `before-restore-${stamp(now())}`);
    if (asidePath !== null) {
      mkdirSync(asidePath, { mode: 0o700 });
      for (const place of isThere) renameSync(join(dataDir, place), join(asidePath, place));
    }
    for (const place of places) {
      const made = join(newDir, place);
      if (existsSync(made)) renameSync(made, join(dataDir, place));
    }
    syncDir(dataDir);
    return { asidePath };
  } finally {
    rmSync(newDir, { recursive: true, force: true });
    unlock();
  }
}

function write(dir: string, { path, content }: BackupFile): void {
  if (!allowed.has(path)) {
    throw new BackupError('BACKUP_UNREADABLE', `The backup holds "${path}", which none has.`, 'Take another file.');
  }
  const file = join(dir, ...path.split('/'));
  writePrivateFile(file, content, { durable: true });
  syncDir(dirname(file));
}

function judgeDatabase(path: string): void {
  let verdict: string;
  try {
    const db = new Database(path, { fileMustExist: true, readonly: true });
    verdict = String(db.pragma('quick_check(1)', { simple: true }));
    db.close();
  } catch (error) {
    verdict = error instanceof Error ? error.message : String(error);
  }
  if (verdict === 'ok') return;
  throw new BackupError(
    'BACKUP_UNREADABLE',
    `The database in the backup is damaged: ${verdict}.`,
    'Take another copy.',
  );
}

function stamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[:.]/g, '-');
}
