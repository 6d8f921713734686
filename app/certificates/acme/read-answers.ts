import { z } from 'zod';
import { readProblem } from './ca-http.ts';
import { type AcmeAuthorization, AcmeFault, type AcmeOrder, type Directory, type RenewalInfo } from './protocol.ts';

/** What a CA answered, as far as it is used; what does not fit the protocol is an AcmeFault `nonsense`. */

const url = z.string().refine((text) => URL.canParse(text));

function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const where = error.issues[0]?.path.join('.') ?? '';
  throw new AcmeFault({
    type: 'nonsense',
    detail: `what should be ${what} cannot be read${where === '' ? '' : ` (${where})`}`,
  });
}

const directorySchema = z.looseObject({
  newNonce: url,
  newAccount: url,
  newOrder: url,
  renewalInfo: url.optional(),
  meta: z
    .looseObject({
      externalAccountRequired: z.boolean().optional(),
      termsOfService: z.string().optional(),
      profiles: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});

export function directory(value: unknown): Directory {
  const { renewalInfo: info, meta } = parse(directorySchema, value, "a CA's directory");
  return {
    renewalInfo: info ?? null,
    needsEab: meta?.externalAccountRequired ?? false,
    termsOfService: meta?.termsOfService ?? null,
    profiles: meta?.profiles ?? {},
  };
}

const identifierSchema = z.looseObject({ type: z.enum(['dns', 'ip']), value: z.string() });

const orderSchema = z.looseObject({
  status: z.enum(['pending', 'ready', 'processing', 'valid', 'invalid']),
  authorizations: z.array(url),
  finalize: url,
  certificate: url.optional(),
  identifiers: z.array(identifierSchema),
  error: z.unknown().optional(),
});

export function order(value: unknown, at: string): AcmeOrder {
  const { status, authorizations, finalize, certificate, identifiers, error } = parse(orderSchema, value, 'an order');
  return {
    url: parse(url, at, "an order's address"),
    status,
    authorizations,
    finalize,
    certificate: certificate ?? null,
    identifiers: identifiers.map(({ type, value: name }) => ({ type, value: name })),
    error: readProblem(error),
  };
}

const visitSchema = z.looseObject({
  hostname: z.string().optional(),
  port: z.union([z.string(), z.number()]).optional(),
  addressUsed: z.string().optional(),
  addressesResolved: z.array(z.string()).nullable().optional(),
});

const authorizationSchema = z.looseObject({
  status: z.enum(['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked']),
  identifier: identifierSchema,
  wildcard: z.boolean().optional(),
  challenges: z.array(
    z.looseObject({
      type: z.string(),
      url,
      token: z.string().optional(),
      status: z.enum(['pending', 'processing', 'valid', 'invalid']),
      error: z.unknown().optional(),
      validationRecord: z.array(visitSchema).nullable().optional(),
    }),
  ),
});

/** RFC 8555 section 8.3: nothing that could lead elsewhere as part of a path or name. */
const tokenPattern = /^[\w-]{1,256}$/;

export function authorization(value: unknown, at: string): AcmeAuthorization {
  const { status, identifier, wildcard, challenges } = parse(authorizationSchema, value, 'an authorization');
  return {
    url: at,
    status,
    identifier: { type: identifier.type, value: identifier.value.toLowerCase() },
    isWildcard: wildcard ?? false,
    challenges: challenges
      .filter(({ token = '' }) => tokenPattern.test(token))
      .map(({ type, url: challengeUrl, token = '', status: state, error, validationRecord }) => ({
        type,
        url: challengeUrl,
        token,
        status: state,
        error: readProblem(error),
        visits: (validationRecord ?? []).map((visit) => ({
          hostname: visit.hostname ?? '',
          port: String(visit.port ?? ''),
          addressUsed: visit.addressUsed ?? '',
          addressesResolved: visit.addressesResolved ?? [],
        })),
      })),
  };
}

export function chain(pem: unknown): string {
  const text = typeof pem === 'string' ? pem : '';
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new AcmeFault({ type: 'nonsense', detail: 'what should be a certificate is none' });
}

const renewalInfoSchema = z.looseObject({
  suggestedWindow: z.looseObject({ start: z.string(), end: z.string() }),
  explanationURL: z.string().optional(),
});

const shortestLookMs = 60_000;
/** RFC 9773 section 4.3.2: six hours where the CA says nothing. */
const usualLookMs = 6 * 3_600_000;
const longestLookMs = 24 * 3_600_000;

export function renewalInfo(value: unknown, retryAfterMs: number | null): RenewalInfo {
  const { suggestedWindow, explanationURL } = parse(renewalInfoSchema, value, 'renewal information');
  const start = Date.parse(suggestedWindow.start);
  const end = Date.parse(suggestedWindow.end);
  // A window that ends before it begins counts as if nothing had been said (RFC 9773 section 4.2).
  if (!(start < end)) throw new AcmeFault({ type: 'nonsense', detail: 'the window for renewal ends before it begins' });
  const isLink = explanationURL !== undefined && /^https?:\/\//.test(explanationURL);
  return {
    start,
    end,
    explanationUrl: isLink ? explanationURL : null,
    retryAfterMs: Math.min(longestLookMs, Math.max(shortestLookMs, retryAfterMs ?? usualLookMs)),
  };
}

export function ordersUrl(account: unknown): string | null {
  return parse(z.looseObject({ orders: z.string().optional() }), account, 'an account').orders ?? null;
}

export function orderUrls(list: unknown): readonly string[] {
  return parse(z.looseObject({ orders: z.array(url).nullable().optional() }), list, 'a list of orders').orders ?? [];
}
