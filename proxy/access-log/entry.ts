import type { AccessLogOptions } from '../model/access-log.ts';
import type { LoggedFacts, LoggedFieldMode, LoggedFields, RequestRecord } from '../model/request-record.ts';
import { headerText } from './escape.ts';
import { localTime, nanoseconds, utcTime } from './times.ts';

/** One request as Traefik's access log knows it. */
export interface AccessLogEntry {
  readonly record: RequestRecord;
  readonly facts: LoggedFacts;
  /** How many requests there have been since the start, with this one. */
  readonly count: number;
}

/** What does not apply is left out. */
type FieldValue = string | number | undefined;
type FieldOf = (entry: AccessLogEntry) => FieldValue;

/**
 * What a value is made from. Requests have much in common with those before them; values are written out anew only
 * where what they are made from has changed. `each`: every request has its own.
 */
export type FieldSource = 'client' | 'host' | 'server' | 'start' | 'tls' | 'few' | 'each';

export interface CoreField {
  readonly name: string;
  readonly from: FieldSource;
  readonly valueOf: FieldOf;
}

/** In the order of their names, as Go writes the keys of a map. Those of header fields come after, and then `time`. */
export function coreFields({ keepsQuery }: AccessLogOptions): readonly CoreField[] {
  const field = (name: string, from: FieldSource, valueOf: FieldOf): CoreField => ({ name, from, valueOf });
  return [
    field('ClientAddr', 'client', ({ record, facts }) =>
      joinHostPort(facts.peerIp ?? record.clientIp, record.clientPort),
    ),
    field('ClientHost', 'client', clientHost),
    field('ClientPort', 'client', ({ record }) => String(record.clientPort)),
    field('ClientUsername', 'few', ({ record: { username } }) =>
      username === null || username === '' ? '-' : username,
    ),
    field('DownstreamContentSize', 'each', ({ record }) => record.responseBytes),
    field('DownstreamStatus', 'each', ({ record }) => record.status),
    field('Duration', 'each', ({ record }) => nanoseconds(record.durationMs)),
    field('GzipRatio', 'each', gzipRatio),
    field('OriginContentSize', 'each', ({ facts }) => facts.originBytes ?? 0),
    field('OriginDuration', 'each', ({ record }) => nanoseconds(record.originDurationMs ?? 0)),
    field('OriginStatus', 'each', ({ record }) => record.originStatus ?? 0),
    field('Overhead', 'each', ({ record }) => nanoseconds(record.durationMs - (record.originDurationMs ?? 0))),
    field('RequestAddr', 'host', ({ facts }) => facts.authority || undefined),
    field('RequestContentSize', 'each', ({ record }) => record.requestBytes),
    field('RequestCount', 'each', ({ count }) => count),
    field('RequestHost', 'host', ({ facts }) => (facts.authority === '' ? undefined : hostPart(facts.authority))),
    field('RequestMethod', 'few', ({ record }) => record.method),
    field('RequestPath', 'each', ({ record }) => requestPath(record.target, keepsQuery)),
    field('RequestPort', 'host', ({ facts }) => (facts.authority === '' ? undefined : portPart(facts.authority))),
    field('RequestProtocol', 'few', ({ record }) => record.protocol),
    field('RequestScheme', 'few', ({ record }) => record.scheme),
    field('RetryAttempts', 'each', ({ record }) => record.retryAttempts ?? 0),
    field('RouterName', 'server', ({ record }) => record.router ?? undefined),
    field('ServiceAddr', 'server', ({ record }) => (record.serverUrl === null ? undefined : hostOf(record.serverUrl))),
    field('ServiceName', 'server', ({ record }) =>
      record.serverUrl === null ? undefined : (record.service ?? undefined),
    ),
    field('ServiceURL', 'server', ({ record }) => record.serverUrl ?? undefined),
    field('StartLocal', 'start', ({ record }) => localTime(record.at)),
    field('StartUTC', 'start', ({ record }) => utcTime(record.at)),
    field('TLSCipher', 'tls', ({ facts }) => facts.tlsCipher),
    field('TLSClientSubject', 'tls', ({ facts }) => facts.tlsClientSubject),
    field('TLSVersion', 'tls', ({ record: { tlsVersion } }) =>
      tlsVersion?.startsWith('TLSv') ? tlsVersion.slice(4) : (tlsVersion ?? undefined),
    ),
  ];
}

