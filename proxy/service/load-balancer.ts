import type { ProxyRequest } from '../http/exchange.ts';
import type { ServerSnapshot, ServiceSnapshot } from '../model/snapshot.ts';
import { createStickyCookie } from './sticky-cookie.ts';

export type LoadBalancerSnapshot = ServiceSnapshot & { readonly kind: 'loadBalancer' };

export interface PickedServer {
  readonly server: ServerSnapshot;
  /** A `Set-Cookie` value for the answer, or null. */
  readonly setCookie: string | null;
}

/** Chooses a service's server for each request. */
export interface Balancer {
  /** Null where no server is up. */
  pick(request: ProxyRequest): PickedServer | null;
  /** Replaces the set of servers that are down; URLs of no server of this service count for nothing. */
  setDown(urls: readonly string[]): void;
  /** Where each server stands, handed on when the service is built anew. */
  readonly places: ReadonlyMap<string, Place>;
}

interface Place {
  readonly server: ServerSnapshot;
  /** The virtual time at which it is its turn again. A turn takes 1 divided by its weight. */
  deadline: number;
  isUp: boolean;
}

/**
 * Weighted round robin that spreads each server's turns evenly: the server whose virtual deadline is the earliest is
 * next. Servers of weight 0 are never chosen. What `previous` knows of servers that are still there is kept.
 */
export function createBalancer(name: string, service: LoadBalancerSnapshot, previous?: Balancer): Balancer {
  const places = new Map<string, Place>();
  let now = earliestDeadline(previous);
  for (const server of service.servers) {
    const before = previous?.places.get(server.url);
    const weight = server.weight + (places.get(server.url)?.server.weight ?? 0);
    if (weight <= 0) continue;
    const deadline = before?.server.weight === weight ? before.deadline : now + 1 / weight;
    places.set(server.url, { server: { ...server, weight }, deadline, isUp: before?.isUp ?? true });
  }
  const sticky = service.sticky && createStickyCookie(name, service.sticky, [...places.keys()]);

  function next(): Place | null {
    let first: Place | null = null;
    for (const place of places.values()) {
      if (place.isUp && (first === null || place.deadline < first.deadline)) first = place;
    }
    if (first === null) return null;
    now = first.deadline;
    first.deadline += 1 / first.server.weight;
    return first;
  }

  return {
    places,
    pick(request) {
      const kept = sticky?.read(request);
      const place = kept && places.get(kept.url);
      if (kept && place?.isUp) {
        return { server: place.server, setCookie: kept.outdated && sticky ? sticky.write(kept.url) : null };
      }
      const chosen = next();
      if (chosen === null) return null;
      return { server: chosen.server, setCookie: sticky ? sticky.write(chosen.server.url) : null };
    },
    setDown(urls) {
      const down = new Set(urls);
      for (const [url, place] of places) {
        const isUp = !down.has(url);
        // A server that comes back takes its turn among the others; it does not make up for what it missed.
        if (isUp && !place.isUp) place.deadline = Math.max(place.deadline, now + 1 / place.server.weight);
        place.isUp = isUp;
      }
    },
  };
}

function earliestDeadline(balancer: Balancer | undefined): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const place of balancer?.places.values() ?? []) {
    if (place.isUp) earliest = Math.min(earliest, place.deadline - 1 / place.server.weight);
  }
  return Number.isFinite(earliest) ? earliest : 0;
}
