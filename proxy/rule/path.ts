/** What a path may hold beyond the usual, where an entry point says so. */
export interface PathForm {
  /** Dot segments and several slashes stay as they came (Traefik's `sanitizePath: false`). */
  readonly keepsDots: boolean;
  readonly allowsNul: boolean;
}

const usualForm: PathForm = { keepsDots: false, allowsNul: false };

/**
 * The one form of a request's path that routing, middlewares, logs and servers see: dot segments (RFC 3986 §5.2.4,
 * `%2e` included) are resolved; everything else stays as it came, except that bytes above 0x7f are percent-encoded.
 * Null where the path must be refused: it does not begin with `/`, or holds a control character, a space, a raw
 * backslash, `#` or `?`, an encoded NUL, or a `%` without two hexadecimal digits.
 */
export function canonicalPath(path: string, { keepsDots, allowsNul }: PathForm = usualForm): string | null {
  if (path.charCodeAt(0) !== 0x2f) return null;
  let needsEncoding = false;
  let mayHaveDots = false;
  for (let i = 0; i < path.length; i += 1) {
    const code = path.charCodeAt(i);
    if (code === 0x25 /* % */) {
      const byte = escapedByte(path, i);
      if (byte < 0 || (byte === 0 && !allowsNul)) return null;
      if (byte === 0x2e) mayHaveDots = true;
      i += 2;
    } else if (code === 0x2e /* . */) {
      if (path.charCodeAt(i - 1) === 0x2f) mayHaveDots = true;
    } else if (code <= 0x20 || code === 0x7f || code === 0x5c || code === 0x23 || code === 0x3f || code > 0xff) {
      return null;
    } else if (code > 0x7f) {
      needsEncoding = true;
    }
  }
  const encoded = needsEncoding ? path.replaceAll(/[\u0080-\u00ff]/g, percentEncode) : path;
  return mayHaveDots && !keepsDots ? resolveDotSegments(encoded) : encoded;
}

/**
 * A path as it arrived, in the form that Traefik gives it before anything is routed (RFC 3986 §6.2.2): escapes of
 * characters that need none are decoded, those that stay are in upper case, and several slashes are one. Then as
 * {@link canonicalPath}. Fewer readings are left in which servers could differ.
 */
export function arrivedPath(path: string, form: PathForm = usualForm): string | null {
  let normal = path;
  if (path.includes('%')) {
    // Looked for before anything is decoded: of `%%352e` would else become an escape that nobody sent.
    if (/%(?![0-9a-fA-F]{2})/.test(path)) return null;
    normal = path.replaceAll(/%[0-9a-fA-F]{2}/g, normalEscape);
  }
  return canonicalPath(normal.includes('//') && !form.keepsDots ? normal.replaceAll(/\/{2,}/g, '/') : normal, form);
}

function normalEscape(escape: string): string {
  const char = String.fromCharCode(Number.parseInt(escape.slice(1), 16));
  return /[A-Za-z0-9._~-]/.test(char) ? char : escape.toUpperCase();
}

/** The byte that a `%xx` at the index stands for, or -1 where it is malformed. */
function escapedByte(text: string, index: number): number {
  const high = hexDigit(text.charCodeAt(index + 1));
  const low = hexDigit(text.charCodeAt(index + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function percentEncode(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function resolveDotSegments(path: string): string {
  const output: string[] = [];
  const segments = path.split('/');
  for (let i = 1; i < segments.length; i += 1) {
    const segment = segments[i] ?? '';
    const isLast = i === segments.length - 1;
    const count = dots(segment);
    if (count === 2) output.pop();
    if (count === 0) output.push(segment);
    else if (isLast) output.push('');
  }
  return `/${output.join('/')}`;
}

/** 1 for `.`, 2 for `..`, in any spelling; else 0. */
function dots(segment: string): 0 | 1 | 2 {
  if (segment.length > 6) return 0;
  switch (segment.replaceAll(/%2e/gi, '.')) {
    case '.':
      return 1;
    case '..':
      return 2;
    default:
      return 0;
  }
}

/** Characters whose escapes routing keeps: decoding them would change what the path means (RFC 3986 §2.2, and `%`). */
const reserved = new Set(Buffer.from(":/?#[]@!$&'()*+,;=%"));

let lastPath = '/';
let lastRoutingPath = '/';

/**
 * The path as rules are compared with it: escapes of ordinary characters decoded (`/foo%20bar` is `/foo bar`), those
 * of reserved ones kept, in upper case.
 */
export function routingPath(path: string): string {
  if (!path.includes('%')) return path;
  // The rules of one table all ask for the same path, one after the other.
  if (path === lastPath) return lastRoutingPath;
  const decoded = path.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, decodeUnreserved);
  lastPath = path;
  lastRoutingPath = decoded;
  return decoded;
}

function decodeUnreserved(escapes: string): string {
  let result = '';
  let pending = '';
  for (let i = 0; i < escapes.length; i += 3) {
    const escape = escapes.slice(i, i + 3).toUpperCase();
    if (reserved.has(escapedByte(escape, 0))) {
      result += decodeText(pending) + escape;
      pending = '';
    } else {
      pending += escape;
    }
  }
  return result + decodeText(pending);
}

/** Decodes UTF-8; bytes that are none stay escaped. */
function decodeText(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes.replaceAll(/%([0-7][0-9A-F])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
}

const doubtful = /%(?:2[Ff]|5[Cc]|2[Ee]|3[Bb]|3[Ff]|23|25)|\/\//;

/**
 * The path as a server may read it that decodes everything before it looks at dot segments, takes a backslash for a
 * slash, and several slashes for one. Null where there is no such doubt: the path holds neither `//` nor an escape of
 * one of `/ \ . ; ? # %`.
 */
export function decodedReading(path: string): string | null {
  return doubtful.test(path) ? readAsPlain(decodeFully(path)) : null;
}

/**
 * All readings of a canonical path that differ from it: decoded fully, decoded once, cut off at a decoded `?` or `#`,
 * and with parameters (`;…`) dropped from its segments. Empty where there is no doubt. A request whose readings lead
 * to different routers is ambiguous.
 */
export function otherReadings(path: string): string[] {
  if (!doubtful.test(path)) return [];
  const full = decodeFully(path);
  const readings = new Set([readAsPlain(full), readAsPlain(decodeOnce(path))]);
  const cut = full.search(/[?#]/);
  if (cut >= 0) readings.add(readAsPlain(full.slice(0, cut)));
  if (full.includes(';')) readings.add(readAsPlain(full.replaceAll(/;[^/]*/g, '')));
  readings.delete(path);
  return [...readings];
}

function decodeOnce(path: string): string {
  return path.replaceAll(/(?:%[0-9a-fA-F]{2})+/g, decodeText);
}

/** No server decodes more often; the bound keeps the cost in proportion to the path. */
const maxDecodings = 5;

function decodeFully(path: string): string {
  let current = path;
  for (let round = 0; round < maxDecodings; round += 1) {
    const decoded = decodeOnce(current.replaceAll(/%(?:25)+/g, '%'));
    if (decoded === current) return decoded;
    current = decoded;
  }
  return current;
}

function readAsPlain(decoded: string): string {
  return resolveDotSegments(decoded.replaceAll('\\', '/').replaceAll(/\/{2,}/g, '/'));
}
