import type { ProxyErrorCode } from '../model/request-record.ts';
import { parseFields, tokenCharacters } from './field-lines.ts';

/** Why a head is refused, and with which status. */
export interface HeadFault {
  readonly status: number;
  readonly code: ProxyErrorCode;
  readonly detail: string;
}

/** The head of a request as it was sent; where it has a fault, as far as it was read. */
export interface ReceivedHead {
  method: string;
  target: string;
  protocol: 'HTTP/1.0' | 'HTTP/1.1';
  /** `[name, value, name, value]` in the order and spelling they came in. */
  raw: string[];
  fault: HeadFault | null;
}

const space = 0x20;
const cr = 0x0d;
const lf = 0x0a;

/** A head that fits into so many bytes is found without a second look. */
const usualHeadBytes = 2048;
const headEnd = Buffer.from('\r\n\r\n');

function malformed(detail: string): HeadFault {
  return { status: 400, code: 'REQUEST_MALFORMED', detail };
}

function ambiguous(detail: string): HeadFault {
  return { status: 400, code: 'REQUEST_AMBIGUOUS', detail };
}

const bareLineFeed = ambiguous('a line that ends with a bare LF');
const bareReturn = ambiguous('a bare CR in the head');
const emptyLines = malformed('several empty lines before a request');

/** A head of which nothing is known. */
export function blankHead(fault: HeadFault | null = null): ReceivedHead {
  return { method: '', target: '', protocol: 'HTTP/1.1', raw: [], fault };
}

/**
 * Reads one head: `text` holds request line and fields as latin1, each with its CRLF, up to `end`. RFC 9112 §3,
 * strictly: a token, one space, a target of visible ASCII, one space, `HTTP/1.1` or `HTTP/1.0`.
 */
function parseHead(text: string, end: number): ReceivedHead {
  const head = blankHead();
  let at = 0;
  while (tokenCharacters[text.charCodeAt(at)] === 1) at += 1;
  if (at === 0 || text.charCodeAt(at) !== space) {
    head.fault = lineFault(text, at, 'a method that is none');
    return head;
  }
  head.method = text.slice(0, at);
  at += 1;
  const targetAt = at;
  for (let code = text.charCodeAt(at); code > space && code < 0x7f; code = text.charCodeAt(at)) at += 1;
  if (at === targetAt || text.charCodeAt(at) !== space) {
    head.fault = lineFault(text, at, 'a target that is empty or holds what must be escaped');
    return head;
  }
  head.target = text.slice(targetAt, at);
  at += 1;
  if (text.startsWith('HTTP/1.0\r\n', at)) head.protocol = 'HTTP/1.0';
  else if (!text.startsWith('HTTP/1.1\r\n', at)) {
    head.fault = versionFault(text, at);
    return head;
  }
  const fault = parseFields(text, at + 10, end, head.raw);
  if (fault !== null) head.fault = fault.isAmbiguous ? ambiguous(fault.detail) : malformed(fault.detail);
  return head;
}

function lineFault(text: string, at: number, otherwise: string): HeadFault {
  const code = text.charCodeAt(at);
  if (code === lf) return bareLineFeed;
  if (code === cr) return text.charCodeAt(at + 1) === lf ? malformed('a request line that is cut short') : bareReturn;
  return malformed(otherwise);
}

function versionFault(text: string, at: number): HeadFault {
  const end = text.indexOf('\n', at);
  const version = text.slice(at, end < 0 ? at + 20 : end);
  if (/^HTTP\/\d\.\d\r$/.test(version)) {
    return { status: 505, code: 'REQUEST_MALFORMED', detail: `the version ${version.slice(0, -1)}` };
  }
  if (/^HTTP\/1\.[01]$/.test(version)) return bareLineFeed;
  return malformed('a request line that does not end with a target and a version');
}

/**
 * Finds the heads of requests in the bytes of a connection, which may be cut anywhere. Most heads come in one piece and
 * are read at once; of others every byte is looked at as it comes, so that a line which ends wrongly is found even
 * where no empty line follows. An empty line before a head is passed over, once (RFC 9112 §2.2).
 */
