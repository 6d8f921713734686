import { createHash } from 'node:crypto';
import type { ProxyRequest } from '../http/exchange.ts';
import type { StickyCookieConfig } from '../model/dynamic.ts';

/** The cookie that keeps a client at one server, in Traefik's form, so that clients survive a change from Traefik. */
export interface StickyCookie {
  /** The server that the request's cookie names. `outdated`: in an older form, which is to be set anew. */
  read(request: ProxyRequest): { readonly url: string; readonly outdated: boolean } | null;
  /** A `Set-Cookie` value that names the server. */
  write(url: string): string;
}

export function createStickyCookie(service: string, config: StickyCookieConfig, urls: readonly string[]): StickyCookie {
  const name = cookieName(service, config);
  const attributes = cookieAttributes(config);
  const current = new Map(urls.map((url) => [cookieValue(url), url]));
  const outdated = new Map<string, string>();
  for (const url of urls) {
    // Traefik 2 wrote the URL itself, its FNV hash, or the hash's hash.
    outdated.set(url, url);
    outdated.set(fnv64(url), url);
    outdated.set(fnv64(fnv64(url)), url);
  }
  return {
    read(request) {
      const value = readCookie(request, name);
      if (value === null) return null;
      const url = current.get(value);
      if (url !== undefined) return { url, outdated: false };
      const old = outdated.get(value);
      return old === undefined ? null : { url: old, outdated: true };
    },
    write: (url) => `${name}=${cookieValue(url)}${attributes}`,
  };
}

/** The configured name with what a cookie's name cannot hold replaced; else one made of the service's name. */
export function cookieName(service: string, config: StickyCookieConfig): string {
  if (config.name) return config.name.replaceAll(/[^!#$%&'*+\-.^`|~a-zA-Z0-9]/gu, '_');
  const hash = createHash('sha1').update(`_TRAEFIK_BACKEND_${service}`).digest('hex');
  return `_${hash.slice(0, 5)}`;
}

function cookieValue(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}

const sameSiteNames: ReadonlyMap<string, string> = new Map([
  ['none', 'None'],
  ['lax', 'Lax'],
  ['strict', 'Strict'],
]);

function cookieAttributes(config: StickyCookieConfig): string {
  let text = `; Path=${attributeValue(config.path ?? '/')}`;
  if (config.domain) text += `; Domain=${attributeValue(config.domain)}`;
  // A negative age tells the browser to forget the cookie at once, as it does in Go.
  if (config.maxAge) text += `; Max-Age=${Math.max(config.maxAge, 0)}`;
  if (config.httpOnly) text += '; HttpOnly';
  if (config.secure) text += '; Secure';
  const sameSite = sameSiteNames.get(config.sameSite?.toLowerCase() ?? '');
  if (sameSite !== undefined) text += `; SameSite=${sameSite}`;
  return text;
}

/** An attribute's value ends at a semicolon and holds no control characters (RFC 6265 §4.1.1). */
function attributeValue(text: string): string {
  return text.replaceAll(/[^\x20-\x3a\x3c-\x7e]/gu, '');
}

function readCookie(request: ProxyRequest, name: string): string | null {
  for (const line of request.headers.getAll('cookie')) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
      const value = pair.slice(equals + 1).trim();
      return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return null;
}

/** FNV-1, 64 bits, in hexadecimal without leading zeros. */
function fnv64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) hash = BigInt.asUintN(64, hash * 0x100000001b3n) ^ BigInt(byte);
  return hash.toString(16);
}
