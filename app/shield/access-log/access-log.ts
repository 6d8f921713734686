import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { FromWorker } from '../../../proxy/model/snapshot.ts';
import type { Log } from '../../log.ts';
import { type LogFileLimits, openLogFile } from '../../runtime/log-file.ts';
import type { AccessLogSettings } from './settings.ts';

type Lines = NonNullable<Extract<FromWorker, { type: 'traffic' }>['log']>;

export interface AccessLog {
  readonly add: (lines: Lines) => void;
  /** Opens the file anew at its path, for those who have moved it away. */
  readonly reopen: () => void;
  /** Writes what is held. May be called twice. */
  readonly close: () => void;
}

/** A week of a quiet home in each file, and never more than 120 MB in all. */
const limits: LogFileLimits = { maxBytes: 20_000_000, keep: 5, maxAgeMs: 7 * 24 * 3_600_000 };
/** Held lines are written after so long, however few there are. */
const longestHoldMs = 1000;
/** How often lines that are missing are mentioned. */
const sayMissingEveryMs = 60_000;

/**
 * Writes the lines that workers send, a batch at a time. Throws where the file cannot be opened; later failures cost lines, never
 * requests.
 */
export function openAccessLog(options: {
  readonly settings: AccessLogSettings;
  readonly log: Log;
  /** Where lines go that have no file. */
  readonly stdout?: (bytes: Uint8Array) => void;
  readonly now?: () => number;
}): AccessLog {
  const { settings, log, now = Date.now } = options;
  const out = openOutput(settings, options.stdout ?? ((bytes) => void process.stdout.write(bytes)), now);
  let held: Uint8Array[] = [];
  let heldLines = 0;
  let timer: NodeJS.Timeout | null = null;
  let missing = 0;
  let saidMissingAt = Number.NEGATIVE_INFINITY;

  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (heldLines === 0) return;
    const bytes = held.length === 1 ? held[0] : Buffer.concat(held);
    held = [];
    heldLines = 0;
    if (bytes) out.write(bytes);
  };
  const sayMissing = (): void => {
    if (missing === 0 || now() - saidMissingAt < sayMissingEveryMs) return;
    log.warn('the access log lacks requests: more came than could be written', { missing });
    saidMissingAt = now();
    missing = 0;
  };

  return {
    add: ({ bytes, lines, dropped }) => {
      missing += dropped;
      sayMissing();
      held.push(bytes);
      heldLines += lines;
      if (heldLines > settings.bufferedLines) flush();
      else if (heldLines > 0) timer ??= setTimeout(flush, longestHoldMs);
    },
    reopen: () => {
      flush();
      out.reopen();
    },
    close: () => {
      flush();
      out.close();
    },
  };
}

function openOutput(
  { filePath, fileMode }: AccessLogSettings,
  stdout: (bytes: Uint8Array) => void,
  now: () => number,
): { write: (bytes: Uint8Array) => void; reopen: () => void; close: () => void } {
  if (filePath === null) return { write: stdout, reopen: () => undefined, close: () => undefined };
  mkdirSync(path.dirname(filePath), { recursive: true });
  return openLogFile(filePath, { ...limits, mode: fileMode, now });
}
