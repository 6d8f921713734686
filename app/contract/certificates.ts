import { z } from 'zod';
import { problemSchema } from './problems.ts';

/**
 * What clients see of certificates, orders and resolvers. No key and no credential is in here: those leave the engine
 * only as a download that was asked for. All times are milliseconds since 1970.
 */

const details = z.record(z.string(), z.union([z.string(), z.number()]));

export const certificateKeyTypes = ['EC256', 'EC384', 'RSA2048', 'RSA3072', 'RSA4096', 'RSA8192'] as const;
export const challengeTypes = ['http-01', 'tls-alpn-01', 'dns-01'] as const;

/** Certificate authorities that are known by a word; any other is known by its directory's address. */
export const knownAuthorities = [
  {
    code: 'letsencrypt',
    title: "Let's Encrypt",
    directory: 'https://acme-v02.api.letsencrypt.org/directory',
    staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
    needsEab: false,
  },
  {
    code: 'letsencrypt-staging',
    title: "Let's Encrypt (staging)",
    directory: 'https://acme-staging-v02.api.letsencrypt.org/directory',
    staging: null,
    needsEab: false,
  },
  {
    code: 'zerossl',
    title: 'ZeroSSL',
    directory: 'https://acme.zerossl.com/v2/DV90',
    staging: null,
    needsEab: true,
  },
  {
    code: 'google',
    title: 'Google Trust Services',
    directory: 'https://dv.acme-v02.api.pki.goog/directory',
    staging: 'https://dv.acme-v02.test-api.pki.goog/directory',
    needsEab: true,
  },
  {
    code: 'buypass',
    title: 'Buypass',
    directory: 'https://api.buypass.com/acme/directory',
    staging: 'https://api.test4.buypass.no/acme/directory',
    needsEab: false,
  },
] as const;

/** What an order goes through, in this order; `serving` to `validated` come once for each name. */
export const orderStepKinds = [
  /** Nothing is asked of the CA yet: a limit, a pause after a failure, or another order comes first. */
  'waiting',
  'directory',
  'account',
  /** The whole order once without a certificate, so that a mistake does not count against the CA's limits. */
  'dry-run',
  'order',
  'authorization',
  /** What we answer with: a token over HTTP, a certificate over TLS, a TXT record. */
  'challenge-set',
  /** All authoritative name servers have the record. */
  'propagation',
  /** We asked for the answer ourselves, as the CA will. */
  'self-check',
  'told-ca',
  /** The CA has looked, and what it saw. */
  'ca-saw',
  'validated',
  'finalised',
  'downloaded',
  /** Visitors get it from the next handshake on. */
  'installed',
] as const;

export const orderStepSchema = z.object({
  at: z.number(),
  step: z.enum(orderStepKinds),
  state: z.enum(['running', 'done', 'failed']),
  /** The name that it is about; null where it is about all. */
  name: z.string().nullable(),
  /**
   * Values for the sentence: `challenge`, `url`, `record`, `value`, `entryPoint`, `address`, `server`, `lacking`
   * (name servers that lack the record, comma-separated), `until`, `ca`, `answer`… No secrets.
   */
  details,
});

export const certificateFailureSchema = z.object({
  problem: problemSchema,
  at: z.number(),
  /** When it is tried again by itself; null: not before something is changed. */
  retryAt: z.number().nullable(),
  /** Failures in a row. */
  attempts: z.number(),
});

