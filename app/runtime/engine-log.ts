import { join } from 'node:path';
import pino from 'pino';
import type { LogConfiguration } from '../config/static.ts';
import type { Log } from '../log.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { type LogEntry, logLine } from './log-lines.ts';

export interface LogLine extends LogEntry {
  /** As Traefik would write it, where it goes to the standard output by Traefik's `log`; null: it does not. */
  readonly text: string | null;
}

/** Names under which no value is ever written, at the top of the details or one below. */
const secretNames = ['password', 'passwordHash', 'token', 'secret', 'authorization', 'cookie', 'privateKeyPem'];

const ranks = { debug: 0, info: 1, warn: 2, error: 3 } as const;

/**
 * Logs as JSON lines to `engine.log` in the data folder, whatever is configured, so that there is always something to
 * look into. Traefik's `log` makes a second one beside it: in Traefik's format, from its level on, to the file that
 * `log.filePath` names or to the standard output (`LogLine.text`), where lines go as well if there can be no such file.
 */
export function openEngineLog(
  dataDir: string,
  onLine: (line: LogLine) => void,
  configured?: LogConfiguration,
  now: () => Date = () => new Date(),
): Log & { readonly close: () => void } {
  const file = openLogFile(join(dataDir, 'engine.log'));
  const logger = pino(
    {
      level: 'info',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '••••' },
    },
    { write: file.write },
  );
  let asked: LogFile | null = null;
  let unopened: unknown = null;
  try {
    if (configured?.filePath != null) asked = openAsked(configured.filePath, configured);
  } catch (error) {
    unopened = error;
  }
  const textOf = (entry: LogEntry): string | null =>
    configured && ranks[entry.level] >= ranks[configured.level]
      ? logLine({ ...entry, details: withoutSecrets(entry.details) }, configured.format, now())
      : null;
  const at =
    (level: LogEntry['level']): Log['info'] =>
    (message, details = {}) => {
      logger[level](details, message);
      const text = textOf({ level, message, details });
      if (asked !== null && text !== null) asked.write(text);
      onLine({ level, message, details, text: asked === null ? text : null });
    };
  const error = at('error');
  if (unopened !== null) error(`The file that log.filePath names cannot be written`, { error: unopened });
  return {
    info: at('info'),
    warn: at('warn'),
    error,
    close: () => {
      file.close();
      asked?.close();
    },
  };
}

function openAsked(path: string, { maxBytes = 100_000_000, keep = 3 }: LogConfiguration): LogFile {
  return openLogFile(path, { maxBytes, keep });
}

function withoutSecrets(details: LogEntry['details']): LogEntry['details'] {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [name, secretNames.includes(name) ? '••••' : shallow(value)]),
  );
}

function shallow(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error || Array.isArray(value)) return value;
  return withoutSecrets(value as LogEntry['details']);
}
