import { z } from 'zod';
import type { ProxyRequest } from '../http/exchange.ts';
import { answerText } from './answer-text.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  scheme: z.string().optional(),
  port: z.string().optional(),
  permanent: z.boolean().optional(),
});
type Config = z.infer<typeof schema>;

export const redirectScheme: MiddlewareDefinition<Config> = {
  type: 'redirectScheme',
  summary: 'Sends visitors to the same address under another scheme, such as from http to https.',
  schema,
  build(config, context) {
    const origin = readTarget(config);
    const permanent = config.permanent === true;
    return (next) => (exchange) => {
      const { request } = exchange;
      const target = origin(request);
      if (target === currentOrigin(request)) return next(exchange);
      context.verdict(exchange, 'answered');
      answerText(exchange, redirectStatus(request.method, permanent), ['Location', target + pathAndQuery(request)]);
    };
  },
  explain(config, request) {
    const target = readTarget(config)(request);
    return target === currentOrigin(request)
      ? says('passes', 'REDIRECT_SCHEME_NOT')
      : says('answers', 'REDIRECTS', { target: `${target}${pathAndQuery(request)}` });
  },
};

/** Methods other than GET keep their method and body by 307 and 308 (RFC 9110 §15.4). */
export function redirectStatus(method: string, permanent: boolean): number {
  if (method === 'GET') return permanent ? 301 : 302;
  return permanent ? 308 : 307;
}

function readTarget(config: Config): (request: ProxyRequest) => string {
  const { scheme = '', port = '' } = config;
  if (!/^[a-z][a-z0-9+.-]*$/i.test(scheme)) throw new Error('scheme must be given, such as https.');
  if (port !== '' && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)) {
    throw new Error(`The port "${port}" is not between 1 and 65535.`);
  }
  const suffix = port === '' || isDefaultPort(scheme, port) ? '' : `:${port}`;
  return (request) => `${scheme}://${splitAuthority(request.authority).host}${suffix}`;
}

function currentOrigin(request: ProxyRequest): string {
  const { host, port } = splitAuthority(request.authority);
  const scheme = visibleScheme(request);
  return `${scheme}://${host}${port === '' || isDefaultPort(scheme, port) ? '' : `:${port}`}`;
}

/** The scheme the visitor used: what a trusted proxy says of it, else this connection's. */
function visibleScheme(request: ProxyRequest): 'http' | 'https' {
  const told = request.headers.get('x-forwarded-proto')?.toLowerCase();
  // A proxy in front may name a WebSocket's scheme, which runs over the same.
  if (told === 'http' || told === 'ws') return 'http';
  if (told === 'https' || told === 'wss') return 'https';
  return request.scheme;
}

function isDefaultPort(scheme: string, port: string): boolean {
  return (scheme === 'http' && port === '80') || (scheme === 'https' && port === '443');
}

function splitAuthority(authority: string): { host: string; port: string } {
  const match = /^(.*?)(?::(\d+))?$/.exec(authority);
  return { host: match?.[1] ?? authority, port: match?.[2] ?? '' };
}

function pathAndQuery(request: ProxyRequest): string {
  return request.query === '' ? request.path : `${request.path}?${request.query}`;
}
