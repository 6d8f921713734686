import type { RouterConfig, ServersTransportConfig } from '../../proxy/model/dynamic.ts';
import type { ClientLimits } from '../../proxy/model/limits.ts';
import type { MetricsOptions } from '../../proxy/model/metrics.ts';
import type { EntryPointOptions, EntryPointWire } from '../../proxy/model/snapshot.ts';
import type { TcpServersTransportConfig } from '../../proxy/model/stream.ts';
import type { AcmeResolver } from '../certificates/acme/resolver.ts';
import type { EntryPointView } from '../contract/objects.ts';
import type { compatibilityModes, StaticInput } from './static-schema.ts';

/** Who decided a value: what a flag or file decides cannot be changed from the dashboard. */
export type Origin = EntryPointView['origin'];

export interface StaticEntryPoint {
  readonly name: string;
  /** `HOST:PORT` or `:PORT`; IPv6 hosts in brackets. */
  readonly address: string;
  readonly origin: Origin;
  /** Routers on it get TLS even where they do not ask for it (Traefik's `http.tls: {}`). */
  readonly tls: boolean;
  /** Port to fall back to where the default address cannot be bound; null where an address was asked for. */
  readonly fallbackPort: number | null;
  /**
   * Name of the entry point that requests are redirected to, or a port as `:443` (Traefik's
   * `http.redirections.entryPoint`). Routers above `priority` are tried first; left out: it stands above them all.
   */
  readonly redirectTo: {
    readonly to: string;
    readonly scheme: 'http' | 'https';
    readonly permanent: boolean;
    readonly priority?: number;
  } | null;
  readonly trustedIPs: readonly string[];
  readonly insecureForwardedHeaders: boolean;
  readonly timeouts: {
    /** For a whole request; 0: no bound on the whole. */
    readonly readMs: number;
    readonly writeMs: number;
    readonly idleMs: number;
    /** How long a body may pause while it is wanted; 0: as long as it likes. */
    readonly bodyIdleMs: number;
  };
  readonly maxHeaderBytes: number;
  /** Somebody wrote it, be it the usual value. */
  readonly isMaxHeaderBytesGiven?: true;
  /** `udp` where its address ends in `/udp`; left out: connections. */
  readonly transport?: EntryPointOptions['transport'];
  readonly udpTimeoutMs?: number;
  readonly proxyProtocol?: EntryPointOptions['proxyProtocol'];
  /** Routers that name no entry point are on those that are default; where none is, on all. */
  readonly asDefault?: boolean;
  /** Put before the middlewares of every router on it. */
  readonly middlewares?: readonly string[];
  /** TLS options of routers on it that say nothing of TLS. */
  readonly routerTls?: NonNullable<RouterConfig['tls']>;
  /** Another program may listen on the same port, if it says so, too (SO_REUSEPORT). */
  readonly reusePort?: boolean;
  /** Requests are still taken for so long after the engine was told to stop; left out: 0. */
  readonly acceptGraceMs?: number;
  /** How long requests under way may take when the engine stops; left out: 10 s. The longest of all counts. */
  readonly graceMs?: number;
  /** How requests are read and connections kept, where it differs from the defaults. */
  readonly wire?: EntryPointWire;
}

