import { STATUS_CODES } from 'node:http';
import { durationMs } from '../../proxy/model/duration.ts';
import type { MiddlewareConfig, PassiveHealthCheckConfig, ServersTransportConfig } from '../../proxy/model/dynamic.ts';
import { qualify } from '../../proxy/model/names.ts';
import type {
  ChildRouterSnapshot,
  RouterSnapshot,
  RoutingSnapshot,
  ServiceSnapshot,
} from '../../proxy/model/snapshot.ts';
import type { TcpServersTransportConfig } from '../../proxy/model/stream.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import { isInPlace } from './closed.ts';
import { childrenOf, serviceMiddlewares } from './judge-composed.ts';
import { middlewaresOf } from './judge-router.ts';
import { defaultTransportName, transportOf, usableServers } from './judge-service.ts';
import type { TlsJudgement } from './judge-tls.ts';
import { isPaused } from './judgement.ts';
import type { InternalService, RuntimeRouter, RuntimeService, RuntimeState } from './state.ts';
import { toStreamSnapshot } from './stream-snapshot.ts';

/**
 * A body that may have to be sent twice is kept in memory up to this size where nothing is said. Traefik keeps any
 * number of bytes; who wants that writes -1.
 */
const defaultCopiedBodyBytes = 8 * 1024 * 1024;

/** Traefik's default for `responseForwarding.flushInterval`. */
const defaultFlushIntervalMs = 100;

/**
 * What the workers serve: everything that is not disabled, routers that are closed, and nothing that no router leads to.
 */
export function toRoutingSnapshot(
  state: RuntimeState,
  entryPoints: readonly Pick<StaticEntryPoint, 'name' | 'tls'>[],
  {
    pausedAll,
    internalUrls = {},
    defaultTransport,
    defaultTcpTransport,
    pingStatus,
  }: {
    readonly pausedAll: boolean;
    readonly internalUrls?: InternalUrls;
    readonly defaultTransport?: ServersTransportConfig | undefined;
    readonly defaultTcpTransport?: TcpServersTransportConfig | undefined;
    /** What `ping@internal` answers; left out: 200. */
    readonly pingStatus?: number | undefined;
  },
): RoutingSnapshot {
  const copiedBodyBytes = state.asTraefik === true ? -1 : defaultCopiedBodyBytes;
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
    const pages = servicePagesOf(middleware.config);
    if (pages !== null) takeService(pages);
  };

  const takeService = (name: string): void => {
    const service = state.services.get(name);
    if (service === undefined || name in services) return;
    const middlewareNames = serviceMiddlewares(service.config, service.provider);
    const snapshot = serviceSnapshot(service, { urls: internalUrls, pingStatus: pingStatus ?? 200, copiedBodyBytes });
    services[name] = middlewareNames.length === 0 ? snapshot : { ...snapshot, middlewares: middlewareNames };
    for (const middleware of middlewareNames) takeMiddleware(middleware);
    for (const child of childrenOf(service.config, service.provider)) takeService(child.name);
  };

  const isServed = (router: RuntimeRouter): boolean =>
    isInPlace(router) && !isPaused(router) && !(pausedAll && router.provider !== 'internal');
  const childRouters: Record<string, ChildRouterSnapshot> = Object.create(null);
  for (const router of state.routers.values()) {
    if (!isServed(router)) continue;
    if (router.closed !== undefined) {
      if (router.parents !== undefined) childRouters[router.name] = refusing(routed(router), router.closed);
      else for (const each of split(router, tlsEntryPoints)) routers.push(refusing(each, router.closed));
      continue;
    }
    const service = state.services.get(router.service);
    if (service === undefined && router.children === undefined) continue;
    const children = router.children?.filter((name) => {
      const child = state.routers.get(name);
      return child !== undefined && isServed(child);
    });
    const below = children === undefined ? {} : { children };
    if (router.parents === undefined) {
      const tlsOptions = state.tls?.required.get(router.name);
      for (const each of split(router, tlsEntryPoints)) {
        routers.push({ ...each, ...below, ...(tlsOptions === undefined ? {} : { tlsOptions }) });
      }
    } else {
      childRouters[router.name] = { ...routed(router), ...below };
    }
    if (service !== undefined) takeService(service.name);
    for (const name of middlewaresOf(router)) takeMiddleware(name);
  }
  for (const [name, service] of Object.entries(services)) {
    if (service.kind !== 'loadBalancer') continue;
    if (service.serversTransport === null) {
      if (defaultTransport === undefined) continue;
      services[name] = { ...service, serversTransport: defaultTransportName };
      serversTransports[defaultTransportName] = defaultTransport;
      continue;
    }
    const transport = state.serversTransports.get(service.serversTransport);
    if (transport !== undefined) serversTransports[service.serversTransport] = transport;
  }
  const streams = pausedAll ? null : toStreamSnapshot(state.streams, defaultTcpTransport);
  return {
    revision: state.revision,
    routers,
    ...(Object.keys(childRouters).length === 0 ? {} : { childRouters }),
    middlewares,
    services,
    serversTransports,
    ...(state.asTraefik === true ? { asTraefik: true as const } : {}),
    ...(streams === null ? {} : { streams }),
    ...(state.tls === undefined ? {} : tlsSnapshot(state.tls)),
  };
}

