import { answer, type Handler, type ProxyRequest } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';

/**
 * The built-in service that shows a request as it reached its end: proof that the road works. Text for people, JSON
 * for programs (`Accept: application/json`, or the path `/api`). It never answers HTML, so that nothing in a request
 * can become a page.
 */
export const whoamiHandler: Handler = (exchange) => {
  const { request } = exchange;
  // A body is of no interest; reading it lets the connection serve the next request.
  request.body?.resume();
  const isJson =
    request.path === '/api' || (request.headers.get('accept') ?? '').toLowerCase().includes('application/json');
  const headers = new HeaderList([
    'Content-Type',
    isJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    'X-Content-Type-Options',
    'nosniff',
    'Cache-Control',
    'no-store',
    'Vary',
    'Accept',
  ]);
  answer(exchange, 200, headers, isJson ? asJson(request) : asText(request));
};

function target(request: ProxyRequest): string {
  return request.query === '' ? request.path : `${request.path}?${request.query}`;
}

function remoteAddress(request: ProxyRequest): string {
  return request.clientIp.includes(':')
    ? `[${request.clientIp}]:${request.clientPort}`
    : `${request.clientIp}:${request.clientPort}`;
}

/** Shown, but not what they hold: another app's script on this site must not read them here. */
const concealed = new Set(['authorization', 'proxy-authorization', 'cookie']);

function shownHeaders(request: ProxyRequest): (readonly [string, string])[] {
  return [...request.headers]
    .filter(([name]) => name.toLowerCase() !== 'host')
    .map(
      ([name, value]) => [name, concealed.has(name.toLowerCase()) ? `(${value.length} characters)` : value] as const,
    );
}

function asText(request: ProxyRequest): string {
  const lines = [
    'It works: this answer came through Gatehouse.',
    '',
    `RemoteAddr: ${remoteAddress(request)}`,
    `Entry point: ${request.entryPoint}`,
    `Scheme: ${request.scheme}${request.tls ? ` (${request.tls.version})` : ''}`,
    `Request: ${request.id}`,
    '',
    `${request.method} ${target(request)} ${request.protocol}`,
    `Host: ${request.authority}`,
    ...shownHeaders(request).map(([name, value]) => `${name}: ${value}`),
    '',
  ];
  return lines.join('\n');
}

function asJson(request: ProxyRequest): string {
  const headers = new Map<string, string[]>();
  for (const [name, value] of shownHeaders(request)) headers.set(name, [...(headers.get(name) ?? []), value]);
  return `${JSON.stringify(
    {
      works: true,
      remoteAddr: remoteAddress(request),
      entryPoint: request.entryPoint,
      scheme: request.scheme,
      tlsVersion: request.tls?.version ?? null,
      request: request.id,
      method: request.method,
      host: request.authority,
      url: target(request),
      protocol: request.protocol,
      headers: Object.fromEntries(headers),
    },
    null,
    2,
  )}\n`;
}
