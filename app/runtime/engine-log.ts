import { join } from 'node:path';
import pino from 'pino';
import type { LogConfiguration } from '../config/static.ts';
import type { Log } from '../log.ts';
import { openLogFile } from './log-file.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Names under which no value is ever written, at the top of the details or one below. */
const secretNames = ['password', 'passwordHash', 'token', 'secret', 'authorization', 'cookie', 'privateKeyPem'];

/**
 * Logs as JSON lines to `engine.log` in the data folder, or to the file that Traefik's `log.filePath` names, and hands
 * each line on for people to read. Lines below the configured level are not written.
 */
export function openEngineLog(
  dataDir: string,
  onLine: (line: LogLine) => void,
  configured?: LogConfiguration,
): Log & { readonly close: () => void } {
  const file = openLogFile(configured?.filePath ?? join(dataDir, 'engine.log'));
  const logger = pino(
    {
      level: configured?.level ?? 'info',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err, cause: pino.stdSerializers.err },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '••••' },
    },
    { write: file.write },
  );
  const at =
    (level: LogLine['level']): Log['info'] =>
    (message, details = {}) => {
      logger[level](details, message);
      onLine({ level, message, details });
    };
  return { info: at('info'), warn: at('warn'), error: at('error'), close: file.close };
}
