import type {
  MiddlewareConfig,
  RouterConfig,
  ServersTransportConfig,
  ServiceConfig,
} from '../../proxy/model/dynamic.ts';
import { nameIn } from '../../proxy/model/names.ts';
import type { RuleSyntax } from '../../proxy/rule/parse.ts';
import { type ConfiguredTls, noConfiguredTls } from '../certificates/configured.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import type { ObjectOrigin, Publication } from '../providers/provider.ts';
import { closedReason, faultsOf } from './closed.ts';
import { childrenOf, referenceProblems, serviceMiddlewares } from './judge-composed.ts';
import { duplicateProblems } from './judge-duplicates.ts';
import { judgeLayers } from './judge-layers.ts';
import { judgeMiddlewares, type OwnJudgement } from './judge-middleware.ts';
import { resolverProblem } from './judge-resolver.ts';
import { judgeRouter, middlewaresOf } from './judge-router.ts';
import { judgeRule, type RuleJudgement } from './judge-rule.ts';
import { serviceProblems, transportOf } from './judge-service.ts';
import { buildStreams } from './judge-streams.ts';
import { judgeTls } from './judge-tls.ts';
import { originOf, type Published, statusOf } from './judgement.ts';
import { overrideRouter, overrideService } from './override.ts';
import { keepSame, same } from './same.ts';
import type {
  BuiltInService,
  InternalService,
  RuntimeMiddleware,
  RuntimeRouter,
  RuntimeService,
  RuntimeState,
} from './state.ts';
import { suggester } from './suggest.ts';

/** What the last build found out, kept beside its state for as long as that lives, and read by the next build. */
interface Memo {
  readonly published: Collected;
  readonly entryPoints: readonly StaticEntryPoint[];
  /** By syntax and rule. */
  readonly rules: ReadonlyMap<string, RuleJudgement>;
  readonly own: ReadonlyMap<string, OwnJudgement>;
  /** As judged by themselves: without users, and without regard to other routers. */
  readonly routers: ReadonlyMap<string, RuntimeRouter>;
  readonly servicesAlone: ReadonlyMap<string, RuntimeService>;
  readonly services: ReadonlyMap<string, RuntimeService>;
  readonly middlewares: ReadonlyMap<string, RuntimeMiddleware>;
}

const memos = new WeakMap<RuntimeState, Memo>();
const emptyMemo: Memo = {
  published: { routers: new Map(), services: new Map(), middlewares: new Map(), transports: new Map() },
  entryPoints: [],
  rules: new Map(),
  own: new Map(),
  routers: new Map(),
  servicesAlone: new Map(),
  services: new Map(),
  middlewares: new Map(),
};

function builtIn(name: string, config: BuiltInService): RuntimeService {
  return {
    name: `${name}@internal`,
    provider: 'internal',
    status: 'enabled',
    problems: [],
    source: { kind: 'internal' },
    config,
    usedBy: [],
  };
}

/** The services that need no configuration, by name. Objects of their own, so that what did not change is the same. */
const builtInServices = {
  whoami: builtIn('whoami', { whoami: {} }),
  api: builtIn('api', { whoami: {}, serves: 'api' }),
  dashboard: builtIn('dashboard', { whoami: {}, serves: 'dashboard' }),
  ping: builtIn('ping', { whoami: {}, serves: 'ping' }),
  noop: builtIn('noop', { whoami: {}, serves: 'noop' }),
  prometheus: builtIn('prometheus', { whoami: {}, serves: 'prometheus' }),
} as const;

function internalServices(extra: readonly InternalService[]): [string, RuntimeService][] {
  return (['whoami', 'noop', ...extra.filter((name) => name !== 'noop')] as const).map((name) => {
    const service = builtInServices[name];
    return [service.name, service];
  });
}

export interface RuntimeOptions {
  /** What differs from Traefik for safety is as in Traefik. */
  readonly asTraefik?: boolean;
  readonly defaultRuleSyntax?: RuleSyntax;
  /** Providers whose routers win where priorities are equal, the first before the others. */
  readonly precedence?: readonly string[];
  /** Traefik's internal services that static configuration has turned on. */
  readonly internal?: readonly InternalService[];
  /** Certificates and TLS options from files. */
  readonly tls?: ConfiguredTls;
  /** Names of the certificate resolvers that are set up. */
  readonly resolvers?: ReadonlySet<string>;
}

