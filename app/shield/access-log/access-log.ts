import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { LoggedFacts, RequestRecord } from '../../../proxy/model/request-record.ts';
import type { Log } from '../../log.ts';
import { type LogFileLimits, openLogFile } from '../../runtime/log-file.ts';
import { lineOf } from './line.ts';
import type { AccessLogSettings } from './settings.ts';

export interface AccessLog {
  /** `logged` stands beside the records; null is not written. `dropped`: records that a worker could not send. */
  readonly add: (records: readonly RequestRecord[], logged: readonly (LoggedFacts | null)[], dropped: number) => void;
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
 * Writes requests as lines, a batch at a time. Throws where the file cannot be opened; later failures cost lines, never
 * requests.
 */
export function openAccessLog(options: {
  readonly settings: AccessLogSettings;
  readonly log: Log;
  /** Where lines go that have no file. */
  readonly stdout?: (text: string) => void;
  readonly now?: () => number;
}): AccessLog {
  const { settings, log, now = Date.now } = options;
  const out = openOutput(settings, options.stdout ?? ((text) => void process.stdout.write(text)), now);
  let held: string[] = [];
  let timer: NodeJS.Timeout | null = null;
  let count = 0;
  let missing = 0;
  let saidMissingAt = Number.NEGATIVE_INFINITY;

  const flush = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    if (held.length === 0) return;
    const text = held.join('');
    held = [];
    out.write(text);
  };
  const sayMissing = (): void => {
    if (missing === 0 || now() - saidMissingAt < sayMissingEveryMs) return;
    log.warn('the access log lacks requests: more came than could be written', { missing });
    saidMissingAt = now();
    missing = 0;
  };

  return {
    add: (records, logged, dropped) => {
      missing += dropped;
      sayMissing();
      for (const [i, record] of records.entries()) {
        count += 1;
        const facts = logged[i];
        if (!facts || !isWanted(record, settings)) continue;
        held.push(lineOf({ record, facts, count }, settings));
      }
      if (held.length === 0) return;
      if (held.length > settings.bufferedLines) flush();
      else timer ??= setTimeout(flush, longestHoldMs);
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
  stdout: (text: string) => void,
  now: () => number,
): ReturnType<typeof openLogFile> {
  if (filePath === null) return { write: stdout, reopen: () => undefined, close: () => undefined };
  mkdirSync(path.dirname(filePath), { recursive: true });
  return openLogFile(filePath, { ...limits, mode: fileMode, now });
}

function isWanted(record: RequestRecord, settings: AccessLogSettings): boolean {
  if (!settings.addInternals && isInternal(record)) return false;
  const { status, durationMs, retryAttempts = 0 } = record;
  return settings.keeps({ status, durationMs, retryAttempts });
}

/** Traefik counts what an entry point redirects to its own services; here no router has part in that. */
function isInternal({ router, service, error }: RequestRecord): boolean {
  return router === null ? error === null : (service ?? router).endsWith('@internal');
}
