import type { Exchange, Middleware, ProxyRequest } from '../http/exchange.ts';
import { canonicalPath } from '../rule/path.ts';
import { answerText } from './answer-text.ts';
import type { BuildContext } from './definition.ts';
import { type MiddlewareVerdict, says, type VerdictCode } from './verdict.ts';

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

/** What is left of a path without its prefix, and the prefix; null where it has none. */
export type Strip = (path: string) => { readonly path: string; readonly prefix: string } | null;

/** Takes a prefix off the path and tells the server of it. */
export function stripping(strip: Strip, context: BuildContext): Middleware {
  return (next) => (exchange) => {
    const { request } = exchange;
    const stripped = strip(request.path);
    if (stripped === null) return next(exchange);
    if (canonicalPath(stripped.path, request.pathForm) !== stripped.path) {
      context.verdict(exchange, 'refused');
      return refusePath(exchange, context.name, stripped.path);
    }
    request.path = stripped.path;
    request.headers.append('X-Forwarded-Prefix', stripped.prefix);
    return next(exchange);
  };
}

/** What {@link stripping} would do. `untouched` says why a path stays as it is. */
export function explainStripping(strip: Strip, request: ProxyRequest, untouched: VerdictCode): MiddlewareVerdict {
  const stripped = strip(request.path);
  if (stripped === null) return says('passes', untouched);
  return canonicalPath(stripped.path, request.pathForm) === stripped.path
    ? says('passes', 'PATH_BECOMES', { path: stripped.path })
    : says('refuses', 'PATH_DOUBTFUL', { path: stripped.path });
}
