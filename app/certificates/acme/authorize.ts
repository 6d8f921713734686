import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { ChallengeSnapshot } from '../../../proxy/model/snapshot.ts';
import type { ChallengeType } from '../../contract/certificates.ts';
import { OrderFailure, say, ValidationFailed } from './failure.ts';
import { dnsValue, keyAuthorization } from './keys.ts';
import { httpChallenge, tlsChallenge } from './live-challenges.ts';
import type { OrderRecord } from './order-record.ts';
import { createPauses, type OrderSurroundings } from './order-surroundings.ts';
import { type AcmeAuthorization, type AcmeChallenge, AcmeFault, type AcmeOrder } from './protocol.ts';
import { challengeName } from './resolver.ts';

/** One name that is to be proved, and how. */
interface Proof {
  readonly authorization: AcmeAuthorization;
  readonly challenge: AcmeChallenge;
  readonly name: string;
  readonly askedBy: string[];
}

/** A CA that has not made up its mind by then is asked again in a later run. */
const longestMs = 5 * 60_000;

/**
 * Proves every name of an order that is not proved yet: sets what the CA is to find, waits until it can be found, tells
 * the CA, and waits for its word. What was set is taken away in any case. Throws ValidationFailed for the first name
 * that the CA refuses.
 */
export async function proveNames(order: AcmeOrder, record: OrderRecord, around: OrderSurroundings): Promise<void> {
  const proofs: Proof[] = [];
  if (order.authorizations.length > around.names.length) throw notAsked('more names than were asked for');
  for (const url of order.authorizations) {
    const { value: authorization } = await around.ca.ask({ ask: 'authorization', url });
    const name = nameOf(authorization);
    if (!isAsked(name, around.names)) throw notAsked(`a proof for ${name.slice(0, 253)}, which was not asked for`);
    if (authorization.status === 'valid') {
      record.step('authorization', 'done', { name, details: { reused: 1 } });
      continue;
    }
    proofs.push(proofFor(authorization, name, around));
    record.step('authorization', 'done', { name });
  }
  const rounds = around.dns?.isOneAtATime === true ? proofs.map((proof) => [proof]) : [proofs];
  for (const round of rounds) await proveTogether(round, record, around);
}

async function proveTogether(proofs: readonly Proof[], record: OrderRecord, around: OrderSurroundings): Promise<void> {
  const set: ChallengeSnapshot[] = [];
  try {
    await setAnswers(proofs, set, record, around);
    for (const proof of proofs) await tell(proof, record, around);
    for (const proof of proofs) await awaitWord(proof, record, around);
  } finally {
    for (const challenge of set) around.live.remove(challenge);
    await around.dns?.clear(record);
  }
}

function nameOf({ identifier, isWildcard }: AcmeAuthorization): string {
  return isWildcard && !identifier.value.startsWith('*.') ? `*.${identifier.value}` : identifier.value;
}

/**
 * Whether the order is for it: what a CA says goes into records of the owner's DNS, and into answers to visitors. Some
 * CAs do not say that a name was asked for as a wildcard.
 */
function isAsked(name: string, names: readonly string[]): boolean {
  const isThere = (wanted: string): boolean => names.some((each) => each === wanted || sameAddress(each, wanted));
  return isThere(name) || isThere(`*.${name}`);
}

function sameAddress(one: string, other: string): boolean {
  if (isIP(one) === 0 || isIP(other) === 0) return false;
  return ipaddr.parse(one).toNormalizedString() === ipaddr.parse(other).toNormalizedString();
}

function notAsked(what: string): AcmeFault {
  return new AcmeFault({ type: 'nonsense', detail: `it wants ${what}` });
}

/** The name as visitors ask for it, without a wildcard. */
function hostOf({ authorization }: Proof): string {
  return authorization.identifier.value.replace(/^\*\./, '');
}

function proofFor(authorization: AcmeAuthorization, name: string, { resolver }: OrderSurroundings): Proof {
  const { type } = resolver.challenge;
  const invalid = authorization.challenges.find(({ status }) => status === 'invalid');
  if (authorization.status !== 'pending') {
    throw refused({ authorization, challenge: invalid ?? authorization.challenges[0], name, askedBy: [] }, type);
  }
  const challenge = authorization.challenges.find((each) => each.type === type);
  if (challenge) return { authorization, challenge, name, askedBy: [] };
  const offered = authorization.challenges.map((each) => each.type).join(', ') || 'nothing';
  const reason = `the CA offers ${offered} for it`;
  throw new OrderFailure(say('ACME_CHALLENGE_IMPOSSIBLE', { name, challenge: challengeName(type), reason }), {
    ends: true,
    retry: 'never',
  });
}