/** Static configuration: read at start from flags and file, overlaid with what the dashboard's settings say. */
export interface StaticConfiguration {
  readonly entryPoints: readonly StaticEntryPoint[];
  readonly docker: {
    readonly enabled: boolean;
    /** Null: found by itself. */
    readonly endpoint: string | null;
    readonly exposedByDefault: boolean;
    readonly defaultRule: string;
    readonly network: string | null;
    /** Traefik's expression over labels; a container that does not meet it yields nothing. Left out: all do. */
    readonly constraints?: string;
    /** Servers are the published ports of the machine where a container has any. */
    readonly useBindPortIP?: boolean;
    /** Containers that are not healthy keep their services, without servers. */
    readonly allowEmptyServices?: boolean;
    /** False: containers are read once. */
    readonly watch?: boolean;
    /** For each request to the daemon; left out or 0: 15 s. */
    readonly requestTimeoutMs?: number;
    /** For daemons behind TCP: client certificate and CA, as files or PEM. */
    readonly tls?: ClientTls;
    readonly username?: string;
    readonly password?: string;
    /** Further daemons, by names of their own. */
    readonly endpoints?: Readonly<Record<string, DockerEndpointConfiguration>>;
    /** Names of the fields above that a flag or file decided. */
    readonly fixed: readonly string[];
  };
  readonly file: {
    readonly path: string | null;
    readonly fixed: boolean;
    /** False: read once. */
    readonly watch?: boolean;
  };
  readonly httpProvider?: HttpProviderConfiguration;
  readonly domain: string;
  readonly dashboard: {
    readonly address: string;
    readonly addressFixed: boolean;
    readonly lanAddress: string | null;
  };
  /** Providers whose routers win where priorities are equal, the first before the others. */
  readonly precedence?: readonly string[];
  readonly api?: ApiConfiguration;
  readonly ping?: PingConfiguration;
  readonly log?: LogConfiguration;
  readonly metrics?: MetricsConfiguration;
  readonly accessLog?: NonNullable<StaticInput['accessLog']>;
  readonly defaultRuleSyntax?: 'v2' | 'v3';
  /** Of services that name no servers transport. */
  readonly serversTransport?: ServersTransportConfig;
  /** Of TCP services that name none. */
  readonly tcpServersTransport?: TcpServersTransportConfig;
  /**
   * `traefik`: requests and options are read as Traefik reads them, also where that is less safe. Left out, or
   * `secure`: as docs/compatibility.md says.
   */
  readonly compatibility?: CompatibilityMode;
  readonly certificatesResolvers?: readonly AcmeResolver[];
  /** What clients may take, where it differs from the defaults. */
  readonly limits?: Partial<ClientLimits>;
}

export type CompatibilityMode = (typeof compatibilityModes)[number];

/** What is left out is as the first endpoint has it, but for TLS and credentials, which are each daemon's own. */
export interface DockerEndpointConfiguration
  extends Partial<Omit<StaticConfiguration['docker'], 'enabled' | 'endpoint' | 'endpoints' | 'fixed'>> {
  readonly endpoint: string;
}

/** Each is a file's path, or PEM. */
export interface ClientTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

export interface HttpProviderConfiguration {
  readonly endpoint: string;
  readonly pollIntervalMs: number;
  readonly pollTimeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ClientTls | null;
  /** -1: no bound but Gatehouse's own. */
  readonly maxResponseBodyBytes: number;
}

/** Traefik's `api`: what `api@internal` serves, and whether it is open on an entry point of its own. */
export interface ApiConfiguration {
  readonly insecure: boolean;
  readonly dashboard: boolean;
  /** Begins with `/`; `/` for none. */
  readonly basePath: string;
}

export interface PingConfiguration {
  readonly entryPoint: string;
  readonly manualRouting: boolean;
  /** What it answers once the engine was told to stop. */
  readonly terminatingStatus: number;
}

/** Traefik's `metrics.prometheus`. */
export interface MetricsConfiguration extends MetricsOptions {
  readonly entryPoint: string;
  readonly manualRouting: boolean;
}

export interface LogConfiguration {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: 'common' | 'json';
  /** Null: the standard output. */
  readonly filePath: string | null;
  /** A file is turned over at this size, and so many old ones are kept. Left out: as the engine's own log. */
  readonly maxBytes?: number;
  readonly keep?: number;
}

const entryPointDefaults = {
  trustedIPs: [],
  insecureForwardedHeaders: false,
  timeouts: { readMs: 0, writeMs: 0, idleMs: 180_000, bodyIdleMs: 60_000 },
  maxHeaderBytes: 65_536,
} as const;

/** What holds where nothing else is said. */
export const defaultStaticConfiguration: StaticConfiguration = {
  entryPoints: [
    {
      ...entryPointDefaults,
      name: 'web',
      address: ':80',
      origin: 'default',
      tls: false,
      fallbackPort: 8080,
      redirectTo: { to: 'websecure', scheme: 'https', permanent: true },
    },
    {
      ...entryPointDefaults,
      name: 'websecure',
      address: ':443',
      origin: 'default',
      tls: true,
      fallbackPort: 8443,
      redirectTo: null,
    },
  ],
  docker: {
    enabled: true,
    endpoint: null,
    exposedByDefault: false,
    defaultRule: 'Host(`{{ normalize .Name }}`)',
    network: null,
    fixed: [],
  },
  file: { path: null, fixed: false },
  domain: 'localhost',
  dashboard: { address: '127.0.0.1:8686', addressFixed: false, lanAddress: null },
};
