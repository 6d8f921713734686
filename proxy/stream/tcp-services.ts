import type { DownServers, StreamSnapshot, TcpServiceSnapshot } from '../model/snapshot.ts';
import { createDialer, type Dialer } from './dial.ts';
import { createTurns } from './turns.ts';

type LoadBalancer = TcpServiceSnapshot & { readonly kind: 'loadBalancer' };

/** A server that was chosen for a connection, and how to reach it. */
export interface TcpChoice {
  readonly address: string;
  readonly tls: boolean;
  readonly dialer: Dialer;
  readonly proxyProtocol: LoadBalancer['proxyProtocol'];
  readonly terminationDelayMs: number;
}

export interface TcpService {
  /** Null where no server is up. */
  choose(): TcpChoice | null;
  readonly isUp: () => boolean;
}

/** Services of one snapshot, made when a router asks for them. Throws a readable Error where one cannot be made. */
export function createTcpServices(
  snapshot: StreamSnapshot,
  isDown: (service: string, address: string) => boolean,
): (name: string) => TcpService {
  const made = new Map<string, TcpService>();
  const dialers = new Map<string | null, Dialer>();
  const dialerOf = (transport: string | null): Dialer => {
    let dialer = dialers.get(transport);
    if (!dialer) {
      const config = transport === null ? undefined : snapshot.tcpServersTransports[transport];
      if (transport !== null && !config) throw new Error(`The serversTransport ${transport} does not exist`);
      dialer = createDialer(config);
      dialers.set(transport, dialer);
    }
    return dialer;
  };
  const serviceOf = (name: string): TcpService => {
    const known = made.get(name);
    if (known) return known;
    const service = snapshot.tcpServices[name];
    if (!service) throw new Error(`The service ${name} does not exist`);
    const built = service.kind === 'weighted' ? weighted(service) : balanced(name, service);
    made.set(name, built);
    return built;
  };
  const weighted = (service: TcpServiceSnapshot & { readonly kind: 'weighted' }): TcpService => {
    const children = service.services.map(({ name, weight }) => ({ target: serviceOf(name), weight }));
    const turns = createTurns(children);
    return {
      choose: () => turns.next((child) => child.isUp())?.choose() ?? null,
      // Without healthCheck it does not tell its parents how its children are, as in Traefik.
      isUp: () => !service.healthCheck || children.some(({ target }) => target.isUp()),
    };
  };
  const balanced = (name: string, service: LoadBalancer): TcpService => {
    const dialer = dialerOf(service.serversTransport);
    const { proxyProtocol, terminationDelayMs } = service;
    const turns = createTurns(
      service.servers.map(({ address, tls }) => ({
        target: { address, tls, dialer, proxyProtocol, terminationDelayMs },
        weight: 1,
      })),
    );
    const mayServe = ({ address }: TcpChoice): boolean => !isDown(name, address);
    return {
      choose: () => turns.next(mayServe),
      isUp: () => service.servers.some(({ address }) => !isDown(name, address)),
    };
  };
  return serviceOf;
}

/** Reads {@link DownServers} under the key of a TCP service. */
export function isTcpServerDown(down: DownServers, service: string, address: string): boolean {
  return down[`tcp ${service}`]?.includes(address) ?? false;
}
