import { nameIn, qualify } from '../../proxy/model/names.ts';
import type { TcpServersTransportConfig, TcpServiceConfig, UdpServiceConfig } from '../../proxy/model/stream.ts';
import type { RuleSyntax } from '../../proxy/rule/parse.ts';
import { RuleError } from '../../proxy/rule/rule-error.ts';
import { defaultTcpPriority, hostsOfTcpRule, needsServerName, parseTcpRule } from '../../proxy/rule/tcp.ts';
import { createAdmission, tcpMiddlewareTypes, tcpMiddlewareTypesOf } from '../../proxy/stream/admission.ts';
import { type ConfiguredTls, noConfiguredTls } from '../certificates/configured.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import type { Problem } from '../contract/objects.ts';
import { viewKey } from '../contract/view-key.ts';
import { problem } from '../problem.ts';
import type { ObjectOrigin, Origins, Override, Publication } from '../providers/provider.ts';
import { closedReason } from './closed.ts';
import { duplicateProblems } from './judge-duplicates.ts';
import { brokenMiddleware, unknownMiddleware } from './judge-middleware.ts';
import { resolverProblem } from './judge-resolver.ts';
import { pausedProblem, resolveEntryPoints, resolveService } from './judge-router.ts';
import { ruleMissing, ruleProblem } from './judge-rule.ts';
import {
  addressProblems,
  judged,
  judgeServices,
  kindProblems,
  type Parent,
  tcpServiceProblems,
  weightedOf,
} from './judge-stream-services.ts';
import { optionsFault } from './judge-tls.ts';
import { isPaused, originOf, type Published, statusOf } from './judgement.ts';
import { overrideStreamService, overrideTcpRouter, overrideUdpRouter } from './override.ts';
import { keepSame } from './same.ts';
import type { RuntimeObject } from './state.ts';
import {
  noStreamState,
  type RuntimeTcpMiddleware,
  type RuntimeTcpRouter,
  type RuntimeTcpService,
  type RuntimeUdpRouter,
  type RuntimeUdpService,
  type StreamState,
} from './stream-state.ts';
import { suggester } from './suggest.ts';

/**
 * Merges what providers published of TCP and UDP and judges each object. What says the same as in the previous state is
 * that state's own (identical).
 */
