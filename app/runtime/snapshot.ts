import { durationMs } from '../../proxy/model/duration.ts';
import type { MiddlewareConfig, ServersTransportConfig } from '../../proxy/model/dynamic.ts';
import type { RouterSnapshot, RoutingSnapshot, ServiceSnapshot } from '../../proxy/model/snapshot.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import { transportOf, usableServers } from './judge-service.ts';
import type { RuntimeRouter, RuntimeService, RuntimeState } from './state.ts';

/** Traefik's default for `responseForwarding.flushInterval`. */
const defaultFlushIntervalMs = 100;

/** What the workers serve: everything that is not disabled, and nothing that no router leads to. */
export function toRoutingSnapshot(
  state: RuntimeState,
  entryPoints: readonly Pick<StaticEntryPoint, 'name' | 'tls'>[],
  { pausedAll }: { readonly pausedAll: boolean },
): RoutingSnapshot {
  const tlsEntryPoints = new Set(entryPoints.filter((entryPoint) => entryPoint.tls).map(({ name }) => name));
  const routers: RouterSnapshot[] = [];
  const services: Record<string, ServiceSnapshot> = Object.create(null);
  const middlewares: Record<string, MiddlewareConfig> = Object.create(null);
  const serversTransports: Record<string, ServersTransportConfig> = Object.create(null);

  const takeMiddleware = (name: string): void => {
    const middleware = state.middlewares.get(name);
    if (middleware === undefined || name in middlewares) return;
    middlewares[name] = middleware.config;
    for (const reference of chained(middleware.config)) takeMiddleware(reference);
  };

  for (const router of state.routers.values()) {
    if (router.status === 'disabled' || (pausedAll && router.provider !== 'internal')) continue;
    const service = state.services.get(router.service);
    if (service === undefined) continue;
    routers.push(...split(router, tlsEntryPoints));
    services[service.name] ??= serviceSnapshot(service);
    for (const name of router.middlewares) takeMiddleware(name);
  }
  for (const service of Object.values(services)) {
    if (service.kind !== 'loadBalancer' || service.serversTransport === null) continue;
    const transport = state.serversTransports.get(service.serversTransport);
    if (transport !== undefined) serversTransports[service.serversTransport] = transport;
  }
  return { revision: state.revision, routers, middlewares, services, serversTransports };
}

/** As Traefik has it: a router with TLS serves TLS alone; one without serves TLS only where its entry point adds it. */
function split(router: RuntimeRouter, tlsEntryPoints: ReadonlySet<string>): RouterSnapshot[] {
  const { name, rule, syntax, priority, middlewares, service } = router;
  const common = { name, rule, syntax, priority, middlewares, service };
  if (router.tls) return [{ ...common, entryPoints: router.entryPoints, tls: true }];
  const secure = router.entryPoints.filter((entryPoint) => tlsEntryPoints.has(entryPoint));
  const plain = router.entryPoints.filter((entryPoint) => !tlsEntryPoints.has(entryPoint));
  const result: RouterSnapshot[] = [];
  if (plain.length > 0) result.push({ ...common, entryPoints: plain, tls: false });
  if (secure.length > 0) result.push({ ...common, entryPoints: secure, tls: true });
  return result;
}

function serviceSnapshot(service: RuntimeService): ServiceSnapshot {
  if ('whoami' in service.config) return { kind: 'whoami' };
  const loadBalancer = service.config.loadBalancer ?? {};
  return {
    kind: 'loadBalancer',
    servers: usableServers(loadBalancer),
    passHostHeader: loadBalancer.passHostHeader ?? true,
    sticky: loadBalancer.sticky === undefined ? null : (loadBalancer.sticky.cookie ?? {}),
    healthCheck: loadBalancer.healthCheck ?? null,
    serversTransport: transportOf(loadBalancer, service.provider),
    flushIntervalMs: durationMs(loadBalancer.responseForwarding?.flushInterval, defaultFlushIntervalMs),
  };
}

function chained(config: MiddlewareConfig): readonly string[] {
  const options = config['chain'];
  if (typeof options !== 'object' || options === null || !('middlewares' in options)) return [];
  return Array.isArray(options.middlewares) ? options.middlewares.filter((name) => typeof name === 'string') : [];
}