const noResolvers: ReadonlySet<string> = new Set();

/**
 * Merges what the providers published, resolves names, fills in defaults and judges each object. Objects that say the
 * same as in the previous state are that state's own (identical), so that what follows can tell what changed.
 */
export function buildRuntime(
  publications: readonly Publication[],
  entryPoints: readonly StaticEntryPoint[],
  revision: number,
  previous?: RuntimeState,
  {
    asTraefik = false,
    defaultRuleSyntax = 'v3',
    precedence = [],
    internal = [],
    tls = noConfiguredTls,
    resolvers = noResolvers,
  }: RuntimeOptions = {},
): RuntimeState {
  const memo = (previous && memos.get(previous)) ?? emptyMemo;
  const published = collect(publications, memo.published);
  const always = internalServices(internal);
  const known = new Map<string, unknown>([...published.services, ...always]);
  const { judged: middlewares, own } = judgeMiddlewares(published.middlewares, memo, known);
  const servicesAlone = judgeServices(published, memo, always);
  const services = judgeReferences(servicesAlone, middlewares, memo);
  const rules = new Map<string, RuleJudgement>();
  const around = { entryPoints, services, middlewares, rules, defaultRuleSyntax, precedence };
  const routers = judgeRouters(published, memo, around);

  const final = new Map(routers);
  for (const [name, duplicate] of duplicateProblems(routers.values())) {
    const router = routers.get(name);
    if (router === undefined) continue;
    const problems = [...router.problems, duplicate];
    final.set(name, keepSame(previous?.routers.get(name), { ...router, problems, status: statusOf(problems) }));
  }
  for (const [name, router] of final) {
    const unknown = resolverProblem(router.config, resolvers);
    if (unknown === null) continue;
    const problems = [...router.problems, unknown];
    final.set(name, keepSame(previous?.routers.get(name), { ...router, problems, status: statusOf(problems) }));
  }
  const judgedTls = judgeTls(final, entryPoints, tls, asTraefik);
  for (const [name, found] of judgedTls.problems) {
    const router = final.get(name);
    if (router === undefined) continue;
    const problems = [...router.problems, ...found];
    final.set(name, keepSame(previous?.routers.get(name), { ...router, problems, status: statusOf(problems) }));
  }
  // In Traefik such a router is not there, and one below it may take its requests.
  for (const [name, router] of asTraefik ? [] : final) {
    const closed = closedReason(router, () => faultsOf(router.service, services));
    if (closed === null) continue;
    final.set(name, keepSame(previous?.routers.get(name), { ...router, closed }));
  }
  const users = usersOf(routers.values(), services, own);
  const state: RuntimeState = {
    ...(asTraefik ? { asTraefik } : {}),
    revision,
    routers: final,
    services: withUsers(services, users.services, memo.services, previous?.services),
    middlewares: withUsers(middlewares, users.middlewares, memo.middlewares, previous?.middlewares),
    serversTransports: published.transports,
    tls: judgedTls,
    streams: buildStreams(publications, entryPoints, previous?.streams, {
      asTraefik,
      defaultRuleSyntax,
      precedence,
      tls,
      resolvers,
    }),
  };
  memos.set(state, { published, entryPoints, rules, own, routers, servicesAlone, services, middlewares });
  return state;
}

function judgeServices(
  { services: published, transports }: Collected,
  memo: Memo,
  always: readonly [string, RuntimeService][],
): Map<string, RuntimeService> {
  const suggestTransport = suggester(() => transports.keys());
  const services = new Map<string, RuntimeService>(always);
  for (const [name, item] of published) {
    const known = memo.servicesAlone.get(name);
    const transport = item.config.loadBalancer && transportOf(item.config.loadBalancer, item.provider);
    if (known !== undefined && memo.published.services.get(name) === item && transport === null) {
      services.set(name, known);
      continue;
    }
    const problems = [...item.problems, ...serviceProblems(item, transports, suggestTransport)];
    const { provider, source, config, overridden } = item;
    const layer = overridden === undefined ? {} : { overridden };
    const judged = { name, provider, status: statusOf(problems), problems, source, config, usedBy: [], ...layer };
    services.set(name, keepSame(known, judged));
  }
  return services;
}

