import { middlewareTable } from '../../proxy/middleware/table.ts';
import type { LoadBalancerConfig, ServiceConfig } from '../../proxy/model/dynamic.ts';
import type { DownServers } from '../../proxy/model/snapshot.ts';
import type { TlsOptionsSnapshot } from '../../proxy/model/tls.ts';
import type {
  ContainerView,
  Exposure,
  MiddlewareView,
  Problem,
  RouterView,
  ServerView,
  ServiceView,
} from '../contract/objects.ts';
import { viewKey } from '../contract/view-key.ts';
import { problem } from '../problem.ts';
import type { BoundEntryPoint } from './entry-points.ts';
import { childrenOf, kindsOf, serviceMiddlewares } from './judge-composed.ts';
import { usableServers } from './judge-service.ts';
import { tlsOptionsOf } from './judge-tls.ts';
import { isPaused, statusOf } from './judgement.ts';
import { masked } from './mask.ts';
import { pausedServers, shownOverridden } from './override-view.ts';
import { type TlsOptionsByName, tlsSettingsView } from './router-tls-view.ts';
import { keepSame } from './same.ts';
import { saidOfServer } from './server-reasons.ts';
import type { RuntimeMiddleware, RuntimeRouter, RuntimeService, RuntimeState } from './state.ts';
import { streamViews } from './stream-views.ts';
import { urlsOf } from './urls.ts';

export type ContainerFacts = Omit<ContainerView, 'exposure' | 'routers' | 'urls' | 'exposureId'>;

/** Why servers are down, in words: service → URL → reason. */
export type DownReasons = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface Health {
  readonly down: DownServers;
  readonly reasons: DownReasons;
}

/** Everything that clients' views are made of. */
export interface ViewSources {
  readonly state: RuntimeState;
  readonly entryPoints: readonly BoundEntryPoint[];
  readonly health: Health;
  /** Each container, with the qualified names of the routers that its labels make. */
  readonly containers: readonly { readonly facts: ContainerFacts; readonly routers: readonly string[] }[];
  readonly exposures: readonly Exposure[];
  readonly pausedAll: boolean;
  /** Routers that workers could not build, and why. */
  readonly unbuilt: ReadonlyMap<string, string>;
}

/** TCP and UDP among them; keys are those of `viewKey`. */
export interface Views {
  readonly routers: ReadonlyMap<string, RouterView>;
  readonly services: ReadonlyMap<string, ServiceView>;
  readonly middlewares: ReadonlyMap<string, MiddlewareView>;
  /** By id. */
  readonly containers: ReadonlyMap<string, ContainerView>;
}

export const emptyViews: Views = {
  routers: new Map(),
  services: new Map(),
  middlewares: new Map(),
  containers: new Map(),
};

/** Views of objects that have not changed since: runtime objects keep their identity while they say the same. */
const routerViews = new WeakMap<RuntimeRouter, KnownRouterView>();
const middlewareViews = new WeakMap<RuntimeMiddleware, MiddlewareView>();

interface KnownRouterView {
  readonly entryPoints: readonly BoundEntryPoint[];
  readonly tlsOptions: readonly (TlsOptionsSnapshot | undefined)[];
  readonly view: RouterView;
}

