import { X509Certificate } from 'node:crypto';
import type { Renewal } from '../../contract/certificates.ts';
import { childrenOf } from '../der.ts';
import type { RenewalInfo } from './protocol.ts';

const dayMs = 86_400_000;
/** Below this a lifetime is short: renewed at its half, since there is little time to try again. */
const shortLifetimeMs = 10 * dayMs;
/** Part of the lifetime by which renewals of certificates that were made together are spread. */
const jitterPart = 0.02;

export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** When to renew where the CA says nothing of it. `random`: 0 up to 1. */
export function renewalByLifetime({ notBefore, notAfter }: Validity, random: () => number = Math.random): Renewal {
  const lifetimeMs = notAfter - notBefore;
  const isShort = lifetimeMs < shortLifetimeMs;
  const part = (isShort ? 1 / 2 : 2 / 3) - jitterPart * random();
  return { at: Math.round(notBefore + lifetimeMs * part), why: isShort ? 'half' : 'two-thirds' };
}

/**
 * A time in the CA's window, each as likely as the other (RFC 9773 section 4.2). One that was chosen before stays while
 * the window does, so that asking again does not move it.
 */
export function renewalByCa(info: RenewalInfo, known: Renewal | null, random: () => number = Math.random): Renewal {
  const { start, end, explanationUrl } = info;
  const stays = known?.why === 'ari' && known.window?.start === start && known.window.end === end;
  return {
    at: stays ? known.at : Math.round(start + (end - start) * random()),
    why: 'ari',
    window: { start, end },
    ...(explanationUrl === null ? {} : { explanationUrl }),
  };
}

/**
 * What a CA calls a certificate when it is asked about renewal (RFC 9773 section 4.1): the authority's key identifier
 * and the serial number. Null where the certificate does not tell its authority's.
 */
export function renewalId(certificatePem: string): string | null {
  try {
    const [toBeSigned] = childrenOf(new X509Certificate(certificatePem).raw);
    const fields = toBeSigned ? childrenOf(toBeSigned) : [];
    const [serial, extensions] = [fields[1], fields.find((field) => field[0] === 0xa3)];
    const list = extensions && childrenOf(extensions)[0];
    const wanted = list && childrenOf(list).find((each) => childrenOf(each)[0]?.equals(authorityKeyOid));
    const value = wanted && childrenOf(wanted).at(-1);
    // An octet string that holds a sequence, whose first member is [0], the key identifier.
    const inner = value && childrenOf(value)[0];
    const keyId = inner && childrenOf(inner).find((each) => each[0] === 0x80);
    if (!serial || !keyId) return null;
    return `${contentOf(keyId).toString('base64url')}.${contentOf(serial).toString('base64url')}`;
  } catch {
    return null;
  }
}

/** 2.5.29.35 */
const authorityKeyOid = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x23]);

function contentOf(element: Buffer): Buffer {
  const first = element[1] ?? 0;
  return element.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}

const minuteMs = 60_000;
/** After each failure in a row; the last one holds from then on. */
const pausesMs = [1, 5, 20, 60, 180, 360, 720].map((minutes) => minutes * minuteMs);

/** When to try again after so many failures in a row; never before the CA's own word. `random`: 0 up to 1. */
export function retryTime(
  now: number,
  attempts: number,
  asked: number | null,
  random: () => number = Math.random,
): number {
  const pauseMs = pausesMs[Math.min(attempts, pausesMs.length) - 1] ?? minuteMs;
  return Math.max(Math.round(now + pauseMs * (0.8 + 0.4 * random())), asked ?? 0);
}

/** From here on the owner is told that the end comes near: a third of what is usual, at least a day. */
export function warnsAt({ notBefore, notAfter }: Validity): number {
  return notAfter - Math.max(Math.min(dayMs, (notAfter - notBefore) / 4), (notAfter - notBefore) / 6);
}
