import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeyType } from '../../contract/certificates.ts';

const generate = promisify(generateKeyPair);

/** A new private key as PEM (PKCS #8). RSA keys of 4096 bits and more take seconds, outside of this thread. */
export async function makeKey(type: KeyType): Promise<string> {
  const { privateKey } = await (type === 'EC256' || type === 'EC384'
    ? generate('ec', { namedCurve: type === 'EC256' ? 'P-256' : 'P-384' })
    : generate('rsa', { modulusLength: Number(type.slice(3)) }));
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** What kind of key it is, in words that owners choose by; empty for another kind. */
export function keyTypeName(key: KeyObject): string {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === 'prime256v1') return 'EC256';
  if (namedCurve === 'secp384r1') return 'EC384';
  if (modulusLength !== undefined) return `RSA${modulusLength}`;
  return key.asymmetricKeyType?.toUpperCase() ?? '';
}

/** What a challenge's token must be answered with (RFC 8555 section 8.1). */
export function keyAuthorization(token: string, accountKeyPem: string): string {
  return `${token}.${thumbprint(accountKeyPem)}`;
}

/** The TXT record's value (RFC 8555 section 8.4). */
export function dnsValue(authorization: string): string {
  return createHash('sha256').update(authorization).digest('base64url');
}

/** RFC 7638: members in this order, without blanks. */
function thumbprint(accountKeyPem: string): string {
  const jwk = createPublicKey(createPrivateKey(accountKeyPem)).export({ format: 'jwk' });
  const members = jwk.kty === 'EC' ? ['crv', 'kty', 'x', 'y'] : ['e', 'kty', 'n'];
  const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash('sha256').update(text).digest('base64url');
}
