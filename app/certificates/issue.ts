import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import {
  bitString,
  childrenOf,
  integer,
  isTrue,
  octetString,
  oid,
  sequence,
  set,
  tagged,
  time,
  utf8String,
} from './der.ts';

/**
 * Certificates by the profile of RFC 5280, P-256 keys, ECDSA with SHA-256. Written out here rather than by a general
 * library: that would take 40 MB of memory for the two shapes there are.
 */

export interface Issued {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What signs: the authority's key, with what its certificate says of itself. */
export interface Signer {
  readonly privateKey: KeyObject;
  /** DER of the subject, byte for byte. */
  readonly subject: Uint8Array;
  readonly keyId: Uint8Array;
}

const signatureAlgorithm = sequence(oid('1.2.840.10045.4.3.2'));

/** A root that may sign certificates of servers, and nothing else: no further authorities, no clients, no code. */
export function issueAuthority(commonName: string, validity: Validity): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf({ commonName, organization: 'Gatehouse' });
  const keyId = keyIdOf(publicKey);
  const certificate = certificateOf({
    issuer: subject,
    subject,
    validity,
    publicKey,
    signingKey: privateKey,
    extensions: [
      extension('2.5.29.19', sequence(isTrue, integer(Buffer.from([0]))), 'critical'),
      // keyCertSign, cRLSign
      extension('2.5.29.15', bitString(Buffer.from([0b0000_0110]), 1), 'critical'),
      serverAuthOnly,
      extension('2.5.29.14', octetString(keyId)),
    ],
  });
  return issuedOf(certificate, privateKey);
}

export function signerOf({ certificatePem, privateKeyPem }: Issued): Signer {
  const privateKey = createPrivateKey(privateKeyPem);
  const [toBeSigned] = childrenOf(new X509Certificate(certificatePem).raw);
  // version, serialNumber, signature, issuer, validity, subject
  const subject = toBeSigned && childrenOf(toBeSigned)[5];
  if (!subject) throw new RangeError('the certificate has no subject');
  return { privateKey, subject, keyId: keyIdOf(createPublicKey(privateKey)) };
}

/** A certificate for one server with a key of its own; `names` are DNS names, with wildcards, and addresses. */
export function issueLeaf(signer: Signer, names: readonly string[], validity: Validity): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [first = ''] = names;
  const certificate = certificateOf({
    issuer: signer.subject,
    // Bounded at 64 characters; clients look at the alternative names only.
    subject: nameOf({ commonName: first.length <= 64 ? first : 'Gatehouse' }),
    validity,
    publicKey,
    signingKey: signer.privateKey,
    extensions: [
      extension('2.5.29.19', sequence(), 'critical'),
      // digitalSignature
      extension('2.5.29.15', bitString(Buffer.from([0b1000_0000]), 7), 'critical'),
      serverAuthOnly,
      extension('2.5.29.17', sequence(...names.map(alternativeName))),
      extension('2.5.29.14', octetString(keyIdOf(publicKey))),
      extension('2.5.29.35', sequence(tagged(0x80, signer.keyId))),
    ],
  });
  return issuedOf(certificate, privateKey);
}

/**
 * What a CA wants to be shown at a handshake for `acme-tls/1` (RFC 8737 section 3): a certificate of its own making for
 * the one name, with the digest of the key authorization in an extension that is critical.
 */
export function issueProof(name: string, keyAuthorization: string, validity: Validity): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = nameOf({ commonName: 'Gatehouse' });
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const certificate = certificateOf({
    issuer: subject,
    subject,
    validity,
    publicKey,
    signingKey: privateKey,
    extensions: [
      extension('2.5.29.17', sequence(alternativeName(name))),
      extension('1.3.6.1.5.5.7.1.31', octetString(digest), 'critical'),
    ],
  });
  return issuedOf(certificate, privateKey);
}

interface Content {
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Uint8Array[];
}

/** RFC 5280 section 4.1, version 3. */
function certificateOf({ issuer, subject, validity, publicKey, signingKey, extensions }: Content): Buffer {
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(newSerialNumber()),
    signatureAlgorithm,
    issuer,
    sequence(time(validity.notBefore), time(validity.notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  return sequence(toBeSigned, signatureAlgorithm, bitString(sign('sha256', toBeSigned, signingKey)));
}

/** 126 random bits; the first byte keeps the number positive and of full length. */
function newSerialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function nameOf({ commonName, organization }: { commonName: string; organization?: string }): Buffer {
  const organizations = organization === undefined ? [] : [namePart('2.5.4.10', organization)];
  return sequence(...organizations, namePart('2.5.4.3', commonName));
}

export function namePart(type: string, value: string): Buffer {
  return set(sequence(oid(type), utf8String(value)));
}

export function extension(type: string, value: Uint8Array, critical?: 'critical'): Buffer {
  return sequence(oid(type), ...(critical ? [isTrue] : []), octetString(value));
}

const serverAuthOnly = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')));

/** RFC 5280 section 4.2.1.6: dNSName is [2], iPAddress is [7]. */
export function alternativeName(name: string): Buffer {
  return isIP(name) === 0
    ? tagged(0x82, Buffer.from(name, 'ascii'))
    : tagged(0x87, Buffer.from(ipaddr.parse(name).toByteArray()));
}

/** RFC 7093 section 2, method 1: the first 160 bits of the SHA-256 of the public key's bits. */
function keyIdOf(publicKey: KeyObject): Buffer {
  const [, key] = childrenOf(publicKey.export({ type: 'spki', format: 'der' }));
  if (!key) throw new RangeError('the public key has no bits');
  // Behind the tag, the length and the count of unused bits.
  return createHash('sha256').update(key.subarray(3)).digest().subarray(0, 20);
}

function issuedOf(certificate: Uint8Array, privateKey: KeyObject): Issued {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
