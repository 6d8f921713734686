import type { ChallengeType } from '../../contract/certificates.ts';
import type { Problem, ProblemCode } from '../../contract/problems.ts';
import { DnsProviderError, type DnsProviderErrorKind } from '../../dns/dns-error.ts';
import { OperationError } from '../../operations/error.ts';
import { problem } from '../../problem.ts';
import { AcmeFault, type AcmeProblem, type ChallengeVisit } from './protocol.ts';

/** A CA has looked and did not find what it asked for. */
export class ValidationFailed extends Error {
  readonly host: string;
  readonly challenge: ChallengeType;
  readonly said: AcmeProblem;
  readonly visits: readonly ChallengeVisit[];
  /** Addresses that asked us for the answer. */
  readonly askedBy: readonly string[];

  constructor(parts: Pick<ValidationFailed, 'host' | 'challenge' | 'said' | 'visits' | 'askedBy'>) {
    super(`${parts.host}: ${parts.said.type}: ${parts.said.detail}`);
    this.name = 'ValidationFailed';
    this.host = parts.host;
    this.challenge = parts.challenge;
    this.said = parts.said;
    this.visits = parts.visits;
    this.askedBy = parts.askedBy;
  }
}

/** What we found ourselves, with its words. */
export class OrderFailure extends Error {
  readonly problem: Problem;
  /** Whether another order has to be made. */
  readonly ends: boolean;
  /** When to try again; null: by the usual pauses; `never`: not by itself. */
  readonly retry: number | 'never' | null;

  constructor(
    found: Problem,
    { ends = false, retry = null }: { ends?: boolean; retry?: number | 'never' | null } = {},
    cause?: unknown,
  ) {
    super(found.message, { cause });
    this.name = 'OrderFailure';
    this.problem = found;
    this.ends = ends;
    this.retry = retry;
  }
}

export interface Classified {
  readonly problem: Problem;
  readonly ends: boolean;
  readonly retry: number | 'never' | null;
}

export interface FailureContext {
  /** What the CA is called. */
  readonly ca: string;
  readonly directoryUrl: string;
  readonly names: readonly string[];
  readonly now: number;
}

/** The cause in words and what to do, whether the order is over, and when to try again. Never throws. */
export function classify(error: unknown, context: FailureContext): Classified {
  if (error instanceof OrderFailure) return error;
  if (error instanceof ValidationFailed) return { problem: validationProblem(error, context), ends: true, retry: null };
  if (error instanceof DnsProviderError) return dnsFailure(error, context);
  if (error instanceof AcmeFault) return caFailure(error, context);
  if (error instanceof OperationError) {
    const found = say('ACME_NOT_KEPT', { reason: error.message });
    return { problem: found, ends: false, retry: null };
  }
  const reason = error instanceof Error ? error.message : String(error);
  return { problem: say('ACME_FAILED', { ca: context.ca, reason }), ends: false, retry: null };
}

type Details = Readonly<Record<string, string | number>>;

interface Words {
  readonly message: (details: Details) => string;
  readonly fix: (details: Details) => string;
}

