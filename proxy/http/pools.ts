import { isIP, type Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { Http2Upstream } from './http2-upstream.ts';
import type { Transport } from './transport.ts';

/** An origin and the way to reach it; one pool of connections belongs to each. */
export interface Origin {
  readonly key: string;
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
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

/** Reads a server's URL. Throws a readable Error where it is not one that can be served from. */
export function readOrigin(url: string, transport: Transport): Origin {
  // Not one of the special schemes of URLs, whose ports and hosts are read with care.
  const isH2c = /^h2c:/i.test(url);
  const asHttp = isH2c ? url.replace(/^h2c:/i, 'http:') : url;
  const parsed = URL.canParse(asHttp) ? new URL(asHttp) : null;
  if (!parsed || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') || parsed.hostname === '') {
    throw new Error(`"${url}" is not the address of an HTTP server, such as http://172.17.0.2:80`);
  }
  if (parsed.username !== '' || parsed.password !== '') throw new Error(`"${url}" must not hold a user or password`);
  const hostname = parsed.hostname.startsWith('[') ? parsed.hostname.slice(1, -1) : parsed.hostname;
  return {
    key: `${isH2c ? 'h2c ' : ''}${parsed.origin} ${transport.key}`,
    origin: parsed.origin,
    http2: isH2c ? 'always' : parsed.protocol === 'https:' && transport.allowsHttp2 ? 'choose' : 'never',
    hostField: parsed.host,
    basePath: parsed.pathname.endsWith('/') ? parsed.pathname.slice(0, -1) : parsed.pathname,
    serverName: transport.serverName || hostname,
    transport,
  };
}

/** Connections that one worker may open to one origin; further requests wait in line. */
const maxConnections = 2048;
const maxResponseHeadBytes = 256 * 1024;

/** Sends requests to one origin. */
export interface OriginPool {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): unknown;
  readonly stats: { readonly size: number };
  /** Lets requests under way come to their end. */
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/** All connections to servers, kept per origin and transport and shared with nobody else. */
export class UpstreamPools {
  private readonly pools = new Map<string, OriginPool>();

  /** The pool of an origin, made where there is none yet. */
  of(origin: Origin): OriginPool {
    const known = this.pools.get(origin.key);
    if (known) return known;
    const pool = origin.http2 === 'never' ? createPool(origin).pool : createChoosingPool(origin);
    this.pools.set(origin.key, pool);
    return pool;
  }

  /** Closes the pools of origins that are no longer named; their requests under way go on to their end. */
  retain(keys: ReadonlySet<string>): void {
    for (const [key, pool] of this.pools) {
      if (keys.has(key)) continue;
      this.pools.delete(key);
      pool.close().catch(() => pool.destroy());
    }
  }

  async destroy(): Promise<void> {
    const pools = [...this.pools.values()];
    this.pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}

/** Connections of HTTP/1. `lend` gives one that is open already, for the next request. */
function createPool(origin: Origin): { readonly pool: Pool; readonly lend: (socket: Socket) => void } {
  const { serverName, transport } = origin;
  const lent: Socket[] = [];
  const connect = buildConnector({
    ...transport.tls,
    allowH2: false,
    timeout: transport.dialTimeoutMs,
    allowHalfOpen: true,
  });
  const pool = new Pool(origin.origin, {
    connections: maxConnections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: transport.responseHeaderTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: Math.max(1, transport.idleTimeoutMs),
    keepAliveMaxTimeout: Math.max(1, transport.idleTimeoutMs),
    maxHeaderSize: maxResponseHeadBytes,
    connect: ({ hostname, protocol, port, localAddress }, callback) => {
      const open = lent.pop();
      if (open && !open.destroyed) {
        // Not in this turn: the pool is still busy with asking for it.
        queueMicrotask(() => callback(null, open));
        return;
      }
      const servername = sentName(serverName);
      connect({ hostname, protocol, port, servername, ...(localAddress ? { localAddress } : {}) }, callback);
    },
  });
  return { pool, lend: (socket) => lent.push(socket) };
}

/** Of HTTP/1 or HTTP/2, as the server says. */
function createChoosingPool(origin: Origin): OriginPool {
  const { transport, serverName } = origin;
  const { protocol, hostname, port } = new URL(origin.origin);
  const connector = buildConnector({ ...transport.tls, allowH2: true, timeout: transport.dialTimeoutMs });
  const { pool, lend } = createPool(origin);
  const http2 = new Http2Upstream({
    origin: origin.origin,
    isSecure: origin.http2 === 'choose',
    transport,
    connect: (done) =>
      connector({ hostname, protocol, port, servername: sentName(serverName) }, (error, socket) => done(error, socket)),
    http1: { dispatch: (options, handler) => pool.dispatch(options, handler), lend },
  });
  return {
    dispatch: (options, handler) => http2.dispatch(options, handler),
    get stats() {
      return pool.stats;
    },
    async close() {
      http2.close();
      await pool.close();
    },
    async destroy() {
      http2.destroy();
      await pool.destroy();
    },
  };
}

/** An address is no name for SNI (RFC 6066 §3); the certificate is then checked against the address itself. */
function sentName(serverName: string): string {
  return isIP(serverName) === 0 ? serverName : '';
}
