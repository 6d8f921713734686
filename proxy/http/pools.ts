import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { durationMs } from '../model/duration.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';

/** An origin and the way to reach it; one pool of connections belongs to each. */
export interface Origin {
  readonly key: string;
  /** `http://host:port` or `https://host:port`. */
  readonly origin: string;
  /** Host field where the client's is not passed on. */
  readonly hostField: string;
  /** Path of the server's URL without a trailing slash; empty where it has none. */
  readonly basePath: string;
  /** TLS server name; constant per origin, or connections would be remade whenever the Host changes. */
  readonly serverName: string;
  readonly transport: Transport;
}

interface Transport {
  readonly key: string;
  readonly rejectUnauthorized: boolean;
  readonly serverName: string;
  readonly ca: readonly string[] | null;
  readonly dialTimeoutMs: number;
  /** 0: none. */
  readonly responseHeaderTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Connections beyond this number are closed after their request; 0: no limit. */
  readonly maxIdleConnections: number;
}

/** Reads a serversTransport. Throws a readable Error where a certificate file cannot be read. */
export function readTransport(config: ServersTransportConfig | undefined): Transport {
  const timeouts = config?.forwardingTimeouts;
  return {
    key: JSON.stringify(config ?? null),
    rejectUnauthorized: config?.insecureSkipVerify !== true,
    serverName: config?.serverName ?? '',
    ca: config?.rootCAs && config.rootCAs.length > 0 ? config.rootCAs.map(readCertificate) : null,
    dialTimeoutMs: durationMs(timeouts?.dialTimeout, 30_000),
    responseHeaderTimeoutMs: durationMs(timeouts?.responseHeaderTimeout, 0),
    idleTimeoutMs: durationMs(timeouts?.idleConnTimeout, 90_000),
    maxIdleConnections: config?.maxIdleConnsPerHost ?? 0,
  };
}

function readCertificate(pemOrPath: string): string {
  if (pemOrPath.includes('-----BEGIN')) return pemOrPath;
  try {
    return readFileSync(pemOrPath, 'utf8');
  } catch (error) {
    throw new Error(`The root certificate ${pemOrPath} cannot be read`, { cause: error });
  }
}

/** Reads a server's URL. Throws a readable Error where it is not one that can be served from. */
export function readOrigin(url: string, transport: Transport): Origin {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') || parsed.hostname === '') {
    throw new Error(`"${url}" is not the address of an HTTP server, such as http://172.17.0.2:80`);
  }
  if (parsed.username !== '' || parsed.password !== '') throw new Error(`"${url}" must not hold a user or password`);
  const hostname = parsed.hostname.startsWith('[') ? parsed.hostname.slice(1, -1) : parsed.hostname;
  return {
    key: `${parsed.origin} ${transport.key}`,
    origin: parsed.origin,
    hostField: parsed.host,
    basePath: parsed.pathname.endsWith('/') ? parsed.pathname.slice(0, -1) : parsed.pathname,
    serverName: transport.serverName || hostname,
    transport,
  };
}

/** Connections that one worker may open to one origin; further requests wait in line. */
const maxConnections = 2048;
const maxResponseHeadBytes = 256 * 1024;

/** All connections to servers, kept per origin and transport and shared with nobody else. */
export class UpstreamPools {
  private readonly pools = new Map<string, Pool>();

  /** The pool of an origin, made where there is none yet. */
  of(origin: Origin): Pool {
    const known = this.pools.get(origin.key);
    if (known) return known;
    const pool = createPool(origin);
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

function createPool({ origin, serverName, transport }: Origin): Pool {
  const connect = buildConnector({
    allowH2: false,
    timeout: transport.dialTimeoutMs,
    rejectUnauthorized: transport.rejectUnauthorized,
    allowHalfOpen: true,
    ...(transport.ca ? { ca: [...transport.ca] } : {}),
  });
  // An address is no name for SNI (RFC 6066 §3); the certificate is then checked against the address itself.
  const sentName = isIP(serverName) === 0 ? serverName : '';
  return new Pool(origin, {
    connections: maxConnections,
    pipelining: 1,
    allowH2: false,
    headersTimeout: transport.responseHeaderTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: Math.max(1, transport.idleTimeoutMs),
    keepAliveMaxTimeout: Math.max(1, transport.idleTimeoutMs),
    maxHeaderSize: maxResponseHeadBytes,
    connect: ({ hostname, protocol, port, localAddress }, callback) =>
      connect({ hostname, protocol, port, servername: sentName, ...(localAddress ? { localAddress } : {}) }, callback),
  });
}
