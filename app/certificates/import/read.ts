import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { OperationError } from '../../operations/error.ts';
import { readCertbot } from './certbot.ts';
import type { Found, ImportFile } from './found.ts';
import { readTraefik } from './traefik.ts';

export type ImportSource = 'traefik' | 'certbot' | 'nginx-proxy-manager';

/** More than any home has; a folder given by mistake must not be read whole. */
const mostFiles = 20_000;
const mostFileBytes = 32 * 1024 * 1024;
const deepest = 8;

const wanted: Readonly<Record<ImportSource, RegExp>> = {
  traefik: /\.json$/,
  certbot: /(\.pem|\.conf|(private_key|regr)\.json)$/,
  'nginx-proxy-manager': /(\.pem|\.conf|(private_key|regr)\.json)$/,
};

/** Understands the files of another program. Throws OperationError INVALID where they are none of its. */
export function readImport(from: ImportSource, files: readonly ImportFile[], now: number): Found {
  let found: Found;
  try {
    found = from === 'traefik' ? readTraefik(files, now) : readCertbot(files, now);
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
  try {
    const found = await stat(path);
    if (found.isFile()) return [{ path: basename(path), content: await textOf(path, found.size) }];
    const files: ImportFile[] = [];
    await collect(path, path, wanted[from], files, 0);
    return files;
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

async function collect(root: string, dir: string, pattern: RegExp, into: ImportFile[], depth: number): Promise<void> {
  if (depth > deepest) return;
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) await collect(root, path, pattern, into, depth + 1);
    else if (pattern.test(entry.name)) {
      if (into.length >= mostFiles) {
        throw new OperationError('INVALID', `${root} holds more than ${mostFiles} files; that is not what was meant.`, {
          reason: 'IMPORT_TOO_LARGE',
          path: root,
        });
      }
      const content = await linked(path);
      if (content !== null) into.push({ path: relative(root, path).split(sep).join('/'), content });
    }
  }
}

/** `live` is made of symbolic links; one that leads nowhere is left out. */
async function linked(path: string): Promise<string | null> {
  const link = await lstat(path);
  const found = link.isSymbolicLink() ? await stat(path).catch(() => null) : link;
  return found?.isFile() ? textOf(path, found.size) : null;
}

async function textOf(path: string, bytes: number): Promise<string> {
  if (bytes > mostFileBytes) {
    throw new OperationError('INVALID', `${path} is too large to be what was meant.`, {
      reason: 'IMPORT_TOO_LARGE',
      path,
    });
  }
  return readFile(path, 'utf8');
}