const text = (details: Details, key: string): string => String(details[key] ?? '');
const day = (details: Details, key: string): string =>
  `${new Date(Number(details[key] ?? 0)).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Values that the words use stand in the problem's details, for other languages. */
const words = {
  ACME_DNS_MISSING: {
    message: (d) =>
      `${text(d, 'name')} has no address in DNS, so ${text(d, 'ca')} could not come to look: ${text(d, 'reason')}.`,
    fix: (d) =>
      `Make an A or AAAA record for ${text(d, 'name')} that points to your own address, or prove the domain by DNS.`,
  },
  ACME_DNS_ELSEWHERE: {
    message: (d) =>
      `${text(d, 'name')} points to ${text(d, 'address')}, where something else than Gatehouse answered ${text(d, 'ca')}: ${text(d, 'reason')}.`,
    fix: (d) =>
      `Let ${text(d, 'name')} point to your own address, and let your router pass port ${text(d, 'port')} on to this machine.`,
  },
  ACME_IPV6_ELSEWHERE: {
    message: (d) =>
      `${text(d, 'name')} has an IPv6 record (${text(d, 'address')}), and ${text(d, 'ca')} got no right answer there: ${text(d, 'reason')}.`,
    fix: (d) =>
      `Take the AAAA record of ${text(d, 'name')} away, or let it name this machine and open port ${text(d, 'port')} for IPv6.`,
  },
  ACME_PORT_CLOSED: {
    message: (d) =>
      `${text(d, 'ca')} could not reach ${text(d, 'name')}${d['address'] === '' ? '' : ` at ${text(d, 'address')}`} on port ${text(d, 'port')}: ${text(d, 'reason')}.`,
    fix: (d) =>
      `Forward port ${text(d, 'port')} of your router to this machine and open it in the firewall; some providers close it, then prove the domain by DNS.`,
  },
  ACME_WRONG_ANSWER: {
    message: (d) =>
      `${text(d, 'ca')} saw another answer for ${text(d, 'name')} than the one it asked for: ${text(d, 'reason')}.`,
    fix: () => 'See whether another proxy stands before Gatehouse, or whether old _acme-challenge records are left.',
  },
  ACME_CAA: {
    message: (d) => `A CAA record of ${text(d, 'name')} forbids ${text(d, 'ca')} to sign for it: ${text(d, 'reason')}.`,
    fix: (d) =>
      `Add the CA to the CAA records of the domain, or take them away: they stand at ${text(d, 'name')} or above it.`,
  },
  ACME_DNS_CREDENTIALS: {
    message: (d) => `${text(d, 'provider')} does not accept the credentials: ${text(d, 'reason')}`,
    fix: (d) => text(d, 'fix'),
  },
  ACME_DNS_RIGHTS: {
    message: (d) => `The credentials for ${text(d, 'provider')} may not do this: ${text(d, 'reason')}`,
    fix: (d) => text(d, 'fix'),
  },
  ACME_DNS_ZONE: {
    message: (d) => `${text(d, 'provider')} has no zone for it: ${text(d, 'reason')}`,
    fix: (d) => text(d, 'fix'),
  },
  ACME_DNS_FAILED: {
    message: (d) => `${text(d, 'provider')} could not make the record: ${text(d, 'reason')}`,
    fix: (d) => text(d, 'fix'),
  },
  ACME_PROPAGATION: {
    message: (d) =>
      `The record ${text(d, 'record')} was made, but after ${text(d, 'seconds')} s these name servers do not have it: ${text(d, 'lacking')}.`,
    fix: () =>
      'It is tried again by itself. If it stays so, raise delayBeforeChecks, or look whether the zone is served by these servers at all.',
  },
  ACME_CLOCK: {
    message: (d) =>
      `The clock of this machine says ${day(d, 'clock')}, and that of ${text(d, 'ca')} ${day(d, 'caClock')}.`,
    fix: () => 'Set the clock, best by network time (timedatectl set-ntp true).',
  },
  ACME_RATE_LIMITED: {
    message: (d) => `${text(d, 'ca')} takes no more orders until ${day(d, 'until')}: ${text(d, 'reason')}.`,
    fix: () =>
      'Wait: it is tried again by itself then. Until then the certificate that is there, or the internal CA, serves.',
  },
  ACME_HELD_BACK: {
    message: (d) =>
      `Gatehouse waits until ${day(d, 'until')}, so as not to run into a limit of ${text(d, 'ca')} (${text(d, 'limit')}${d['subject'] === '' ? '' : `, ${text(d, 'subject')}`}).`,
    fix: () => 'It goes on by itself then. Until then the certificate that is there, or the internal CA, serves.',
  },
  ACME_CA_DOWN: {
    message: (d) => `${text(d, 'ca')} did not answer: ${text(d, 'reason')}.`,
    fix: () => 'It is tried again by itself. See whether this machine reaches the internet.',
  },
  ACME_CA_UNTRUSTED: {
    message: (d) => `The address of ${text(d, 'ca')} shows a certificate that is not trusted: ${text(d, 'reason')}.`,
    fix: () => "Give the CA's own root (caCertificates), and see that no filter stands between.",
  },
  ACME_CA_FAULT: {
    message: (d) => `${text(d, 'ca')} answered with a fault of its own: ${text(d, 'reason')}.`,
    fix: () => 'It is tried again by itself.',
  },
  ACME_ORDER_EXPIRED: {
    message: (d) => `The order at ${text(d, 'ca')} is over before it was finished: ${text(d, 'reason')}.`,
    fix: () => 'A new one is made by itself.',
  },
  ACME_ACCOUNT: {
    message: (d) => `${text(d, 'ca')} does not accept the account: ${text(d, 'reason')}.`,
    fix: () => 'See that the e-mail address is right. Some CAs want their terms accepted anew on their own site.',
  },
  ACME_EAB_MISSING: {
    message: (d) => `${text(d, 'ca')} takes only accounts that are bound to one on its own site.`,
    fix: (d) => `Make a key id and an HMAC key (EAB) on the site of ${text(d, 'ca')}, and give them to the resolver.`,
  },
  ACME_NAME_REFUSED: {
    message: (d) => `${text(d, 'ca')} does not sign ${text(d, 'name')}: ${text(d, 'reason')}.`,
    fix: () => 'Take the name out, or use another CA.',
  },
  ACME_CHALLENGE_IMPOSSIBLE: {
    message: (d) => `${text(d, 'name')} cannot be proved by ${text(d, 'challenge')}: ${text(d, 'reason')}.`,
    fix: () => 'Choose another challenge for the resolver: wildcards need DNS, addresses HTTP or TLS.',
  },
  ACME_NOT_KEPT: {
    message: (d) => `What was had could not be kept, so nothing more was asked of the CA: ${text(d, 'reason')}`,
    fix: () => 'Free some space on the disk of the data folder. It goes on by itself where it stopped.',
  },
  ACME_KEY_LOST: {
    message: (d) =>
      `The key of the certificate for ${text(d, 'names')} is kept, but cannot be opened any more: the secret that seals it (certificate-keys) is lost, or is another one.`,
    fix: (d) =>
      text(d, 'resolver') === ''
        ? 'Bring the certificate with its key again, or bring the secret back from a backup and start Gatehouse again.'
        : 'A new one is ordered by itself, within the limits of the CA. Until then the internal CA serves.',
  },
  ACME_FAILED: {
    message: (d) => `The order at ${text(d, 'ca')} failed: ${text(d, 'reason')}.`,
    fix: () => 'It is tried again by itself. The engine log has the details.',
  },
} satisfies Partial<Record<ProblemCode, Words>>;

export type AcmeProblemCode = keyof typeof words;

export function say(code: AcmeProblemCode, details: Details): Problem {
  const severity = code === 'ACME_HELD_BACK' ? 'info' : 'error';
  return problem(code, severity, words[code].message(details), words[code].fix(details), details);
}

/** Without a full stop at its end, since the words put one. */
function reasonOf(detail: string): string {
  return detail.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 500) || 'it gave no reason';
}

function validationProblem(
  { host, challenge, said, visits, askedBy }: ValidationFailed,
  { ca }: FailureContext,
): Problem {
  const last = visits.at(-1);
  const port = last?.port || (challenge === 'tls-alpn-01' ? '443' : '80');
  const address = last?.addressUsed ?? '';
  const common = { name: host, ca, reason: reasonOf(said.detail), address, port };
  // The CA came by and was answered: its other look-outs, or a record beside ours, were not.
  const wasHere = askedBy.length > 0;
  switch (said.type) {
    case 'caa':
      return say('ACME_CAA', common);
    case 'dns':
      return challenge === 'dns-01' ? say('ACME_WRONG_ANSWER', common) : say('ACME_DNS_MISSING', common);
    case 'rejectedIdentifier':
    case 'unsupportedIdentifier':
      return say('ACME_NAME_REFUSED', common);
    case 'connection':
      if (address.includes(':') && !wasHere) return say('ACME_IPV6_ELSEWHERE', common);
      return challenge === 'dns-01' ? say('ACME_WRONG_ANSWER', common) : say('ACME_PORT_CLOSED', common);
    case 'tls':
    case 'unauthorized':
    case 'incorrectResponse':
      if (challenge === 'dns-01' || wasHere) return say('ACME_WRONG_ANSWER', common);
      if (/no (?:valid )?(?:A|IP|AAAA).*(?:record|address)|NXDOMAIN/i.test(said.detail))
        return say('ACME_DNS_MISSING', common);
      return say(address.includes(':') ? 'ACME_IPV6_ELSEWHERE' : 'ACME_DNS_ELSEWHERE', common);
    default:
      return say('ACME_WRONG_ANSWER', common);
  }
}

const dnsCodes: Readonly<Record<DnsProviderErrorKind, AcmeProblemCode>> = {
  credentials: 'ACME_DNS_CREDENTIALS',
  rights: 'ACME_DNS_RIGHTS',
  'zone-missing': 'ACME_DNS_ZONE',
  'rate-limited': 'ACME_DNS_FAILED',
  unavailable: 'ACME_DNS_FAILED',
  refused: 'ACME_DNS_FAILED',
};

function dnsFailure(error: DnsProviderError, { now }: FailureContext): Classified {
  const details = { provider: error.provider, reason: error.message, fix: error.fix };
  return {
    problem: say(dnsCodes[error.kind], details),
    // The CA was told nothing yet, so that the order goes on once the record can be made.
    ends: false,
    retry: error.retryAfterMs === null ? null : now + error.retryAfterMs,
  };
}

const hourMs = 3_600_000;

function caFailure(fault: AcmeFault, context: FailureContext): Classified {
  const { ca, now } = context;
  const { type, status, retryAfterMs, subproblems } = fault;
  const named = subproblems.find(({ name }) => name !== '');
  const reason = reasonOf(named ? `${named.name}: ${named.detail}` : fault.detail);
  const name = named?.name ?? context.names[0] ?? '';
  const asked = retryAfterMs === null ? null : now + retryAfterMs;
  const common = { ca, reason, name };
  const later = (code: AcmeProblemCode, ends = false): Classified => ({
    problem: say(code, common),
    ends,
    retry: asked,
  });
  const never = (code: AcmeProblemCode): Classified => ({ problem: say(code, common), ends: true, retry: 'never' });
  switch (type) {
    case 'rateLimited': {
      const until = Math.max(asked ?? untilIn(fault.detail) ?? now + hourMs, now + 1000);
      return { problem: say('ACME_RATE_LIMITED', { ...common, until }), ends: false, retry: until };
    }
    case 'unreachable':
    case 'timeout':
      return later('ACME_CA_DOWN');
    case 'untrusted':
      return /CERT_NOT_YET_VALID|CERT_HAS_EXPIRED/.test(fault.detail)
        ? { problem: clockMayBeWrong(common, now), ends: false, retry: asked }
        : later('ACME_CA_UNTRUSTED');
    case 'badNonce':
    case 'serverInternal':
    case 'nonsense':
      return later(status === 404 ? 'ACME_ORDER_EXPIRED' : 'ACME_CA_FAULT', status === 404);
    case 'caa':
      return { ...later('ACME_CAA'), ends: true };
    case 'externalAccountRequired':
      return never('ACME_EAB_MISSING');
    case 'accountDoesNotExist':
    case 'unauthorized':
    case 'userActionRequired':
    case 'invalidContact':
    case 'unsupportedContact':
      return { ...later('ACME_ACCOUNT'), ends: true };
    case 'rejectedIdentifier':
    case 'unsupportedIdentifier':
      return never('ACME_NAME_REFUSED');
    case 'invalidProfile':
      return never('ACME_FAILED');
    case 'orderNotReady':
    case 'alreadyReplaced':
      return later('ACME_ORDER_EXPIRED', true);
    default:
      return { ...later('ACME_FAILED'), ends: status >= 400 && status < 500 };
  }
}

/** Where the header is missing, Let's Encrypt's sentence still names the time. */
function untilIn(detail: string): number | null {
  const found = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/.exec(detail);
  return found ? Date.parse(`${String(found[1])}T${String(found[2])}Z`) : null;
}

function clockMayBeWrong(common: Details, now: number): Problem {
  const found = say('ACME_CLOCK', { ...common, clock: now, caClock: now });
  const message = `The certificate of ${text(common, 'ca')}'s own address is not good at this time, most likely because the clock of this machine is wrong: it says ${day({ now }, 'now')}.`;
  return { ...found, message };
}
