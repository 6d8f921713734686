import { createMiddlewareBuilder, type MiddlewareBuilder } from '../middleware/builder.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import type { ChildRouterSnapshot, DownServers, RoutingSnapshot, ServiceSnapshot } from '../model/snapshot.ts';
import { buildRouteTable, type Route, type RouteTable } from '../rule/route-table.ts';
import type { ChildService } from '../service/child.ts';
import { createFailover } from '../service/failover.ts';
import { fixedHandler } from '../service/fixed.ts';
import { type Balancer, createBalancer, type LoadBalancerSnapshot } from '../service/load-balancer.ts';
import { createMirroring } from '../service/mirroring.ts';
import type { Place } from '../service/places.ts';
import { createWeighted } from '../service/weighted.ts';
import { whoamiHandler } from '../service/whoami.ts';
import { SharedCounters } from '../shared/shared-counters.ts';
import { answerError } from './error-page.ts';
import type { Handler, ProxyRequest } from './exchange.ts';
import { createForwarder } from './forward.ts';
import { type InnerTarget, innerHandler, innerTarget, leadsTo } from './inner-routes.ts';
import type { RouteTarget } from './live-exchange.ts';
import type { UpstreamPools } from './pools.ts';
import type { Recorder, TrafficCounter } from './recorder.ts';
import { createUpstream } from './upstream.ts';

/** One snapshot made ready to serve. It is replaced as a whole; requests under way keep the one they began with. */
export interface CompiledRouting {
  readonly revision: number;
  /** By `entry point name` + (with TLS or without): see {@link tableKey}. */
  readonly tables: ReadonlyMap<string, RouteTable<RouteTarget>>;
  readonly balancers: ReadonlyMap<string, Balancer>;
  /** Load balancers that need not be built again while they read the same. */
  readonly kept: ReadonlyMap<string, KeptBalancer>;
  /** By entry point, router and service. */
  readonly counters: ReadonlyMap<string, TrafficCounter>;
  /** Whose turn it is among the children of weighted services. */
  readonly turns: ReadonlyMap<string, ReadonlyMap<string, Place>>;
  readonly middlewares: MiddlewareBuilder;
  readonly poolKeys: ReadonlySet<string>;
  readonly errors: readonly { readonly object: string; readonly message: string }[];
}

export function tableKey(entryPoint: string, tls: boolean): string {
  return tls ? `tls ${entryPoint}` : `plain ${entryPoint}`;
}

interface BuiltService extends ChildService {
  /** It may listen to the exchange's signal. */
  readonly needsSignal: boolean;
}

interface KeptBalancer {
  /** What it was built from, as JSON. */
  readonly from: string;
  readonly built: BuiltService;
  readonly balancer: Balancer;
  readonly poolKeys: readonly string[];
}

/**
 * The one that there was where it reads the same: of ten thousand services, one change concerns one. Those with a
 * transport of their own, which may name files, and those that learn from visitors' requests are built anew each time.
 * Stands by itself, as what it gives outlives the routing that it was made for.
 */
function loadBalancer(
  name: string,
  service: LoadBalancerSnapshot,
  transport: ServersTransportConfig | undefined,
  previous: CompiledRouting | null,
  { pools, onFailing, shared }: { pools: UpstreamPools; onFailing: () => void; shared: SharedCounters },
): KeptBalancer {
  const isKept = transport === undefined && (service.passiveHealthCheck ?? null) === null;
  const from = isKept ? JSON.stringify(service) : '';
  const before = previous?.kept.get(name);
  if (isKept && before?.from === from) return before;
  const balancer = createBalancer(name, service, previous?.balancers.get(name), { onFailing, shared });
  const { handler, poolKeys } = createForwarder(service, transport, balancer, pools);
  const built = { name, handler, isUp: () => balancer.isUp(), needsSignal: false };
  return { from, built, balancer, poolKeys };
}