/** The client by whom rules judge, or what proxies said of it where that is asked for. */
export function clientHost({ record, facts }: AccessLogEntry): string {
  return facts.forwardedFor ?? record.clientIp;
}

/**
 * Whether a field is written, by its name in any case. Traefik takes `redact` of one that is no header for the default.
 */
export function keepsField({ fields }: AccessLogOptions, name: string): boolean {
  const lowerName = name.toLowerCase();
  const mode = Object.hasOwn(fields.names, lowerName) ? fields.names[lowerName] : undefined;
  return mode === 'keep' || (mode !== 'drop' && fields.keptByDefault);
}

/** How a header field is treated. */
export function headerMode({ headers }: AccessLogOptions, lowerName: string): LoggedFieldMode {
  return (Object.hasOwn(headers.names, lowerName) ? headers.names[lowerName] : undefined) ?? headers.defaultMode;
}

/** `Referer` and `User-Agent`, which come with each record, as they are written. */
export function createOwnFields(options: AccessLogOptions): (entry: AccessLogEntry) => [name: string, value: string][] {
  const refererMode = headerMode(options, 'referer');
  const agentMode = headerMode(options, 'user-agent');
  return ({ record, facts }) => {
    const own: [string, string][] = [];
    const add = (name: string, value: string, mode: LoggedFieldMode): void => {
      if (value === '' || mode === 'drop' || isGiven(facts.requestFields, name)) return;
      own.push([`request_${name}`, mode === 'redact' ? 'REDACTED' : headerText(value)]);
    };
    add('Referer', record.referer, refererMode);
    add('User-Agent', record.userAgent, agentMode);
    return own;
  };
}

/** A worker that sends all fields sends those of the record too. */
function isGiven(fields: LoggedFields | undefined, name: string): boolean {
  return fields?.some((given, i) => i % 2 === 0 && given.toLowerCase() === name.toLowerCase()) ?? false;
}

/** Names and values of header fields, in the order of their names. */
export function headerFields(prefix: string, fields: LoggedFields): [name: string, value: string][] {
  const pairs = Array.from({ length: fields.length / 2 }, (_, i): [string, string] => [
    `${prefix}${fields[2 * i] ?? ''}`,
    headerText(fields[2 * i + 1] ?? ''),
  ]);
  return pairs.toSorted(byName);
}

export function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function gzipRatio({ record, facts }: AccessLogEntry): number | undefined {
  const { originBytes } = facts;
  if (originBytes === undefined || record.responseBytes === 0 || originBytes === record.responseBytes) return undefined;
  return originBytes / record.responseBytes;
}

export function requestPath(target: string, keepsQuery: boolean): string {
  if (keepsQuery) return target;
  const at = target.indexOf('?');
  return at === -1 ? target : target.slice(0, at);
}

function hostOf(url: string): string {
  const scheme = url.indexOf('://');
  const start = scheme === -1 ? 0 : scheme + 3;
  const end = url.indexOf('/', start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}

function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Where Go would split it: the colon before the port; -1 where there is no port, or it cannot be told. */
function portColon(authority: string): number {
  const colon = authority.lastIndexOf(':');
  if (colon === -1) return -1;
  const isBracketed = authority.startsWith('[');
  const host = isBracketed ? authority.slice(1, colon - 1) : authority.slice(0, colon);
  if (isBracketed && authority[colon - 1] !== ']') return -1;
  return (isBracketed ? /[[\]]/ : /[:[\]]/).test(host) ? -1 : colon;
}

/** Without a port the whole is the host. */
function hostPart(authority: string): string {
  const colon = portColon(authority);
  if (colon === -1) return authority;
  return authority.startsWith('[') ? authority.slice(1, colon - 1) : authority.slice(0, colon);
}

function portPart(authority: string): string {
  const colon = portColon(authority);
  return colon === -1 ? '-' : authority.slice(colon + 1);
}
