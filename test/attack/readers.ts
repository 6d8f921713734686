/**
 * Readers of HTTP/1 requests as servers behind a proxy are known to be: one that is strict, and others that each forgive
 * something. They are written for nothing but this, and share no code with the product. What a proxy forwards must be
 * read the same way by all of them.
 */
export interface Reading {
  /** Method, target and number of body bytes of each complete request. */
  readonly requests: readonly string[];
  /** `broken`: what follows is no request to this reader. `open`: more is to come. */
  readonly end: 'clean' | 'open' | 'broken';
}

export interface Leniency {
  readonly name: string;
  /** A line may end with LF alone. */
  readonly bareLf?: boolean;
  /** A line may end with CR alone. */
  readonly bareCr?: boolean;
  /** Which length counts: the first, the last, or the coding before both. */
  readonly lengthFirst?: boolean;
  readonly lastLength?: boolean;
  /** Numbers are read up to the first character that is none. */
  readonly prefixNumbers?: boolean;
  /** A coding is chunked when the word is anywhere in it. */
  readonly looseCoding?: boolean;
  /** Field names are read without spaces and control characters around them, and `_` and `.` as `-`. */
  readonly looseNames?: boolean;
  /** A line that begins with a space goes on with the one before. */
  readonly folds?: boolean;
  /** Chunk sizes are read up to the first character that is none, whatever follows it. */
  readonly looseChunks?: boolean;
  /** No coding is known at all. */
  readonly noCodings?: boolean;
}

export const leniencies: readonly Leniency[] = [
  { name: 'takes LF for a line end', bareLf: true },
  { name: 'takes CR for a line end', bareLf: true, bareCr: true },
  { name: 'prefers Content-Length', lengthFirst: true },
  { name: 'prefers the last Content-Length', lengthFirst: true, lastLength: true },
  { name: 'reads numbers as far as they go', prefixNumbers: true, looseChunks: true },
  { name: 'takes any coding with chunked in it', looseCoding: true },
  { name: 'reads names loosely', looseNames: true },
  { name: 'unfolds lines', folds: true },
  {
    name: 'is loose in all',
    bareLf: true,
    prefixNumbers: true,
    looseCoding: true,
    looseNames: true,
    folds: true,
    looseChunks: true,
  },
  { name: 'knows no codings', noCodings: true },
];

interface Line {
  readonly text: string;
  readonly next: number;
}

export function read(bytes: Buffer, how: Leniency | null = null): Reading {
  const text = bytes.toString('latin1');
  const requests: string[] = [];
  let at = 0;
  while (at < text.length) {
    const one = readOne(text, at, how);
    if (one === 'open' || one === 'broken') return { requests, end: one };
    requests.push(one.request);
    at = one.next;
  }
  return { requests, end: 'clean' };
}

function readOne(text: string, from: number, how: Leniency | null) {
  const first = readLine(text, from, how);
  if (typeof first === 'string') return first;
  const match = /^([!#$%&'*+\-.^_`|~\w]+) ([!-~]+) HTTP\/1\.[01]$/.exec(first.text);
  if (!match) return 'broken' as const;
  const fields: [string, string][] = [];
  let at = first.next;
  for (;;) {
    const line = readLine(text, at, how);
    if (typeof line === 'string') return line;
    at = line.next;
    if (line.text === '') break;
    if (/^[ \t]/.test(line.text) && how?.folds) {
      const last = fields.at(-1);
      if (last) last[1] += ` ${line.text.trim()}`;
      continue;
    }
    const field = readField(line.text, how);
    if (field === null) return 'broken' as const;
    fields.push(field);
  }
  const body = readBody(text, at, fields, how);
  if (typeof body === 'string') return body;
  return { request: `${match[1]} ${match[2]} ${body.bytes}`, next: body.next };
}

function readLine(text: string, from: number, how: Leniency | null): Line | 'open' | 'broken' {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 10) return how?.bareLf ? { text: text.slice(from, at), next: at + 1 } : 'broken';
    if (code !== 13) continue;
    if (text.charCodeAt(at + 1) === 10) return { text: text.slice(from, at), next: at + 2 };
    if (at + 1 === text.length) return 'open';
    if (how?.bareCr) return { text: text.slice(from, at), next: at + 1 };
    return 'broken';
  }
  return 'open';
}

