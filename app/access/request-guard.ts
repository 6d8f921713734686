import type { IncomingMessage } from 'node:http';
import { hostOf } from './allowed-hosts.ts';

export interface Refusal {
  readonly status: 400 | 403 | 421;
  readonly code: 'HOST_REFUSED' | 'ORIGIN_REFUSED' | 'REQUEST_MALFORMED';
  readonly message: string;
}

export interface GuardOptions {
  readonly scheme: 'http' | 'https';
  readonly lan: boolean;
  readonly hostAllowed: (host: string, lan: boolean) => boolean;
  /** A browser sends credentials of Basic by itself, where a middleware in front has asked for them. */
  readonly basicByBrowser?: boolean;
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses requests that another web site had a hand in, before anything else looks at them. A Host that is not ours
 * means DNS rebinding; a foreign or missing Origin on a request that changes something, or on a WebSocket, means a page
 * elsewhere sent it. A program with a token needs no Origin: no page can add the header that carries it.
 */
export function refusalOf(request: IncomingMessage, options: GuardOptions): Refusal | null {
  const header = request.headers.host;
  const host = hostOf(header);
  if (host === null || countOf(request, 'host') !== 1) {
    return { status: 400, code: 'REQUEST_MALFORMED', message: 'The request has no usable Host header.' };
  }
  if (!options.hostAllowed(host, options.lan)) {
    return {
      status: 421,
      code: 'HOST_REFUSED',
      message: `This dashboard does not answer to the name ${host}. Open it by the address that "gatehouse open" prints.`,
    };
  }

  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const ours = `${options.scheme}://${header?.toLowerCase() ?? ''}`;
  const upgrade = request.headers.upgrade !== undefined;
  const changes = !safeMethods.has(request.method ?? '');
  const api = (request.url ?? '').startsWith('/api/');
  const foreign: Refusal = {
    status: 403,
    code: 'ORIGIN_REFUSED',
    message: 'The request came from another web site and was refused.',
  };

  if (origin !== undefined && (origin.toLowerCase() !== ours || countOf(request, 'origin') !== 1)) return foreign;
  if (!changes && !upgrade && !api) return null;
  if (site !== undefined && site !== 'same-origin' && !(site === 'none' && !changes && !upgrade)) return foreign;
  const { authorization } = request.headers;
  const hasToken = authorization !== undefined && !(options.basicByBrowser && !/^bearer /i.test(authorization));
  if ((changes || upgrade) && origin === undefined && !hasToken) {
    return {
      ...foreign,
      message: 'The request does not say which page it came from (no Origin header) and was refused.',
    };
  }
  return null;
}

function countOf(request: IncomingMessage, lowerName: string): number {
  let count = 0;
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === lowerName) count += 1;
  }
  return count;
}
