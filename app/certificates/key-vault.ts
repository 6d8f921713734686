import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Secret, type Secrets } from '../secrets/secrets.ts';

/** Seals private keys, so that they may stand in the database. */
export interface KeyVault {
  readonly seal: (pem: string) => string;
  /** Throws where it was sealed by another vault or has been changed since. */
  readonly open: (sealed: string) => string;
}

/** Whether a key can still be opened: not where the secret was lost, or another one was put in its place. */
export function canOpen(vault: KeyVault, sealed: string): boolean {
  try {
    vault.open(sealed);
    return true;
  } catch {
    return false;
  }
}

const secretName = 'certificate-keys';
const prefix = 'v1.';

/**
 * AES-256-GCM with one key that is kept as a secret: read once at the start, however many certificates there are. Made
 * at first, and durable before it is used. Rejects with SecretsError.
 */
export async function openKeyVault(secrets: Pick<Secrets, 'get' | 'set'>): Promise<KeyVault> {
  const known = await secrets.get(secretName);
  const key = known ? Buffer.from(known.reveal(), 'base64') : randomBytes(32);
  if (!known) await secrets.set(secretName, new Secret(key.toString('base64')));
  return {
    seal(pem) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const sealed = [nonce, cipher.update(pem, 'utf8'), cipher.final(), cipher.getAuthTag()];
      return prefix + Buffer.concat(sealed).toString('base64');
    },
    open(sealed) {
      if (!sealed.startsWith(prefix)) throw new Error('a private key was kept in a form that is not known');
      const bytes = Buffer.from(sealed.slice(prefix.length), 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
    },
  };
}