/** Builds all views; those that say the same as before are the previous ones themselves. */
export function buildViews(sources: ViewSources, previous: Views): Views {
  const { state, entryPoints, health } = sources;
  const tlsOptionsByName = state.tls?.options ?? {};
  const routers = new Map<string, RouterView>();
  for (const [name, router] of state.routers) {
    const unbuilt = sources.unbuilt.get(name);
    const known = unbuilt === undefined ? routerViews.get(router) : undefined;
    const tlsNames = tlsNamesOf(router, entryPoints);
    const tlsOptions = tlsNames.map((each) => tlsOptionsByName[each]);
    if (known?.entryPoints === entryPoints && known.tlsOptions.every((each, i) => each === tlsOptions[i])) {
      routers.set(name, known.view);
      continue;
    }
    const made = routerView(
      router,
      entryPoints,
      unbuilt,
      tlsSettingsOf(router, entryPoints, tlsNames, tlsOptionsByName),
    );
    const view = keepSame(previous.routers.get(name), made);
    if (unbuilt === undefined) routerViews.set(router, { entryPoints, tlsOptions, view });
    routers.set(name, view);
  }
  const services = new Map<string, ServiceView>();
  for (const [name, service] of state.services) {
    if (isUnusedNoop(service)) continue;
    services.set(name, keepSame(previous.services.get(name), serviceView(service, health, state.services)));
  }
  const middlewares = new Map<string, MiddlewareView>();
  for (const [name, middleware] of state.middlewares) {
    const view =
      middlewareViews.get(middleware) ?? keepSame(previous.middlewares.get(name), middlewareView(middleware));
    middlewareViews.set(middleware, view);
    middlewares.set(name, view);
  }
  const streams = streamViews(state.streams, health, sources.unbuilt, tlsOptionsByName);
  addStreams(routers, streams.routers, previous.routers);
  addStreams(services, streams.services, previous.services);
  addStreams(middlewares, streams.middlewares, previous.middlewares);
  const exposures = new Map<string, Exposure[]>();
  for (const exposure of sources.exposures) {
    if (exposure.containerId === null) continue;
    const own = exposures.get(exposure.containerId);
    if (own === undefined) exposures.set(exposure.containerId, [exposure]);
    else own.push(exposure);
  }
  const containers = new Map<string, ContainerView>();
  for (const { facts, routers: labelled } of sources.containers) {
    const view = containerView(facts, labelled, exposures.get(facts.id) ?? [], routers, sources.pausedAll);
    containers.set(facts.id, keepSame(previous.containers.get(facts.id), view));
  }
  return { routers, services, middlewares, containers };
}

function addStreams<T extends RouterView | ServiceView | MiddlewareView>(
  into: Map<string, T>,
  views: readonly T[],
  previous: ReadonlyMap<string, T>,
): void {
  for (const view of views) {
    const key = viewKey(view);
    into.set(key, keepSame(previous.get(key), view));
  }
}

export interface Delta<T> {
  readonly upserted: T[];
  readonly removed: string[];
}

/** What changed between two sets of views, by identity. */
export function deltaOf<T>(previous: ReadonlyMap<string, T>, next: ReadonlyMap<string, T>): Delta<T> {
  const upserted: T[] = [];
  for (const [key, view] of next) if (previous.get(key) !== view) upserted.push(view);
  const removed = [...previous.keys()].filter((key) => !next.has(key));
  return { upserted, removed };
}

export function isEmptyDelta({ upserted, removed }: Delta<unknown>): boolean {
  return upserted.length === 0 && removed.length === 0;
}

function routerView(
  router: RuntimeRouter,
  entryPoints: readonly BoundEntryPoint[],
  unbuilt: string | undefined,
  tlsSettings: RouterView['tlsSettings'] | null,
): RouterView {
  const { name, provider, rule, priority, tls, hosts, middlewares, service, source } = router;
  const problems = unbuilt === undefined ? router.problems : [...router.problems, notBuilt(unbuilt)];
  const status = unbuilt === undefined ? router.status : 'disabled';
  return {
    name,
    provider,
    status,
    problems: [...problems],
    rule,
    priority,
    entryPoints: [...router.entryPoints],
    middlewares: [...middlewares],
    service,
    ...(router.parents === undefined ? {} : { parents: [...router.parents] }),
    ...(router.children === undefined ? {} : { children: [...router.children] }),
    tls: tls || entryPoints.some((each) => each.entryPoint.tls && router.entryPoints.includes(each.entryPoint.name)),
    ...(tlsSettings ? { tlsSettings } : {}),
    hosts: [...hosts],
    urls: status === 'disabled' || isPaused(router) ? [] : urlsOf(router, entryPoints),
    source,
    ...(router.overridden === undefined ? {} : { overridden: shownOverridden(router.overridden) }),
    ...(router.closed === undefined ? {} : { closed: true }),
  };
}