function tlsSnapshot({ options, hosts }: TlsJudgement): Pick<RoutingSnapshot, 'tlsOptions' | 'tlsHosts'> {
  return {
    ...(Object.keys(options).length === 0 ? {} : { tlsOptions: options }),
    ...(Object.keys(hosts).length === 0 ? {} : { tlsHosts: hosts }),
  };
}

function routed({ name, rule, syntax, priority, providerRank, middlewares, service }: RuntimeRouter) {
  const rank = providerRank === undefined ? {} : { providerRank };
  return { name, rule, syntax, priority, ...rank, middlewares, service };
}

/** In its place, with nothing behind it. */
function refusing<Router extends ChildRouterSnapshot>(router: Router, reason: string): Router {
  return { ...router, middlewares: [], service: '', refuse: { reason } };
}

/** As Traefik has it: a router with TLS serves TLS alone; one without serves TLS only where its entry point adds it. */
function split(router: RuntimeRouter, tlsEntryPoints: ReadonlySet<string>): RouterSnapshot[] {
  const { middlewares, entryPointMiddlewares } = router;
  if (entryPointMiddlewares !== undefined) {
    const { entryPointMiddlewares: _all, ...rest } = router;
    return router.entryPoints.flatMap((entryPoint) => {
      const chain = entryPointMiddlewares[entryPoint] ?? middlewares;
      return split({ ...rest, entryPoints: [entryPoint], middlewares: chain }, tlsEntryPoints);
    });
  }
  const { accessLogs, metrics } = router.config.observability ?? {};
  const common = {
    ...routed(router),
    ...(accessLogs === undefined ? {} : { accessLogs }),
    ...(metrics === undefined ? {} : { metrics }),
  };
  if (router.tls) return [{ ...common, entryPoints: router.entryPoints, tls: true }];
  const secure = router.entryPoints.filter((entryPoint) => tlsEntryPoints.has(entryPoint));
  const plain = router.entryPoints.filter((entryPoint) => !tlsEntryPoints.has(entryPoint));
  const result: RouterSnapshot[] = [];
  if (plain.length > 0) result.push({ ...common, entryPoints: plain, tls: false });
  if (secure.length > 0) result.push({ ...common, entryPoints: secure, tls: true });
  return result;
}

/** Where the services that the engine itself answers for are reached. */
export type InternalUrls = Partial<Readonly<Record<'api' | 'dashboard' | 'prometheus', string>>>;

interface ServiceFacts {
  readonly urls: InternalUrls;
  readonly pingStatus: number;
  /** How much of a body is kept where it may have to be sent twice and nothing is said; below 0: any number. */
  readonly copiedBodyBytes: number;
}