function refused(
  proof: Omit<Proof, 'challenge'> & { readonly challenge: AcmeChallenge | undefined },
  type: ChallengeType,
): ValidationFailed {
  const { challenge, authorization, name, askedBy } = proof;
  return new ValidationFailed({
    host: name,
    challenge: type,
    said: challenge?.error ?? {
      type: 'unauthorized',
      detail: `the authorization is ${authorization.status}`,
      subproblems: [],
    },
    visits: challenge?.visits ?? [],
    askedBy,
  });
}

async function setAnswers(
  proofs: readonly Proof[],
  set: ChallengeSnapshot[],
  record: OrderRecord,
  around: OrderSurroundings,
): Promise<void> {
  const { resolver, accountKeyPem, live, dns, now } = around;
  if (dns) {
    const records = proofs.map((proof) => ({
      name: proof.name,
      host: hostOf(proof),
      token: proof.challenge.token,
      keyAuthorization: keyAuthorization(proof.challenge.token, accountKeyPem),
      value: dnsValue(keyAuthorization(proof.challenge.token, accountKeyPem)),
    }));
    await dns.set(records, record);
    return;
  }
  for (const proof of proofs) {
    const { name, askedBy, challenge } = proof;
    const host = hostOf(proof);
    const authorization = keyAuthorization(challenge.token, accountKeyPem);
    const isHttp = resolver.challenge.type === 'http-01';
    const snapshot = isHttp
      ? httpChallenge(host, challenge.token, authorization)
      : tlsChallenge(host, authorization, now());
    record.step('challenge-set', 'running', { name, details: { challenge: resolver.challenge.type } });
    set.push(snapshot);
    // Our own visit comes before any of the CA's, which knows nothing yet.
    let isOwnDue = false;
    await live.set(snapshot, (clientIp) => {
      if (isOwnDue) {
        isOwnDue = false;
        return;
      }
      if (askedBy.includes(clientIp)) return;
      askedBy.push(clientIp);
      record.step('ca-saw', 'running', { name, details: { by: clientIp } });
    });
    const details = {
      challenge: resolver.challenge.type,
      ...(isHttp
        ? { url: `http://${host.includes(':') ? `[${host}]` : host}/.well-known/acme-challenge/${challenge.token}` }
        : {}),
    };
    record.step('challenge-set', 'done', { name, details });
    if (snapshot.type === 'http-01' && around.selfCheck && resolver.challenge.type === 'http-01') {
      record.step('self-check', 'running', { name });
      isOwnDue = true;
      const seen = await around.selfCheck(snapshot, resolver.challenge.entryPoint);
      // What stands between the CA and us may answer in our place, so that the CA has the last word.
      if (seen.isAnswered) record.step('self-check', 'done', { name, details: { address: seen.address } });
      else {
        isOwnDue = false;
        record.step('self-check', 'failed', { name, details: { reason: seen.reason } });
      }
    }
  }
  const delayMs = resolver.challenge.type === 'dns-01' ? 0 : resolver.challenge.delayMs;
  if (delayMs > 0) await around.pause(delayMs);
}

async function tell({ challenge, name }: Proof, record: OrderRecord, { ca }: OrderSurroundings): Promise<void> {
  // After a restart the CA may be looking already.
  if (challenge.status === 'pending') {
    try {
      await ca.ask({ ask: 'answerChallenge', url: challenge.url });
    } catch (error) {
      // The answer to an earlier telling was lost.
      if (!(error instanceof AcmeFault && error.type === 'malformed')) throw error;
    }
  }
  record.step('told-ca', 'done', { name });
}

async function awaitWord(proof: Proof, record: OrderRecord, around: OrderSurroundings): Promise<void> {
  const { name, askedBy } = proof;
  const { type } = around.resolver.challenge;
  const pauses = createPauses(around);
  const deadline = around.now() + longestMs;
  for (;;) {
    const { value, retryAfterMs } = await around.ca.ask({ ask: 'authorization', url: proof.authorization.url });
    const challenge = value.challenges.find((each) => each.type === type);
    if (value.status === 'valid') {
      const address = challenge?.visits.at(-1)?.addressUsed ?? '';
      record.step('ca-saw', 'done', { name, details: { by: askedBy.join(', '), address } });
      record.step('validated', 'done', { name });
      return;
    }
    if (value.status !== 'pending') {
      const error = refused({ ...proof, authorization: value, challenge }, type);
      record.step('ca-saw', 'failed', { name, details: { answer: error.said.detail, by: askedBy.join(', ') } });
      throw error;
    }
    if (around.now() > deadline)
      throw new AcmeFault({ type: 'timeout', detail: `it has not looked at ${name} within 5 minutes` });
    await pauses.next(retryAfterMs);
  }
}
