import type { CertificateSnapshot } from '../../../proxy/model/snapshot.ts';
import type { StoredCertificate, StoredOrder } from '../../store/certificates.ts';

/** A certificate with what is going on about it. */
export interface Entry {
  readonly stored: StoredCertificate;
  readonly isWanted: boolean;
  /** Under way, or the last one where that failed. */
  readonly order: StoredOrder | null;
  readonly isRunning: boolean;
  readonly snapshot: CertificateSnapshot | null;
}

/** The same while it is looked after. */
export interface Live {
  stored: StoredCertificate;
  isWanted: boolean;
  order: StoredOrder | null;
  running: Promise<void> | null;
  abort: AbortController | null;
  snapshot: CertificateSnapshot | null;
  /** Null: made anew when it is asked for. */
  shown: Entry | null;
}

/** There is none, or none that may be used any more. */
export function needsOrder({ stored, snapshot }: Live): boolean {
  return stored.issued === null || stored.revokedAt !== null || snapshot === null;
}

export function blank(stored: StoredCertificate): Live {
  return { stored, isWanted: false, order: null, running: null, abort: null, snapshot: null, shown: null };
}

export function show(entry: Live): Entry {
  const { stored, isWanted, order, running, snapshot } = entry;
  entry.shown ??= { stored, isWanted, order, isRunning: running !== null, snapshot };
  return entry.shown;
}