/** Adds what is wrong with the services and middlewares that services name. */
function judgeReferences(
  alone: ReadonlyMap<string, RuntimeService>,
  middlewares: ReadonlyMap<string, RuntimeMiddleware>,
  memo: Memo,
): ReadonlyMap<string, RuntimeService> {
  const suggest = { service: suggester(() => alone.keys()), middleware: suggester(() => middlewares.keys()) };
  const services = new Map<string, RuntimeService>();
  for (const [name, service] of alone) {
    const found = namesOthers(service) ? referenceProblems(service, alone, middlewares, suggest) : [];
    const problems = [...service.problems, ...found];
    const judged = found.length === 0 ? service : { ...service, problems, status: statusOf(problems) };
    services.set(name, judged === service ? service : keepSame(memo.services.get(name), judged));
  }
  return services;
}

function namesOthers({ config, provider }: RuntimeService): boolean {
  return serviceMiddlewares(config, provider).length > 0 || childrenOf(config, provider).length > 0;
}

interface Surroundings {
  readonly entryPoints: readonly StaticEntryPoint[];
  readonly services: ReadonlyMap<string, RuntimeService>;
  readonly middlewares: ReadonlyMap<string, RuntimeMiddleware>;
  /** Filled with the rules of this build. */
  readonly rules: Map<string, RuleJudgement>;
  readonly defaultRuleSyntax: RuleSyntax;
  readonly precedence: readonly string[];
}

function judgeRouters(published: Collected, memo: Memo, around: Surroundings): Map<string, RuntimeRouter> {
  const { services, middlewares, rules } = around;
  const layers = judgeLayers(
    published.routers,
    suggester(() => published.routers.keys()),
  );
  const judgement = {
    entryPoints: new Map(
      around.entryPoints.filter(({ transport }) => transport !== 'udp').map((each) => [each.name, each]),
    ),
    services,
    middlewares,
    suggestService: suggester(() => services.keys()),
    suggestMiddleware: suggester(() => middlewares.keys()),
    layers,
    defaultRuleSyntax: around.defaultRuleSyntax,
    precedence: around.precedence,
    judgeRule: (rule: string, syntax: RuleSyntax): RuleJudgement => {
      const key = `${syntax} ${rule}`;
      const known = rules.get(key) ?? memo.rules.get(key) ?? judgeRule(rule, syntax);
      rules.set(key, known);
      return known;
    },
  };
  const sameEntryPoints = same(memo.entryPoints, around.entryPoints);
  /** Nothing that a router was judged by has changed. */
  const holds = (router: RuntimeRouter): boolean =>
    sameEntryPoints &&
    router.status === 'enabled' &&
    router.parents === undefined &&
    router.children === undefined &&
    !layers.has(router.name) &&
    memo.services.get(router.service) === services.get(router.service) &&
    middlewaresOf(router).every((name) => memo.middlewares.get(name) === middlewares.get(name));
  const routers = new Map<string, RuntimeRouter>();
  for (const [name, item] of published.routers) {
    const known = memo.routers.get(name);
    if (known !== undefined && memo.published.routers.get(name) === item && holds(known)) {
      judgement.judgeRule(known.rule, known.syntax);
      routers.set(name, known);
    } else {
      routers.set(name, keepSame(known, judgeRouter(item, judgement)));
    }
  }
  return routers;
}

interface Collected {
  readonly routers: ReadonlyMap<string, Published<RouterConfig>>;
  readonly services: ReadonlyMap<string, Published<ServiceConfig>>;
  readonly middlewares: ReadonlyMap<string, Published<MiddlewareConfig>>;
  readonly transports: ReadonlyMap<string, ServersTransportConfig>;
}

