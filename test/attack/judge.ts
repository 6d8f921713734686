import { once } from 'node:events';
import net from 'node:net';
import type { Case } from './corpus.ts';
import { disagreements, read } from './readers.ts';
import type { RecordingServer } from './recorder.ts';

export type Verdict =
  /** Nothing reached the server. */
  | 'refused'
  /** What reached it is read in one way, and was answered to the client. */
  | 'forwarded'
  /** What reached it is read in several ways, or holds more requests than the client was answered. */
  | 'ambiguous';

export interface Outcome {
  readonly verdict: Verdict;
  /** Statuses that the client saw, in order; empty where the connection was closed without a word. */
  readonly statuses: readonly number[];
  /** For people: why it is ambiguous. */
  readonly why: string;
}

/** How long nothing must happen on either side until a connection that stays open is taken to be done. */
const quietMs = 60;
const longestMs = 5000;

/**
 * Sends a case through a proxy on a connection of its own. `halfClose`: the client says that it has no more to send, so
 * that the proxy ends the connection itself.
 */
export async function tryCase(one: Case, port: number, server: RecordingServer, halfClose: boolean): Promise<Outcome> {
  server.take();
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  let received = Buffer.alloc(0);
  let lastAt = performance.now();
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    received = Buffer.concat([received, data]);
    lastAt = performance.now();
  });
  let isOver = false;
  socket.on('end', () => {
    isOver = true;
  });
  socket.on('close', () => {
    isOver = true;
  });
  await once(socket, 'connect').catch(() => undefined);
  if (halfClose) socket.end(one.bytes);
  else socket.write(one.bytes);
  const from = performance.now();
  const isQuiet = (): boolean => performance.now() - Math.max(from, lastAt, server.lastAt()) > quietMs;
  while (!(isOver || (!halfClose && isQuiet())) && performance.now() - from < longestMs) {
    await new Promise((resolve) => {
      setTimeout(resolve, 3);
    });
  }
  socket.destroy();
  // What the proxy still had on its way to the server.
  const settled = performance.now();
  while (performance.now() - Math.max(settled, server.lastAt()) < 10) {
    await new Promise((resolve) => {
      setTimeout(resolve, 3);
    });
  }
  return judge(server.take(), received.toString('latin1'));
}

export function judge(forwarded: readonly Buffer[], received: string): Outcome {
  const statuses = [...received.matchAll(/(?:^|\n|ok)HTTP\/1\.[01] (\d{3})/g)]
    .map((match) => Number(match[1]))
    .filter((status) => status >= 200 || status === 101);
  if (forwarded.length === 0) return { verdict: 'refused', statuses, why: '' };
  const readers = [...new Set(forwarded.flatMap((bytes) => disagreements(bytes)))];
  if (readers.length > 0) {
    return { verdict: 'ambiguous', statuses, why: readers.map((name) => `another reader ${name}`).join(', ') };
  }
  const seen = forwarded.reduce((sum, bytes) => sum + read(bytes).requests.length, 0);
  // A client that is told of fewer answers than the server gave has sent somebody else's request.
  if (seen > statuses.length && statuses.length > 0) {
    return {
      verdict: 'ambiguous',
      statuses,
      why: `the server saw ${seen} requests, the client ${statuses.length} answers`,
    };
  }
  return { verdict: 'forwarded', statuses, why: '' };
}
