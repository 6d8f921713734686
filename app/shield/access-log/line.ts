import { type AccessLogEntry, fieldsOf, ownFields, requestPath } from './entry.ts';
import { headerText, jsonString, quoted, word } from './escape.ts';
import type { AccessLogSettings } from './settings.ts';
import { commonTime } from './times.ts';

/** An entry as one line, with its end. */
export function lineOf(entry: AccessLogEntry, settings: AccessLogSettings): string {
  switch (settings.format) {
    case 'json':
      return jsonLine(entry, settings);
    case 'common':
      return `${commonPart(entry, settings)} ${traefikPart(entry, settings)}\n`;
    case 'genericCLF':
      return `${commonPart(entry, settings)}\n`;
  }
}

function jsonLine(entry: AccessLogEntry, settings: AccessLogSettings): string {
  const members = fieldsOf(entry, settings).map(
    ([name, value]) => `${jsonString(name)}:${typeof value === 'number' ? String(value) : jsonString(value)}`,
  );
  return `{${members.join(',')}}\n`;
}

/** The Common Log Format with the visitor's two fields. A field that is dropped is a `-`. */
function commonPart(entry: AccessLogEntry, settings: AccessLogSettings): string {
  const { record } = entry;
  const kept = <T>(name: string, value: T): T | '-' => (settings.keepsField(name) ? value : '-');
  const headers = new Map(ownFields(entry, settings));
  for (const [i, name] of (entry.facts.requestFields ?? []).entries()) {
    if (i % 2 === 0) headers.set(`request_${name}`, headerText(entry.facts.requestFields?.[i + 1] ?? ''));
  }
  const time = settings.keepsField('StartUTC') || settings.keepsField('StartLocal') ? commonTime(record.at) : '-';
  const request = [
    word(kept('RequestMethod', record.method) || '-', true),
    word(kept('RequestPath', requestPath(record.target, settings)) || '-', true),
    kept('RequestProtocol', record.protocol),
  ].join(' ');
  return [
    kept('ClientHost', word(record.clientIp, false)),
    '-',
    kept('ClientUsername', userWord(record.username)),
    `[${time}]`,
    `"${request}"`,
    kept('DownstreamStatus', record.status),
    kept('DownstreamContentSize', record.responseBytes),
    quoted(headers.get('request_Referer') || '-'),
    quoted(headers.get('request_User-Agent') || '-'),
  ].join(' ');
}

function traefikPart({ record, count }: AccessLogEntry, { keepsField }: AccessLogSettings): string {
  return [
    keepsField('RequestCount') ? count : '-',
    quoted((keepsField('RouterName') && record.router) || '-'),
    quoted((keepsField('ServiceURL') && record.serverUrl) || '-'),
    `${keepsField('Duration') ? Math.trunc(record.durationMs) : 0}ms`,
  ].join(' ');
}

/** A name that is a dash by itself would read as none at all, and who guesses it would not be counted. */
function userWord(name: string | null): string {
  if (name === null || name === '') return '-';
  return name === '-' ? '%2D' : word(name, false);
}
