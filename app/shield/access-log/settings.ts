import path from 'node:path';
import { durationMs } from '../../../proxy/model/duration.ts';
import type { LoggedFieldMode, LoggedFieldModes } from '../../../proxy/model/request-record.ts';
import { statusTest } from '../../../proxy/model/status-ranges.ts';
import type { StaticConfiguration } from '../../config/static.ts';

export type AccessLogFormat = 'common' | 'genericCLF' | 'json';

/** What is written of requests, and where. */
export interface AccessLogSettings {
  /** Null: standard output. */
  readonly filePath: string | null;
  /** Permissions of a file that is made. */
  readonly fileMode: number;
  readonly format: AccessLogFormat;
  /** A request that passes any filter is written; where there is none, all are. */
  readonly keeps: (request: RequestFacts) => boolean;
  /** Whether a field is written, by its name in any case. */
  readonly keepsField: (name: string) => boolean;
  readonly keepsQuery: boolean;
  readonly headers: LoggedFieldModes;
  /** Lines held before they are written; 0: each batch is written as it comes. */
  readonly bufferedLines: number;
  /** Requests to Gatehouse's own services, and those that an entry point redirects, are written too. */
  readonly addInternals: boolean;
}

export interface RequestFacts {
  readonly status: number;
  readonly durationMs: number;
  readonly retryAttempts: number;
}

/** Where nobody has asked for an access log there is one all the same: JSON, in the data folder. */
const ownHeaders: LoggedFieldModes = { defaultMode: 'drop', names: { 'user-agent': 'keep', referer: 'keep' } };

/**
 * By Traefik's `accessLog`, with its defaults. Without it Gatehouse keeps a log of its own beside its database. Null:
 * nothing is to be kept (`filePath: /dev/null`).
 */
export function accessLogSettings(asked: StaticConfiguration['accessLog'], dataDir: string): AccessLogSettings | null {
  if (asked === undefined) {
    return {
      filePath: path.join(dataDir, 'access.log'),
      fileMode: 0o600,
      format: 'json',
      keeps: () => true,
      keepsField: () => true,
      keepsQuery: true,
      headers: ownHeaders,
      bufferedLines: 0,
      // Who guesses at the dashboard's password is to be found here.
      addInternals: true,
    };
  }
  if (asked.filePath === '/dev/null') return null;
  const { fields, filters = {} } = asked;
  const names = byLowerName(fields?.names);
  const keptByDefault = fields?.defaultMode !== 'drop';
  return {
    filePath: asked.filePath === undefined || asked.filePath === '' ? null : path.resolve(asked.filePath),
    fileMode: 0o644,
    format: asked.format ?? 'common',
    keeps: filterOf(filters),
    // Traefik takes `redact` of a field that is no header for what holds by default.
    keepsField: (name) => {
      const mode = names[name.toLowerCase()];
      return mode === 'keep' || (mode !== 'drop' && keptByDefault);
    },
    keepsQuery: fields?.queryParameters?.defaultMode !== 'drop',
    headers: { defaultMode: fields?.headers?.defaultMode ?? 'drop', names: byLowerName(fields?.headers?.names) },
    bufferedLines: asked.bufferingSize ?? 0,
    addInternals: asked.addInternals ?? false,
  };
}

/** What workers look for: the visitor's `User-Agent` and `Referer` come with every record. */
export function headersAskedFor({ headers }: AccessLogSettings): LoggedFieldModes {
  if (headers.defaultMode !== 'drop') return headers;
  const asked = Object.entries(headers.names).filter(([name, mode]) => mode !== 'drop' && !isInRecord(name));
  return { defaultMode: 'drop', names: Object.fromEntries(asked) };
}

export function isInRecord(lowerName: string): boolean {
  return lowerName === 'user-agent' || lowerName === 'referer';
}

/** How a header field is treated. */
export function headerMode({ defaultMode, names }: LoggedFieldModes, lowerName: string): LoggedFieldMode {
  return names[lowerName] ?? defaultMode;
}

type Filters = NonNullable<NonNullable<StaticConfiguration['accessLog']>['filters']>;

function filterOf({ statusCodes = [], retryAttempts = false, minDuration }: Filters): AccessLogSettings['keeps'] {
  const minMs = durationMs(minDuration, 0);
  if (statusCodes.length === 0 && !retryAttempts && minMs === 0) return () => true;
  const hasStatus = statusTest(statusCodes);
  return (request) =>
    hasStatus(request.status) ||
    (retryAttempts && request.retryAttempts > 0) ||
    (minMs > 0 && request.durationMs > minMs);
}

function byLowerName<T>(names: Readonly<Record<string, T>> = {}): Readonly<Record<string, T>> {
  const lower = Object.entries(names).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.assign(Object.create(null) as Record<string, T>, Object.fromEntries(lower));
}
