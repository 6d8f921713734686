import type { AccessLogOptions } from '../model/access-log.ts';
import type { LoggedFacts, LoggedFieldModes, RequestRecord } from '../model/request-record.ts';
import { statusTest } from '../model/status-ranges.ts';
import { type AccessLogEntry, clientHost, createOwnFields, keepsField, requestPath } from './entry.ts';
import { headerText, quoted, word } from './escape.ts';
import { jsonLine } from './json-line.ts';
import type { LineBuffer } from './line-buffer.ts';
import { commonTime } from './times.ts';

/** Writes requests as lines of the access log. */
export interface LineWriter {
  /** Whether the log is to have this request. */
  readonly wants: (record: RequestRecord) => boolean;
  /** Writes a line with its end. `count`: how many requests there have been since the start, with this one. */
  readonly write: (out: LineBuffer, record: RequestRecord, facts: LoggedFacts, count: number) => void;
}

/** What is to be looked up per line is looked up here, once. Throws where a filter cannot be read. */
export function createLineWriter(options: AccessLogOptions): LineWriter {
  const write = options.format === 'json' ? jsonLine(options) : asText(commonLine(options));
  const passes = filterOf(options);
  return {
    wants: (record) => (options.addInternals || !isInternal(record)) && passes(record),
    write(out, record, facts, count) {
      out.begin();
      write(out, { record, facts, count });
      out.end();
    },
  };
}

/** What is to be noted of header fields: `User-Agent` and `Referer` come with every record. */
export function headersAskedFor({ headers, asTraefik }: AccessLogOptions): LoggedFieldModes {
  const more = asTraefik === true ? { wantsForwardedFor: true } : {};
  if (headers.defaultMode !== 'drop') return { ...headers, ...more };
  const asked = Object.entries(headers.names).filter(
    ([name, mode]) => mode !== 'drop' && name !== 'user-agent' && name !== 'referer',
  );
  return { defaultMode: 'drop', names: Object.fromEntries(asked), ...more };
}

function filterOf({ filters }: AccessLogOptions): (record: RequestRecord) => boolean {
  const { statusCodes, retryAttempts, minDurationMs } = filters;
  if (statusCodes.length === 0 && !retryAttempts && minDurationMs === 0) return () => true;
  const hasStatus = statusTest(statusCodes);
  return (record) =>
    hasStatus(record.status) ||
    (retryAttempts && (record.retryAttempts ?? 0) > 0) ||
    (minDurationMs > 0 && record.durationMs > minDurationMs);
}

/** Traefik counts what an entry point redirects to its own services; here no router has part in that. */
function isInternal({ router, service, error }: RequestRecord): boolean {
  return router === null ? error === null : (service ?? router).endsWith('@internal');
}

type Line = (entry: AccessLogEntry) => string;

function asText(line: Line): (out: LineBuffer, entry: AccessLogEntry) => void {
  return (out, entry) => out.text(line(entry));
}

/** The Common Log Format with the visitor's two fields, and what Traefik adds. A field that is dropped is a `-`. */
function commonLine(options: AccessLogOptions): Line {
  const keeps = (name: string): boolean => keepsField(options, name);
  const client = keeps('ClientHost');
  const user = keeps('ClientUsername');
  const start = keeps('StartUTC') || keeps('StartLocal');
  const method = keeps('RequestMethod');
  const path = keeps('RequestPath');
  const protocol = keeps('RequestProtocol');
  const status = keeps('DownstreamStatus');
  const size = keeps('DownstreamContentSize');
  const ownFields = createOwnFields(options);
  const more = options.format === 'common' ? traefikPart(options) : () => '';
  return (entry) => {
    const { record, facts } = entry;
    const headers = new Map(ownFields(entry));
    for (const [i, name] of (facts.requestFields ?? []).entries()) {
      if (i % 2 === 0) headers.set(`request_${name}`, headerText(facts.requestFields?.[i + 1] ?? ''));
    }
    const request = [
      word((method && record.method) || '-', true),
      word((path && requestPath(record.target, options.keepsQuery)) || '-', true),
      protocol ? record.protocol : '-',
    ].join(' ');
    const parts = [
      client ? words(clientHost(entry)) : '-',
      '-',
      user ? userWord(record.username) : '-',
      `[${start ? commonTime(record.at) : '-'}]`,
      `"${request}"`,
      status ? record.status : '-',
      size ? record.responseBytes : '-',
      quoted(headers.get('request_Referer') || '-'),
      quoted(headers.get('request_User-Agent') || '-'),
    ];
    return `${parts.join(' ')}${more(entry)}\n`;
  };
}

/** Where it is a whole `X-Forwarded-For`, it is several words. */
function words(text: string): string {
  return text.includes(' ')
    ? text
        .split(' ')
        .map((part) => word(part, false))
        .join(' ')
    : word(text, false);
}

function traefikPart(options: AccessLogOptions): Line {
  const requestCount = keepsField(options, 'RequestCount');
  const router = keepsField(options, 'RouterName');
  const url = keepsField(options, 'ServiceURL');
  const duration = keepsField(options, 'Duration');
  return ({ record, count }) => {
    const parts = [
      requestCount ? count : '-',
      quoted((router && record.router) || '-'),
      quoted((url && record.serverUrl) || '-'),
      `${duration ? Math.trunc(record.durationMs) : 0}ms`,
    ];
    return ` ${parts.join(' ')}`;
  };
}

/** A name that is a dash by itself would read as none at all, and who guesses it would not be counted. */
function userWord(name: string | null): string {
  if (name === null || name === '') return '-';
  return name === '-' ? '%2D' : word(name, false);
}
