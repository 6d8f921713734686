import type { CertificateView, Order, Renewal } from '../../contract/certificates.ts';
import type { Problem } from '../../contract/problems.ts';
import { problem } from '../../problem.ts';
import type { StoredIssued, StoredOrder } from '../../store/certificates.ts';
import { type CertificateFacts, certificateFacts, ownersNoticeMs } from '../served.ts';
import type { Entry } from './entry.ts';
import { warnsAt } from './renewal.ts';

const factsOf = new WeakMap<StoredIssued, CertificateFacts>();

/** Read once for each, as reading takes some 50 µs. */
function factsFor(issued: StoredIssued): CertificateFacts {
  const facts = factsOf.get(issued) ?? certificateFacts(issued.chain);
  factsOf.set(issued, facts);
  return facts;
}

/** What clients see of a certificate that is ordered, or that somebody brought. */
export function certificateView(
  entry: Entry,
  routers: readonly string[],
  { now, profile }: { readonly now: number; readonly profile: string | null },
): CertificateView {
  const { stored } = entry;
  const { issued } = stored;
  const status = statusOf(entry, now);
  const facts = issued ? factsFor(issued) : null;
  return {
    id: stored.id,
    names: [...stored.names],
    source: stored.resolver === null ? 'imported' : 'acme',
    resolver: stored.resolver,
    issuer: facts?.issuer ?? '',
    keyType: facts?.keyType ?? '',
    fingerprint: facts?.fingerprint ?? '',
    serialNumber: facts?.serialNumber ?? '',
    notBefore: issued?.notBefore ?? null,
    notAfter: issued?.notAfter ?? null,
    renewal: renewalOf(entry, status),
    status,
    meanwhile: status === 'valid' || status === 'expiring' || status === 'unused' ? null : 'internal',
    routers: [...routers],
    byHand: stored.byHand,
    failure: stored.failure,
    order: entry.order && orderView(entry.order, entry.isRunning),
    profile,
    path: null,
  };
}

function statusOf({ stored, isWanted, snapshot }: Entry, now: number): CertificateView['status'] {
  const { issued, failure, revokedAt, byHand, resolver } = stored;
  if (revokedAt !== null) return 'revoked';
  if (!issued) return failure ? 'failed' : 'pending';
  if (issued.notAfter <= now) return 'expired';
  if (resolver !== null && !isWanted && !byHand) return 'unused';
  // Its key cannot be opened, so that nobody is served with it.
  if (snapshot === null) return 'failed';
  const noticeAt = resolver === null ? issued.notAfter - ownersNoticeMs : warnsAt(issued);
  return now >= noticeAt ? 'expiring' : 'valid';
}

function renewalOf({ stored }: Entry, status: CertificateView['status']): Renewal | null {
  const { issued, failure, resolver } = stored;
  if (status === 'unused') return null;
  if (resolver === null) return issued ? { at: issued.notAfter, why: 'owner' } : null;
  if (failure) return failure.retryAt === null ? null : { at: failure.retryAt, why: 'retry' };
  return status === 'revoked' ? null : stored.renewal;
}

/** Without what only the engine needs. An order that nobody works on waits. */
export function orderView(order: StoredOrder, isRunning: boolean): Order {
  const { id, why, state, challenge, startedAt, endedAt, steps } = order;
  const shown = endedAt === null ? (isRunning ? 'running' : 'waiting') : state;
  return { id, why, state: shown, challenge, startedAt, endedAt, steps: [...steps] };
}

/** What the owner is to know of without looking at certificates. */
export function certificateProblem({ stored, isWanted, snapshot }: Entry, now: number): Problem | null {
  const { issued, failure, names, byHand, resolver } = stored;
  if (!isWanted && !byHand && resolver !== null) return null;
  const [name = ''] = names;
  const reason = failure?.problem.message ?? '';
  if (!issued || snapshot === null) {
    if (!failure || failure.problem.code === 'ACME_HELD_BACK') return null;
    return { ...failure.problem, details: { ...failure.problem.details, certificate: name } };
  }
  const until = new Date(issued.notAfter).toISOString().slice(0, 10);
  const details = { name, notAfter: issued.notAfter, reason };
  const because = reason === '' ? '' : ` ${reason}`;
  const fix = failure?.problem.fix ?? 'Look at its order on the page of certificates, or bring a newer one.';
  if (issued.notAfter <= now) {
    const message = `The certificate of ${name} ended on ${until}; visitors get that of the internal CA.${because}`;
    return problem('CERTIFICATE_EXPIRED', 'error', message, fix, details);
  }
  const noticeAt = resolver === null ? issued.notAfter - ownersNoticeMs : warnsAt(issued);
  if (now < noticeAt) return null;
  const message = `The certificate of ${name} ends on ${until}, and there is no new one yet.${because}`;
  return problem('CERTIFICATE_EXPIRING', 'warning', message, fix, details);
}