export class HeadReader {
  /** Read last; it is complete when {@link read} has said so. */
  head: ReceivedHead = blankHead();
  private readonly maxBytes: number;
  private pieces: Buffer[] = [];
  private bytes = 0;
  /** How much of the CRLF CRLF at a head's end the last bytes were. */
  private matched = 0;
  private hasLine = false;
  private hasSkippedLine = false;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Part of a head is in. */
  get hasBegun(): boolean {
    return this.bytes > 0;
  }

  /**
   * Takes bytes from `start` to `end`, and holds none of their memory. Gives the index after the head where it is
   * complete or refused, else -1.
   */
  read(bytes: Buffer, start: number, end: number): number {
    let from = start;
    if (this.bytes === 0) {
      if (!this.hasSkippedLine && from + 1 < end && bytes[from] === cr && bytes[from + 1] === lf) {
        this.hasSkippedLine = true;
        from += 2;
      }
      if (from >= end) return -1;
      const next = bytes[from] === cr ? -1 : this.readWhole(bytes, from, end);
      if (next >= 0) {
        this.hasSkippedLine = false;
        return next;
      }
    }
    return this.readPiece(bytes, from, end);
  }

  private readWhole(bytes: Buffer, from: number, end: number): number {
    const usualEnd = Math.min(end, from + usualHeadBytes);
    let text = bytes.toString('latin1', from, usualEnd);
    let length = text.indexOf('\r\n\r\n');
    if (length < 0) {
      if (usualEnd === end) return -1;
      length = bytes.subarray(from, end).indexOf(headEnd);
      if (length < 0) return -1;
      if (length + 4 <= this.maxBytes) text = bytes.toString('latin1', from, from + length + 4);
    }
    if (length + 4 > this.maxBytes) return -1;
    this.head = parseHead(text, length + 2);
    return from + length + 4;
  }

  private readPiece(bytes: Buffer, start: number, end: number): number {
    let from = start;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      const isAfterReturn = this.matched === 1 || this.matched === 3;
      if (byte === lf) {
        if (!isAfterReturn) return this.refuse(bytes, from, at, bareLineFeed);
        this.matched += 1;
        if (this.matched === 4) return this.complete(bytes, from, at + 1);
        if (this.bytes === 1) {
          if (this.hasSkippedLine) return this.refuse(bytes, from, at, emptyLines);
          this.forget();
          this.hasSkippedLine = true;
          from = at + 1;
          continue;
        }
        this.hasLine = true;
      } else if (isAfterReturn) {
        return this.refuse(bytes, from, at, bareReturn);
      } else {
        this.matched = byte === cr ? this.matched + 1 : 0;
      }
      this.bytes += 1;
      // The LF that would end it is still to come.
      if (this.bytes >= this.maxBytes) return this.refuse(bytes, from, at, this.tooLarge());
    }
    if (from < end) this.pieces.push(Buffer.from(bytes.subarray(from, end)));
    return -1;
  }

  private tooLarge(): HeadFault {
    const detail = `a head of more than ${this.maxBytes} bytes`;
    return { status: this.hasLine ? 431 : 414, code: 'HEADERS_TOO_LARGE', detail };
  }

  private complete(bytes: Buffer, from: number, next: number): number {
    const text = this.textWith(bytes.subarray(from, next));
    this.head = parseHead(text, text.length - 2);
    this.forget();
    return next;
  }

  private refuse(bytes: Buffer, from: number, at: number, fault: HeadFault): number {
    const text = this.textWith(bytes.subarray(from, at));
    const lineEnd = text.indexOf('\r\n');
    this.head = parseHead(lineEnd < 0 ? `${text}\r\n` : text.slice(0, lineEnd + 2), 0);
    this.head.fault = fault;
    this.forget();
    return at;
  }

  private textWith(last: Buffer): string {
    return Buffer.concat([...this.pieces, last]).toString('latin1');
  }

  private forget(): void {
    this.pieces = [];
    this.bytes = 0;
    this.matched = 0;
    this.hasLine = false;
    this.hasSkippedLine = false;
  }
}
