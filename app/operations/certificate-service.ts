import type { Found } from '../certificates/import/found.ts';
import type {
  CertificateDetail,
  CertificateProposal,
  CertificateView,
  CheckResult,
  DnsProviderView,
  ImportReport,
  KeyType,
  ResolverView,
} from '../contract/certificates.ts';
import type { Change } from '../contract/objects.ts';
import type { Secret } from '../secrets/secrets.ts';

type Actor = Change['actor'];

/** A resolver of the dashboard, as a person gives it. What is left out stays as it is kept. */
export interface ResolverInput {
  readonly name: string;
  readonly email: string;
  /** A code of `knownAuthorities`, or a directory's address. Left out: Let's Encrypt. */
  readonly ca?: string | undefined;
  readonly caCertificates?: string | undefined;
  readonly challenge: 'http-01' | 'tls-alpn-01' | 'dns-01';
  readonly entryPoint?: string | undefined;
  readonly dnsProvider?: string | undefined;
  readonly keyType?: KeyType | undefined;
  readonly profile?: string | undefined;
  readonly eab?: { readonly kid: string; readonly hmac: Secret } | undefined;
}

/** A certificate brought from elsewhere, judged already: the key fits, and it has not ended. */
export interface BroughtCertificate {
  readonly certificatePem: string;
  readonly privateKey: Secret;
  /** Who renews it from now on; null: its owner. */
  readonly resolver: string | null;
}

/** Certificates and how they are had, for the operations. Failures are `OperationError`s. */
export interface CertificateService {
  /** Views keep their identity while they say the same. */
  readonly list: () => readonly CertificateView[];
  readonly resolvers: () => readonly ResolverView[];
  readonly get: (id: string) => CertificateDetail;
  readonly propose: (input: {
    readonly names: readonly string[];
    readonly ca?: string | undefined;
  }) => Promise<CertificateProposal>;
  /** Resolves when the order is kept. */
  readonly add: (
    input: { readonly names: readonly string[]; readonly resolver?: string | undefined },
    actor: Actor,
  ) => Promise<CertificateView>;
  readonly renew: (id: string, actor: Actor) => Promise<CertificateView>;
  readonly revoke: (id: string, reason: string | undefined, actor: Actor) => Promise<CertificateView>;
  readonly remove: (id: string, actor: Actor) => Promise<void>;
  /** Takes a certificate in place of that one (null: beside all others). */
  readonly bring: (id: string | null, brought: BroughtCertificate, actor: Actor) => Promise<CertificateView>;
  /** Takes accounts and certificates of an import. Says what became of each; what the import left out is not in it. */
  readonly adopt: (found: Pick<Found, 'certificates' | 'accounts'>, actor: Actor) => Promise<ImportReport>;
  /** The certificate (its chain behind it) and its key. */
  readonly material: (id: string) => Promise<{ readonly certificatePem: string; readonly privateKey: Secret }>;
  readonly setResolver: (input: ResolverInput, actor: Actor) => Promise<ResolverView>;
  readonly removeResolver: (name: string, actor: Actor) => Promise<void>;
  readonly checkResolver: (name: string) => Promise<CheckResult>;
}

/** Providers of DNS and the credentials that are kept for them. Failures are `OperationError`s. */
export interface DnsProviderService {
  readonly list: () => Promise<readonly DnsProviderView[]>;
  /** Keeps what is given; fields that are left out stay. */
  readonly keep: (code: string, credentials: Readonly<Record<string, string>>) => Promise<void>;
  readonly check: (
    input: {
      readonly code: string;
      /** Left out: those that are kept, else those of the environment. */
      readonly credentials?: Readonly<Record<string, string>> | undefined;
      readonly domain?: string | undefined;
    },
    signal: AbortSignal | undefined,
  ) => Promise<CheckResult>;
}
