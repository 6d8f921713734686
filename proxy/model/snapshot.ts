import type { AccessLogOptions } from './access-log.ts';
import type { HealthCheckConfig, MiddlewareConfig, ServersTransportConfig, StickyCookieConfig } from './dynamic.ts';
import type { ClientLimits, LimitCount } from './limits.ts';
import type { MetricsCount, MetricsOptions } from './metrics.ts';
import type { RequestRecord } from './request-record.ts';
import type { SharedMemory, SharedRegions } from './shared-memory.ts';
import type { TcpHealthCheckConfig, TcpMiddlewareConfig, TcpServersTransportConfig } from './stream.ts';
import type { TlsOptionsSnapshot } from './tls.ts';

/** Everything a worker needs to route: plain data, immutable, swapped whole. All names are qualified. */
export interface RoutingSnapshot {
  readonly revision: number;
  readonly routers: readonly RouterSnapshot[];
  /** Routers below other routers, by name; left out where there are none. No chain of them leads back to itself. */
  readonly childRouters?: Readonly<Record<string, ChildRouterSnapshot>>;
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
  readonly services: Readonly<Record<string, ServiceSnapshot>>;
  readonly serversTransports: Readonly<Record<string, ServersTransportConfig>>;
  /** By qualified name, and `default`. Left out: what holds where nothing is said. */
  readonly tlsOptions?: Readonly<Record<string, TlsOptionsSnapshot>>;
  /** Entry point → host → name of its TLS options, for hosts with others than the default ones. */
  readonly tlsHosts?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** TCP and UDP; left out where there is none of it. */
  readonly streams?: StreamSnapshot;
  /** Middlewares and services have Traefik's defaults, also where ours are safer. */
  readonly asTraefik?: true;
}

/** What is routed by connection. Names are qualified, and apart from those of HTTP. */
export interface StreamSnapshot {
  readonly tcpRouters: readonly TcpRouterSnapshot[];
  readonly tcpMiddlewares: Readonly<Record<string, TcpMiddlewareConfig>>;
  readonly tcpServices: Readonly<Record<string, TcpServiceSnapshot>>;
  readonly tcpServersTransports: Readonly<Record<string, TcpServersTransportConfig>>;
  readonly udpRouters: readonly UdpRouterSnapshot[];
  readonly udpServices: Readonly<Record<string, UdpServiceSnapshot>>;
}

export interface TcpRouterSnapshot {
  readonly name: string;
  readonly entryPoints: readonly string[];
  readonly rule: string;
  readonly syntax: 'v2' | 'v3';
  readonly priority: number;
  /** Place of its provider in `providers.precedence`, from 0; left out for those that are not named there. */
  readonly providerRank?: number;
  /** `none`: only connections without TLS; `terminate`: TLS ends here; `passthrough`: it ends at the server. */
  readonly tls: 'none' | 'terminate' | 'passthrough';
  /** Qualified name of its TLS options; null: the default ones. */
  readonly tlsOptions: string | null;
  readonly middlewares: readonly string[];
  readonly service: string;
  /** Its connections are closed: see {@link RouterSnapshot.refuse}. */
  readonly refuse?: { readonly reason: string };
}

export type TcpServiceSnapshot =
  | {
      readonly kind: 'loadBalancer';
      readonly servers: readonly { readonly address: string; readonly tls: boolean }[];
      /** Qualified name, or null for the default transport. */
      readonly serversTransport: string | null;
      /** Version of the PROXY protocol that servers are told the client's address in; 0: none. */
      readonly proxyProtocol: 0 | 1 | 2;
      /** How long one direction may go on after the other has ended; below 0: as long as it likes. */
      readonly terminationDelayMs: number;
      readonly healthCheck: TcpHealthCheckConfig | null;
    }
  | { readonly kind: 'weighted'; readonly services: readonly WeightedName[]; readonly healthCheck: boolean };

export interface WeightedName {
  readonly name: string;
  readonly weight: number;
}

export interface UdpRouterSnapshot {
  readonly name: string;
  readonly entryPoints: readonly string[];
  readonly service: string;
}

export type UdpServiceSnapshot =
  | { readonly kind: 'loadBalancer'; readonly servers: readonly string[] }
  | { readonly kind: 'weighted'; readonly services: readonly WeightedName[] };

/**
 * A router that is fit to serve: its rule parses, its service and middlewares exist, or it refuses what comes. One router may stand here twice,
 * once for its entry points with TLS and once for those without.
 */
