import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Owner alone may read it. Durable once it returns, where `durable` asks for that. Replaces in one step. */
export function writePrivateFile(
  path: string,
  content: string | Uint8Array,
  { durable }: { readonly durable: boolean },
): void {
  // A name that nobody can know beforehand, and a file that was not there: the folder may be one that others write in.
  const temporaryPath = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    const file = openSync(temporaryPath, 'wx', 0o600);
    try {
      writeFileSync(file, content);
      if (durable) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporaryPath, path);
  } catch (error) {
    rmSync(temporaryPath, { force: true });
    throw error;
  }
}
