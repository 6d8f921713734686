import { connectionOptions, isHopByHop } from '../http/header-names.ts';
import { parseFields } from './field-lines.ts';

/** The head of a server's answer, with what it says of the body (RFC 9112 §6.3). */
export interface AnswerHead {
  readonly status: number;
  /** Alternately names and values, for the client. */
  readonly fields: string[];
  /** Fields that concern this connection only. */
  readonly connectionFields: readonly string[];
  /** Length of the content; -1 where none is given. */
  readonly contentLength: number;
  readonly isChunked: boolean;
  /** The connection may be used again afterwards, where the body's length is known. */
  readonly keepsOpen: boolean;
  /** For how long the server says that it keeps the connection; null where it does not say. */
  readonly keepMs: number | null;
}

export const answerBegin = 'HTTP/1.';
/** In words. */
export const foreignAnswer = 'an answer that does not begin like HTTP/1';

const none: readonly string[] = [];
const digits = /^[0-9]{1,16}$/;
const keepAliveTimeout = /(?:^|[\s,;])timeout=(\d{1,9})\b/i;

/**
 * Reads a head up to and with the CRLF of its last line, from bytes decoded as latin1. Gives what is wrong with it, in
 * words, where it is no proper HTTP/1 or its framing could be read in two ways.
 */
export function parseAnswerHead(text: string, end: number): AnswerHead | string {
  const minor = text.charCodeAt(7) - 0x30;
  if (!text.startsWith(answerBegin) || (minor !== 0 && minor !== 1) || text.charCodeAt(8) !== 0x20) {
    return foreignAnswer;
  }
  const status = statusAt(text);
  if (status === 0) return 'an answer without a proper status';
  const lineEnd = text.indexOf('\r', 12);
  if (text.charCodeAt(lineEnd + 1) !== 0x0a || !isReason(text, 12, lineEnd)) return 'a malformed status line';
  const fields: string[] = [];
  const fault = parseFields(text, lineEnd + 2, end, fields);
  return fault === null ? judgeFields(status, minor === 1, fields) : fault.detail;
}

function statusAt(text: string): number {
  const hundreds = text.charCodeAt(9) - 0x30;
  const tens = text.charCodeAt(10) - 0x30;
  const ones = text.charCodeAt(11) - 0x30;
  if (!(hundreds >= 1 && hundreds <= 9 && tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9)) return 0;
  return hundreds * 100 + tens * 10 + ones;
}

/** A space and any text; some servers leave out both where they have nothing to say. */
function isReason(text: string, start: number, end: number): boolean {
  if (start === end) return true;
  if (text.charCodeAt(start) !== 0x20) return false;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
  }
  return true;
}

/** Sorts out the fields in place. */
function judgeFields(status: number, isHttp11: boolean, fields: string[]): AnswerHead | string {
  let contentLength = -1;
  let isChunked = false;
  let keepsOpen = isHttp11;
  let keepMs: number | null = null;
  let connectionFields: string[] | null = null;
  let nominated: readonly string[] | null = null;
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (isHopByHop(name)) {
      connectionFields ??= [];
      connectionFields.push(name, value);
      const lower = name.toLowerCase();
      if (lower === 'connection') {
        const options = connectionOptions(value);
        nominated = nominated === null ? options : [...nominated, ...options];
        if (options.includes('close')) keepsOpen = false;
        else if (!isHttp11 && options.includes('keep-alive')) keepsOpen = true;
      } else if (lower === 'keep-alive') {
        const seconds = keepAliveTimeout.exec(value)?.[1];
        if (seconds !== undefined) keepMs = Number(seconds) * 1000;
      } else if (lower === 'transfer-encoding') {
        if (!isHttp11) return 'Transfer-Encoding in HTTP/1.0';
        if (isChunked) return 'Transfer-Encoding twice';
        if (value.toLowerCase() !== 'chunked') return `Transfer-Encoding "${value}"`;
        isChunked = true;
      }
      continue;
    }
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (!digits.test(value)) return `Content-Length "${value}"`;
      const length = Number(value);
      if (length > Number.MAX_SAFE_INTEGER) return `Content-Length "${value}"`;
      // Said twice the same, it is passed on once.
      if (contentLength === length) continue;
      if (contentLength >= 0) return 'two different Content-Length';
      contentLength = length;
    }
    if (kept !== i) {
      fields[kept] = name;
      fields[kept + 1] = value;
    }
    kept += 2;
  }
  shorten(fields, kept);
  if (isChunked && contentLength >= 0) return 'Content-Length beside Transfer-Encoding';
  // Announced trailers can follow a chunked body only.
  if (contentLength >= 0) remove(fields, isTrailer);
  if (nominated !== null) {
    const named = nominated.filter((name) => name !== 'close' && name !== 'keep-alive' && name !== 'content-length');
    if (named.length > 0) {
      // In one pass: a server may name thousands.
      const names = new Set(named);
      remove(fields, (name) => names.has(name.toLowerCase()));
    }
    // "Connection: close, keep-alive" closes.
    if (nominated.includes('close')) keepsOpen = false;
  }
  return {
    status,
    fields,
    connectionFields: connectionFields ?? none,
    contentLength,
    isChunked,
    keepsOpen,
    keepMs,
  };
}

function isTrailer(name: string): boolean {
  return name.length === 7 && name.toLowerCase() === 'trailer';
}

function remove(fields: string[], isRemoved: (name: string) => boolean): void {
  let kept = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    if (isRemoved(name)) continue;
    if (kept !== i) {
      fields[kept] = name;
      fields[kept + 1] = fields[i + 1] as string;
    }
    kept += 2;
  }
  shorten(fields, kept);
}

/** One by one: to set an array's length leaves compiled code. */
function shorten(fields: string[], length: number): void {
  while (fields.length > length) fields.pop();
}
