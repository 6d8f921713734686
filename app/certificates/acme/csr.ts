import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { bitString, integer, oid, sequence, set, tagged } from '../der.ts';
import { alternativeName, extension, namePart } from '../issue.ts';

export interface CsrContent {
  /** DNS names and addresses; the first is the common name where one is wanted and it fits. */
  readonly names: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly withCommonName: boolean;
}

/** A request for a certificate (RFC 2986), PEM. */
export function makeCsr(privateKeyPem: string, { names, emailAddresses, withCommonName }: CsrContent): string {
  const key = createPrivateKey(privateKeyPem);
  const [first = ''] = names;
  const emails = emailAddresses.map((address) => tagged(0x81, Buffer.from(address, 'ascii')));
  const extensions = sequence(extension('2.5.29.17', sequence(...names.map(alternativeName), ...emails)));
  const toBeSigned = sequence(
    integer(Buffer.from([0])),
    // Common names have at most 64 characters (RFC 5280 appendix A.1), and an address belongs in none.
    sequence(
      ...(withCommonName && first.length <= 64 && /[a-z]/i.test(first) && !first.includes(':')
        ? [namePart('2.5.4.3', first)]
        : []),
    ),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    // extensionRequest (RFC 2985 section 5.4.2)
    tagged(0xa0, sequence(oid('1.2.840.113549.1.9.14'), set(extensions))),
  );
  const isRsa = key.asymmetricKeyType === 'rsa';
  const hash = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
  const algorithm = isRsa
    ? sequence(oid('1.2.840.113549.1.1.11'), Buffer.from([0x05, 0x00]))
    : sequence(oid(hash === 'sha384' ? '1.2.840.10045.4.3.3' : '1.2.840.10045.4.3.2'));
  const der = sequence(toBeSigned, algorithm, bitString(sign(hash, toBeSigned, key)));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines.join('\n')}\n-----END CERTIFICATE REQUEST-----\n`;
}
