import type { Exchange } from '../http/exchange.ts';
import { canonicalPath } from '../rule/path.ts';
import { answerText } from './answer-text.ts';

/**
 * Refuses a request whose rewritten path is no longer canonical: the server behind would resolve it to a path that
 * no rule has seen (CVE-2026-67309, CVE-2026-40912).
 */
export function refusePath(exchange: Exchange, middleware: string, path: string): void {
  exchange.notes.error = { code: 'REQUEST_AMBIGUOUS', detail: `${middleware} would make the path ${path}` };
  answerText(exchange, 400);
}

/** Encodes what cannot stand in a path on the wire. Escapes stay as they are. */
export function encodePath(path: string): string {
  return path.replaceAll(/[^\x21-\x7e]|[\\#?]|%(?![0-9a-fA-F]{2})/gu, encodeURIComponent);
}

/** A path from configuration as it goes out. Throws an Error that names the option where it is not canonical. */
export function readPath(option: string, path: string): string {
  const encoded = encodePath(path.startsWith('/') ? path : `/${path}`);
  if (canonicalPath(encoded) !== encoded) throw new Error(`${option} ${path} holds "." or ".." as a part.`);
  return encoded;
}
