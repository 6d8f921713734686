import { createCipheriv, createDecipheriv, createHash, randomBytes, scryptSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import type { Secret } from '../secrets/secrets.ts';

/** A file of a backup. `path` is below the data folder, with `/` between its parts. */
export interface BackupFile {
  readonly path: string;
  readonly content: Buffer;
}

/** What nobody may read who has the backup alone. */
export interface BackupSecrets {
  readonly files: readonly BackupFile[];
  readonly secrets: Readonly<Record<string, string>>;
}

export interface Backup {
  /** Of the program that made it. */
  readonly version: string;
  readonly createdAt: number;
  readonly files: readonly BackupFile[];
  /** Null: it was made without. */
  readonly secret: BackupSecrets | null;
}

/** It cannot be read; the message is for the person. */
export class BackupError extends Error {
  readonly code: 'BACKUP_UNREADABLE' | 'BACKUP_NEWER' | 'PASSPHRASE_NEEDED' | 'PASSPHRASE_WRONG' | 'RESTORE_REFUSED';
  readonly fix: string;

  constructor(code: BackupError['code'], message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupError';
    this.code = code;
    this.fix = fix;
  }
}

const fileSchema = z.object({ path: z.string(), content: z.base64() });
const archiveSchema = z.object({
  gatehouseBackup: z.literal(1),
  version: z.string(),
  createdAt: z.number(),
  files: z.array(fileSchema),
  sealed: z.object({ salt: z.base64(), iv: z.base64(), tag: z.base64(), data: z.base64() }).nullable(),
});
const secretSchema = z.object({ files: z.array(fileSchema), secrets: z.record(z.string(), z.string()) });

/** Unpacked. A small file may be made to unpack to very much. */
const mostBytes = 512 * 1024 * 1024;

/** scrypt (RFC 7914): 64 MB and some 200 ms for each guess. */
const cost = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

/** One file that holds all. What is secret in it is encrypted (AES-256-GCM), and fits to this backup only. */
export function packBackup(backup: Backup, passphrase: Secret | null): Buffer {
  const { version, createdAt, secret } = backup;
  const files = backup.files.map(written);
  const sealed = secret && passphrase ? seal(secret, passphrase, digestOf(files)) : null;
  return gzipSync(JSON.stringify({ gatehouseBackup: 1, version, createdAt, files, sealed }));
}

/**
 * Reads a backup whole. Without a passphrase `secret` is null, also where there are secrets in it: `isSealed` tells.
 * Throws BackupError.
 */
export function unpackBackup(bytes: Buffer, passphrase: Secret | null): Backup & { readonly isSealed: boolean } {
  const { version, createdAt, files, sealed } = parse(bytes);
  return {
    version,
    createdAt,
    files: files.map(read),
    secret: sealed && passphrase ? unseal(sealed, passphrase, digestOf(files)) : null,
    isSealed: sealed !== null,
  };
}

type Archive = z.infer<typeof archiveSchema>;

function parse(bytes: Buffer): Archive {
  let content: unknown;
  try {
    content = JSON.parse(gunzipSync(bytes, { maxOutputLength: mostBytes }).toString('utf8'));
  } catch (error) {
    throw new BackupError(
      'BACKUP_UNREADABLE',
      'This is no backup of Gatehouse, or it is damaged.',
      'Take another copy of it.',
      { cause: error },
    );
  }
  const { success, data } = archiveSchema.safeParse(content);
  if (success) return data;
  const isNewer = z.object({ gatehouseBackup: z.number().min(2) }).safeParse(content).success;
  throw isNewer
    ? new BackupError('BACKUP_NEWER', 'This backup was made by a newer Gatehouse.', 'Install that version first.')
    : new BackupError('BACKUP_UNREADABLE', 'This is no backup of Gatehouse.', 'Take another file.');
}

function written({ path, content }: BackupFile): z.infer<typeof fileSchema> {
  return { path, content: content.toString('base64') };
}

function read({ path, content }: z.infer<typeof fileSchema>): BackupFile {
  return { path, content: Buffer.from(content, 'base64') };
}

function digestOf(files: readonly z.infer<typeof fileSchema>[]): Buffer {
  return createHash('sha256').update(JSON.stringify(files)).digest();
}

function seal(secret: BackupSecrets, passphrase: Secret, aad: Buffer): NonNullable<Archive['sealed']> {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase.reveal(), salt, 32, cost), iv).setAAD(aad);
  const text = JSON.stringify({ files: secret.files.map(written), secrets: secret.secrets });
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const base64 = (bytes: Buffer): string => bytes.toString('base64');
  return { salt: base64(salt), iv: base64(iv), tag: base64(cipher.getAuthTag()), data: base64(data) };
}

function unseal(sealed: NonNullable<Archive['sealed']>, passphrase: Secret, aad: Buffer): BackupSecrets {
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
  const key = scryptSync(passphrase.reveal(), bytes(sealed.salt), 32, cost);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(sealed.iv), { authTagLength: 16 })
      .setAAD(aad)
      .setAuthTag(bytes(sealed.tag));
    const text = Buffer.concat([decipher.update(bytes(sealed.data)), decipher.final()]).toString('utf8');
    const { files, secrets } = secretSchema.parse(JSON.parse(text));
    return { files: files.map(read), secrets };
  } catch (error) {
    throw new BackupError(
      'PASSPHRASE_WRONG',
      'The passphrase is not that of this backup, or the file is damaged.',
      'Try again, or restore without secrets: --no-secrets.',
      { cause: error },
    );
  }
}
