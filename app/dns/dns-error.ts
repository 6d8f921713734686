/**
 * - `credentials`: the provider does not know the token, key or password.
 * - `rights`: it knows it, and does not let it do this.
 * - `zone-missing`: this account has no zone for the name.
 * - `rate-limited`: asked too often; `retryAfterMs` says when again, where the provider says so.
 * - `unavailable`: no answer, a broken one, or a fault of the provider's own: worth another try later.
 * - `refused`: it understood and said no, or what was asked cannot be done there.
 */
export type DnsProviderErrorKind =
  | 'credentials'
  | 'rights'
  | 'zone-missing'
  | 'rate-limited'
  | 'unavailable'
  | 'refused';

interface DnsProviderErrorParts {
  readonly kind: DnsProviderErrorKind;
  /** The provider's title: "Cloudflare". */
  readonly provider: string;
  /** What happened and why, as a whole sentence. Never holds a secret. */
  readonly message: string;
  /** What to do next, as whole sentences. */
  readonly fix: string;
  /** In the provider's own words, secrets removed; empty where it said nothing. */
  readonly reason?: string;
  readonly retryAfterMs?: number | undefined;
  /** For words in other languages: names, zones, records to make. */
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** What went wrong with a DNS provider, in words for the owner. */
export class DnsProviderError extends Error {
  readonly kind: DnsProviderErrorKind;
  readonly provider: string;
  readonly fix: string;
  readonly reason: string;
  readonly retryAfterMs: number | null;
  readonly details: Readonly<Record<string, string>>;

  constructor({ kind, provider, message, fix, reason = '', retryAfterMs, details = {}, cause }: DnsProviderErrorParts) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DnsProviderError';
    this.kind = kind;
    this.provider = provider;
    this.fix = fix;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs ?? null;
    this.details = details;
  }
}
