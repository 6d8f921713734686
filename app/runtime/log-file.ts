import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

export interface LogFile {
  /** Appends a line. Never throws: a full disk must not stop the engine for its log. */
  readonly write: (line: string) => void;
  readonly close: () => void;
}

/**
 * A log that turns over by size: `engine.log`, `engine.log.1`, … `engine.log.N`. Lines are written at once, so that
 * the last ones before a crash are there. Throws where the file cannot be opened at first.
 */
export function openLogFile(path: string, limits = { maxBytes: 5_000_000, keep: 3 }): LogFile {
  let file: number | null = openSync(path, 'a', 0o600);
  let bytes = fstatSync(file).size;

  const turnOver = (): void => {
    if (file !== null) closeSync(file);
    file = null;
    for (let n = limits.keep; n >= 1; n--) {
      const from = n === 1 ? path : `${path}.${n - 1}`;
      try {
        renameSync(from, `${path}.${n}`);
      } catch {
        // There are not that many yet.
      }
    }
    file = openSync(path, 'a', 0o600);
    bytes = fstatSync(file).size;
  };

  return {
    write: (line) => {
      try {
        if (bytes > limits.maxBytes) turnOver();
        file ??= openSync(path, 'a', 0o600);
        bytes += writeSync(file, line);
      } catch {
        // Disk full or folder gone: there is nowhere left to say so. The next line tries again.
      }
    },
    close: () => {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}
