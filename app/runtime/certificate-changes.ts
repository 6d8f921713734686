import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';

/** What workers must be told so that they hold the next set of certificates. */
export function certificateChanges(
  previous: readonly CertificateSnapshot[],
  next: readonly CertificateSnapshot[],
): { readonly upsert: readonly CertificateSnapshot[]; readonly remove: readonly string[] } {
  const before = new Map(previous.map((certificate) => [certificate.id, certificate]));
  const upsert: CertificateSnapshot[] = [];
  for (const certificate of next) {
    const known = before.get(certificate.id);
    before.delete(certificate.id);
    if (known === undefined || !sameCertificate(known, certificate)) upsert.push(certificate);
  }
  return { upsert, remove: [...before.keys()] };
}

function sameCertificate(a: CertificateSnapshot, b: CertificateSnapshot): boolean {
  return (
    a === b ||
    (a.certificatePem === b.certificatePem &&
      a.isDefault === b.isDefault &&
      a.privateKeyPem === b.privateKeyPem &&
      a.names.join(',') === b.names.join(','))
  );
}
