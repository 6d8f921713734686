import type { ProxyRequest } from '../http/exchange.ts';
import type { ServerSnapshot, ServiceSnapshot } from '../model/snapshot.ts';
import { serverIdentity } from '../shared/identity.ts';
import type { SharedCounters } from '../shared/shared-counters.ts';
import { createFailureWatch, type FailureWatch } from './failure-watch.ts';
import { createChooser, type Member, type Place } from './places.ts';

export type LoadBalancerSnapshot = ServiceSnapshot & { readonly kind: 'loadBalancer' };

/** Told what becomes of a request at the server that was chosen for it. */
export interface CallWatch {
  begins(): void;
  answered(status: number): void;
  /** `failed`: the server could not be reached, or broke off; `gone`: the client left. Called once. */
  ended(how: 'done' | 'failed' | 'gone'): void;
}

export interface PickedServer {
  readonly server: ServerSnapshot;
  /** A `Set-Cookie` value for the answer, or null. */
  readonly setCookie: string | null;
  /** Null where nobody needs to know. */
  readonly watch: CallWatch | null;
}

/** Chooses a service's server for each request. */
export interface Balancer {
  /** Null where no server is up. */
  pick(request: ProxyRequest): PickedServer | null;
  /** Replaces the set of servers that are down; URLs of no server of this service count for nothing. */
  setDown(urls: readonly string[]): void;
  /** False where there is no server, as in a service that is paused, and where servers are checked and none is up. */
  isUp(): boolean;
  /** Handed on when the service is built anew. */
  readonly kept: KeptServers;
}

interface KeptServers {
  readonly places: ReadonlyMap<string, Place>;
  readonly down: ReadonlySet<string>;
  readonly failures: FailureWatch | null;
}

interface ServerMember extends Member {
  readonly server: ServerSnapshot;
}

export interface BalancerOptions {
  /** A number from 0 to below its argument. */
  readonly random?: (below: number) => number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Told of servers that took to failing, or may be tried again. */
  readonly onFailing?: () => void;
  /** What all workers count in; left out: failures are counted here alone. Its clock is `now` then. */
  readonly shared?: SharedCounters;
}

/** What `previous` knows of servers that are still there is kept. */
export function createBalancer(
  name: string,
  service: LoadBalancerSnapshot,
  previous?: Balancer,
  options: BalancerOptions = {},
): Balancer {
  const { shared, now = shared?.now ?? (() => performance.now()) } = options;
  const { strategy = 'wrr', passiveHealthCheck = null } = service;
  const servers = new Map<string, ServerSnapshot>();
  for (const server of service.servers) {
    const weight = server.weight + (servers.get(server.url)?.weight ?? 0);
    servers.set(server.url, { ...server, weight });
  }
  let down: ReadonlySet<string> = new Set([...(previous?.kept.down ?? [])].filter((url) => servers.has(url)));
  const failures =
    passiveHealthCheck &&
    createFailureWatch(passiveHealthCheck, {
      servers: servers.keys(),
      now,
      previous: previous?.kept.failures,
      onChange: options.onFailing,
      memoryOf: shared && ((url, bytes) => shared.region(serverIdentity(name, url, passiveHealthCheck), bytes)),
    });
  const isServerUp = (url: string): boolean => !down.has(url) && failures?.isFailing(url) !== true;
  const chooser = createChooser<ServerMember>({
    name,
    strategy,
    sticky: service.sticky,
    previous: previous?.kept.places,
    members: [...servers.values()].map((server) => ({
      key: server.url,
      weight: server.weight,
      isFenced: server.isFenced ?? false,
      isUp: () => isServerUp(server.url),
      server,
    })),
    ...(options.random ? { random: options.random } : {}),
  });
  const isWatched = failures !== null || strategy === 'p2c' || strategy === 'leasttime';

  return {
    pick(request) {
      const picked = chooser.pick(request);
      if (picked === null) return null;
      const { member, place, setCookie } = picked;
      return {
        server: member.server,
        setCookie,
        watch: isWatched ? watchCall(place, member.key, failures, now) : null,
      };
    },
    setDown(urls) {
      down = new Set(urls.filter((url) => servers.has(url)));
    },
    isUp: () =>
      servers.size > 0 &&
      ((service.healthCheck === null && failures === null) ||
        [...chooser.places.keys()].some((url) => isServerUp(url))),
    get kept() {
      return { places: chooser.places, down, failures };
    },
  };
}

function watchCall(place: Place, url: string, failures: FailureWatch | null, now: () => number): CallWatch {
  let beganAt = 0;
  let isOpen = false;
  return {
    begins() {
      beganAt = now();
      isOpen = true;
      place.inFlight += 1;
    },
    answered(status) {
      place.answeredAfter(now() - beganAt);
      if (status >= 500) failures?.failed(url);
      else failures?.succeeded(url);
    },
    ended(how) {
      if (!isOpen) return;
      isOpen = false;
      place.inFlight -= 1;
      if (how === 'failed') failures?.failed(url);
    },
  };
}
