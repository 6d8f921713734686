import type { EntryPointView } from '../contract/objects.ts';

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
  /** Name of the entry point that requests are redirected to (Traefik's `http.redirections.entryPoint`). */
  readonly redirectTo: { readonly to: string; readonly scheme: 'http' | 'https'; readonly permanent: boolean } | null;
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
    /** Names of the fields above that a flag or file decided. */
    readonly fixed: readonly string[];
  };
  readonly file: { readonly path: string | null; readonly fixed: boolean };
  readonly domain: string;
  readonly dashboard: {
    readonly address: string;
    readonly addressFixed: boolean;
    readonly lanAddress: string | null;
  };
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