/** What cannot be built disables the routers that need it, with a reason, and nothing else. */
export function compileRouting(
  snapshot: RoutingSnapshot,
  previous: CompiledRouting | null,
  pools: UpstreamPools,
  recorder: Recorder,
  onFailing: () => void = () => undefined,
  /** The path of a request that middlewares have seen is taken as it stands: see `RouteTable.match`. */
  hasOneReading: (request: ProxyRequest) => boolean = () => false,
  /** What all workers count in. */
  shared: SharedCounters = previous?.middlewares.shared ?? new SharedCounters(),
): CompiledRouting {
  /** Let go of at the end: what lives as long as this routing would hold all that there were before. */
  let before = previous;
  const errors: { object: string; message: string }[] = [];
  const balancers = new Map<string, Balancer>();
  const kept = new Map<string, KeptBalancer>();
  const counters = new Map<string, TrafficCounter>();
  const poolKeys = new Set<string>();
  const turns = new Map<string, ReadonlyMap<string, Place>>();
  const surroundings = {
    asTraefik: snapshot.asTraefik === true,
    service: (name: string) => serviceOf(name).handler,
    connect: (url: string, transport?: ServersTransportConfig) =>
      createUpstream(url, transport, pools, (key) => poolKeys.add(key)),
  };
  const { now } = shared;
  const middlewares = createMiddlewareBuilder(snapshot.middlewares, previous?.middlewares, now, surroundings, shared);
  const services = new Map<string, BuiltService | Error>();

  const serviceOf = (name: string): BuiltService => {
    let built = services.get(name);
    if (!built) {
      // Found again while it is built: it leads back to itself.
      services.set(name, new Error(`The service ${name} leads back to itself`));
      built = attempt(() => withMiddlewares(buildService(name)));
      services.set(name, built);
    }
    if (built instanceof Error) throw built;
    return built;
  };

  const withMiddlewares = (built: BuiltService): BuiltService => {
    const { middlewares: names = [] } = snapshot.services[built.name] ?? {};
    if (names.length === 0) return built;
    let { handler } = built;
    for (const name of names.toReversed()) handler = middlewares.build(name)(handler);
    return { ...built, handler, needsSignal: true };
  };

  const buildService = (name: string): BuiltService => {
    const service: ServiceSnapshot | undefined = snapshot.services[name];
    if (!service) throw new Error(`The service ${name} does not exist`);
    switch (service.kind) {
      case 'fixed': {
        const handler = fixedHandler(service.status, service.body);
        return { name, handler, isUp: () => true, needsSignal: false };
      }
      case 'whoami':
        return { name, handler: whoamiHandler, isUp: () => true, needsSignal: false };
      case 'loadBalancer': {
        const { serversTransport } = service;
        const transport = serversTransport === null ? undefined : snapshot.serversTransports[serversTransport];
        if (serversTransport !== null && !transport) {
          throw new Error(`The serversTransport ${serversTransport} does not exist`);
        }
        const made = loadBalancer(name, service, transport, before, { pools, onFailing, shared });
        for (const key of made.poolKeys) poolKeys.add(key);
        balancers.set(name, made.balancer);
        if (made.from !== '') kept.set(name, made);
        return made.built;
      }
      case 'weighted': {
        const weighted = createWeighted(name, service, serviceOf, before?.turns.get(name));
        turns.set(name, weighted.places);
        const { handler, isUp } = weighted;
        const needsSignal = service.services.some((child) => serviceOf(child.name).needsSignal);
        return { name, handler, isUp: service.healthCheck ? isUp : () => true, needsSignal };
      }
      case 'mirroring': {
        const { isUp } = serviceOf(service.service);
        const handler = createMirroring(service, serviceOf);
        return { name, handler, isUp: service.healthCheck ? isUp : () => true, needsSignal: true };
      }
      case 'failover': {
        const { handler, isUp } = createFailover(service, serviceOf);
        return { name, handler, isUp: service.healthCheck ? isUp : () => true, needsSignal: true };
      }
    }
  };

  const innerRoutes = new Map<string, Route<InnerTarget> | Error>();
  const innerRouteOf = (router: ChildRouterSnapshot): Route<InnerTarget> => {
    let built = innerRoutes.get(router.name);
    if (!built) {
      innerRoutes.set(router.name, new Error(`The router ${router.name} leads back to itself`));
      const { handler } = buildRouter(router);
      built = { ...routeOf(router), target: innerTarget(router, handler, recorder) };
      innerRoutes.set(router.name, built);
    }
    if (built instanceof Error) throw built;
    return built;
  };

  /** What stands behind a router's middlewares: its service, or the routers below it. */
  const behind = (router: ChildRouterSnapshot): Pick<BuiltService, 'handler' | 'needsSignal'> => {
    if (router.children === undefined) return serviceOf(router.service);
    const children = router.children.flatMap((name) => snapshot.childRouters?.[name] ?? []);
    if (children.length === 0) throw new Error(`None of the routers below ${router.name} can be used`);
    const table = buildTable(children.map(innerRouteOf), errors);
    return { handler: innerHandler(router.name, table, hasOneReading), needsSignal: true };
  };

  /** What cannot be built refuses everything, so that it keeps its place in the table. */
  const buildRouter = (router: ChildRouterSnapshot): Pick<BuiltService, 'handler' | 'needsSignal'> => {
    if (router.refuse) return { handler: refuseAll(router.refuse.reason), needsSignal: false };
    const built = attempt(() => {
      const { handler, needsSignal } = behind(router);
      let next = handler;
      for (const name of router.middlewares.toReversed()) next = middlewares.build(name)(next);
      return { handler: next, needsSignal };
    });
    if (!(built instanceof Error)) return built;
    errors.push({ object: router.name, message: built.message });
    return { handler: refuseAll(built.message), needsSignal: false };
  };

  const counterOf = (entryPoint: string, router: string, service: string | null): TrafficCounter => {
    const key = `${entryPoint}\0${router}\0${service ?? ''}`;
    const counter = before?.counters.get(key) ?? recorder.counter(entryPoint, router, service);
    counters.set(key, counter);
    return counter;
  };

  const candidates = new Map<string, Route<RouteTarget>[]>();
  for (const router of snapshot.routers) {
    // It keeps its place in the table: a router below it must not get requests that this one was to guard.
    const { handler, needsSignal } = buildRouter(router);
    const service = leadsTo(router);
    for (const entryPoint of router.entryPoints) {
      const key = tableKey(entryPoint, router.tls);
      const list = candidates.get(key) ?? [];
      candidates.set(key, list);
      list.push({
        ...routeOf(router),
        target: {
          router: router.name,
          priority: router.priority,
          service,
          tlsOptions: router.tlsOptions ?? null,
          handler,
          needsSignal: router.middlewares.length > 0 || needsSignal,
          isLogged: router.accessLogs ?? null,
          counter: counterOf(entryPoint, router.name, service),
        },
      });
    }
  }
  const tables = new Map<string, RouteTable<RouteTarget>>();
  for (const [key, list] of candidates) tables.set(key, buildTable(list, errors));
  before = null;
  return { revision: snapshot.revision, tables, balancers, kept, counters, turns, middlewares, poolKeys, errors };
}

