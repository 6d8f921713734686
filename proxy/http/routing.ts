import { createMiddlewareBuilder, type MiddlewareBuilder } from '../middleware/builder.ts';
import type { DownServers, RoutingSnapshot, ServiceSnapshot } from '../model/snapshot.ts';
import { buildRouteTable, type RouteTable } from '../rule/route-table.ts';
import { type Balancer, createBalancer } from '../service/load-balancer.ts';
import { whoamiHandler } from '../service/whoami.ts';
import { answerError } from './error-page.ts';
import type { Handler } from './exchange.ts';
import { createForwarder } from './forward.ts';
import type { RouteTarget } from './live-exchange.ts';
import type { UpstreamPools } from './pools.ts';
import type { Recorder } from './recorder.ts';
import { createUpstream } from './upstream.ts';

/** One snapshot made ready to serve. It is replaced as a whole; requests under way keep the one they began with. */
export interface CompiledRouting {
  readonly revision: number;
  /** By `entry point name` + (with TLS or without): see {@link tableKey}. */
  readonly tables: ReadonlyMap<string, RouteTable<RouteTarget>>;
  readonly balancers: ReadonlyMap<string, Balancer>;
  readonly middlewares: MiddlewareBuilder;
  readonly poolKeys: ReadonlySet<string>;
  readonly errors: readonly { readonly object: string; readonly message: string }[];
}

export function tableKey(entryPoint: string, tls: boolean): string {
  return tls ? `tls ${entryPoint}` : `plain ${entryPoint}`;
}

interface BuiltService {
  readonly handler: Handler;
  readonly poolKeys: readonly string[];
}

interface Candidate {
  readonly name: string;
  readonly rule: string;
  readonly syntax?: 'v2' | 'v3';
  readonly priority: number;
  readonly target: RouteTarget;
}

/** What cannot be built disables the routers that need it, with a reason, and nothing else. */
export function compileRouting(
  snapshot: RoutingSnapshot,
  previous: CompiledRouting | null,
  pools: UpstreamPools,
  recorder: Recorder,
): CompiledRouting {
  const errors: { object: string; message: string }[] = [];
  const balancers = new Map<string, Balancer>();
  const poolKeys = new Set<string>();
  const middlewares = createMiddlewareBuilder(snapshot.middlewares, previous?.middlewares, undefined, {
    service: (name) => serviceOf(name).handler,
    connect: (url, transport) => createUpstream(url, transport, pools, (key) => poolKeys.add(key)),
  });
  const services = new Map<string, BuiltService | Error>();

  const serviceOf = (name: string): BuiltService => {
    let built = services.get(name);
    if (!built) {
      built = attempt(() => buildService(name, snapshot, previous, balancers, pools));
      services.set(name, built);
      if (!(built instanceof Error)) for (const key of built.poolKeys) poolKeys.add(key);
    }
    if (built instanceof Error) throw built;
    return built;
  };

  const candidates = new Map<string, Candidate[]>();
  for (const router of snapshot.routers) {
    const built = attempt(() => {
      let next = serviceOf(router.service).handler;
      for (const name of router.middlewares.toReversed()) next = middlewares.build(name)(next);
      return next;
    });
    if (built instanceof Error) errors.push({ object: router.name, message: built.message });
    // It keeps its place in the table: a router below it must not get requests that this one was to guard.
    const handler = built instanceof Error ? refuseAll(built.message) : built;
    for (const entryPoint of router.entryPoints) {
      const key = tableKey(entryPoint, router.tls);
      const list = candidates.get(key) ?? [];
      candidates.set(key, list);
      list.push({
        name: router.name,
        rule: router.rule,
        ...(router.syntax === undefined ? {} : { syntax: router.syntax }),
        priority: router.priority,
        target: {
          router: router.name,
          service: router.service,
          handler,
          needsSignal: router.middlewares.length > 0,
          counter: recorder.counter(entryPoint, router.name, router.service),
        },
      });
    }
  }
  const tables = new Map<string, RouteTable<RouteTarget>>();
  for (const [key, list] of candidates) tables.set(key, buildTable(list, errors));
  return { revision: snapshot.revision, tables, balancers, middlewares, poolKeys, errors };
}

/** Tells the balancers which servers the engine's checks found down. */
export function applyDown(routing: CompiledRouting, down: DownServers): void {
  for (const [name, balancer] of routing.balancers) balancer.setDown(down[name] ?? []);
}

function buildService(
  name: string,
  snapshot: RoutingSnapshot,
  previous: CompiledRouting | null,
  balancers: Map<string, Balancer>,
  pools: UpstreamPools,
): BuiltService {
  const service: ServiceSnapshot | undefined = snapshot.services[name];
  if (!service) throw new Error(`The service ${name} does not exist`);
  if (service.kind === 'whoami') return { handler: whoamiHandler, poolKeys: [] };
  const { serversTransport } = service;
  const transport = serversTransport === null ? undefined : snapshot.serversTransports[serversTransport];
  if (serversTransport !== null && !transport) {
    throw new Error(`The serversTransport ${serversTransport} does not exist`);
  }
  const balancer = createBalancer(name, service, previous?.balancers.get(name));
  const forwarder = createForwarder(service, transport, balancer, pools);
  balancers.set(name, balancer);
  return forwarder;
}

function buildTable(
  list: readonly Candidate[],
  errors: { object: string; message: string }[],
): RouteTable<RouteTarget> {
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