export interface RouterSnapshot {
  readonly name: string;
  readonly entryPoints: readonly string[];
  readonly rule: string;
  /** The version of the rule language that the rule is written in; v3 where it is left out. */
  readonly syntax?: 'v2' | 'v3';
  readonly priority: number;
  /** Place of its provider in `providers.precedence`, from 0; left out for those that are not named there. */
  readonly providerRank?: number;
  /** True: only requests that came over TLS match; false: only those that did not (as Traefik has it). */
  readonly tls: boolean;
  /** TLS options without which it serves nobody, whatever the host; left out: the host decides. */
  readonly tlsOptions?: string;
  readonly middlewares: readonly string[];
  /** Empty where it leads to routers. */
  readonly service: string;
  /** Names of the routers below it, one of which takes what its middlewares let through; left out: the service does. */
  readonly children?: readonly string[];
  /**
   * It keeps its place and answers 503, since what was to guard it cannot be built: a router below it must not get its
   * requests. It has no middlewares and no service then. The reason is for the owner.
   */
  readonly refuse?: { readonly reason: string };
  /** Whether its requests are written to the access log; left out: as its entry point has it. */
  readonly accessLogs?: boolean;
  /** Whether its requests are in the metrics; left out: as its entry point has it. */
  readonly metrics?: boolean;
}

/** A router that is asked only once one above it has matched and the middlewares of that one have run. */
export type ChildRouterSnapshot = Pick<
  RouterSnapshot,
  'name' | 'rule' | 'syntax' | 'priority' | 'providerRank' | 'middlewares' | 'service' | 'children' | 'refuse'
>;

export type Strategy = 'wrr' | 'p2c' | 'hrw' | 'leasttime';

/** `middlewares` stand before the service, whatever router leads to it. */
export type ServiceSnapshot = ServiceKind & { readonly middlewares?: readonly string[] };

export interface FailoverErrors {
  readonly status: readonly string[];
  /** Below 0: any number. */
  readonly maxRequestBodyBytes: number;
}

type ServiceKind =
  | {
      readonly kind: 'loadBalancer';
      /** Left out: `wrr`. */
      readonly strategy?: Strategy;
      readonly passiveHealthCheck?: { readonly failureWindowMs: number; readonly maxFailedAttempts: number } | null;
      readonly servers: readonly ServerSnapshot[];
      readonly passHostHeader: boolean;
      readonly sticky: StickyCookieConfig | null;
      readonly healthCheck: HealthCheckConfig | null;
      /** Qualified name, or null for the default transport. */
      readonly serversTransport: string | null;
      /** Longest wait before buffered bytes are sent on, milliseconds; negative: at once. */
      readonly flushIntervalMs: number;
    }
  | {
      readonly kind: 'weighted';
      readonly strategy: 'wrr' | 'hrw';
      readonly services: readonly { readonly name: string; readonly weight: number }[];
      readonly sticky: StickyCookieConfig | null;
      /** Its children's health is its own. */
      readonly healthCheck: boolean;
    }
  | {
      readonly kind: 'mirroring';
      readonly service: string;
      readonly mirrors: readonly { readonly name: string; readonly percent: number }[];
      readonly mirrorBody: boolean;
      /** Requests with a longer body are not mirrored; below 0: any length. */
      readonly maxBodyBytes: number;
      readonly healthCheck: boolean;
    }
  | {
      readonly kind: 'failover';
      readonly service: string;
      readonly fallback: string;
      readonly errors: FailoverErrors | null;
      readonly healthCheck: boolean;
    }
  | { readonly kind: 'whoami' }
  /** One answer for every request, as plain text. */
  | { readonly kind: 'fixed'; readonly status: number; readonly body: string };

export interface ServerSnapshot {
  readonly url: string;
  readonly weight: number;
  readonly preservePath: boolean;
  /** Takes only clients that hold its cookie. */
  readonly isFenced?: boolean;
}

