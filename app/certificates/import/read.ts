import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { OperationError } from '../../operations/error.ts';
import { readCertbot } from './certbot.ts';
import type { Found, ImportFile } from './found.ts';
import { readTraefik } from './traefik.ts';

export type ImportSource = 'traefik' | 'certbot' | 'nginx-proxy-manager';

/** More than any home has; a folder given by mistake must not be read whole. */
const mostFiles = 20_000;
const mostEntries = 200_000;
/** Of all files together; they go to the engine as one message. */
const mostBytes = 32 * 1024 * 1024;
const deepest = 8;

const wanted: Readonly<Record<ImportSource, RegExp>> = {
  traefik: /\.json$/,
  certbot: /(\.pem|\.conf|(private_key|regr)\.json)$/,
  'nginx-proxy-manager': /(\.pem|\.conf|(private_key|regr)\.json)$/,
};

/** Understands the files of another program. Rejects with OperationError INVALID where they are none of its. */
export async function readImport(from: ImportSource, files: readonly ImportFile[], now: number): Promise<Found> {
  let found: Found;
  try {
    found = from === 'traefik' ? await readTraefik(files, now) : await readCertbot(files, now);
  } catch (error) {
    throw unsuitable(from, error instanceof Error ? error.message : String(error), error);
  }
  const { certificates, accounts, skipped } = found;
  if (certificates.length + accounts.length + skipped.length === 0) throw unsuitable(from, nothingThere[from]);
  return found;
}

const nothingThere: Readonly<Record<ImportSource, string>> = {
  traefik: 'The file holds no certificate and no account.',
  certbot:
    'There is no live or archive folder with certificates in it. Give the folder that certbot keeps: /etc/letsencrypt.',
  'nginx-proxy-manager':
    'There is no letsencrypt/live and no custom_ssl in it. Give the folder that holds its "data" and "letsencrypt".',
};

function unsuitable(from: ImportSource, problem: string, cause?: unknown): OperationError {
  const error = new OperationError('INVALID', `Nothing was imported. ${problem}`, {
    reason: 'IMPORT_UNSUITABLE',
    from,
    problem,
  });
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** The files of a path on this machine that matter. Throws OperationError where it cannot be read. */
export async function readImportPath(from: ImportSource, path: string): Promise<readonly ImportFile[]> {
  const around: Collecting = { root: path, pattern: wanted[from], files: [], entries: 0, bytes: 0 };
  try {
    const found = await stat(path);
    if (found.isFile()) await take(path, basename(path), around);
    else await collect(path, around, 0);
    return around.files;
  } catch (error) {
    if (error instanceof OperationError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const why =
      code === 'ENOENT'
        ? 'is not there'
        : code === 'EACCES'
          ? 'may not be read by Gatehouse'
          : `cannot be read (${code})`;
    throw new OperationError('INVALID', `${path} ${why}.`, { reason: 'IMPORT_UNREADABLE', path, code });
  }
}

interface Collecting {
  readonly root: string;
  readonly pattern: RegExp;
  readonly files: ImportFile[];
  entries: number;
  bytes: number;
}

async function collect(dir: string, around: Collecting, depth: number): Promise<void> {
  if (depth > deepest) return;
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    around.entries += 1;
    if (around.entries > mostEntries) throw tooLarge(around, `${mostEntries} files and folders`);
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await collect(path, around, depth + 1);
    else if (around.pattern.test(entry.name) && (await isFile(path))) {
      await take(path, relative(around.root, path).split(sep).join('/'), around);
    }
  }
}

/** `live` is made of symbolic links; one that leads nowhere is left out. */
async function isFile(path: string): Promise<boolean> {
  const link = await lstat(path);
  const found = link.isSymbolicLink() ? await stat(path).catch(() => null) : link;
  return found?.isFile() ?? false;
}

async function take(path: string, name: string, around: Collecting): Promise<void> {
  if (around.files.length >= mostFiles) throw tooLarge(around, `${mostFiles} files`);
  // Whatever stands there by now, a pipe too, is opened without waiting for somebody at its other end.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const content = (await handle.stat()).isFile() ? await bytesOf(handle, mostBytes - around.bytes) : Buffer.alloc(0);
    if (content === null) throw tooLarge(around, `${mostBytes / 1024 / 1024} MB`);
    around.bytes += content.length;
    around.files.push({ path: name, content: content.toString('utf8') });
  } finally {
    await handle.close();
  }
}

/** Null: there are more. What a file says of its size is not believed; some of /proc say nothing, and never end. */
async function bytesOf(handle: FileHandle, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(65_536), 0, 65_536);
    if (bytesRead === 0) return Buffer.concat(chunks);
    total += bytesRead;
    if (total > most) return null;
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

function tooLarge({ root }: Collecting, most: string): OperationError {
  return new OperationError('INVALID', `${root} holds more than ${most}; that is not what was meant.`, {
    reason: 'IMPORT_TOO_LARGE',
    path: root,
  });
}
