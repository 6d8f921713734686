import { ConnectionPool } from '../http1/connection-pool.ts';
import type { ServerAddress } from '../http1/dial.ts';
import type { UpstreamHandler, UpstreamRequest } from '../http1/upstream-call.ts';
import { Http2Upstream } from './http2-upstream.ts';
import { socketPathOf } from './socket-url.ts';
import type { Transport } from './transport.ts';

/** An origin and the way to reach it; one pool of connections belongs to each. */
export interface Origin {
  readonly key: string;
  /** `http://host:port`, `https://host:port` or `unix:/path`. */
  readonly origin: string;
  readonly address: ServerAddress;
  readonly isSecure: boolean;
  /** `choose`: the server says at the handshake; `always`: it is known to (h2c). */
  readonly http2: 'never' | 'choose' | 'always';
  /** Host field where the client's is not passed on. */
  readonly hostField: string;
  /** Path of the server's URL without a trailing slash; empty where it has none. */
  readonly basePath: string;
  /** TLS server name; constant per origin, or connections would be remade whenever the Host changes. */
  readonly serverName: string;
  readonly transport: Transport;
}

/**
 * Reads a server's URL. Throws a readable Error where it is not one that can be served from. `mayBeSocket`: `unix:/PATH`
 * is one, too. Only what the owner writes may name sockets: one of this machine, such as Docker's, is as good as root.
 */
export function readOrigin(url: string, transport: Transport, mayBeSocket = false): Origin {
  const socketPath = mayBeSocket ? socketPathOf(url) : null;
  if (socketPath !== null) return socketOrigin(socketPath, transport);
  // Not one of the special schemes of URLs, whose ports and hosts are read with care.
  const isH2c = /^h2c:/i.test(url);
  const asHttp = isH2c ? url.replace(/^h2c:/i, 'http:') : url;
  const parsed = URL.canParse(asHttp) ? new URL(asHttp) : null;
  if (!parsed || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') || parsed.hostname === '') {
    throw new Error(`"${url}" is not the address of an HTTP server, such as http://172.17.0.2:80`);
  }
  if (parsed.username !== '' || parsed.password !== '') throw new Error(`"${url}" must not hold a user or password`);
  const hostname = parsed.hostname.startsWith('[') ? parsed.hostname.slice(1, -1) : parsed.hostname;
  const isSecure = parsed.protocol === 'https:';
  return {
    key: `${isH2c ? 'h2c ' : ''}${parsed.origin} ${transport.key}`,
    origin: parsed.origin,
    address: { kind: 'tcp', host: hostname, port: Number(parsed.port) || (isSecure ? 443 : 80) },
    isSecure,
    http2: isH2c ? 'always' : isSecure && transport.allowsHttp2 ? 'choose' : 'never',
    hostField: parsed.host,
    basePath: parsed.pathname.endsWith('/') ? parsed.pathname.slice(0, -1) : parsed.pathname,
    serverName: transport.serverName || hostname,
    transport,
  };
}

function socketOrigin(socketPath: string, transport: Transport): Origin {
  const origin = `unix:${socketPath}`;
  return {
    key: `${origin} ${transport.key}`,
    origin,
    address: { kind: 'unix', socketPath },
    isSecure: false,
    http2: 'never',
    hostField: 'localhost',
    basePath: '',
    serverName: 'localhost',
    transport,
  };
}

/** Sends requests to one origin. */
export interface OriginPool {
  send(request: UpstreamRequest, handler: UpstreamHandler): void;
  /** Lets requests under way come to their end; those that have not reached the server soon end. */
  close(): void;
  /** Breaks everything off. */
  destroy(): void;
}

/** All connections to servers, kept per origin and transport and shared with nobody else. */
export class UpstreamPools {
  private readonly pools = new Map<string, OriginPool>();
  private readonly closesEach: boolean;

  /** `closesEach`: no connection is used twice, so that each request sees what a new client would see. */
  constructor({ closesEach = false }: { readonly closesEach?: boolean } = {}) {
    this.closesEach = closesEach;
  }

  /** The pool of an origin, made where there is none yet. */
  of(origin: Origin): OriginPool {
    const known = this.pools.get(origin.key);
    if (known) return known;
    const { address, isSecure, serverName, transport } = origin;
    const http1 = new ConnectionPool({
      address,
      serverName: isSecure ? serverName : null,
      transport,
      closesEach: this.closesEach,
    });
    const pool = origin.http2 === 'never' ? http1 : new Http2Upstream(origin, http1);
    this.pools.set(origin.key, pool);
    return pool;
  }

  /** Closes the pools of origins that are no longer named; their requests under way go on to their end. */
  retain(keys: ReadonlySet<string>): void {
    for (const [key, pool] of this.pools) {
      if (keys.has(key)) continue;
      this.pools.delete(key);
      pool.close();
    }
  }

  destroy(): void {
    const pools = [...this.pools.values()];
    this.pools.clear();
    for (const pool of pools) pool.destroy();
  }
}
