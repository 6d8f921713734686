import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StoreError } from './store-error.ts';

/**
 * Makes the data folder, for its owner alone, and sees that it can be written. A folder that is there already is
 * closed to others only while it is empty: one that holds other things may be shared on purpose.
 * Throws StoreError. May be called again.
 */
export function prepareDataDir(dataDir: string): void {
  try {
    const created = makeFolder(dataDir);
    if (created || readdirSync(dataDir).length === 0) chmodSync(dataDir, 0o700);
    const probePath = join(dataDir, `.write-probe-${process.pid}`);
    try {
      const file = openSync(probePath, 'w', 0o600);
      try {
        writeFileSync(file, Buffer.alloc(4096));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    } finally {
      rmSync(probePath, { force: true });
    }
  } catch (error) {
    throw dataDirError(dataDir, error);
  }
}

/** Says whether it made the folder. One step at a time: Node's recursive way never ends in places such as /proc. */
function makeFolder(path: string): boolean {
  const missing: string[] = [];
  for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) mkdirSync(folder, { mode: 0o700 });
  return missing.length > 0;
}

/** Makes renames and removals in a folder survive a power cut. Windows has no such call, and needs none. */
export function syncDir(dir: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function dataDirError(dataDir: string, error: unknown): StoreError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  switch (code) {
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return new StoreError(
        'DATA_DIR_READ_ONLY',
        `The data folder ${dataDir} cannot be written (${code}).`,
        'Give it to the user that runs Gatehouse, or choose another one with --data-dir.',
        { cause: error },
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFullError(dataDir, error);
    default:
      return new StoreError(
        'DATA_DIR_UNUSABLE',
        `${dataDir} cannot be used as the data folder (${code}).`,
        'Choose a folder on a local disk with --data-dir.',
        { cause: error },
      );
  }
}

export function diskFullError(dataDir: string, cause: unknown): StoreError {
  return new StoreError(
    'DISK_FULL',
    `The disk that holds the data folder ${dataDir} is full.`,
    'Free some space on that disk, or choose a folder on another one with --data-dir.',
    { cause },
  );
}