/** How an entry point reads requests and keeps connections, where static configuration says more than the defaults. */
export interface EntryPointWire {
  /** Requests are read as Traefik reads them, also where readers may differ; left out: those are refused. */
  readonly asTraefik?: true;
  /** Fields named by the client's `Connection` that middlewares may still see (lower case). */
  readonly connectionFields?: readonly string[];
  /** The peer's address is not added to `X-Forwarded-For`. */
  readonly notAppendXForwardedFor?: boolean;
  /** Servers are told of the scheme in `X-Forwarded-Scheme` and `X-Scheme`, too. */
  readonly addXForwardedSchemeHeaders?: boolean;
  /** After so long, or so many requests, a connection ends with its next answer; 0: never. */
  readonly keepAliveMaxTimeMs?: number;
  readonly keepAliveMaxRequests?: number;
  /** Escapes, such as `%2F`, in paths: `refused` ends the request, `allowed` is taken in its first reading alone. */
  readonly encodedCharacters?: { readonly refused: readonly string[]; readonly allowed: readonly string[] };
  /** A semicolon in a query stays a character (`%3B`) instead of separating parameters. */
  readonly encodeQuerySemicolons?: boolean;
  /** What becomes of header fields with `_` in their names; left out: `keep`. */
  readonly underscoreHeaders?: 'keep' | 'delete' | 'reject';
  readonly http2?: {
    readonly maxConcurrentStreams?: number;
    readonly maxDecoderHeaderTableSize?: number;
    readonly maxEncoderHeaderTableSize?: number;
  };
  /** False: its requests are not written to the access log, save those of routers that say so. */
  readonly accessLogs?: boolean;
  /** False: its requests are not in the metrics, save those of routers that say so. */
  readonly metrics?: boolean;
  /** False: dot segments and several slashes in paths stay as they came. Left out: they are resolved, and one. */
  readonly sanitizePath?: false;
}

/** Options of an entry point's listeners, fixed while they are open. */
export interface EntryPointOptions extends EntryPointWire {
  readonly name: string;
  /** Address to bind; never a wildcard port: the engine has chosen it by then. */
  readonly host: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly tls: boolean;
  /** `udp`: datagrams, and nothing else. Left out: connections. */
  readonly transport?: 'tcp' | 'udp';
  /** How long a UDP client's session lasts after its last datagram. */
  readonly udpTimeoutMs?: number;
  /** Peers whose PROXY protocol header is believed; null or left out: no header is looked for. */
  readonly proxyProtocol?: { readonly trustedIPs: readonly string[]; readonly insecure: boolean } | null;
  /** CIDRs of proxies whose forwarding headers are believed. */
  readonly trustedIPs: readonly string[];
  readonly insecureForwardedHeaders: boolean;
  /** Every request is sent on to this scheme and public port, before routers are tried (as Traefik has it). */
  readonly redirect: {
    readonly scheme: 'https' | 'http';
    readonly port: number;
    readonly permanent: boolean;
    /** Routers above it are tried first. Left out: it stands above them all. */
    readonly priority?: number;
  } | null;
  readonly timeouts: {
    /** For a whole request with its body; 0: no bound on the whole. The head has 60 s in any case. */
    readonly readMs: number;
    readonly writeMs: number;
    readonly idleMs: number;
    /** How long a body may pause while we want it. After that time it must also have come at 500 bytes a second. 0 or left out: no bound. */
    readonly bodyIdleMs?: number;
  };
  readonly maxHeaderBytes: number;
}

export interface CertificateSnapshot {
  readonly id: string;
  /** Lower-case DNS names (with `*.` wildcards) and addresses. */
  readonly names: readonly string[];
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Served where no name fits. Exactly one certificate has it. */
  readonly isDefault: boolean;
  /** Gatehouse made it, so that its key fits: it is read at the first visit. Others, and the default one, are read at once. */
  readonly isOwn?: true;
  /** Somebody else made it, and its key is known to fit: it is read at the first visit as well. */
  readonly isJudged?: true;
}

/** By what a CA is shown, while it looks, that a host is ours. */
export type ChallengeSnapshot =
  | {
      readonly type: 'http-01';
      /** As in requests: lower case, no brackets, no port. */
      readonly host: string;
      readonly token: string;
      readonly answer: string;
    }
  | {
      readonly type: 'tls-alpn-01';
      readonly host: string;
      /** What the CA names in its hello: the host, or an address written backwards (RFC 8738 section 6). */
      readonly serverName: string;
      readonly certificatePem: string;
      readonly privateKeyPem: string;
    };

/** Health of servers as the engine's checks see it: service name → URLs that are down. */
export type DownServers = Readonly<Record<string, readonly string[]>>;

