import { tokenCharacters, valueCharacters } from './field-lines.ts';
import { UpstreamError, type UpstreamRequest } from './upstream-call.ts';

/** A request's head as text in latin1, and how its body is sent. */
interface RequestHead {
  readonly text: string;
  /** Length of the body; -1: it is sent in chunks, as nobody knows. */
  readonly bodyBytes: number;
}

const digits = /^[0-9]{1,15}$/;
/** Methods of which a server may expect a length even where there is no body (RFC 9110 §8.6). */
const withContent = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']);

/**
 * Writes a request's head for HTTP/1.1 with the framing of its body (RFC 9112 §6). Throws an UpstreamError where a part
 * of it holds what would be read as something else, which only a middleware can have put there.
 */
export function writeRequestHead(request: UpstreamRequest, closes: boolean): RequestHead {
  const { method, target, fields, body, upgrade } = request;
  if (!isToken(method)) throw unsendable('the method', method);
  if (!isTarget(target)) throw unsendable('the path', target);
  let text = `${method} ${target} HTTP/1.1\r\n`;
  let length: string | null = null;
  let connection = closes ? 'close' : '';
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (!isToken(name)) throw unsendable('the name of a field', name);
    if (!isValue(value)) throw unsendable(`the value of ${name}`, value);
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      length = value;
      continue;
    }
    // The body is framed here, and whoever wants to be told to go on was told.
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') continue;
    if (name.length === 6 && name.toLowerCase() === 'expect') continue;
    if (name === 'TE') connection = connection === '' ? 'TE' : `${connection}, TE`;
    text += `${name}: ${value}\r\n`;
  }
  let bodyBytes = 0;
  if (body === null) {
    if (length !== null || withContent.has(method)) text += 'Content-Length: 0\r\n';
  } else if (Buffer.isBuffer(body)) {
    bodyBytes = body.byteLength;
    text += `Content-Length: ${bodyBytes}\r\n`;
  } else if (length === null) {
    bodyBytes = -1;
    text += 'Transfer-Encoding: chunked\r\n';
  } else {
    if (!digits.test(length)) throw unsendable('Content-Length', length);
    bodyBytes = Number(length);
    text += `Content-Length: ${length}\r\n`;
  }
  if (upgrade !== null && !isValue(upgrade)) throw unsendable('the upgrade', upgrade);
  if (upgrade !== null) text += `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  else if (connection !== '') text += `Connection: ${connection}\r\n`;
  return { text: `${text}\r\n`, bodyBytes };
}

function unsendable(what: string, value: string): UpstreamError {
  return new UpstreamError('REQUEST_UNSENDABLE', `${what} cannot be sent: ${JSON.stringify(value.slice(0, 200))}`);
}

/** True for what may be a method or the name of a field (RFC 9110 §5.6.2). */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (tokenCharacters[text.charCodeAt(at)] !== 1) return false;
  return text !== '';
}

/** True for what may be the value of a field (RFC 9110 §5.5). */
export function isValue(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (valueCharacters[text.charCodeAt(at)] !== 1) return false;
  return true;
}

/** No spaces, no control characters, nothing beyond latin1. */
function isTarget(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x7f || code > 0xff) return false;
  }
  return text !== '';
}
