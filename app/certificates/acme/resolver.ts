import type { ChallengeType, KeyType } from '../../contract/certificates.ts';
import { certificateKeyTypes, knownAuthorities } from '../../contract/certificates.ts';

/** How certificates are had from one CA: Traefik's `certificatesResolvers.NAME.acme`, or what the dashboard set up. */
export interface AcmeResolver {
  readonly name: string;
  readonly source: 'static' | 'dashboard';
  readonly directoryUrl: string;
  /** Empty: the CA is told none. */
  readonly email: string;
  readonly keyType: KeyType;
  /** Common name of the root that the chain should end at; null: the CA's usual chain. */
  readonly preferredChain: string | null;
  readonly profile: string | null;
  /** Written into the request for a certificate, as further names. */
  readonly emailAddresses: readonly string[];
  readonly withCommonName: boolean;
  readonly eab: { readonly kid: string; readonly hmac: string } | null;
  /** How long certificates are good for where the CA asks (`notAfter` of the order); null: as the CA has it. */
  readonly lifetimeMs: number | null;
  readonly challenge: Challenge;
  readonly connection: CaConnection;
}

/** How the CA itself is reached and believed. */
export interface CaConnection {
  /** Files, or PEM, of authorities that sign the CA's own certificate. */
  readonly caCertificates: readonly string[];
  /** Whether the system's authorities are believed beside them. */
  readonly systemAuthorities: boolean;
  /** The name that its certificate must have; null: that of its address. */
  readonly serverName: string | null;
  readonly timeoutMs: number;
  readonly responseHeaderTimeoutMs: number;
  /** How long the CA may take to issue once an order was finalised. */
  readonly certificateTimeoutMs: number;
}

export type Challenge =
  | {
      readonly type: 'http-01';
      /** Null: any; the CA comes to port 80. */
      readonly entryPoint: string | null;
      readonly delayMs: number;
    }
  | { readonly type: 'tls-alpn-01'; readonly delayMs: number }
  | ({ readonly type: 'dns-01' } & DnsChallenge);

export interface DnsChallenge {
  /** Traefik's (lego's) code. */
  readonly provider: string;
  /** Recursive servers, `host:port`; none: the system's. */
  readonly resolvers: readonly string[];
  readonly delayBeforeChecksMs: number;
  readonly checks: {
    /** False: the CA is told without looking. */
    readonly enabled: boolean;
    /** Whether each of the domain's own servers must have the record. */
    readonly authoritative: boolean;
    /** Whether each of the recursive servers must have it, too. */
    readonly recursive: boolean;
  };
}

export const defaultConnection: CaConnection = {
  caCertificates: [],
  systemAuthorities: true,
  serverName: null,
  timeoutMs: 120_000,
  responseHeaderTimeoutMs: 30_000,
  certificateTimeoutMs: 30_000,
};

export const defaultDirectoryUrl = knownAuthorities[0].directory;

/** What a CA is called, and where it lets one try for nothing. */
export function authorityOf(directoryUrl: string): {
  readonly title: string;
  readonly code: string;
  readonly isStaging: boolean;
  readonly stagingUrl: string | null;
} {
  const known = knownAuthorities.find(({ directory }) => sameUrl(directory, directoryUrl));
  if (known) {
    return {
      title: known.title,
      code: known.code,
      isStaging: known.code.endsWith('-staging'),
      stagingUrl: known.staging,
    };
  }
  const trial = knownAuthorities.find(({ staging }) => staging !== null && sameUrl(staging, directoryUrl));
  const host = URL.canParse(directoryUrl) ? new URL(directoryUrl).host : directoryUrl;
  return {
    title: trial ? `${trial.title} (staging)` : host,
    code: '',
    isStaging: trial !== undefined,
    stagingUrl: null,
  };
}

function sameUrl(one: string, other: string): boolean {
  return one.replace(/\/$/, '') === other.replace(/\/$/, '');
}

/** Traefik's names, in any case; undefined where there is no such type. */
export function keyTypeOf(text: string): KeyType | undefined {
  return certificateKeyTypes.find((type) => type === text.toUpperCase());
}

export function challengeName(type: ChallengeType): string {
  return { 'http-01': 'HTTP-01', 'tls-alpn-01': 'TLS-ALPN-01', 'dns-01': 'DNS-01' }[type];
}