export function buildStreams(
  publications: readonly Publication[],
  entryPoints: readonly StaticEntryPoint[],
  previous: StreamState = noStreamState,
  {
    asTraefik = false,
    defaultRuleSyntax = 'v3',
    precedence = [],
    tls: configuredTls = noConfiguredTls,
    resolvers = new Set(),
  }: {
    readonly asTraefik?: boolean;
    readonly defaultRuleSyntax?: RuleSyntax;
    readonly precedence?: readonly string[];
    readonly tls?: ConfiguredTls;
    readonly resolvers?: ReadonlySet<string>;
  } = {},
): StreamState {
  if (publications.every(({ configuration: { tcp, udp } }) => tcp === undefined && udp === undefined)) {
    return noStreamState;
  }
  const transports = new Map<string, TcpServersTransportConfig>();
  for (const { provider, configuration } of publications) {
    for (const [name, config] of Object.entries(configuration.tcp?.serversTransports ?? {})) {
      transports.set(nameIn(provider, name), config);
    }
  }
  const tcpMiddlewares = judgeMiddlewares(collect(publications, 'tcp', 'middlewares', ({ tcp }) => tcp?.middlewares));
  const layer = layerOver(publications);
  const tcpServices = judgeServices(
    collect(publications, 'tcp', 'services', ({ tcp }) => tcp?.services).map(layer.tcpService),
    (item) => tcpServiceProblems(item, transports),
  );
  const udpServices = judgeServices(
    collect(publications, 'udp', 'services', ({ udp }) => udp?.services).map(layer.udpService),
    (item) => kindProblems(item) ?? addressProblems(item),
  );
  const named = entryPoints.map((each) => [each.name, each] as const);
  const connected = new Map(named.filter(([, { transport }]) => transport !== 'udp'));
  const datagrams = new Map(named.filter(([, { transport }]) => transport === 'udp'));
  const suggestTcp = suggester(() => tcpServices.keys());
  const suggestMiddleware = suggester(() => tcpMiddlewares.keys());
  const tcpRouters = new Map<string, RuntimeTcpRouter>();
  for (const item of collect(publications, 'tcp', 'routers', ({ tcp }) => tcp?.routers).map(layer.tcpRouter)) {
    const { config, provider } = item;
    const problems: Problem[] = [...item.problems];
    const syntax =
      config.ruleSyntax ?? (provider === 'gatehouse' || provider === 'internal' ? 'v3' : defaultRuleSyntax);
    const tls = config.tls === undefined ? 'none' : config.tls.passthrough === true ? 'passthrough' : 'terminate';
    const { hosts, priority } = judgeRule(config.rule ?? '', syntax, tls, problems);
    const middlewares = (config.middlewares ?? []).map((name) => qualify(name, provider));
    for (const name of middlewares) {
      const middleware = tcpMiddlewares.get(name);
      if (middleware === undefined) problems.push(unknownMiddleware(name, suggestMiddleware(name)));
      else if (middleware.status === 'disabled') problems.push(brokenMiddleware(name, middleware.problems));
    }
    const resolved = {
      entryPoints: resolveEntryPoints(config.entryPoints ?? [], connected, problems),
      service: resolveService(item, { services: tcpServices, suggestService: suggestTcp }, problems),
    };
    if (isPaused(item)) problems.push(pausedProblem(item.name));
    if (tls === 'terminate') {
      const unknown = resolverProblem(config, resolvers);
      if (unknown !== null) problems.push(unknown);
      const fault = optionsFault(tlsOptionsOfTcp(config, provider) ?? 'default', configuredTls);
      if (fault !== null) problems.push(fault);
    }
    const closed = asTraefik ? null : closedReason(judged(item, problems), () => []);
    tcpRouters.set(item.name, {
      ...judged(item, problems),
      ...(closed === null ? {} : { closed }),
      config,
      ...resolved,
      middlewares,
      rule: config.rule ?? '',
      syntax,
      ...(precedence.includes(provider) ? { providerRank: precedence.indexOf(provider) } : {}),
      priority: config.priority === undefined || config.priority === 0 ? priority : config.priority,
      tls,
      hosts,
    });
  }
  for (const [name, duplicate] of duplicateProblems(tcpRouters.values())) {
    const router = tcpRouters.get(name);
    if (router === undefined) continue;
    const problems = [...router.problems, duplicate];
    tcpRouters.set(name, { ...router, problems, status: statusOf(problems) });
  }
  const suggestUdp = suggester(() => udpServices.keys());
  const udpRouters = new Map<string, RuntimeUdpRouter>();
  for (const item of collect(publications, 'udp', 'routers', ({ udp }) => udp?.routers).map(layer.udpRouter)) {
    const { config } = item;
    const problems: Problem[] = [...item.problems];
    const resolved = {
      entryPoints: datagramEntryPoints(config.entryPoints ?? [], datagrams, problems),
      service: resolveService(item, { services: udpServices, suggestService: suggestUdp }, problems),
    };
    if (isPaused(item)) problems.push(pausedProblem(item.name));
    udpRouters.set(item.name, { ...judged(item, problems), config, ...resolved });
  }
  warnOfSharedEntryPoints(udpRouters);

  return {
    tcp: {
      routers: kept(tcpRouters, previous.tcp.routers),
      services: kept(withUsers(tcpServices, leadingTo(tcpRouters, tcpServices)), previous.tcp.services),
      middlewares: kept(
        withUsers(
          tcpMiddlewares,
          usersBy(tcpRouters, ({ middlewares }) => middlewares),
        ),
        previous.tcp.middlewares,
      ),
      serversTransports: transports,
    },
    udp: {
      routers: kept(udpRouters, previous.udp.routers),
      services: kept(withUsers(udpServices, leadingTo(udpRouters, udpServices)), previous.udp.services),
    },
  };
}

