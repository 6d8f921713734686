import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createSecrets } from '../secrets/files.ts';
import type { Secret } from '../secrets/secrets.ts';
import { type Backup, BackupError, type BackupFile, packBackup } from './archive.ts';

export interface BackupOptions {
  readonly dataDir: string;
  /** Null: no secrets go into it. */
  readonly passphrase: Secret | null;
  readonly version: string;
  readonly now?: () => number;
}

/** What is in the database and has no place in a backup: logs, counts, and who is signed in. */
const leftOut = [
  ['requests', 'DELETE FROM requests'],
  ['traffic', 'DELETE FROM traffic'],
  ['access_sessions', 'DELETE FROM access_sessions'],
] as const;
/** Keys in the database are sealed by a secret; without that they are of no use. What asks for them stays. */
const withoutSecrets = [
  ['certificates', 'DELETE FROM certificates WHERE resolver IS NULL'],
  ['certificates', 'UPDATE certificates SET chain = NULL, key = NULL, not_before = NULL, not_after = NULL'],
  ['certificate_orders', 'DELETE FROM certificate_orders'],
  ['acme_accounts', 'DELETE FROM acme_accounts'],
] as const;

/** The backup of a data folder, whether its engine runs or not. Rejects with BackupError or SecretsError. */
export async function createBackup(options: BackupOptions): Promise<Buffer> {
  const { dataDir, passphrase, version, now = Date.now } = options;
  const files = [await databaseOf(dataDir, passphrase !== null)];
  const secrets = createSecrets({ dataDir });
  const backup: Backup = {
    version,
    createdAt: now(),
    files,
    secret: passphrase && { files: authorityOf(dataDir), secrets: await allOf(secrets) },
  };
  return packBackup(backup, passphrase);
}

/** A copy as of one moment, made by SQLite, without what does not belong into it. */
async function databaseOf(dataDir: string, withSecrets: boolean): Promise<BackupFile> {
  const path = join(dataDir, 'gatehouse.db');
  if (!existsSync(path)) {
    throw new BackupError(
      'BACKUP_UNREADABLE',
      `There is no Gatehouse in ${dataDir}.`,
      'Name its data folder with --data-dir.',
    );
  }
  // In the data folder, which is closed to others.
  const dir = mkdtempSync(join(dataDir, 'backup-'));
  try {
    const copyPath = join(dir, 'copy.db');
    const source = new Database(path, { fileMustExist: true, timeout: 10_000 });
    try {
      await source.backup(copyPath);
    } finally {
      source.close();
    }
    const copy = new Database(copyPath);
    try {
      // What is deleted must not stand in the copy's free pages either.
      copy.pragma('secure_delete = ON');
      const tables = copy.prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      for (const [table, step] of [...leftOut, ...(withSecrets ? [] : withoutSecrets)]) {
        // One of an older format may lack some.
        if (tables.some(({ name }) => name === table)) copy.exec(step);
      }
      copy.pragma('journal_mode = DELETE');
      copy.exec('VACUUM');
    } finally {
      copy.close();
    }
    return { path: 'gatehouse.db', content: readFileSync(copyPath) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The internal authority, so that devices need not trust another one. */
function authorityOf(dataDir: string): BackupFile[] {
  return ['ca/ca.pem', 'ca/ca-key.pem'].flatMap((path) => {
    const file = join(dataDir, path);
    return existsSync(file) ? [{ path, content: readFileSync(file) }] : [];
  });
}

async function allOf(secrets: ReturnType<typeof createSecrets>): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const name of await secrets.list()) {
    const value = await secrets.get(name);
    if (value) all[name] = value.reveal();
  }
  return all;
}
