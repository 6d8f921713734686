import type { EntryPointOptions } from '../model/snapshot.ts';
import { answer, type Exchange } from './exchange.ts';
import { HeaderList } from './header-list.ts';

/** Sends the visitor to the same host, path and query on another entry point. */
export function answerRedirect(exchange: Exchange, redirect: NonNullable<EntryPointOptions['redirect']>): void {
  const { request } = exchange;
  const host = request.host.includes(':') ? `[${request.host}]` : request.host;
  const isDefaultPort = redirect.port === (redirect.scheme === 'https' ? 443 : 80);
  const query = request.query === '' ? '' : `?${request.query}`;
  const location = `${redirect.scheme}://${host}${isDefaultPort ? '' : `:${redirect.port}`}${request.path}${query}`;
  // 301 and 302 let clients turn a POST into a GET, so they are kept for what is a GET already (RFC 9110 §15.4).
  const isGet = request.method === 'GET' || request.method === 'HEAD';
  const status = redirect.permanent ? (isGet ? 301 : 308) : isGet ? 302 : 307;
  answer(exchange, status, new HeaderList(['Location', location]));
}
