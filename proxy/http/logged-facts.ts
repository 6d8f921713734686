import { X509Certificate } from 'node:crypto';
import type { LoggedFacts, LoggedFieldModes, LoggedFields } from '../model/request-record.ts';
import type { ExchangeNotes, TlsFacts } from './exchange.ts';
import type { HeaderList } from './header-list.ts';
import type { LiveRequest } from './live-request.ts';

const redacted = 'REDACTED';

const keeping = new WeakMap<LoggedFieldModes, boolean>();

/** Whether any field is kept at all; where none is, nobody need look at them. */
export function keepsFields(modes: LoggedFieldModes): boolean {
  let keeps = keeping.get(modes);
  if (keeps === undefined) {
    keeps = modes.defaultMode !== 'drop' || Object.values(modes.names).some((mode) => mode !== 'drop');
    keeping.set(modes, keeps);
  }
  return keeps;
}

/** The fields that the access log keeps, each name once. What is redacted never leaves the worker. */
export function loggedFields(headers: HeaderList, modes: LoggedFieldModes): LoggedFields {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const lowerName = name.toLowerCase();
    const mode = Object.hasOwn(modes.names, lowerName) ? modes.names[lowerName] : modes.defaultMode;
    // As in Go, whose servers take the host out of the fields.
    if (mode === 'drop' || lowerName === 'host') continue;
    const known = values.get(lowerName);
    if (mode === 'redact') values.set(lowerName, redacted);
    else values.set(lowerName, known === undefined ? value : `${known},${value}`);
  }
  return [...values].flatMap(([name, value]) => [canonicalName(name), value]);
}

/** What the access log writes of an exchange beyond its record. */
export function factsOf(
  request: LiveRequest,
  notes: ExchangeNotes,
  modes: LoggedFieldModes,
  downstream: HeaderList | null,
  originFields: LoggedFields | null,
): LoggedFacts {
  const { tls } = request;
  const keeps = keepsFields(modes);
  // Always the same members in the same order: objects of many shapes cost several times as much.
  return {
    authority: request.authority,
    peerIp: request.peerIp === request.clientIp ? undefined : request.peerIp,
    forwardedFor: modes.wantsForwardedFor === true ? request.headers.get('x-forwarded-for') : undefined,
    originBytes: notes.originBytes,
    tlsCipher: tls?.cipher,
    tlsClientSubject: tls?.clientCertificates === undefined ? undefined : subjectOf(tls) || undefined,
    requestFields: keeps ? loggedFields(request.headers, modes) : undefined,
    originFields: keeps ? (originFields ?? []) : undefined,
    downstreamFields: keeps && downstream !== null ? loggedFields(downstream, modes) : keeps ? [] : undefined,
  };
}

function canonicalName(lowerName: string): string {
  return lowerName.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

const subjects = new WeakMap<TlsFacts, string>();

/** Read once for each connection. A certificate that cannot be read has none. */
function subjectOf(tls: TlsFacts): string {
  const known = subjects.get(tls);
  if (known !== undefined) return known;
  const subject = readSubject(tls.clientCertificates?.[0]);
  subjects.set(tls, subject);
  return subject;
}

function readSubject(der: Uint8Array | undefined): string {
  if (der === undefined) return '';
  try {
    // Node has one attribute on each line, the most general first; names on a line are the other way round (RFC 4514 §2.1).
    return new X509Certificate(der).subject.split('\n').toReversed().join(',');
  } catch {
    return '';
  }
}
