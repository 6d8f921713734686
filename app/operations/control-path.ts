import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Longest path that fits into a Unix socket's address on every system (macOS has 104 bytes with the ending NUL). */
const longestSocketPathBytes = 100;

/**
 * Where the engine of a data folder listens: `control.sock` in the folder; a short folder of its own under the
 * system's temporary one where that path is too long; a named pipe on Windows.
 */
export function controlSocketPath(dataDir: string, platform: NodeJS.Platform = process.platform): string {
  const absolute = path.resolve(dataDir);
  if (platform === 'win32') return `\\\\.\\pipe\\gatehouse-${shortHash(absolute.toLowerCase())}`;
  const inside = path.join(absolute, 'control.sock');
  if (Buffer.byteLength(inside) <= longestSocketPathBytes) return inside;
  return path.join(tmpdir(), `gatehouse-${shortHash(absolute)}`, 'control.sock');
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
