/** What is asked of a CA, and what it says: the shapes of RFC 8555 and RFC 9773 as far as they are used. */

export interface Directory {
  /** What the CA calls itself to be asked about renewal; null: it does not (RFC 9773). */
  readonly renewalInfo: string | null;
  readonly needsEab: boolean;
  readonly termsOfService: string | null;
  /** Names of its profiles with what they are; empty where it has none. */
  readonly profiles: Readonly<Record<string, string>>;
}

export interface Identifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

export interface AcmeOrder {
  readonly url: string;
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  readonly authorizations: readonly string[];
  readonly finalize: string;
  readonly certificate: string | null;
  readonly identifiers: readonly Identifier[];
  readonly error: AcmeProblem | null;
}

export interface AcmeChallenge {
  readonly type: string;
  readonly url: string;
  readonly token: string;
  readonly status: 'pending' | 'processing' | 'valid' | 'invalid';
  readonly error: AcmeProblem | null;
  /** Where the CA went, where it says so. */
  readonly visits: readonly ChallengeVisit[];
}

export interface ChallengeVisit {
  readonly hostname: string;
  readonly port: string;
  readonly addressUsed: string;
  readonly addressesResolved: readonly string[];
}

export interface AcmeAuthorization {
  readonly url: string;
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  readonly identifier: Identifier;
  readonly isWildcard: boolean;
  readonly challenges: readonly AcmeChallenge[];
}

/** RFC 7807, as RFC 8555 section 6.7 uses it. */
export interface AcmeProblem {
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  readonly detail: string;
  /** What is wrong with single names. */
  readonly subproblems: readonly { readonly type: string; readonly detail: string; readonly name: string }[];
}

export interface NewOrder {
  readonly identifiers: readonly Identifier[];
  readonly profile: string | null;
  /** Certificate that it stands for, as RFC 9773 section 4.1 names it. */
  readonly replaces: string | null;
  readonly notAfter: string | null;
}

export interface RenewalInfo {
  readonly start: number;
  readonly end: number;
  readonly explanationUrl: string | null;
  /** When to ask again. */
  readonly retryAfterMs: number;
}

export interface AccountRequest {
  readonly email: string;
  readonly eab: { readonly kid: string; readonly hmac: string } | null;
}

/** One question to a CA. An account's URL is known after `account`. */
export type Question =
  | { readonly ask: 'directory' }
  | ({ readonly ask: 'account' } & AccountRequest)
  | ({ readonly ask: 'newOrder' } & NewOrder)
  | { readonly ask: 'order'; readonly url: string }
  | { readonly ask: 'orders' }
  | { readonly ask: 'authorization'; readonly url: string }
  | { readonly ask: 'answerChallenge'; readonly url: string }
  | { readonly ask: 'finalize'; readonly url: string; readonly orderUrl: string; readonly csr: string }
  | { readonly ask: 'certificate'; readonly url: string; readonly preferredChain: string | null }
  | { readonly ask: 'revoke'; readonly certificatePem: string; readonly reason: number }
  | { readonly ask: 'renewalInfo'; readonly certificateId: string };

export interface Answers {
  readonly directory: Directory;
  readonly account: { readonly url: string };
  readonly newOrder: AcmeOrder;
  readonly order: AcmeOrder;
  /** URLs of the account's orders; empty where the CA does not tell. */
  readonly orders: readonly string[];
  readonly authorization: AcmeAuthorization;
  readonly answerChallenge: null;
  readonly finalize: AcmeOrder;
  /** PEM, the certificate first. */
  readonly certificate: string;
  readonly revoke: null;
  readonly renewalInfo: RenewalInfo;
}

/** An answer with what came beside it. */
export interface Told<Value> {
  readonly value: Value;
  /** The CA's clock; null where it said nothing. */
  readonly caTime: number | null;
  /** How long it asks us to wait before the next question about this. */
  readonly retryAfterMs: number | null;
}

interface AcmeFaultParts {
  /** Of the CA, without its prefix; `unreachable`, `untrusted`, `timeout` or `nonsense` where it said none. */
  readonly type: string;
  readonly detail: string;
  /** 0 where there was no answer. */
  readonly status?: number;
  readonly retryAfterMs?: number | null;
  readonly subproblems?: AcmeProblem['subproblems'];
  readonly caTime?: number | null;
}

/** The CA said no, or nothing that can be used. */
export class AcmeFault extends Error {
  readonly type: string;
  readonly detail: string;
  readonly status: number;
  readonly retryAfterMs: number | null;
  readonly subproblems: AcmeProblem['subproblems'];
  readonly caTime: number | null;

  constructor(parts: AcmeFaultParts) {
    super(`${parts.type}: ${parts.detail}`);
    this.name = 'AcmeFault';
    this.type = parts.type;
    this.detail = parts.detail;
    this.status = parts.status ?? 0;
    this.retryAfterMs = parts.retryAfterMs ?? null;
    this.subproblems = parts.subproblems ?? [];
    this.caTime = parts.caTime ?? null;
  }

  /** For the way between threads, which keeps no classes. */
  toParts(): AcmeFaultParts {
    const { type, detail, status, retryAfterMs, subproblems, caTime } = this;
    return { type, detail, status, retryAfterMs, subproblems, caTime };
  }
}

export type { AcmeFaultParts };

/** What the thread is started with. */
export interface CaThreadData {
  readonly directoryUrl: string;
  readonly accountKeyPem: string;
  readonly accountUrl: string | null;
  readonly eab: AccountRequest['eab'];
  /** PEM of authorities that are believed, beside the system's where these are, too. */
  readonly caPem: readonly string[];
  readonly systemAuthorities: boolean;
  readonly serverName: string | null;
  readonly timeoutMs: number;
  readonly responseHeaderTimeoutMs: number;
  readonly userAgent: string;
}

export interface ThreadQuestion {
  readonly id: number;
  readonly question: Question;
}

export type ThreadAnswer =
  | { readonly id: number; readonly told: Told<unknown> }
  | { readonly id: number; readonly fault: AcmeFaultParts };
