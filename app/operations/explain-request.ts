import { randomUUID } from 'node:crypto';
import { domainToASCII } from 'node:url';
import type { ProxyRequest } from '../../proxy/http/exchange.ts';
import { HeaderList } from '../../proxy/http/header-list.ts';
import type { EntryPointView } from '../contract/objects.ts';

/** A request as it is asked about: taken from a URL without being changed by reading it. */
export interface ExplainedRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  /** Host as a client would send it, port included where it is not the scheme's own. */
  readonly authority: string;
  readonly port: number;
  readonly path: string;
  readonly query: string;
  readonly clientIp: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** The URL cannot be read; the message says why. */
export class InvalidUrlError extends Error {}

const defaultPorts = { http: 80, https: 443 } as const;

export function readRequest(input: {
  readonly url: string;
  readonly method?: string | undefined;
  readonly from?: string | undefined;
  readonly headers?: readonly (readonly [string, string])[] | undefined;
}): ExplainedRequest {
  // Not `new URL`: it resolves dot segments and encodes, and those are what one asks about.
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(input.url) ? input.url : `https://${input.url}`;
  const match =
    /^(https?|wss?):\/\/(?:[^/?#@]*@)?(\[[0-9a-f:.]+\]|[^/?#:]+)(?::(\d{1,5}))?([^?#]*)(?:\?([^#]*))?/i.exec(text);
  if (!match) throw new InvalidUrlError(`"${input.url}" is not an address such as https://photos.example.org/album.`);
  const scheme = /^(?:https|wss)$/i.test(match[1] ?? '') ? 'https' : 'http';
  const name = (match[2] ?? '').replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const host = name.includes(':') ? name.toLowerCase() : domainToASCII(name);
  if (host === '') throw new InvalidUrlError(`"${name}" is not a host name.`);
  const port = match[3] === undefined ? defaultPorts[scheme] : Number(match[3]);
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    method: (input.method ?? 'GET').toUpperCase(),
    scheme,
    host,
    authority: port === defaultPorts[scheme] ? shown : `${shown}:${port}`,
    port,
    path: match[4] === undefined || match[4] === '' ? '/' : asBrowsersSend(match[4]),
    query: asBrowsersSend(match[5] ?? ''),
    clientIp: input.from ?? '127.0.0.1',
    headers: input.headers ?? [],
  };
}

function asBrowsersSend(text: string): string {
  return text.replaceAll(/[^\u0021-\u007e]+/gu, (part) => encodeURIComponent(part.toWellFormed()));
}

/**
 * The entry point that such a request comes in by: the one that listens on its port, else the one whose usual port that
 * is (behind a router that forwards 443 to 8443, visitors write no port).
 */
export function entryPointFor(
  entryPoints: readonly EntryPointView[],
  request: ExplainedRequest,
): EntryPointView | undefined {
  const fitting = entryPoints.filter(({ listening, protocol }) => listening !== null && protocol === request.scheme);
  return (
    fitting.find(({ listening }) => portOf(listening ?? '') === request.port) ??
    fitting.find(({ address }) => portOf(address) === request.port) ??
    (request.port === defaultPorts[request.scheme] && fitting.length === 1 ? fitting[0] : undefined)
  );
}

export function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

export function toProxyRequest(request: ExplainedRequest, path: string, entryPoint: EntryPointView): ProxyRequest {
  const headers = new HeaderList(['Host', request.authority]);
  for (const [name, value] of request.headers) {
    if (name.toLowerCase() !== 'host') headers.append(name, value);
  }
  return {
    id: randomUUID(),
    entryPoint: entryPoint.name,
    method: request.method,
    scheme: request.scheme,
    protocol: 'HTTP/1.1',
    host: request.host,
    authority: request.authority,
    path,
    query: request.query,
    headers,
    clientIp: request.clientIp,
    clientPort: 0,
    tls: request.scheme === 'https' ? { serverName: request.host, version: 'TLSv1.3' } : null,
    body: null,
    upgrade: null,
  };
}
