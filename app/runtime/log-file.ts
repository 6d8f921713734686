import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

export interface LogFile {
  /** Appends a line or several. Never throws: a full disk must not stop the engine for its log. */
  readonly write: (lines: string | Uint8Array) => void;
  /** Closes the file and opens it anew at its path, for those who have moved it away. */
  readonly reopen: () => void;
  readonly close: () => void;
}

export interface LogFileLimits {
  readonly maxBytes: number;
  /** Files kept beside the one that is written. */
  readonly keep: number;
  /** How long one file is written to; left out: until it is large enough. */
  readonly maxAgeMs?: number;
  readonly mode?: number;
  readonly now?: () => number;
}

/**
 * A log that turns over by size, and by age where that is asked for: `engine.log`, `engine.log.1`, … `engine.log.N`.
 * Lines are written at once, so that the last ones before a crash are there. What is no plain file, such as
 * `/dev/stdout` or a pipe, is only written to. Throws where the file cannot be opened at first.
 */
export function openLogFile(path: string, limits: LogFileLimits = { maxBytes: 5_000_000, keep: 3 }): LogFile {
  const { now = Date.now, mode = 0o600 } = limits;
  let file: number | null = null;
  let bytes = 0;
  let bornAt = 0;
  let isPlain = true;

  const open = (): number => {
    const opened = openSync(path, 'a', mode);
    const stat = fstatSync(opened);
    file = opened;
    bytes = stat.size;
    isPlain = stat.isFile();
    // Some file systems do not keep when a file was made.
    bornAt = bytes === 0 ? now() : stat.birthtimeMs > 0 ? stat.birthtimeMs : stat.mtimeMs;
    return opened;
  };
  open();

  const close = (): void => {
    if (file !== null) closeSync(file);
    file = null;
  };

  const isDue = (): boolean => {
    if (!isPlain || bytes === 0) return false;
    return bytes > limits.maxBytes || (limits.maxAgeMs !== undefined && now() - bornAt > limits.maxAgeMs);
  };

  const turnOver = (): void => {
    close();
    for (let n = limits.keep; n >= 1; n--) {
      const from = n === 1 ? path : `${path}.${n - 1}`;
      try {
        renameSync(from, `${path}.${n}`);
      } catch {
        // There are not that many yet.
      }
    }
    open();
  };

  return {
    write: (lines) => {
      try {
        if (isDue()) turnOver();
        const to = file ?? open();
        bytes += typeof lines === 'string' ? writeSync(to, lines) : writeSync(to, lines);
      } catch {
        // Disk full or folder gone: there is nowhere left to say so. The next line tries again.
      }
    },
    reopen: () => {
      try {
        close();
        open();
      } catch {
        // The next line tries again.
      }
    },
    close,
  };
}