function internalSnapshot(serves: InternalService | undefined, { urls, pingStatus }: ServiceFacts): ServiceSnapshot {
  if (serves === undefined) return { kind: 'whoami' };
  // As Traefik: ping says OK, and what a middleware should have answered before it came to noop is a teapot.
  if (serves === 'ping') return { kind: 'fixed', status: pingStatus, body: STATUS_CODES[pingStatus] ?? '' };
  if (serves === 'noop') return { kind: 'fixed', status: 418, body: "I'm a teapot\n" };
  const url = urls[serves];
  return {
    kind: 'loadBalancer',
    // The path is what tells the engine that a worker asks.
    servers: url === undefined ? [] : [{ url, weight: 1, preservePath: true }],
    passHostHeader: true,
    sticky: null,
    healthCheck: null,
    serversTransport: null,
    flushIntervalMs: -1,
  };
}

function serviceSnapshot(service: RuntimeService, facts: ServiceFacts): ServiceSnapshot {
  const { config, provider } = service;
  if ('whoami' in config) return internalSnapshot(config.serves, facts);
  const { weighted, highestRandomWeight, mirroring, failover } = config;
  const own = (name: string | undefined): string => qualify(name ?? '', provider);
  const shared = weighted ?? highestRandomWeight;
  if (shared) {
    return {
      kind: 'weighted',
      strategy: weighted ? 'wrr' : 'hrw',
      services: (shared.services ?? []).map(({ name, weight = 1 }) => ({ name: own(name), weight })),
      sticky: weighted?.sticky === undefined ? null : (weighted.sticky.cookie ?? {}),
      healthCheck: shared.healthCheck !== undefined,
    };
  }
  if (mirroring) {
    return {
      kind: 'mirroring',
      service: own(mirroring.service),
      mirrors: (mirroring.mirrors ?? []).map(({ name, percent = 0 }) => ({ name: own(name), percent })),
      mirrorBody: mirroring.mirrorBody ?? true,
      maxBodyBytes: mirroring.maxBodySize ?? facts.copiedBodyBytes,
      healthCheck: mirroring.healthCheck !== undefined,
    };
  }
  if (failover) {
    const { errors } = failover;
    const status = errors?.status ?? [];
    return {
      kind: 'failover',
      service: own(failover.service),
      fallback: own(failover.fallback),
      errors:
        status.length === 0
          ? null
          : { status, maxRequestBodyBytes: errors?.maxRequestBodyBytes ?? facts.copiedBodyBytes },
      healthCheck: failover.healthCheck !== undefined,
    };
  }
  const loadBalancer = config.loadBalancer ?? {};
  return {
    kind: 'loadBalancer',
    ...(loadBalancer.strategy === undefined ? {} : { strategy: loadBalancer.strategy }),
    ...(loadBalancer.passiveHealthCheck === undefined
      ? {}
      : { passiveHealthCheck: passiveHealthCheck(loadBalancer.passiveHealthCheck) }),
    servers: usableServers(loadBalancer, service.provider),
    passHostHeader: loadBalancer.passHostHeader ?? true,
    sticky: loadBalancer.sticky === undefined ? null : (loadBalancer.sticky.cookie ?? {}),
    healthCheck: loadBalancer.healthCheck ?? null,
    serversTransport: transportOf(loadBalancer, service.provider),
    flushIntervalMs: durationMs(loadBalancer.responseForwarding?.flushInterval, defaultFlushIntervalMs),
  };
}

function passiveHealthCheck({ failureWindow, maxFailedAttempts }: PassiveHealthCheckConfig) {
  return { failureWindowMs: durationMs(failureWindow, 10_000), maxFailedAttempts: maxFailedAttempts ?? 1 };
}

/** The service whose pages stand in place of errors. */
function servicePagesOf(config: MiddlewareConfig): string | null {
  const options = config['errors'];
  if (typeof options !== 'object' || options === null || !('service' in options)) return null;
  return typeof options.service === 'string' ? options.service : null;
}

function chained(config: MiddlewareConfig): readonly string[] {
  const options = config['chain'];
  if (typeof options !== 'object' || options === null || !('middlewares' in options)) return [];
  return Array.isArray(options.middlewares) ? options.middlewares.filter((name) => typeof name === 'string') : [];
}