/** Requests since the last batch, kept apart from records so that counts stay true when records are dropped. */
export interface TrafficCount {
  readonly entryPoint: string;
  readonly router: string | null;
  readonly service: string | null;
  readonly requests: number;
  /** Answers by hundred: [1xx, 2xx, 3xx, 4xx, 5xx]. */
  readonly statusClasses: readonly [number, number, number, number, number];
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Counts per bucket of {@link latencyBucketsMs}; one more for what is slower than the last. */
  readonly latency: readonly number[];
}

/** Upper bounds of the latency histogram, milliseconds. */
export const latencyBucketsMs = [
  1, 2, 4, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000, 5000, 10_000,
  30_000, 60_000,
] as const;

/** What a worker is given when it is started (`workerData`). */
export interface WorkerData {
  readonly index: number;
  /** What the access log has of requests; left out or null: there is no access log. */
  readonly accessLog?: AccessLogOptions | null;
  /** What is counted for Prometheus; left out or null: nothing. */
  readonly metrics?: MetricsOptions | null;
  /** One number that the workers share: requests since the start, for the access log. */
  readonly requestCount?: SharedArrayBuffer;
  /** What all workers count in; left out: each counts by itself. */
  readonly sharedMemory?: SharedMemory;
  /** What clients may take; left out: the defaults. */
  readonly limits?: Partial<ClientLimits>;
  /** Workers there are, which share what is bounded; left out: 1. */
  readonly workers?: number;
}

export type ToWorker =
  | { readonly type: 'listen'; readonly entryPoints: readonly EntryPointOptions[] }
  | { readonly type: 'unlisten'; readonly names: readonly string[]; readonly graceMs: number }
  | {
      readonly type: 'certificates';
      readonly upsert: readonly CertificateSnapshot[];
      readonly remove: readonly string[];
    }
  /** `regions`: the memory of what counts in it (`proxy/shared/regions.ts`). */
  /** Of all workers, for session tickets: who has spoken with one of them goes on with another. */
  | { readonly type: 'ticketSecret'; readonly secret: string }
  | { readonly type: 'snapshot'; readonly snapshot: RoutingSnapshot; readonly regions?: SharedRegions }
  /** All that are live, in place of those before; answered with `challengesSet`. */
  | { readonly type: 'challenges'; readonly revision: number; readonly challenges: readonly ChallengeSnapshot[] }
  | { readonly type: 'down'; readonly servers: DownServers }
  /**
   * The engine took one `traffic` batch. Once the first of these has come, a worker keeps few batches under way and
   * drops (and counts) records beyond them; an engine that never sends it gets every batch.
   */
  | { readonly type: 'trafficTaken' }
  /** Finish requests under way, at most until the deadline, then exit. */
  | { readonly type: 'drain'; readonly graceMs: number };

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'listening'; readonly entryPoint: string; readonly host: string; readonly port: number }
  | { readonly type: 'listenFailed'; readonly entryPoint: string; readonly code: string; readonly message: string }
  | {
      readonly type: 'applied';
      readonly revision: number;
      readonly errors: readonly { readonly object: string; readonly message: string }[];
    }
  | {
      readonly type: 'traffic';
      readonly records: readonly RequestRecord[];
      /** Records not sent because the engine was slow, or more came than a batch holds. */
      readonly dropped: number;
      /** Lines for the access log, each with its end. Left out: there are none. */
      readonly log?: { readonly bytes: Uint8Array; readonly lines: number; readonly dropped: number };
      readonly counts: readonly TrafficCount[];
      readonly openConnections: number;
    }
  | { readonly type: 'challengesSet'; readonly revision: number }
  /** Somebody, most likely the CA, asked for a live challenge and was answered. */
  | {
      readonly type: 'challengeAsked';
      readonly challenge: ChallengeSnapshot['type'];
      readonly host: string;
      readonly clientIp: string;
    }
  /** What came since the last time, and how many connections are open at each entry point. */
  | {
      readonly type: 'metrics';
      readonly counts: readonly MetricsCount[];
      readonly connections: Readonly<Record<string, number>>;
    }
  /** What limits held off since the last time. */
  | { readonly type: 'limited'; readonly counts: readonly LimitCount[] }
  /** All servers that this worker leaves alone, since visitors' requests to them failed. */
  | { readonly type: 'failing'; readonly servers: DownServers }
  | {
      readonly type: 'log';
      readonly level: 'info' | 'warn' | 'error';
      readonly message: string;
      readonly details: Readonly<Record<string, unknown>>;
    };
