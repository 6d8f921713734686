import { RE2JS } from 're2js';
import { answer, type Exchange, type ProxyRequest } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';

export interface CorsConfig {
  readonly accessControlAllowCredentials?: boolean | undefined;
  readonly accessControlAllowHeaders?: readonly string[] | undefined;
  readonly accessControlAllowMethods?: readonly string[] | undefined;
  readonly accessControlAllowOriginList?: readonly string[] | undefined;
  readonly accessControlAllowOriginListRegex?: readonly string[] | undefined;
  readonly accessControlExposeHeaders?: readonly string[] | undefined;
  readonly accessControlMaxAge?: number | undefined;
  readonly addVaryHeader?: boolean | undefined;
}

export interface Cors {
  /** Answers a preflight request instead of the server. */
  answerPreflight(exchange: Exchange): void;
  /** Adds what browsers need to know to a server's answer. */
  apply(request: ProxyRequest, headers: HeaderList): void;
}

/** Null where no such option is set. Throws where a pattern cannot be read. */
export function createCors(config: CorsConfig): Cors | null {
  const { accessControlMaxAge: maxAge, addVaryHeader } = config;
  const allowHeaders = config.accessControlAllowHeaders ?? [];
  const allowMethods = config.accessControlAllowMethods ?? [];
  const exposeHeaders = config.accessControlExposeHeaders ?? [];
  const origins = config.accessControlAllowOriginList ?? [];
  const patterns = (config.accessControlAllowOriginListRegex ?? []).map((text) => compile(text));
  const withCredentials = config.accessControlAllowCredentials === true;
  const lists = [allowHeaders, allowMethods, exposeHeaders, origins, patterns];
  if (!withCredentials && !addVaryHeader && maxAge === undefined && lists.every((list) => list.length === 0))
    return null;

  function allowedOrigin(origin: string): string | null {
    for (const item of origins) {
      if (item === origin && origin !== '') return origin;
      // Browsers refuse the wildcard together with credentials.
      if (item === '*') return withCredentials ? origin : '*';
    }
    return patterns.some((pattern) => pattern.test(origin)) ? origin : null;
  }

  /** A list's value; where it holds `*`, which browsers take literally when credentials are sent, what was asked for. */
  function listed(list: readonly string[], asked: string): string {
    return withCredentials && list.includes('*') ? asked : list.join(',');
  }

  function setShared(request: ProxyRequest, headers: HeaderList): void {
    const origin = allowedOrigin(request.headers.get('origin') ?? '');
    if (origin !== null && origin !== '') headers.set('Access-Control-Allow-Origin', origin);
    if (withCredentials) headers.set('Access-Control-Allow-Credentials', 'true');
    const exposed = listed(exposeHeaders, '');
    if (exposed !== '') headers.set('Access-Control-Expose-Headers', exposed);
  }

  return {
    answerPreflight(exchange) {
      const { request } = exchange;
      const headers = new HeaderList();
      setShared(request, headers);
      const allowedHeaders = listed(allowHeaders, request.headers.get('access-control-request-headers') ?? '');
      if (allowedHeaders !== '') headers.set('Access-Control-Allow-Headers', allowedHeaders);
      const allowedMethods = listed(allowMethods, request.headers.get('access-control-request-method') ?? '');
      if (allowedMethods !== '') headers.set('Access-Control-Allow-Methods', allowedMethods);
      if (maxAge !== undefined) headers.set('Access-Control-Max-Age', String(maxAge));
      answer(exchange, 200, headers);
    },
    apply(request, headers) {
      setShared(request, headers);
      if (addVaryHeader && headers.get('vary') !== 'Origin') {
        const vary = headers.getAll('vary').join(', ');
        headers.set('Vary', vary === '' ? 'Origin' : `${vary},Origin`);
      }
    },
  };
}

/** A preflight is an OPTIONS request that names an origin and the method that is to follow (Fetch §3.3.2). */
export function isPreflight(request: ProxyRequest): boolean {
  const { headers } = request;
  return (
    request.method === 'OPTIONS' &&
    Boolean(headers.get('access-control-request-method')) &&
    Boolean(headers.get('origin'))
  );
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`accessControlAllowOriginListRegex holds a pattern that cannot be read: ${detail}`, {
      cause: error,
    });
  }
}