function collect<Config>(
  publications: readonly Publication[],
  protocol: 'tcp' | 'udp',
  kind: keyof Origins,
  of: (configuration: Publication['configuration']) => Readonly<Record<string, Config>> | undefined,
): Published<Config>[] {
  return publications.flatMap(({ provider, configuration, streamOrigins }) => {
    const origins: Readonly<Record<string, ObjectOrigin>> = streamOrigins?.[protocol][kind] ?? {};
    return Object.entries(of(configuration) ?? {}).map(([local, config]) => {
      const { source, problems } = originOf(origins, local);
      return { name: nameIn(provider, local), provider, config, source, problems };
    });
  });
}

/** What somebody wants of TCP and UDP otherwise than its provider has it. */
function layerOver(publications: readonly Publication[]) {
  const wanted = new Map(
    publications
      .flatMap(({ overrides = [] }) => overrides)
      .map((each): [string, Override] => [`${each.object} ${viewKey(each)}`, each]),
  );
  const over =
    <Item extends Published<unknown>>(kind: string, apply: (item: Item, wanted: Override) => Item) =>
    (item: Item): Item => {
      const found = wanted.get(`${kind} ${item.name}`);
      return found === undefined ? item : apply(item, found);
    };
  return {
    tcpRouter: over('router tcp', overrideTcpRouter),
    udpRouter: over('router udp', overrideUdpRouter),
    tcpService: over('service tcp', overrideStreamService<TcpServiceConfig>),
    udpService: over('service udp', overrideStreamService<UdpServiceConfig>),
  };
}

function kept<T>(next: ReadonlyMap<string, T>, previous: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...next].map(([name, object]) => [name, keepSame(previous.get(name), object)]));
}

function judgeRule(
  rule: string,
  syntax: RuleSyntax,
  tls: RuntimeTcpRouter['tls'],
  problems: Problem[],
): { readonly hosts: readonly string[]; readonly priority: number } {
  const nothing = { hosts: [], priority: 0 };
  if (rule.trim() === '') {
    const missing = ruleMissing('Give it a rule such as HostSNI(`mail.example.org`), or HostSNI(`*`) for all.');
    if (statusOf(problems) !== 'disabled') problems.push(missing);
    return nothing;
  }
  try {
    const node = parseTcpRule(rule, syntax);
    if (tls === 'none' && needsServerName(node)) {
      problems.push(
        problem(
          'RULE_NEEDS_TLS',
          'error',
          'The rule asks for what only TLS tells (a server name or ALPN), but the router has no TLS.',
          'Give the router tls: {} to decrypt here, or tls.passthrough: true. Without TLS the rule is HostSNI(`*`).',
          { rule },
        ),
      );
    }
    return { hosts: hostsOfTcpRule(node), priority: defaultTcpPriority(rule, node) };
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    problems.push(ruleProblem(rule, error));
    return nothing;
  }
}

function datagramEntryPoints(
  asked: readonly string[],
  known: ReadonlyMap<string, StaticEntryPoint>,
  problems: Problem[],
): readonly string[] {
  if (known.size > 0) return resolveEntryPoints(asked.length === 0 ? [...known.keys()] : asked, known, problems);
  problems.push(
    problem(
      'ENTRY_POINT_UNKNOWN',
      'error',
      'There is no entry point for UDP.',
      'Define one in the static configuration, with an address such as :53/udp.',
      { entryPoint: asked.join(', '), entryPoints: '' },
    ),
  );
  return [];
}