export const orderSchema = z.object({
  id: z.string(),
  why: z.enum(['first', 'renewal', 'asked', 'names-changed']),
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  challenge: z.enum(challengeTypes).nullable(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  steps: z.array(orderStepSchema),
});

export const renewalSchema = z.object({
  at: z.number(),
  /**
   * `ari`: the CA says so; `two-thirds` of its lifetime are over; `half` of a short one; `third`: a third of it is left
   * (the internal authority's); `retry` after a failure; `asked` for by hand; `owner`: whoever brought it renews it.
   */
  why: z.enum(['ari', 'two-thirds', 'half', 'third', 'retry', 'asked', 'owner']),
  /** Of `ari`: the time that the CA proposed, and where it says why. */
  window: z.object({ start: z.number(), end: z.number() }).optional(),
  explanationUrl: z.string().optional(),
});

export const certificateViewSchema = z.object({
  id: z.string(),
  /** The first is the main one. Lower-case DNS names (with `*.` wildcards) and addresses. */
  names: z.array(z.string()),
  source: z.enum(['acme', 'internal', 'file', 'imported']),
  /** Null unless it comes by ACME. */
  resolver: z.string().nullable(),
  /** Of the certificate that is there; empty while there is none. */
  issuer: z.string(),
  keyType: z.string(),
  /** SHA-256, colons between the bytes; empty while there is none. */
  fingerprint: z.string(),
  serialNumber: z.string(),
  notBefore: z.number().nullable(),
  notAfter: z.number().nullable(),
  /** Null: it is not renewed (unused, revoked, brought by its owner). */
  renewal: renewalSchema.nullable(),
  /**
   * `pending`: the first one is on its way. `failed`: there is none, as the last order failed. `expiring`: near its end
   * with no new one, whatever the reason. `unused`: no router has its names, so that it is not renewed.
   */
  status: z.enum(['valid', 'pending', 'failed', 'expiring', 'expired', 'unused', 'revoked']),
  /** What visitors of its names get while it has none of its own, or none that is still good; null: itself. */
  meanwhile: z.enum(['internal', 'previous']).nullable(),
  /** Keys (see `viewKey`) of routers whose visitors get it. */
  routers: z.array(z.string()),
  /** Asked for by a person, not only by a router: stays without one. */
  byHand: z.boolean(),
  /** Of the last order, until one succeeds. */
  failure: certificateFailureSchema.nullable(),
  /** The order that is under way, or the last one where that failed. Null where all is done. */
  order: orderSchema.nullable(),
  /** Of the CA, such as `shortlived`; null: its usual one. */
  profile: z.string().nullable(),
  /** Of files. */
  path: z.string().nullable(),
});

export const certificateDetailSchema = z.object({
  certificate: certificateViewSchema,
  /** Newest first, each with its steps. */
  orders: z.array(orderSchema),
});

export const limitSchema = z.object({
  /** Which of the CA's published limits. */
  limit: z.enum(['certificates', 'duplicates', 'failed-validations', 'orders', 'accounts']),
  /** What it is counted for: a registered domain, a set of names, or empty for the account. */
  subject: z.string(),
  remaining: z.number(),
  of: z.number(),
  windowMs: z.number(),
  /** When one more is had; null while none is used. */
  nextAt: z.number().nullable(),
});

export const resolverViewSchema = z.object({
  name: z.string(),
  source: z.enum(['static', 'dashboard']),
  email: z.string(),
  /** The directory's address, and what its CA is called; `code` is that of {@link knownAuthorities}, else empty. */
  ca: z.object({ url: z.string(), title: z.string(), code: z.string(), staging: z.boolean() }),
  challenge: z.enum(challengeTypes),
  /** Of `http-01`. */
  entryPoint: z.string().nullable(),
  dnsProvider: z.string().nullable(),
  keyType: z.string(),
  profile: z.string().nullable(),
  account: z.object({
    state: z.enum(['none', 'registered', 'failed']),
    /** The account's address at the CA. */
    url: z.string().nullable(),
  }),
  /** What remains of the CA's limits, where something of them is used. */
  limits: z.array(limitSchema),
  /** What keeps it from working at all. */
  problems: z.array(problemSchema),
});

export const reasonSchema = z.object({
  code: z.enum([
    // for a way
    'WILDCARD_NEEDS_DNS',
    'PORT_80_ANSWERS',
    'PORT_443_ANSWERS',
    'DNS_POINTS_HERE',
    'DNS_PROVIDER_FOUND',
    'DNS_PROVIDER_READY',
    'NEEDS_NO_OPEN_PORT',
    'NAME_NOT_PUBLIC',
    'RESOLVER_DOES',
    // against it
    'PORT_80_NOT_SERVED',
    'PORT_443_NOT_SERVED',
    'DNS_MISSING',
    'DNS_ELSEWHERE',
    'DNS_UNKNOWN',
    'WILDCARD_IMPOSSIBLE',
    'ADDRESS_IMPOSSIBLE',
    'DNS_CREDENTIALS_NEEDED',
  ]),
  /** English, a whole sentence. */
  message: z.string(),
  details,
});

/** What a form shows before anything is asked of a CA. */
export const certificateProposalSchema = z.object({
  names: z.array(
    z.object({
      name: z.string(),
      /** `private`: no public CA signs it, the internal one does. */
      kind: z.enum(['public', 'wildcard', 'address', 'private']),
      /** A certificate that is good for it already. */
      coveredBy: z.string().nullable(),
      /** Addresses that the world finds it at. */
      addresses: z.array(z.string()),
    }),
  ),
  ways: z.array(
    z.object({
      challenge: z.enum([...challengeTypes, 'internal']),
      verdict: z.enum(['proposed', 'possible', 'doubtful', 'impossible']),
      reasons: z.array(reasonSchema),
    }),
  ),
  /** A resolver that could do it as it is. */
  resolver: z.string().nullable(),
  /** Code of the DNS provider whose name servers the domain has; null where it is none that is known. */
  dnsProvider: z.string().nullable(),
});

const twoLanguages = z.object({ en: z.string(), fr: z.string() });

/** A form field of a DNS provider's credentials. */
export const dnsFieldSchema = z.object({
  key: z.string(),
  label: twoLanguages,
  secret: z.boolean(),
  optional: z.boolean(),
  placeholder: z.string(),
  help: twoLanguages.nullable(),
  /** Empty: any text. */
  choices: z.array(z.string()),
  /** Environment variables that fill it. */
  variables: z.array(z.string()),
});

export const dnsProviderViewSchema = z.object({
  /** Traefik's (lego's) code. */
  code: z.string(),
  title: z.string(),
  /** What to create where, and the address of that page. */
  help: twoLanguages,
  helpUrl: z.string().nullable(),
  /** The least rights that do. */
  rights: twoLanguages,
  fields: z.array(dnsFieldSchema),
  /** Where its credentials are had from already. */
  credentials: z.enum(['none', 'stored', 'environment']),
});

export const checkResultSchema = z.object({
  ok: z.boolean(),
  /** Domains that it may change; empty where it cannot tell, and for CAs. */
  zones: z.array(z.string()),
  problems: z.array(problemSchema),
  /** What the check could not find out, as a sentence. */
  note: z.string().nullable(),
});

export const importReportSchema = z.object({
  taken: z.array(
    z.object({
      names: z.array(z.string()),
      certificateId: z.string(),
      resolver: z.string().nullable(),
      notAfter: z.number(),
      /** Whether Gatehouse renews it from now on. */
      renews: z.boolean(),
    }),
  ),
  accounts: z.array(z.object({ resolver: z.string(), email: z.string(), ca: z.string(), created: z.boolean() })),
  /** What was found and not taken. */
  skipped: z.array(
    z.object({
      /** A name, or where it stood. */
      what: z.string(),
      code: z.enum([
        'EXPIRED',
        'KEY_MISSING',
        'KEY_OTHER',
        'UNREADABLE',
        'OLDER',
        'ALREADY_THERE',
        'NO_NAMES',
        'ACCOUNT_WITHOUT_KEY',
        'DNS_CREDENTIALS',
        'NOT_SUPPORTED',
      ]),
      message: z.string(),
      details,
    }),
  ),
});

export const downloadSchema = z.object({
  fileName: z.string(),
  mediaType: z.string(),
  encoding: z.enum(['utf8', 'base64']),
  content: z.string(),
});

export type CertificateView = z.infer<typeof certificateViewSchema>;
export type CertificateDetail = z.infer<typeof certificateDetailSchema>;
export type CertificateFailure = z.infer<typeof certificateFailureSchema>;
export type CertificateProposal = z.infer<typeof certificateProposalSchema>;
export type ChallengeType = (typeof challengeTypes)[number];
export type KeyType = (typeof certificateKeyTypes)[number];
export type Order = z.infer<typeof orderSchema>;
export type OrderStep = z.infer<typeof orderStepSchema>;
export type OrderStepKind = (typeof orderStepKinds)[number];
export type Renewal = z.infer<typeof renewalSchema>;
export type CaLimit = z.infer<typeof limitSchema>;
export type ResolverView = z.infer<typeof resolverViewSchema>;
export type ProposalReason = z.infer<typeof reasonSchema>;
export type DnsProviderView = z.infer<typeof dnsProviderViewSchema>;
export type DnsField = z.infer<typeof dnsFieldSchema>;
export type CheckResult = z.infer<typeof checkResultSchema>;
export type ImportReport = z.infer<typeof importReportSchema>;
export type Download = z.infer<typeof downloadSchema>;