/** Names of the TLS options that it asks for at its entry points. */
function tlsNamesOf(router: RuntimeRouter, entryPoints: readonly BoundEntryPoint[]): readonly string[] {
  const names = new Set<string>();
  for (const { entryPoint } of entryPoints) {
    const name = router.entryPoints.includes(entryPoint.name) ? tlsOptionsOf(router, entryPoint) : null;
    if (name !== null) names.add(name);
  }
  return [...names];
}

function tlsSettingsOf(
  { config, entryPoints: own }: RuntimeRouter,
  entryPoints: readonly BoundEntryPoint[],
  names: readonly string[],
  options: TlsOptionsByName,
): RouterView['tlsSettings'] | null {
  if (names.length === 0) return null;
  const byDefault = entryPoints.find(({ entryPoint }) => own.includes(entryPoint.name) && entryPoint.tls)?.entryPoint;
  return tlsSettingsView(config.tls ?? byDefault?.routerTls ?? {}, names, options);
}

function notBuilt(reason: string): Problem {
  return problem('ROUTER_NOT_BUILT', 'error', `The router cannot be served: ${reason}`, null, { reason });
}

function serviceView(service: RuntimeService, health: Health, services: RuntimeState['services']): ServiceView {
  const { name, provider, source, usedBy } = service;
  const layer = service.overridden === undefined ? {} : { overridden: shownOverridden(service.overridden) };
  const common = { name, provider, source, usedBy: [...usedBy], ...layer };
  if ('whoami' in service.config) {
    return {
      ...common,
      status: service.status,
      problems: [...service.problems],
      type: 'whoami',
      servers: [],
      passHostHeader: true,
      sticky: false,
      healthCheck: null,
      serversTransport: null,
    };
  }
  const { config } = service;
  const { loadBalancer } = config;
  const children = childViews(service, health, services);
  const middlewares = serviceMiddlewares(config, provider);
  const servers = loadBalancer === undefined ? [] : serverViews(service, isChecked(loadBalancer), health);
  const problems = [...service.problems];
  const open = servers.filter((server) => server.health !== 'paused');
  if (service.status !== 'disabled' && open.length > 0 && open.every((server) => server.health === 'down')) {
    problems.push(
      problem(
        'SERVERS_DOWN',
        'warning',
        `No server of ${name} passes its health check, so visitors are told that it is down.`,
        'See what the check says of each server.',
        { service: name, servers: open.length },
      ),
    );
  }
  return {
    ...common,
    status: statusOf(problems),
    problems,
    type: kindsOf(config)[0] ?? 'unknown',
    strategy: strategyOf(config),
    ...(children.length > 0 ? { children: [...children] } : {}),
    ...(middlewares.length > 0 ? { middlewares: [...middlewares] } : {}),
    servers,
    passHostHeader: loadBalancer?.passHostHeader ?? true,
    sticky: (loadBalancer?.sticky ?? config.weighted?.sticky) !== undefined,
    healthCheck: loadBalancer?.healthCheck === undefined ? null : (loadBalancer.healthCheck.path ?? '/'),
    serversTransport: loadBalancer?.serversTransport ?? null,
  };
}

function strategyOf(config: ServiceConfig): ServiceView['strategy'] {
  if (config.loadBalancer) return config.loadBalancer.strategy ?? 'wrr';
  if (config.highestRandomWeight) return 'hrw';
  return config.weighted ? 'wrr' : null;
}

function isChecked({ healthCheck, passiveHealthCheck }: LoadBalancerConfig): boolean {
  return healthCheck !== undefined || passiveHealthCheck !== undefined;
}

function childViews(
  service: RuntimeService,
  health: Health,
  services: RuntimeState['services'],
): NonNullable<ServiceView['children']> {
  return childrenOf(service.config, service.provider).map(({ name, role, share }) => ({
    name,
    role,
    share,
    health: healthOf(name, health, services, new Set()),
  }));
}

