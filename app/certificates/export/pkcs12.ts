import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  hash,
  pbkdf2Sync,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import type { Secret } from '../../secrets/secret.ts';
import { integer, octetString, oid, sequence, set, tagged } from '../der.ts';

/**
 * PKCS #12 (RFC 7292), as OpenSSL 3 writes it: the key and the certificates encrypted by PBES2 (PBKDF2 with HMAC-SHA-256,
 * AES-256-CBC), the whole sealed by HMAC-SHA-256. Windows 10, macOS 12, Android 13, Java 17 and later read it.
 *
 * Written out here because the libraries that do it are larger than the rest of the engine's certificates together.
 */
export interface Pkcs12Content {
  /** The certificate, then those between it and its authority. */
  readonly certificatePem: string;
  readonly privateKey: Secret;
  readonly passphrase: Secret;
  /** What a list of certificates calls it. */
  readonly friendlyName: string;
}

/** Ten times OpenSSL's. Some 50 ms of the engine's time in all, as the MAC's rounds cannot be done elsewhere. */
const iterations = 20_480;

const ids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  sha256: '2.16.840.1.101.3.4.2.1',
} as const;

const nothing = Buffer.from([0x05, 0x00]);

/** Throws where certificate or key cannot be read. */
export function pkcs12({ certificatePem, privateKey, passphrase, friendlyName }: Pkcs12Content): Buffer {
  const chain = certificatesOf(certificatePem).map((pem) => new X509Certificate(pem).raw);
  const key = createPrivateKey(privateKey.reveal()).export({ format: 'der', type: 'pkcs8' });
  const [leaf] = chain;
  if (!leaf) throw new Error('there is no certificate to export');
  const keyId = createHash('sha1').update(leaf).digest();
  const marks = [
    attribute(ids.friendlyName, tagged(0x1e, utf16BigEndian(friendlyName))),
    attribute(ids.localKeyId, octetString(keyId)),
  ];
  const keyBag = bag(ids.shroudedKeyBag, sequence(...encrypted(key, passphrase, octetString)), marks);
  const certificateBags = chain.map((der, index) =>
    bag(ids.certBag, sequence(oid(ids.x509Certificate), explicit(octetString(der))), index === 0 ? marks : []),
  );
  const safe = sequence(
    // The certificates are encrypted as well: names are nobody's business either.
    sequence(oid(ids.encryptedData), explicit(encryptedData(sequence(...certificateBags), passphrase))),
    contentInfo(sequence(keyBag)),
  );
  return sequence(integer(Buffer.from([3])), contentInfo(safe), macData(safe, passphrase));
}

/** PEM blocks of a chain, in order. */
export function certificatesOf(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

function explicit(content: Uint8Array): Buffer {
  return tagged(0xa0, content);
}

function contentInfo(content: Uint8Array): Buffer {
  return sequence(oid(ids.data), explicit(octetString(content)));
}

function attribute(id: string, value: Uint8Array): Buffer {
  return sequence(oid(id), set(value));
}

function bag(id: string, value: Uint8Array, attributes: readonly Uint8Array[]): Buffer {
  return sequence(oid(id), explicit(value), ...(attributes.length === 0 ? [] : [set(...attributes)]));
}

function encryptedData(content: Uint8Array, passphrase: Secret): Buffer {
  const [algorithm, data] = encrypted(content, passphrase, (bytes) => tagged(0x80, bytes));
  return sequence(integer(Buffer.from([0])), sequence(oid(ids.data), algorithm, data));
}

/** PBES2 (RFC 8018, section 6.2): how it was encrypted, and what came of it. */
function encrypted(
  content: Uint8Array,
  passphrase: Secret,
  wrap: (bytes: Uint8Array) => Buffer,
): readonly [Buffer, Buffer] {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = pbkdf2Sync(passphrase.reveal(), salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const data = Buffer.concat([cipher.update(content), cipher.final()]);
  const derivation = sequence(
    oid(ids.pbkdf2),
    sequence(octetString(salt), number(iterations), sequence(oid(ids.hmacSha256), nothing)),
  );
  const algorithm = sequence(oid(ids.pbes2), sequence(derivation, sequence(oid(ids.aes256Cbc), octetString(iv))));
  return [algorithm, wrap(data)];
}

function macData(content: Uint8Array, passphrase: Secret): Buffer {
  const salt = randomBytes(16);
  const mac = createHmac('sha256', macKey(passphrase.reveal(), salt)).update(content).digest();
  return sequence(
    sequence(sequence(oid(ids.sha256), nothing), octetString(mac)),
    octetString(salt),
    number(iterations),
  );
}

/** RFC 7292, appendix B.2, for the one key that is wanted (id 3, as long as SHA-256's output). */
function macKey(passphrase: string, salt: Uint8Array): Buffer {
  const block = 64;
  const password = Buffer.concat([utf16BigEndian(passphrase), Buffer.from([0, 0])]);
  const fill = (bytes: Uint8Array): Buffer => {
    const length = block * Math.ceil(bytes.length / block);
    return Buffer.concat(Array.from({ length: Math.ceil(length / bytes.length) }, () => bytes)).subarray(0, length);
  };
  let key = createHash('sha256').update(Buffer.alloc(block, 3)).update(fill(salt)).update(fill(password)).digest();
  for (let round = 1; round < iterations; round++) key = hash('sha256', key, 'buffer');
  return key;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return integer(bytes);
}

function utf16BigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}