/** An entry point for UDP has one router, as nothing in a datagram chooses between two: the first by name. */
function warnOfSharedEntryPoints(routers: Map<string, RuntimeUdpRouter>): void {
  const first = new Map<string, string>();
  for (const [name, router] of [...routers].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (router.status === 'disabled' || isPaused(router)) continue;
    const taken = router.entryPoints.find((entryPoint) => first.has(entryPoint));
    for (const entryPoint of router.entryPoints) if (!first.has(entryPoint)) first.set(entryPoint, name);
    if (taken === undefined) continue;
    const winner = first.get(taken) ?? '';
    const problems = [
      ...router.problems,
      problem(
        'RULE_DUPLICATE',
        'warning',
        `${winner} is on ${taken} too, and gets its datagrams.`,
        'Give each UDP router an entry point of its own.',
        { others: winner, entryPoint: taken, winner },
      ),
    ];
    routers.set(name, { ...router, problems, status: statusOf(problems) });
  }
}

function judgeMiddlewares(
  items: readonly Published<RuntimeTcpMiddleware['config']>[],
): Map<string, RuntimeTcpMiddleware> {
  const middlewares = new Map<string, RuntimeTcpMiddleware>();
  for (const item of items) {
    const [type = '', second] = tcpMiddlewareTypesOf(item.config);
    const problems: Problem[] = [...item.problems];
    if (statusOf(problems) !== 'disabled') {
      const fault = type === '' || second !== undefined ? typeFault(second) : admissionFault(item.config, type);
      if (fault !== null) problems.push(fault);
    }
    middlewares.set(item.name, { ...judged(item, problems), config: item.config, type, usedBy: [] });
  }
  return middlewares;
}

function typeFault(second: string | undefined): Problem {
  return problem(
    'MIDDLEWARE_INVALID',
    'error',
    second === undefined
      ? 'The middleware has no type.'
      : 'The middleware has several types, but it can have only one.',
    `Give it one of ${tcpMiddlewareTypes.join(', ')}.`,
    { option: second ?? '' },
  );
}

function admissionFault(config: RuntimeTcpMiddleware['config'], type: string): Problem | null {
  try {
    createAdmission(config);
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return problem('MIDDLEWARE_INVALID', 'error', `The options of ${type} cannot be used: ${reason}`, null, {
      option: type,
      reason,
    });
  }
}

/** Qualified name of the TLS options that a router asks for; null for the default ones. */
export function tlsOptionsOfTcp({ tls }: RuntimeTcpRouter['config'], provider: string): string | null {
  const name = tls?.options ?? '';
  return name === '' || name === 'default' || name === 'default@internal' ? null : qualify(name, provider);
}

function usersBy<Router extends RuntimeObject>(
  routers: ReadonlyMap<string, Router>,
  used: (router: Router) => Iterable<string>,
): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  for (const router of routers.values()) {
    for (const name of new Set(used(router))) {
      const list = users.get(name);
      if (list === undefined) users.set(name, [router.name]);
      else list.push(router.name);
    }
  }
  return users;
}

/** A router uses its service and all that this leads to. */
function leadingTo(
  routers: ReadonlyMap<string, RuntimeTcpRouter | RuntimeUdpRouter>,
  services: ReadonlyMap<string, Parent>,
): ReadonlyMap<string, readonly string[]> {
  return usersBy<RuntimeTcpRouter | RuntimeUdpRouter>(routers, ({ service }) => {
    const found = new Set([service]);
    for (const name of found) {
      const each = services.get(name);
      if (each) for (const child of weightedOf(each.config, each.provider)) found.add(child.name);
    }
    return found;
  });
}

function withUsers<T extends RuntimeTcpService | RuntimeTcpMiddleware | RuntimeUdpService>(
  objects: ReadonlyMap<string, T>,
  users: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, T> {
  return new Map([...objects].map(([name, object]) => [name, { ...object, usedBy: users.get(name) ?? [] }]));
}
