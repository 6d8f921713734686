import type { Problem, ProblemCode } from '../contract/objects.ts';
import type { DnsProviderError, DnsProviderErrorKind } from '../dns/dns-error.ts';
import { problem } from '../problem.ts';

const codes: Readonly<Record<DnsProviderErrorKind, ProblemCode>> = {
  credentials: 'ACME_DNS_CREDENTIALS',
  rights: 'ACME_DNS_RIGHTS',
  'zone-missing': 'ACME_DNS_ZONE',
  'rate-limited': 'ACME_DNS_FAILED',
  unavailable: 'ACME_DNS_FAILED',
  refused: 'ACME_DNS_FAILED',
};

/** What a DNS provider would not do, as a problem of the certificate or resolver that needs it. */
export function dnsProblem(error: DnsProviderError): Problem {
  const { kind, provider, message, fix, reason, details } = error;
  return problem(codes[kind], 'error', message, fix, { ...details, provider, reason, kind });
}
