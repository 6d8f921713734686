import { createHash, X509Certificate } from 'node:crypto';
import type { BroughtCertificate } from '../operations/certificate-service.ts';
import { OperationError } from '../operations/error.ts';
import type { StoredCertificate } from '../store/certificates.ts';
import { newCertificate } from './acme/issuance.ts';
import { belongTogether, validityOf } from './acme/material.ts';
import { certificateId, covers } from './acme/plan.ts';
import { renewalByLifetime } from './acme/renewal.ts';
import { namesOf } from './served.ts';

/**
 * A certificate that somebody brought, as it is kept: in place of `before`, for whose names it must be good, or beside
 * all others. Throws OperationError where it cannot be used.
 */
export function bringIn(
  before: StoredCertificate | null,
  { certificatePem, privateKey, resolver }: BroughtCertificate,
  { seal, now }: { readonly seal: (pem: string) => string; readonly now: number },
): StoredCertificate {
  let names: readonly string[];
  try {
    names = namesOf(new X509Certificate(certificatePem));
  } catch {
    throw new OperationError('INVALID', 'This is no certificate.', { reason: 'CERTIFICATE_UNREADABLE' });
  }
  if (!belongTogether(certificatePem, privateKey.reveal())) {
    throw new OperationError('INVALID', 'The key belongs to another certificate.', { reason: 'CERTIFICATE_KEY_OTHER' });
  }
  const validity = validityOf(certificatePem);
  if (validity.notAfter <= now) {
    throw new OperationError('INVALID', 'This certificate has ended.', { reason: 'CERTIFICATE_ENDED' });
  }
  const missing = before?.names.find((name) => !covers(new Set(names), name));
  if (missing !== undefined) {
    const details = { reason: 'CERTIFICATE_NAME_MISSING', name: missing };
    throw new OperationError('INVALID', `This certificate is not good for ${missing}.`, details);
  }
  const digest = createHash('sha256').update(certificatePem).digest('hex').slice(0, 24);
  const id = before?.id ?? (resolver === null ? digest : certificateId(resolver, names));
  return {
    ...(before ?? { ...newCertificate(now), id, names, byHand: resolver === null }),
    resolver,
    issued: { chain: certificatePem, key: seal(privateKey.reveal()), ...validity, directoryUrl: '' },
    renewal: resolver === null ? null : renewalByLifetime(validity),
    askCaAt: null,
    failure: null,
    revokedAt: null,
  };
}
