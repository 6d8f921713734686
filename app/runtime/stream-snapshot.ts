import { parseDurationMs } from '../../proxy/model/duration.ts';
import type {
  StreamSnapshot,
  TcpRouterSnapshot,
  TcpServiceSnapshot,
  UdpRouterSnapshot,
  UdpServiceSnapshot,
} from '../../proxy/model/snapshot.ts';
import type { TcpMiddlewareConfig, TcpServersTransportConfig } from '../../proxy/model/stream.ts';
import { parseServerAddress } from '../../proxy/stream/address.ts';
import { isInPlace } from './closed.ts';
import { defaultTransportName } from './judge-service.ts';
import { tcpTransportOf, weightedOf } from './judge-stream-services.ts';
import { tlsOptionsOfTcp } from './judge-streams.ts';
import { isPaused } from './judgement.ts';
import type { RuntimeTcpService, RuntimeUdpService, StreamState } from './stream-state.ts';

/** Traefik's default for `terminationDelay`. */
const defaultTerminationDelayMs = 100;

/** What the workers serve of TCP and UDP: what is not disabled, and nothing that no router leads to. */
export function toStreamSnapshot(
  { tcp, udp }: StreamState,
  /** Of services that name no servers transport. */
  defaultTransport?: TcpServersTransportConfig,
): StreamSnapshot | null {
  const transports =
    defaultTransport === undefined
      ? tcp.serversTransports
      : new Map(tcp.serversTransports).set(defaultTransportName, defaultTransport);
  const tcpRouters: TcpRouterSnapshot[] = [];
  const tcpMiddlewares: Record<string, TcpMiddlewareConfig> = Object.create(null);
  const tcpServices: Record<string, TcpServiceSnapshot> = Object.create(null);
  const tcpServersTransports: Record<string, TcpServersTransportConfig> = Object.create(null);
  const udpRouters: UdpRouterSnapshot[] = [];
  const udpServices: Record<string, UdpServiceSnapshot> = Object.create(null);

  const takeTcp = (name: string): void => {
    const service = tcp.services.get(name);
    if (service === undefined || name in tcpServices) return;
    const made = tcpService(service, transports, defaultTransport === undefined ? null : defaultTransportName);
    tcpServices[name] = made;
    if (made.kind === 'weighted') for (const child of made.services) takeTcp(child.name);
    else if (made.serversTransport !== null) {
      const transport = transports.get(made.serversTransport);
      if (transport !== undefined) tcpServersTransports[made.serversTransport] = transport;
    }
  };
  const takeUdp = (name: string): void => {
    const service = udp.services.get(name);
    if (service === undefined || name in udpServices) return;
    const made = udpService(service);
    udpServices[name] = made;
    if (made.kind === 'weighted') for (const child of made.services) takeUdp(child.name);
  };

  for (const router of tcp.routers.values()) {
    if (!isInPlace(router) || isPaused(router)) continue;
    const { name, entryPoints, rule, syntax, priority, providerRank, tls, middlewares, service, closed } = router;
    const rank = providerRank === undefined ? {} : { providerRank };
    if (closed !== undefined) {
      const nowhere = { middlewares: [], service: '', tlsOptions: null, refuse: { reason: closed } };
      tcpRouters.push({ name, entryPoints, rule, syntax, priority, ...rank, tls, ...nowhere });
      continue;
    }
    const tlsOptions = tlsOptionsOfTcp(router.config, router.provider);
    tcpRouters.push({ name, entryPoints, rule, syntax, priority, ...rank, tls, tlsOptions, middlewares, service });
    takeTcp(service);
    for (const used of middlewares) {
      const middleware = tcp.middlewares.get(used);
      if (middleware !== undefined) tcpMiddlewares[used] = middleware.config;
    }
  }
  for (const router of udp.routers.values()) {
    if (router.status === 'disabled' || isPaused(router)) continue;
    const { name, entryPoints, service } = router;
    udpRouters.push({ name, entryPoints, service });
    takeUdp(service);
  }
  if (tcpRouters.length + udpRouters.length === 0) return null;
  return { tcpRouters, tcpMiddlewares, tcpServices, tcpServersTransports, udpRouters, udpServices };
}

function tcpService(
  { config, provider }: RuntimeTcpService,
  transports: StreamState['tcp']['serversTransports'],
  byDefault: string | null,
): TcpServiceSnapshot {
  if (config.weighted) {
    const healthCheck = config.weighted.healthCheck !== undefined;
    return { kind: 'weighted', services: weightedOf(config, provider), healthCheck };
  }
  const loadBalancer = config.loadBalancer ?? {};
  const serversTransport = tcpTransportOf(config, provider) ?? byDefault;
  const transport = serversTransport === null ? undefined : transports.get(serversTransport);
  // The load balancer's own options are the old place for both; as in Traefik they win where they are set.
  const proxyProtocol = loadBalancer.proxyProtocol ?? transport?.proxyProtocol;
  const delay = transport?.terminationDelay;
  return {
    kind: 'loadBalancer',
    servers: (loadBalancer.servers ?? [])
      .filter(({ address = '' }) => parseServerAddress(address) !== null)
      .map(({ address = '', tls = false }) => ({ address, tls })),
    serversTransport,
    proxyProtocol: proxyProtocol === undefined ? 0 : proxyProtocol.version === 1 ? 1 : 2,
    terminationDelayMs:
      loadBalancer.terminationDelay ??
      (delay === undefined ? undefined : parseDurationMs(delay)) ??
      defaultTerminationDelayMs,
    healthCheck: loadBalancer.healthCheck ?? null,
  };
}

function udpService({ config, provider }: RuntimeUdpService): UdpServiceSnapshot {
  if (config.weighted) return { kind: 'weighted', services: weightedOf(config, provider) };
  const servers = (config.loadBalancer?.servers ?? [])
    .map(({ address = '' }) => address)
    .filter((address) => parseServerAddress(address) !== null);
  return { kind: 'loadBalancer', servers };
}
