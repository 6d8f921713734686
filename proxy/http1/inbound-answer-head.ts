import { STATUS_CODES } from 'node:http';
import { tokenCharacters, valueCharacters } from './field-lines.ts';
import { httpDate } from './http-date.ts';

/** How the end of an answer's body is told to the client. */
export type AnswerFraming =
  /** There is none: the answer ends with its head. */
  | 'none'
  | 'length'
  | 'chunked'
  /** It ends with the connection, as for HTTP/1.0. */
  | 'close';

export interface AnswerHead {
  readonly text: string;
  readonly framing: AnswerFraming;
  /** Of a body that is framed by its length. */
  readonly bodyBytes: number;
  /** The connection ends with this answer. */
  readonly closes: boolean;
}

/** What the request says of its answer. */
export interface AskedFor {
  readonly method: string;
  readonly protocol: string;
  /** The client waits for a word that the connection stays open, as HTTP/1.0 has it. */
  readonly asksToKeepAlive: boolean;
  readonly closes: boolean;
}

const statusLines: string[] = [];

function statusLine(status: number): string {
  return (statusLines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`);
}

/** Field lines of an answer without those of its framing. Throws where a name or value would be read as something else. */
function addField(text: string, name: string, value: string): string {
  for (let at = 0; at < name.length; at += 1) {
    if (tokenCharacters[name.charCodeAt(at)] !== 1) throw unsendable('name', name);
  }
  for (let at = 0; at < value.length; at += 1) {
    if (valueCharacters[value.charCodeAt(at)] !== 1) throw unsendable(`value of ${name}`, value);
  }
  if (name === '') throw unsendable('name', name);
  return `${text}${name}: ${value}\r\n`;
}

function unsendable(what: string, text: string): Error {
  return new Error(`The ${what} of an answer's field cannot be sent: ${JSON.stringify(text.slice(0, 200))}`);
}

/** Throws where a trailer field cannot be sent. */
export function checkTrailers(raw: readonly string[]): void {
  for (let i = 0; i < raw.length; i += 2) addField('', raw[i] as string, raw[i + 1] as string);
}

/** The lines of a 1xx answer (RFC 9110 §15.2). Throws where a field cannot be sent. */
export function informationalText(status: number, raw: readonly string[]): string {
  let text = statusLine(status);
  for (let i = 0; i < raw.length; i += 2) text = addField(text, raw[i] as string, raw[i + 1] as string);
  return `${text}\r\n`;
}

/**
 * Writes the head of an answer with the framing of its body (RFC 9112 §6.3). Fields that concern the connection are
 * made here; those among `raw` are left out. Throws where a field cannot be sent, or lengths contradict each other.
 */
export function answerHead(status: number, raw: readonly string[], asked: AskedFor): AnswerHead {
  let text = statusLine(status);
  let length: string | null = null;
  let hasDate = false;
  let { closes } = asked;
  const isBodyless = asked.method === 'HEAD' || status === 204 || status === 304;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    switch (name.length) {
      case 4:
        if (name.toLowerCase() === 'date') hasDate = true;
        break;
      case 7:
        if ((isBodyless || asked.protocol === 'HTTP/1.0') && name.toLowerCase() === 'trailer') continue;
        break;
      case 10:
        if (name.toLowerCase() === 'connection') {
          if (/(?:^|,)\s*close\s*(?:,|$)/i.test(value)) closes = true;
          continue;
        }
        if (name.toLowerCase() === 'keep-alive') continue;
        break;
      case 14:
        if (name.toLowerCase() === 'content-length') {
          if (length !== null && length !== value) throw unsendable('Content-Length', `${length}, ${value}`);
          length = value;
          continue;
        }
        break;
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') continue;
        break;
      default:
    }
    text = addField(text, name, value);
  }
  if (length !== null && !/^\d{1,15}$/.test(length)) throw unsendable('Content-Length', length);
  // No content, so no length of one (RFC 9110 §8.6).
  if (length !== null && status !== 204) text += `Content-Length: ${length}\r\n`;
  let framing: AnswerFraming = 'none';
  if (!isBodyless) {
    if (length !== null) framing = 'length';
    else if (asked.protocol === 'HTTP/1.0') framing = 'close';
    else {
      framing = 'chunked';
      text += 'Transfer-Encoding: chunked\r\n';
    }
  }
  if (framing === 'close') closes = true;
  if (!hasDate) text += `Date: ${httpDate()}\r\n`;
  if (closes) text += 'Connection: close\r\n';
  else if (asked.asksToKeepAlive) text += 'Connection: keep-alive\r\n';
  return { text: `${text}\r\n`, framing, bodyBytes: framing === 'length' ? Number(length) : 0, closes };
}

/** Tells a client that waits with its body to send it. */
export const continueText = informationalText(100, []);
