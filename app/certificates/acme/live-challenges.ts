import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { ChallengeSnapshot } from '../../../proxy/model/snapshot.ts';
import { issueProof } from '../issue.ts';

/** Challenges that the workers answer now, of all orders. */
export interface LiveChallenges {
  /** Resolves when every worker answers. */
  readonly set: (challenge: ChallengeSnapshot, onAsked: (clientIp: string) => void) => Promise<void>;
  readonly remove: (challenge: ChallengeSnapshot) => void;
  /** To be called when a worker was asked. */
  readonly asked: (type: ChallengeSnapshot['type'], host: string, clientIp: string) => void;
}

export function createLiveChallenges(
  publish: (challenges: readonly ChallengeSnapshot[]) => Promise<void>,
): LiveChallenges {
  const live = new Map<ChallengeSnapshot, (clientIp: string) => void>();
  return {
    set: (challenge, onAsked) => {
      live.set(challenge, onAsked);
      return publish([...live.keys()]);
    },
    remove: (challenge) => {
      if (live.delete(challenge)) void publish([...live.keys()]);
    },
    asked: (type, host, clientIp) => {
      for (const [challenge, onAsked] of live) {
        if (challenge.type === type && challenge.host === host) onAsked(clientIp);
      }
    },
  };
}

export function httpChallenge(host: string, token: string, answer: string): ChallengeSnapshot {
  return { type: 'http-01', host, token, answer };
}

const proofLifetimeMs = 7 * 86_400_000;

export function tlsChallenge(host: string, authorization: string, now: number): ChallengeSnapshot {
  const validity = { notBefore: now - 3_600_000, notAfter: now + proofLifetimeMs };
  const { certificatePem, privateKeyPem } = issueProof(host, authorization, validity);
  return { type: 'tls-alpn-01', host, serverName: serverNameOf(host), certificatePem, privateKeyPem };
}

/** Addresses stand backwards in a hello (RFC 8738 section 6), as no hello may name one. */
export function serverNameOf(host: string): string {
  if (isIP(host) === 0) return host;
  const address = ipaddr.parse(host);
  const bytes = address.toByteArray();
  if (address.kind() === 'ipv4') return `${bytes.toReversed().join('.')}.in-addr.arpa`;
  const digits = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${digits.split('').toReversed().join('.')}.ip6.arpa`;
}
