import type { StoredCertificate } from '../../store/certificates.ts';
import { say } from './failure.ts';

/**
 * A certificate as it is found at the start. One whose key cannot be opened any more says so and is due at once, unless
 * it waits after a failure already; where the key opens again, nothing is said any more.
 */
export function withKeyState(stored: StoredCertificate, isLost: boolean, now: number): StoredCertificate {
  const { failure, names, resolver } = stored;
  if (!isLost) return failure?.problem.code === 'ACME_KEY_LOST' ? { ...stored, failure: null } : stored;
  if (failure) return stored;
  const problem = say('ACME_KEY_LOST', { names: names.join(', '), resolver: resolver ?? '' });
  return { ...stored, failure: { problem, at: now, retryAt: resolver === null ? null : now, attempts: 0 } };
}
