import type { CertificateView } from '../../../app/contract/certificates.ts';
import type { Tone } from '../../components/status.tsx';

export const certificatePath = (id: string): string => `/certificates/${encodeURIComponent(id)}`;

/** The name that a certificate goes by; a wildcard's own dot domain says less than the star. */
export function mainName({ names, id }: Pick<CertificateView, 'names' | 'id'>): string {
  return names[0] ?? id;
}

/** What is said of it: its status, and whether a renewal is under way or failing while it still serves. */
export type CertificateWord = CertificateView['status'] | 'failing' | 'renewing';

export function wordOf({
  status,
  failure,
  order,
}: Pick<CertificateView, 'status' | 'failure' | 'order'>): CertificateWord {
  const underWay = order !== null && (order.state === 'running' || order.state === 'waiting');
  if (status === 'valid' && order?.state === 'running') return 'renewing';
  if (status === 'valid' && failure !== null) return 'failing';
  return status === 'failed' && underWay && order.state === 'running' ? 'pending' : status;
}

const tones: Readonly<Record<CertificateWord, Tone>> = {
  valid: 'good',
  renewing: 'good',
  pending: 'attention',
  failing: 'attention',
  expiring: 'attention',
  failed: 'broken',
  expired: 'broken',
  revoked: 'broken',
  unused: 'off',
};

export function toneOf(certificate: Pick<CertificateView, 'status' | 'failure' | 'order'>): Tone {
  return tones[wordOf(certificate)];
}

export function needsSomeone(certificate: CertificateView): boolean {
  return ['failed', 'failing', 'expiring', 'expired', 'revoked'].includes(wordOf(certificate));
}

const order: Readonly<Record<Tone, number>> = { broken: 0, attention: 1, good: 2, paused: 3, off: 3 };

/** What needs someone first, then what ends first; Gatehouse's own last, as they need no thought. */
export function byUrgency(a: CertificateView, b: CertificateView): number {
  const own = (each: CertificateView): number => (each.source === 'internal' ? 1 : 0);
  return (
    order[toneOf(a)] - order[toneOf(b)] ||
    own(a) - own(b) ||
    (a.notAfter ?? 0) - (b.notAfter ?? 0) ||
    mainName(a).localeCompare(mainName(b))
  );
}

/** How much of its time is over, and where its renewal stands, from 0 to 1. Null while there is none. */
export function lifeOf(
  { notBefore, notAfter, renewal }: Pick<CertificateView, 'notBefore' | 'notAfter' | 'renewal'>,
  now: number,
): { readonly spent: number; readonly renews: number | null } | null {
  if (notBefore === null || notAfter === null || notAfter <= notBefore) return null;
  const share = (at: number): number => Math.min(1, Math.max(0, (at - notBefore) / (notAfter - notBefore)));
  return { spent: share(now), renews: renewal && renewal.why !== 'owner' ? share(renewal.at) : null };
}

/** The coarsest unit that says something: days above two days, hours above two hours, else minutes. */
export function timeLeft(
  notAfter: number,
  now: number,
): { readonly unit: 'days' | 'hours' | 'minutes'; readonly count: number } | null {
  const minutes = Math.floor((notAfter - now) / 60_000);
  if (minutes <= 0) return null;
  if (minutes >= 2 * 24 * 60) return { unit: 'days', count: Math.floor(minutes / (24 * 60)) };
  return minutes >= 120 ? { unit: 'hours', count: Math.floor(minutes / 60) } : { unit: 'minutes', count: minutes };
}
