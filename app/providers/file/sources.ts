import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** One file as it stands on disk. */
export type FileSource =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly error: NodeJS.ErrnoException };

const largestBytes = 32 * 1024 * 1024;
const settleMs = 30;
const settleAttempts = 20;

/**
 * The files of a path: itself, or all YAML and TOML files below a folder, sorted. Throws where the path itself cannot be read.
 * A file that is being written is waited for.
 */
export async function readSources(path: string, signal: AbortSignal): Promise<readonly FileSource[]> {
  const paths = (await stat(path)).isDirectory() ? await filesBelow(path) : [path];
  return Promise.all(paths.map((each) => readSource(each, signal)));
}

/** All YAML and TOML files below a folder, sorted. */
export async function filesBelow(dir: string, above: readonly string[] = []): Promise<string[]> {
  const found: string[] = [];
  const place = await realpath(dir);
  // A link to a folder above would lead round and round.
  if (above.includes(place)) return found;
  for (const name of (await readdir(dir)).toSorted()) {
    // Hidden names are editors' own, and the folders that Kubernetes swaps its links to.
    if (name.startsWith('.')) continue;
    const path = join(dir, name);
    const kind = await stat(path).catch(() => null);
    if (kind?.isDirectory()) found.push(...(await filesBelow(path, [...above, place])));
    else if (kind !== null && ['.yml', '.yaml', '.toml'].includes(extname(name).toLowerCase())) found.push(path);
  }
  return found;
}

async function readSource(path: string, signal: AbortSignal): Promise<FileSource> {
  for (let attempt = 1; ; attempt++) {
    try {
      const before = await stat(path);
      // Reading a pipe would wait for ever, and some devices never end.
      if (!before.isFile()) throw new Error('it is no regular file');
      if (before.size > largestBytes) throw new Error(`it is larger than ${largestBytes / 1024 / 1024} MB`);
      const text = await readFile(path, 'utf8');
      const after = await stat(path);
      const changing = before.mtimeMs !== after.mtimeMs || before.size !== after.size;
      // A writer that empties a file first is not done while the file is new and empty.
      const fresh = Math.abs(Date.now() - after.mtimeMs) < (after.size === 0 ? settleMs * 10 : settleMs);
      if ((!changing && !fresh) || attempt === settleAttempts) return { path, text };
    } catch (error) {
      return { path, error: error as NodeJS.ErrnoException };
    }
    await delay(settleMs / 2, undefined, { signal });
  }
}
