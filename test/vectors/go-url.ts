import { parseAuthority } from '../../proxy/http/authority.ts';
import type { ProxyRequest } from '../../proxy/http/exchange.ts';
import { HeaderList } from '../../proxy/http/header-list.ts';
import { arrivedPath } from '../../proxy/rule/path.ts';
import { makeRequest } from '../support/exchange.ts';

export interface UrlParts {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

/** Takes a URL apart as it stands, without the repairs that WHATWG's URL makes. */
export function urlParts(url: string): UrlParts {
  const match = /^(?:(https?):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?/i.exec(url);
  return {
    scheme: match?.[1]?.toLowerCase() === 'https' ? 'https' : 'http',
    authority: match?.[2] ?? '',
    path: match?.[3] || '/',
    query: match?.[4] ?? '',
  };
}

/** `192.0.2.1:1234`, `[::1]:80` or an address alone. */
export function addressParts(text: string): { readonly ip: string; readonly port: number } {
  const match = /^(?:\[(.*)\]|([^:]*))(?::(\d*))?$/.exec(text);
  if (!match) return { ip: text, port: 0 };
  return { ip: match[1] ?? match[2] ?? '', port: Number(match[3] ?? 0) };
}

export interface VectorRequest {
  readonly method: string;
  readonly url: string;
  readonly host?: string | undefined;
  readonly headers?: readonly (readonly [string, string | null])[] | undefined;
  readonly remoteAddr?: string | undefined;
}

/** The request as the product would have made it of the wire's bytes; null where the product refuses its target. */
export function requestOf(
  told: VectorRequest,
  more: Partial<ProxyRequest> = {},
  asTraefik = false,
): ProxyRequest | null {
  const url = urlParts(told.url);
  const path = arrivedPath(url.path, { keepsDots: false, allowsNul: asTraefik });
  const authority = told.host ?? url.authority;
  const parsed = parseAuthority(authority);
  if (path === null || parsed === null) return null;
  const client = told.remoteAddr === undefined ? null : addressParts(told.remoteAddr);
  const headers = new HeaderList(['Host', authority]);
  for (const [name, value] of told.headers ?? []) if (value !== null) headers.append(name, value);
  return makeRequest({
    method: told.method || 'GET',
    scheme: url.scheme,
    host: parsed.host,
    authority,
    path,
    query: url.query.replaceAll(';', '&'),
    headers,
    ...(client === null ? {} : { clientIp: client.ip, clientPort: client.port }),
    ...more,
  });
}

/** `X-Forwarded-Proto`, not `x-forwarded-proto`: Go finds only names in this form, and makes all that arrive so. */
export function isCanonicalName(name: string): boolean {
  return /^[^a-z-][^A-Z-]*(?:-[^a-z-][^A-Z-]*)*$/.test(name);
}