/** Health of a service as one that leads to it sees it. */
function healthOf(
  name: string,
  health: Health,
  services: RuntimeState['services'],
  seen: Set<string>,
): ServerView['health'] {
  const service = services.get(name);
  if (service === undefined || service.status === 'disabled' || seen.has(name)) return 'down';
  seen.add(name);
  const { config, provider } = service;
  if ('whoami' in config) return 'unchecked';
  const { loadBalancer } = config;
  if (loadBalancer) {
    if (!isChecked(loadBalancer)) return 'unchecked';
    return serverViews(service, true, health).some((server) => server.health === 'up') ? 'up' : 'down';
  }
  const own = config.weighted ?? config.highestRandomWeight ?? config.mirroring ?? config.failover;
  if (own?.healthCheck === undefined) return 'unchecked';
  const children = childrenOf(config, provider).filter(({ role }) => role !== 'mirror');
  return children.some((child) => healthOf(child.name, health, services, seen) !== 'down') ? 'up' : 'down';
}

function serverViews(service: RuntimeService, checked: boolean, { down, reasons }: Health): ServerView[] {
  if ('whoami' in service.config || service.config.loadBalancer === undefined) return [];
  const downNow = Object.hasOwn(down, service.name) ? (down[service.name] ?? []) : [];
  const why = Object.hasOwn(reasons, service.name) ? reasons[service.name] : undefined;
  const serving = usableServers(service.config.loadBalancer, service.provider).map(({ url, weight }): ServerView => {
    const isDown = downNow.includes(url);
    const reason = isDown ? (why?.[url] ?? null) : null;
    return { url, weight, health: isDown ? 'down' : checked ? 'up' : 'unchecked', reason, ...saidOfServer(reason) };
  });
  return [...serving, ...pausedServers(service)];
}

function middlewareView(middleware: RuntimeMiddleware): MiddlewareView {
  const { name, provider, type, status, problems, config, usedBy, source } = middleware;
  const definition = middlewareTable.get(type);
  const options = config[type];
  return {
    name,
    provider,
    type,
    status,
    problems: [...problems],
    summary: definition?.summary ?? '',
    // Options of a type that nobody knows may hold secrets that nobody can name.
    options: definition === undefined || typeof options !== 'object' ? {} : masked(options, definition.secretOptions),
    usedBy: [...usedBy],
    source,
  };
}

function containerView(
  facts: ContainerFacts,
  labelled: readonly string[],
  exposures: readonly Exposure[],
  routers: ReadonlyMap<string, RouterView>,
  pausedAll: boolean,
): ContainerView {
  const names = [...labelled, ...exposures.map(({ name }) => `${name}@gatehouse`)];
  const own = names.flatMap((key) => routers.get(key) ?? []);
  const isPausedView = ({ overridden }: RouterView): boolean => overridden?.fields.includes('paused') ?? false;
  const serving = own.filter(
    (router) =>
      router.status !== 'disabled' &&
      !isPausedView(router) &&
      !router.problems.some(({ code }) => code === 'SERVICE_NO_SERVERS' || code === 'SERVICE_PAUSED'),
  );
  const problems = [
    ...facts.problems,
    ...exposures.flatMap((exposure) => exposure.problems),
    ...own.flatMap((router) => router.problems.filter(({ severity }) => severity !== 'info')),
  ].filter((each, index, all) => all.findIndex((other) => sameProblem(other, each)) === index);
  const wanted = own.length > 0 || exposures.length > 0 || facts.problems.some(({ severity }) => severity === 'error');
  const paused = exposures.length > 0 && exposures.every((exposure) => exposure.paused);
  return {
    ...facts,
    exposure:
      serving.length > 0
        ? pausedAll
          ? 'paused'
          : 'exposed'
        : (paused && own.length === 0) || (own.length > 0 && own.every(isPausedView))
          ? 'paused'
          : wanted
            ? 'broken'
            : 'none',
    problems,
    routers: own.map(viewKey),
    urls: pausedAll ? [] : [...new Set(serving.flatMap(({ urls }) => urls))],
    exposureId: exposures[0]?.id ?? null,
  };
}

function sameProblem(a: ContainerView['problems'][number], b: ContainerView['problems'][number]): boolean {
  return a.code === b.code && a.message === b.message;
}

/** Always there, for routers that only redirect; of no interest while there is none. */
function isUnusedNoop({ config, usedBy }: RuntimeService): boolean {
  return 'whoami' in config && config.serves === 'noop' && usedBy.length === 0;
}