/** What says the same as before is the previous object, so that later steps compare by identity. */
function collect(publications: readonly Publication[], before: Collected): Collected {
  const routers = new Map<string, Published<RouterConfig>>();
  const services = new Map<string, Published<ServiceConfig>>();
  const middlewares = new Map<string, Published<MiddlewareConfig>>();
  const transports = new Map<string, ServersTransportConfig>();
  for (const { provider, configuration, origins } of publications) {
    const take = <Config>(
      into: Map<string, Published<Config>>,
      known: ReadonlyMap<string, Published<Config>>,
      objects: Readonly<Record<string, Config>> | undefined,
      from: Readonly<Record<string, ObjectOrigin>>,
    ): void => {
      for (const [localName, config] of Object.entries(objects ?? {})) {
        const { source, problems } = originOf(from, localName);
        const name = nameIn(provider, localName);
        into.set(name, keepSame(known.get(name), { name, provider, config, source, problems }));
      }
    };
    const { http } = configuration;
    take(routers, before.routers, http?.routers, origins.routers);
    take(services, before.services, http?.services, origins.services);
    take(middlewares, before.middlewares, http?.middlewares, origins.middlewares);
    for (const [name, config] of Object.entries(http?.serversTransports ?? {})) {
      const qualified = nameIn(provider, name);
      transports.set(qualified, keepSame(before.transports.get(qualified), config));
    }
  }
  for (const wanted of publications.flatMap(({ overrides = [] }) => overrides)) {
    const { object, protocol, name } = wanted;
    if (protocol !== undefined) continue;
    const router = object === 'router' ? routers.get(name) : undefined;
    const service = object === 'service' ? services.get(name) : undefined;
    if (router) routers.set(name, keepSame(before.routers.get(name), overrideRouter(router, wanted)));
    if (service) services.set(name, keepSame(before.services.get(name), overrideService(service, wanted)));
  }
  return { routers, services, middlewares, transports };
}

/** Who uses what: services by the routers that lead to them; middlewares by routers, and by the middlewares that name them. */
function usersOf(
  routers: Iterable<RuntimeRouter>,
  judged: ReadonlyMap<string, RuntimeService>,
  own: ReadonlyMap<string, OwnJudgement>,
) {
  const services = new Map<string, string[]>();
  const middlewares = new Map<string, string[]>();
  for (const router of routers) {
    for (const name of servicesFrom(router.service, judged)) note(services, name, router.name);
    for (const name of new Set(middlewaresOf(router))) note(middlewares, name, router.name);
  }
  for (const { name, config, provider } of judged.values()) {
    for (const used of new Set(serviceMiddlewares(config, provider))) note(middlewares, used, name);
  }
  for (const [name, { references }] of own) {
    for (const reference of new Set(references)) note(middlewares, reference, name);
  }
  return { services, middlewares };
}

/** A service and all that it leads to. */
function servicesFrom(name: string, services: ReadonlyMap<string, RuntimeService>): ReadonlySet<string> {
  const found = new Set([name]);
  for (const each of found) {
    const service = services.get(each);
    if (service) for (const child of childrenOf(service.config, service.provider)) found.add(child.name);
  }
  return found;
}

function note(users: Map<string, string[]>, used: string, user: string): void {
  const list = users.get(used);
  if (list === undefined) users.set(used, [user]);
  else list.push(user);
}

/** Adds who uses each; the previous object where neither it nor its users have changed. */
function withUsers<T extends RuntimeService | RuntimeMiddleware>(
  judged: ReadonlyMap<string, T>,
  users: ReadonlyMap<string, readonly string[]>,
  judgedBefore: ReadonlyMap<string, T>,
  before: ReadonlyMap<string, T> | undefined,
): ReadonlyMap<string, T> {
  const result = new Map<string, T>();
  for (const [name, object] of judged) {
    const usedBy = users.get(name) ?? [];
    const known = judgedBefore.get(name) === object ? before?.get(name) : undefined;
    result.set(name, known !== undefined && same(known.usedBy, usedBy) ? known : { ...object, usedBy });
  }
  return result;
}