function readField(line: string, how: Leniency | null): [string, string] | null {
  const colon = line.indexOf(':');
  if (colon === -1) return null;
  const name = line.slice(0, colon);
  const value = line.slice(colon + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '');
  if (how?.looseNames) {
    return [
      name
        .replaceAll(/^[\0- ]+|[\0- ]+$/g, '')
        .replaceAll(/[._]/g, '-')
        .toLowerCase(),
      value,
    ];
  }
  const hasControls = /\p{Cc}/u.test(value.replaceAll(/[\t\x80-\x9f]/g, ' '));
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || hasControls) return null;
  return [name.toLowerCase(), value];
}

function readBody(text: string, at: number, fields: readonly (readonly [string, string])[], how: Leniency | null) {
  const codings = fields.filter(([name]) => name === 'transfer-encoding').map(([, value]) => value);
  const lengths = fields.filter(([name]) => name === 'content-length').map(([, value]) => value);
  const isChunked = isChunkedBy(codings, how);
  if (isChunked === 'broken') return 'broken' as const;
  // RFC 9112 §6.1 lets a server refuse both together; a strict one does.
  if (how === null && isChunked && lengths.length > 0) return 'broken' as const;
  if (isChunked && !(how?.lengthFirst && lengths.length > 0)) return readChunks(text, at, how);
  if (lengths.length === 0) return { bytes: 0, next: at };
  if (how === null && new Set(lengths).size > 1) return 'broken' as const;
  const chosen = (how?.lastLength ? lengths.at(-1) : lengths[0]) ?? '';
  const digits = how?.prefixNumbers ? /^\s*\+?(\d+)/.exec(chosen)?.[1] : /^\d+$/.exec(chosen)?.[0];
  if (digits === undefined) return 'broken' as const;
  const bytes = Number(digits);
  return at + bytes > text.length ? ('open' as const) : { bytes, next: at + bytes };
}

function isChunkedBy(codings: readonly string[], how: Leniency | null): boolean | 'broken' {
  if (codings.length === 0 || how?.noCodings) return false;
  const whole = codings.join(', ').toLowerCase();
  if (how?.looseCoding) return whole.includes('chunked');
  return whole === 'chunked' ? true : 'broken';
}

function readChunks(text: string, from: number, how: Leniency | null) {
  let at = from;
  let bytes = 0;
  for (;;) {
    const line = readLine(text, at, how);
    if (typeof line === 'string') return line;
    const size = how?.looseChunks
      ? /^\s*(?:0x)?([0-9a-f]+)/i.exec(line.text)?.[1]
      : /^([0-9a-f]+)(?:[ \t]*;.*)?$/i.exec(line.text)?.[1];
    if (size === undefined) return 'broken' as const;
    at = line.next;
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    if (at + length > text.length) return 'open' as const;
    at += length;
    bytes += length;
    const end = readLine(text, at, how);
    if (typeof end === 'string') return end;
    if (end.text !== '') return 'broken' as const;
    at = end.next;
  }
  for (;;) {
    const line = readLine(text, at, how);
    if (typeof line === 'string') return line;
    at = line.next;
    if (line.text === '') return { bytes, next: at };
    if (readField(line.text, how) === null) return 'broken' as const;
  }
}

/** The readers that do not see what the strict one sees in these bytes; `strict` where it sees no requests in them. */
export function disagreements(bytes: Buffer): readonly string[] {
  const strict = read(bytes);
  if (strict.end === 'broken') return ['strict'];
  const seen = JSON.stringify(strict);
  return leniencies
    .filter((how) => {
      // One that knows no codings is behind a proxy which has told it a length, or not at all.
      if (how.noCodings && /^transfer-encoding:\s*chunked\r$/im.test(bytes.toString('latin1'))) return false;
      return JSON.stringify(read(bytes, how)) !== seen;
    })
    .map(({ name }) => name);
}
