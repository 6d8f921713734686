import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ImportReport } from '../../contract/certificates.ts';
import { Secret } from '../../secrets/secret.ts';
import { certificatesOf } from '../export/pkcs12.ts';
import { namesOf } from '../served.ts';

/** A file of an installation that certificates are taken over from. Paths have `/` between their parts. */
export interface ImportFile {
  readonly path: string;
  readonly content: string;
}

export interface FoundCertificate {
  /** Where it stood, for people. */
  readonly where: string;
  readonly names: readonly string[];
  readonly certificatePem: string;
  readonly privateKey: Secret;
  /** The resolver that it was had by there; null where that has no name. */
  readonly resolver: string | null;
  /** A CA gave it by ACME, so that it can be asked for a new one. */
  readonly byAcme: boolean;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface FoundAccount {
  readonly resolver: string;
  readonly email: string;
  /** The account's address at its CA. */
  readonly url: string;
  /** The CA's directory, where that was written down. */
  readonly directory: string | null;
  readonly privateKey: Secret;
}

export type Skipped = ImportReport['skipped'][number];

export interface Found {
  readonly certificates: readonly FoundCertificate[];
  readonly accounts: readonly FoundAccount[];
  readonly skipped: readonly Skipped[];
}

/** A certificate and its key as they stood in files. */
export interface RawPair {
  readonly where: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string | null;
  readonly resolver: string | null;
  readonly byAcme: boolean;
}

/** Each takes some 100 µs; between two goes everybody else has a turn. */
const judgedInOneGo = 100;

/** Takes what can serve, the newest for each set of names, and says why the rest was left. */
export async function judgePairs(
  pairs: readonly RawPair[],
  now: number,
): Promise<Pick<Found, 'certificates' | 'skipped'>> {
  const skipped: Skipped[] = [];
  const newest = new Map<string, FoundCertificate>();
  for (const [index, pair] of pairs.entries()) {
    if (index % judgedInOneGo === judgedInOneGo - 1) await setImmediate();
    const judged = judgePair(pair, now);
    if ('code' in judged) {
      skipped.push(judged);
      continue;
    }
    const key = judged.names.toSorted().join(' ');
    const other = newest.get(key);
    if (!other) newest.set(key, judged);
    else {
      const [keep, leave] = other.notAfter >= judged.notAfter ? [other, judged] : [judged, other];
      newest.set(key, keep);
      skipped.push(older(leave));
    }
  }
  return { certificates: [...newest.values()], skipped };
}

function judgePair(pair: RawPair, now: number): FoundCertificate | Skipped {
  const { where } = pair;
  const [leaf] = certificatesOf(pair.certificatePem);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(leaf ?? '');
  } catch {
    return skip(where, 'UNREADABLE', `${where}: this is no certificate.`);
  }
  const names = namesOf(certificate);
  const what = names[0] ?? where;
  if (names.length === 0) return skip(where, 'NO_NAMES', `${where}: the certificate names no host.`);
  const notAfter = certificate.validToDate.getTime();
  const ended = certificate.validToDate.toISOString().slice(0, 10);
  if (notAfter <= now) return skip(what, 'EXPIRED', `${what}: the certificate ended on ${ended}.`, { ended });
  if (pair.privateKeyPem === null) return skip(what, 'KEY_MISSING', `${what}: its key is not there.`, { where });
  let key: KeyObject;
  try {
    key = createPrivateKey(pair.privateKeyPem);
  } catch {
    return skip(what, 'UNREADABLE', `${what}: its key cannot be read; it may have a passphrase.`, { where });
  }
  if (!certificate.checkPrivateKey(key)) {
    return skip(what, 'KEY_OTHER', `${what}: the key beside it belongs to another certificate.`, { where });
  }
  return {
    where,
    names,
    certificatePem: `${certificatesOf(pair.certificatePem).join('\n')}\n`,
    privateKey: new Secret(key.export({ format: 'pem', type: 'pkcs8' }).toString()),
    resolver: pair.resolver,
    byAcme: pair.byAcme,
    notBefore: certificate.validFromDate.getTime(),
    notAfter,
  };
}

function older({ names, notAfter }: FoundCertificate): Skipped {
  const [what = ''] = names;
  const ends = new Date(notAfter).toISOString().slice(0, 10);
  return skip(what, 'OLDER', `${what}: one that lasts longer was found, too; this one ends on ${ends}.`, { ends });
}

export function skip(
  what: string,
  code: Skipped['code'],
  message: string,
  details: Record<string, string | number> = {},
): Skipped {
  return { what, code, message, details: { ...details, what } };
}

/** An account's key, whatever it was written as: PKCS #8 PEM of it. Throws where it is none. */
export function accountKey(key: { readonly der: Buffer } | { readonly jwk: Record<string, unknown> }): Secret {
  const read = (): KeyObject => {
    if ('jwk' in key) return createPrivateKey({ key: key.jwk, format: 'jwk' });
    for (const type of ['pkcs1', 'pkcs8', 'sec1'] as const) {
      try {
        return createPrivateKey({ key: key.der, format: 'der', type });
      } catch {
        // The next form may fit.
      }
    }
    throw new Error('the account key is in a form that is not known');
  };
  return new Secret(read().export({ format: 'pem', type: 'pkcs8' }).toString());
}
