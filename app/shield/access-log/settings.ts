import path from 'node:path';
import type { AccessLogOptions } from '../../../proxy/model/access-log.ts';
import { durationMs } from '../../../proxy/model/duration.ts';
import type { LoggedFieldModes } from '../../../proxy/model/request-record.ts';
import type { StaticConfiguration } from '../../config/static.ts';

/** What is written of requests, and where. */
export interface AccessLogSettings {
  /** Null: standard output. */
  readonly filePath: string | null;
  /** Permissions of a file that is made. */
  readonly fileMode: number;
  /** Lines held before they are written; 0: each batch is written as it comes. */
  readonly bufferedLines: number;
  /** For the workers, who write the lines. */
  readonly lines: AccessLogOptions;
}

/** Where nobody has asked for an access log there is one all the same: JSON, in the data folder. */
const ownHeaders: LoggedFieldModes = { defaultMode: 'drop', names: { 'user-agent': 'keep', referer: 'keep' } };

/**
 * By Traefik's `accessLog`, with its defaults. Without it Gatehouse keeps a log of its own beside its database. Null:
 * nothing is to be kept (`filePath: /dev/null`, or none is asked for and everything is to be as in Traefik).
 */
export function accessLogSettings(
  asked: StaticConfiguration['accessLog'],
  dataDir: string,
  asTraefik = false,
): AccessLogSettings | null {
  if (asked === undefined && asTraefik) return null;
  if (asked === undefined) {
    return {
      filePath: path.join(dataDir, 'access.log'),
      fileMode: 0o600,
      bufferedLines: 0,
      lines: {
        format: 'json',
        filters: { statusCodes: [], retryAttempts: false, minDurationMs: 0 },
        fields: { keptByDefault: true, names: {} },
        keepsQuery: true,
        headers: ownHeaders,
        // Who guesses at the dashboard's password is to be found here.
        addInternals: true,
      },
    };
  }
  if (asked.filePath === '/dev/null') return null;
  const { fields, filters = {} } = asked;
  return {
    filePath: asked.filePath === undefined || asked.filePath === '' ? null : path.resolve(asked.filePath),
    fileMode: 0o644,
    bufferedLines: asked.bufferingSize ?? 0,
    lines: {
      format: asked.format ?? 'common',
      filters: {
        statusCodes: filters.statusCodes ?? [],
        retryAttempts: filters.retryAttempts ?? false,
        minDurationMs: durationMs(filters.minDuration, 0),
      },
      fields: { keptByDefault: fields?.defaultMode !== 'drop', names: byLowerName(fields?.names) },
      keepsQuery: fields?.queryParameters?.defaultMode !== 'drop',
      headers: { defaultMode: fields?.headers?.defaultMode ?? 'drop', names: byLowerName(fields?.headers?.names) },
      addInternals: asked.addInternals ?? false,
      ...(asTraefik ? { asTraefik } : {}),
    },
  };
}

function byLowerName<T>(names: Readonly<Record<string, T>> = {}): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(names).map(([name, value]) => [name.toLowerCase(), value]));
}
