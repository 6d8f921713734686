import type { LoggedFacts, LoggedFields, RequestRecord } from '../../../proxy/model/request-record.ts';
import { headerText } from './escape.ts';
import { type AccessLogSettings, headerMode } from './settings.ts';
import { localTime, nanoseconds, utcTime } from './times.ts';

/** One request as Traefik's access log knows it: field names and values; what does not apply is left out. */
export interface AccessLogEntry {
  readonly record: RequestRecord;
  readonly facts: LoggedFacts;
  /** How many requests there have been since the start, with this one. */
  readonly count: number;
}

type Value = string | number | undefined;

/** In the order of their names, as Go writes the keys of a map. */
const coreFields: readonly (readonly [string, (entry: AccessLogEntry, settings: AccessLogSettings) => Value])[] = [
  ['ClientAddr', ({ record, facts }) => joinHostPort(facts.peerIp ?? record.clientIp, record.clientPort)],
  ['ClientHost', ({ record }) => record.clientIp],
  ['ClientPort', ({ record }) => String(record.clientPort)],
  ['ClientUsername', ({ record }) => (record.username === null || record.username === '' ? '-' : record.username)],
  ['DownstreamContentSize', ({ record }) => record.responseBytes],
  ['DownstreamStatus', ({ record }) => record.status],
  ['Duration', ({ record }) => nanoseconds(record.durationMs)],
  ['GzipRatio', gzipRatio],
  ['OriginContentSize', ({ facts }) => facts.originBytes ?? 0],
  ['OriginDuration', ({ record }) => nanoseconds(record.originDurationMs ?? 0)],
  ['OriginStatus', ({ record }) => record.originStatus ?? 0],
  ['Overhead', ({ record }) => nanoseconds(record.durationMs - (record.originDurationMs ?? 0))],
  ['RequestAddr', ({ facts }) => (facts.authority === '' ? undefined : facts.authority)],
  ['RequestContentSize', ({ record }) => record.requestBytes],
  ['RequestCount', ({ count }) => count],
  ['RequestHost', ({ facts }) => (facts.authority === '' ? undefined : splitHostPort(facts.authority)[0])],
  ['RequestMethod', ({ record }) => record.method],
  ['RequestPath', ({ record }, settings) => requestPath(record.target, settings)],
  ['RequestPort', ({ facts }) => (facts.authority === '' ? undefined : splitHostPort(facts.authority)[1])],
  ['RequestProtocol', ({ record }) => record.protocol],
  ['RequestScheme', ({ record }) => record.scheme],
  ['RetryAttempts', ({ record }) => record.retryAttempts ?? 0],
  ['RouterName', ({ record }) => record.router ?? undefined],
  ['ServiceAddr', ({ record }) => (record.serverUrl === null ? undefined : hostOf(record.serverUrl))],
  ['ServiceName', ({ record }) => (record.serverUrl === null ? undefined : (record.service ?? undefined))],
  ['ServiceURL', ({ record }) => record.serverUrl ?? undefined],
  ['StartLocal', ({ record }) => localTime(record.at)],
  ['StartUTC', ({ record }) => utcTime(record.at)],
  ['TLSCipher', ({ facts }) => facts.tlsCipher],
  ['TLSClientSubject', ({ facts }) => facts.tlsClientSubject],
  ['TLSVersion', ({ record }) => record.tlsVersion?.replace(/^TLSv/, '')],
];

/** Fields of an entry that the settings keep, in the order of their names. */
export function fieldsOf(entry: AccessLogEntry, settings: AccessLogSettings): [name: string, value: string | number][] {
  const fields: [string, string | number][] = [];
  const add = (name: string, value: Value): void => {
    if (value !== undefined && settings.keepsField(name)) fields.push([name, value]);
  };
  for (const [name, valueOf] of coreFields) add(name, valueOf(entry, settings));
  const { record, facts } = entry;
  fields.push(...headerFields('downstream_', facts.downstreamFields));
  add('entryPointName', record.entryPoint);
  fields.push(['level', 'info'], ['msg', '']);
  fields.push(...headerFields('origin_', facts.originFields));
  const own = [...ownFields(entry, settings), ...headerFields('request_', facts.requestFields)];
  fields.push(...own.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  fields.push(['time', localTime(record.at + record.durationMs, false)]);
  return fields;
}

/** `User-Agent` and `Referer`, which come with each record; a worker that sends all fields sends them too. */
export function ownFields({ record, facts }: AccessLogEntry, { headers }: AccessLogSettings): [string, string][] {
  const given = new Set((facts.requestFields ?? []).filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  const values = { 'User-Agent': record.userAgent, Referer: record.referer };
  return Object.entries(values).flatMap(([name, value]): [string, string][] => {
    const mode = headerMode(headers, name.toLowerCase());
    if (value === '' || mode === 'drop' || given.has(name.toLowerCase())) return [];
    return [[`request_${name}`, mode === 'redact' ? 'REDACTED' : headerText(value)]];
  });
}

function headerFields(prefix: string, fields: LoggedFields = []): [string, string][] {
  const pairs = Array.from({ length: fields.length / 2 }, (_, i): [string, string] => [
    `${prefix}${fields[2 * i] ?? ''}`,
    headerText(fields[2 * i + 1] ?? ''),
  ]);
  return pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function gzipRatio({ record, facts }: AccessLogEntry): number | undefined {
  const { originBytes } = facts;
  if (originBytes === undefined || record.responseBytes === 0 || originBytes === record.responseBytes) return undefined;
  return originBytes / record.responseBytes;
}

export function requestPath(target: string, { keepsQuery }: AccessLogSettings): string {
  return keepsQuery ? target : target.replace(/\?.*$/s, '');
}

function hostOf(url: string): string {
  return url.replace(/^[a-z0-9+.-]+:\/\//i, '').replace(/\/.*$/s, '');
}

function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** As Go splits it; without a port the whole is the host, and the port is `-`. */
function splitHostPort(authority: string): [host: string, port: string] {
  const [, inBrackets, plain, port] = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(authority) ?? [];
  const host = inBrackets ?? plain;
  return host === undefined || port === undefined ? [authority, '-'] : [host, port];
}
