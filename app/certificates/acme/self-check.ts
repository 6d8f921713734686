import { request } from 'node:http';
import { isIPv6 } from 'node:net';
import type { ChallengeSnapshot } from '../../../proxy/model/snapshot.ts';

type HttpChallenge = Extract<ChallengeSnapshot, { type: 'http-01' }>;

/** An entry point that listens. */
export interface ListeningEntryPoint {
  readonly name: string;
  /** As it is bound; empty, `0.0.0.0` or `::` for every address. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

export type SelfSeen =
  | { readonly isAnswered: true; readonly address: string }
  | { readonly isAnswered: false; readonly reason: string };

/**
 * Asks our own entry point for the answer, as the CA will, under the name that is proved. `entryPoint`: the resolver's;
 * null: any without TLS. What is on the way from the CA to us is not seen. Never rejects.
 */
export type SelfCheck = (challenge: HttpChallenge, entryPoint: string | null) => Promise<SelfSeen>;

const timeoutMs = 3000;
const mostBytes = 4096;

export function createSelfCheck(listening: () => readonly ListeningEntryPoint[]): SelfCheck {
  return async (challenge, entryPoint) => {
    const all = listening().filter(({ tls }) => !tls);
    const found =
      entryPoint === null
        ? (all.find(({ port }) => port === 80) ?? all[0])
        : all.find(({ name }) => name === entryPoint);
    if (found) return visit(found, challenge);
    const reason =
      entryPoint === null
        ? 'no entry point listens for HTTP without TLS'
        : `the entry point ${entryPoint} does not listen for HTTP without TLS`;
    return { isAnswered: false, reason };
  };
}

function visit({ name, host: bound, port }: ListeningEntryPoint, challenge: HttpChallenge): Promise<SelfSeen> {
  const host = bound === '' || bound === '0.0.0.0' ? '127.0.0.1' : bound === '::' ? '::1' : bound;
  const address = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const asked = isIPv6(challenge.host) ? `[${challenge.host}]` : challenge.host;
  const unseen = (what: string): SelfSeen => ({ isAnswered: false, reason: `${name} (${address}) ${what}` });
  return new Promise((resolve) => {
    const visiting = request({
      host,
      port,
      path: `/.well-known/acme-challenge/${challenge.token}`,
      headers: { host: asked },
      agent: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    visiting.once('response', (response) => {
      let body = '';
      response.setEncoding('latin1');
      response.on('data', (text: string) => {
        body = (body + text).slice(0, mostBytes);
      });
      response.once('error', ({ message }) => resolve(unseen(`broke off: ${message}`)));
      response.once('end', () => {
        const { statusCode } = response;
        if (statusCode === 200 && body.trim() === challenge.answer) resolve({ isAnswered: true, address });
        else resolve(unseen(statusCode === 200 ? 'answers something else' : `answers with status ${statusCode}`));
      });
    });
    visiting.once('error', ({ message }) => resolve(unseen(`does not answer: ${message}`)));
    visiting.end();
  });
}
