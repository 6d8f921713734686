import { createPrivateKey, X509Certificate } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { CertificateSnapshot } from '../../../proxy/model/snapshot.ts';
import type { Log } from '../../log.ts';
import type { StoredCertificate } from '../../store/certificates.ts';
import type { KeyVault } from '../key-vault.ts';

/** What workers serve of a certificate; null while there is none. Throws where the key cannot be opened. */
export function snapshotOf({ id, names, issued }: StoredCertificate, vault: KeyVault): CertificateSnapshot | null {
  if (!issued) return null;
  return {
    // A renewed certificate is another one.
    id: `acme:${id}:${issued.notBefore}:${issued.chain.slice(-64, -32).replaceAll(/\s/g, '')}`,
    names,
    certificatePem: issued.chain,
    privateKeyPem: vault.open(issued.key),
    isDefault: false,
    isJudged: true,
  };
}

/** The same, and null where the key cannot be opened, which the log tells. */
export function materialOf(stored: StoredCertificate, vault: KeyVault, log: Log): CertificateSnapshot | null {
  try {
    return snapshotOf(stored, vault);
  } catch (error) {
    log.error('the key of a certificate cannot be read', { names: stored.names, error });
    return null;
  }
}

/** A key takes some 10 µs to open. */
const openedInOneGo = 200;

/** Opens what is kept, by id, a few at a time: ten thousand of them must not keep all else waiting. */
export async function openKept(
  kept: readonly StoredCertificate[],
  vault: KeyVault,
  log: Log,
): Promise<ReadonlyMap<string, CertificateSnapshot | null>> {
  const opened = new Map<string, CertificateSnapshot | null>();
  for (const [index, stored] of kept.entries()) {
    if (index % openedInOneGo === openedInOneGo - 1) await setImmediate();
    opened.set(stored.id, materialOf(stored, vault, log));
  }
  return opened;
}

/** Of the first certificate of a chain. */
export function validityOf(chain: string): { readonly notBefore: number; readonly notAfter: number } {
  const certificate = new X509Certificate(chain);
  return { notBefore: certificate.validFromDate.getTime(), notAfter: certificate.validToDate.getTime() };
}

/** Whether a key belongs to a certificate; false where one of them cannot be read. */
export function belongTogether(certificatePem: string, privateKeyPem: string): boolean {
  try {
    return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}
