import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { ChallengeSnapshot } from '../model/snapshot.ts';
import type { ClientHello } from './client-hello.ts';

/** Answers by which a CA sees that hosts are ours, for as long as orders ask for them. */
export interface Challenges {
  set(challenges: readonly ChallengeSnapshot[]): void;
  /** Whether any connection may be a CA's that asks by TLS. */
  readonly watchesTls: boolean;
  /** Text for a token of this very host (RFC 8555 section 8.3); undefined where none is live. */
  overHttp(host: string, path: string, clientIp: string): string | undefined;
  /** Whether the hello asks for a live certificate (RFC 8737 section 3). */
  wants(hello: ClientHello | null): boolean;
  /** Shakes hands with that certificate, and closes. Takes a connection whose first bytes are still to be read. */
  overTls(socket: Socket, hello: ClientHello): void;
}

const httpPrefix = '/.well-known/acme-challenge/';
const protocol = 'acme-tls/1';
const handshakeMs = 10_000;

type TlsChallenge = Extract<ChallengeSnapshot, { type: 'tls-alpn-01' }>;

/** `onAsked` is told of each answer, with the address that asked. */
export function createChallenges(onAsked: (challenge: ChallengeSnapshot, clientIp: string) => void): Challenges {
  let byPath = new Map<string, Extract<ChallengeSnapshot, { type: 'http-01' }>>();
  let byName = new Map<string, TlsChallenge>();
  const keyOf = (host: string, token: string): string => `${host} ${token}`;

  return {
    set(challenges) {
      byPath = new Map();
      byName = new Map();
      for (const each of challenges) {
        if (each.type === 'http-01') byPath.set(keyOf(each.host, each.token), each);
        else byName.set(each.serverName, each);
      }
    },
    get watchesTls() {
      return byName.size > 0;
    },
    overHttp(host, path, clientIp) {
      if (byPath.size === 0 || !path.startsWith(httpPrefix)) return undefined;
      const challenge = byPath.get(keyOf(host, path.slice(httpPrefix.length)));
      if (challenge) onAsked(challenge, clientIp);
      return challenge?.answer;
    },
    wants: (hello) => hello?.alpn.includes(protocol) === true && byName.has(hello.serverName),
    overTls(socket, hello) {
      const challenge = byName.get(hello.serverName);
      if (!challenge) {
        socket.destroy();
        return;
      }
      shakeHands(socket, challenge);
      onAsked(challenge, socket.remoteAddress ?? '');
    },
  };
}

function shakeHands(socket: Socket, { certificatePem, privateKeyPem }: TlsChallenge): void {
  const secure = new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' }),
    ALPNProtocols: [protocol],
  });
  // What the CA wanted to see was in the handshake.
  const timer = setTimeout(() => secure.destroy(), handshakeMs);
  secure.on('secure', () => secure.end());
  secure.on('error', () => secure.destroy());
  secure.on('close', () => clearTimeout(timer));
  secure.resume();
}
