import { createHash, randomBytes } from 'node:crypto';
import type { HeaderList } from './header-list.ts';
import type { LiveRequest, UpgradePort } from './live-request.ts';

/**
 * Reads an extended CONNECT (RFC 8441 §4) as the request over HTTP/1.1 that means the same, which rules, middlewares and
 * servers know. The key that HTTP/1.1 wants is made here; gives it, for the server's answer to be judged by.
 */
export function askForSocket(request: LiveRequest, port: UpgradePort, protocol: string, isEnded: boolean): string {
  if (protocol !== 'websocket') request.refuse(501, 'REQUEST_MALFORMED', `CONNECT to speak "${protocol}"`);
  if (isEnded) request.refuse(400, 'REQUEST_MALFORMED', 'a WebSocket that the client ends before it begins');
  const key = randomBytes(16).toString('base64');
  request.headers.delete('Content-Length');
  request.headers.set('Sec-WebSocket-Key', key);
  request.upgrade = protocol;
  request.upgradePort = port;
  return key;
}

/** True where the server's answer is one to this key, and not one that it, or a cache, gives to everybody (RFC 6455 §4.1). */
export function isAnswerTo(key: string, headers: HeaderList): boolean {
  const wanted = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const answers = headers.getAll('Sec-WebSocket-Accept');
  return answers.length === 1 && answers[0] === wanted;
}