/** Tells the balancers which servers the engine's checks found down. */
export function applyDown(routing: CompiledRouting, down: DownServers): void {
  for (const [name, balancer] of routing.balancers) balancer.setDown(down[name] ?? []);
}

function routeOf({ name, rule, syntax, priority, providerRank }: ChildRouterSnapshot): Omit<Route<unknown>, 'target'> {
  return {
    name,
    rule,
    ...(syntax === undefined ? {} : { syntax }),
    priority,
    ...(providerRank === undefined ? {} : { providerRank }),
  };
}

function buildTable<Target>(
  list: readonly Route<Target>[],
  errors: { object: string; message: string }[],
): RouteTable<Target> {
  try {
    return buildRouteTable(list);
  } catch {
    // Rules were checked before they came here. Should one not compile all the same, it goes and the rest stays.
    const fit = list.filter((candidate) => {
      const error = attempt(() => buildRouteTable([candidate]));
      if (error instanceof Error) errors.push({ object: candidate.name, message: error.message });
      return !(error instanceof Error);
    });
    return buildRouteTable(fit);
  }
}

function refuseAll(reason: string): Handler {
  return (exchange) => answerError(exchange, 503, 'SERVICE_DISABLED', reason);
}

function attempt<T>(action: () => T): T | Error {
  try {
    return action();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
