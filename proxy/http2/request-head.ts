/** The head of a request as it was sent. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
  /** Of an extended CONNECT (RFC 8441 §4); empty elsewhere. */
  readonly protocol: string;
  /** `[name, value, name, value]` as they came, with those above in front. */
  readonly fields: readonly string[];
  /** What the head says of its body; -1: nothing, or what is no number. */
  readonly contentLength: number;
  /** No body and no trailers follow. */
  readonly isEnded: boolean;
  /** There were more fields than may be; the rest was left out. */
  readonly isTooLarge: boolean;
}

const colon = 0x3a;

/** Fields that belong to one connection of HTTP/1 (RFC 9113 §8.2.2), by their length first. */
function isForbidden(name: string, value: string): boolean {
  switch (name.length) {
    case 2:
      return name === 'te' && value.toLowerCase() !== 'trailers';
    case 7:
      return name === 'upgrade';
    case 10:
      return name === 'connection' || name === 'keep-alive';
    case 16:
      return name === 'proxy-connection';
    case 17:
      return name === 'transfer-encoding';
    default:
      return false;
  }
}

/** What is wrong with regular fields from `start` on, in words; null: nothing. */
function fieldFault(fields: readonly string[], start: number): string | null {
  for (let i = start; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (name.charCodeAt(0) === colon) return start === 0 ? 'a pseudo-field in trailers' : 'a pseudo-field after others';
    if (isForbidden(name, fields[i + 1] as string)) return `the field ${name}`;
  }
  return null;
}

/** What is wrong with trailers (RFC 9113 §8.1), in words; null: nothing. */
export function trailerFault(fields: readonly string[]): string | null {
  return fieldFault(fields, 0);
}

const digits = /^\d{1,15}$/;

function contentLengthOf(fields: readonly string[], start: number): number {
  for (let i = start; i < fields.length; i += 2) {
    if (fields[i] !== 'content-length') continue;
    const value = fields[i + 1] as string;
    return digits.test(value) ? Number(value) : -1;
  }
  return -1;
}

/**
 * Reads the fields of a request's head (RFC 9113 §8.3), whose characters were looked at when they were unpacked. Gives
 * what is wrong with one that is malformed, in words. What the values of pseudo-fields mean is for others to judge. Of
 * fields that were cut short, only what is there is judged.
 */
export function readRequestHead(
  fields: readonly string[],
  isEnded: boolean,
  isTooLarge: boolean,
): RequestHead | string {
  let method: string | null = null;
  let scheme: string | null = null;
  let authority: string | null = null;
  let path: string | null = null;
  let protocol: string | null = null;
  let at = 0;
  for (; at < fields.length; at += 2) {
    const name = fields[at] as string;
    if (name.charCodeAt(0) !== colon) break;
    const value = fields[at + 1] as string;
    switch (name) {
      case ':method':
        if (method !== null) return 'more than one :method';
        method = value;
        break;
      case ':scheme':
        if (scheme !== null) return 'more than one :scheme';
        scheme = value;
        break;
      case ':authority':
        if (authority !== null) return 'more than one :authority';
        authority = value;
        break;
      case ':path':
        if (path !== null) return 'more than one :path';
        path = value;
        break;
      case ':protocol':
        if (protocol !== null) return 'more than one :protocol';
        protocol = value;
        break;
      default:
        return 'a pseudo-field that requests do not have';
    }
  }
  if (at === 0) return 'no pseudo-fields';
  const fault = fieldFault(fields, at);
  if (fault !== null) return fault;
  if (method === null || method === '') return 'no :method';
  if (method === 'CONNECT' && protocol === null) {
    if (scheme !== null || path !== null) return 'a CONNECT with :scheme or :path';
    if (authority === null || authority === '') return 'a CONNECT without :authority';
  } else {
    if (protocol !== null && (method !== 'CONNECT' || authority === null || protocol === '')) return 'the :protocol';
    if ((scheme === null || scheme === '') && !isTooLarge) return 'no :scheme';
    if ((path === null || path === '') && !isTooLarge) return 'no :path';
  }
  const contentLength = contentLengthOf(fields, at);
  if (isEnded && contentLength > 0) return 'a content-length without a body';
  return {
    method,
    scheme: scheme ?? '',
    authority: authority ?? '',
    path: path ?? '',
    protocol: protocol ?? '',
    fields,
    contentLength,
    isEnded,
    isTooLarge,
  };
}
