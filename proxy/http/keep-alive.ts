import type { Socket } from 'node:net';
import type { EntryPointWire } from '../model/snapshot.ts';

interface Use {
  readonly sinceMs: number;
  requests: number;
}

const uses = new WeakMap<Socket, Use>();

/** Counts a request on its connection. True where the connection is to end with it, by its age or its requests. */
export function isLastRequest(socket: Socket, wire: EntryPointWire): boolean {
  const { keepAliveMaxTimeMs = 0, keepAliveMaxRequests = 0 } = wire;
  if (keepAliveMaxTimeMs === 0 && keepAliveMaxRequests === 0) return false;
  let use = uses.get(socket);
  if (!use) {
    use = { sinceMs: performance.now(), requests: 0 };
    uses.set(socket, use);
  }
  use.requests += 1;
  if (keepAliveMaxRequests > 0 && use.requests >= keepAliveMaxRequests) return true;
  return keepAliveMaxTimeMs > 0 && performance.now() - use.sinceMs >= keepAliveMaxTimeMs;
}
