import type { RouterConfig } from '../../proxy/model/dynamic.ts';
import { localName, nameIn, qualify } from '../../proxy/model/names.ts';
import type { RuleSyntax } from '../../proxy/rule/parse.ts';
import { nearestName } from '../config/nearest.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import type { Layer } from './judge-layers.ts';
import { brokenMiddleware, unknownMiddleware } from './judge-middleware.ts';
import type { RuleJudgement } from './judge-rule.ts';
import { isPaused, type Published, statusOf } from './judgement.ts';
import { same } from './same.ts';
import type { RuntimeMiddleware, RuntimeRouter, RuntimeService } from './state.ts';

interface ServiceSurroundings {
  readonly services: ReadonlyMap<string, Pick<RuntimeService, 'status' | 'problems'>>;
  readonly suggestService: (name: string) => string | null;
}

export interface RouterSurroundings {
  readonly entryPoints: ReadonlyMap<string, StaticEntryPoint>;
  readonly services: ReadonlyMap<string, RuntimeService>;
  readonly middlewares: ReadonlyMap<string, RuntimeMiddleware>;
  readonly judgeRule: (rule: string, syntax: RuleSyntax) => RuleJudgement;
  /** For routers of labels and files that do not say in which version of the language their rule is written. */
  readonly defaultRuleSyntax: RuleSyntax;
  /** Providers whose routers win where priorities are equal. */
  readonly precedence: readonly string[];
  readonly suggestService: (name: string) => string | null;
  readonly suggestMiddleware: (name: string) => string | null;
  /** Of routers with routers above or below them. */
  readonly layers: ReadonlyMap<string, Layer>;
}

/** Resolves a router's names and judges it, apart from its relation to other routers. */
export function judgeRouter(item: Published<RouterConfig>, around: RouterSurroundings): RuntimeRouter {
  const { config, provider } = item;
  const problems: Problem[] = [...item.problems];
  const rule = config.rule ?? '';
  const rank = around.precedence.indexOf(provider);
  const isOwn = provider === 'gatehouse' || provider === 'internal';
  const syntax = config.ruleSyntax ?? (isOwn ? 'v3' : around.defaultRuleSyntax);
  const judgedRule = around.judgeRule(rule, syntax);
  if (judgedRule.problem !== null && !saidAlready(item.problems, judgedRule.problem)) problems.push(judgedRule.problem);

  const layer = around.layers.get(item.name);
  if (layer !== undefined) problems.push(...layer.problems);
  const parents = layer?.parents ?? null;
  const children = layer?.children ?? [];
  const entryPoints =
    parents === null ? resolveEntryPoints(config.entryPoints ?? [], around.entryPoints, problems) : [];
  const service = children.length === 0 ? resolveService(item, around, problems) : '';

  const chains = middlewareChains(config.middlewares ?? [], entryPoints, provider, around.entryPoints);
  const middlewares = chains.byEntryPoint === null ? chains.shared : chains.own;
  for (const name of chains.all) {
    const middleware = around.middlewares.get(name);
    if (middleware === undefined) problems.push(unknownMiddleware(name, around.suggestMiddleware(name)));
    else if (middleware.status === 'disabled') problems.push(brokenMiddleware(name, middleware.problems));
  }
  const paused = isPaused(item);
  if (paused) problems.push(pausedProblem(item.name));

  return {
    name: item.name,
    provider,
    status: statusOf(problems),
    problems,
    source: item.source,
    ...(item.overridden === undefined ? {} : { overridden: item.overridden }),
    config,
    entryPoints,
    middlewares,
    ...(chains.byEntryPoint === null ? {} : { entryPointMiddlewares: chains.byEntryPoint }),
    service,
    ...(parents === null ? {} : { parents }),
    ...(children.length === 0 ? {} : { children }),
    rule,
    syntax,
    ...(rank < 0 ? {} : { providerRank: rank }),
    // Traefik counts the bytes of the rule, and takes 0 for "not set".
    priority: config.priority === undefined || config.priority === 0 ? Buffer.byteLength(rule) : config.priority,
    tls: config.tls !== undefined,
    hosts: judgedRule.hosts,
  };
}

export function pausedProblem(name: string): Problem {
  return problem(
    'ROUTER_PAUSED',
    'info',
    `${name} is paused by an override, so it takes no requests.`,
    'End the pause where it is edited, or with gatehouse override NAME --resume.',
    { router: name },
  );
}

/** Traefik's internal services that static configuration turns on. */
const turnedOnBy: Readonly<Record<string, string>> = {
  'api@internal': 'Turn it on in the static configuration: api: {}, or the flag --api.',
  'dashboard@internal': 'Turn it on in the static configuration: api: { dashboard: true }, or the flag --api.',
  'ping@internal': 'Turn it on in the static configuration: ping: {}, or the flag --ping.',
};

interface MiddlewareChains {
  readonly own: readonly string[];
  /** Those of the entry points before its own; what counts where `byEntryPoint` is null. */
  readonly shared: readonly string[];
  readonly byEntryPoint: Readonly<Record<string, readonly string[]>> | null;
  /** Each name that stands in one of them, once. */
  readonly all: ReadonlySet<string>;
}

/** As in Traefik, a name without provider is one of the router's own provider, in an entry point's list too. */
function middlewareChains(
  names: readonly string[],
  entryPoints: readonly string[],
  provider: string,
  known: ReadonlyMap<string, StaticEntryPoint>,
): MiddlewareChains {
  const own = names.map((name) => qualify(name, provider));
  const chainOf = (entryPoint: string): readonly string[] => {
    const before = (known.get(entryPoint)?.middlewares ?? []).map((name) => qualify(name, provider));
    return before.length === 0 ? own : [...before, ...own];
  };
  const chains = entryPoints.map((name) => [name, chainOf(name)] as const);
  const [[, shared] = ['', own]] = chains;
  const differ = chains.some(([, chain]) => !same(chain, shared));
  return {
    own,
    shared,
    byEntryPoint: differ ? Object.fromEntries(chains) : null,
    all: new Set([...own, ...chains.flatMap(([, chain]) => chain)]),
  };
}

/** Every middleware that a router's requests can meet. */
export function middlewaresOf({ middlewares, entryPointMiddlewares }: RuntimeRouter): readonly string[] {
  if (entryPointMiddlewares === undefined) return middlewares;
  return [...new Set([...middlewares, ...Object.values(entryPointMiddlewares).flat()])];
}

/** Where routers are that name no entry point: as in Traefik, not on the one for the API, unless it says so. */
function defaultEntryPoints(known: readonly StaticEntryPoint[]): readonly string[] {
  const chosen = known.filter(({ asDefault }) => asDefault === true);
  const usual = known.filter(({ name }) => name !== 'traefik');
  return (chosen.length > 0 ? chosen : usual).filter(({ transport }) => transport !== 'udp').map(({ name }) => name);
}

/** A provider that could not read the rule or make one has said why; the same code twice would only confuse. */
function saidAlready(known: readonly Problem[], next: Problem): boolean {
  return known.some((each) => each.severity === 'error' && (each.code === next.code || next.code === 'RULE_MISSING'));
}

export function resolveEntryPoints(
  asked: readonly string[],
  known: ReadonlyMap<string, StaticEntryPoint>,
  problems: Problem[],
): readonly string[] {
  if (asked.length === 0) return defaultEntryPoints([...known.values()]);
  const found = [...new Set(asked)].filter((name) => known.has(name));
  for (const name of asked) {
    if (known.has(name)) continue;
    const nearest = nearestName(name, known.keys());
    const all = [...known.keys()].join(', ');
    problems.push(
      problem(
        'ENTRY_POINT_UNKNOWN',
        found.length === 0 ? 'error' : 'warning',
        `There is no entry point ${name}.`,
        nearest === null ? `The entry points are: ${all}.` : `Did you mean ${nearest}? The entry points are: ${all}.`,
        { entryPoint: name, entryPoints: all, ...(nearest === null ? {} : { nearest }) },
      ),
    );
  }
  return found;
}

export function resolveService(
  item: Published<Pick<RouterConfig, 'service'>>,
  { services, suggestService }: ServiceSurroundings,
  problems: Problem[],
): string {
  const asked = item.config.service;
  if (asked === undefined || asked === '') {
    const sameName = nameIn(item.provider, localName(item.name));
    if (services.has(sameName)) return sameName;
    // Where the provider has refused the router already, a missing service is only what follows from it.
    if (statusOf(item.problems) !== 'disabled') {
      problems.push(
        problem(
          'ROUTER_NO_SERVICE',
          'error',
          'The router has no service, so there is nowhere to send requests to.',
          'Name a service in it.',
        ),
      );
    }
    return '';
  }
  const name = qualify(asked, item.provider);
  const service = services.get(name);
  if (service === undefined) {
    const nearest = suggestService(name);
    problems.push(
      problem(
        'SERVICE_UNKNOWN',
        'error',
        `The service ${name} does not exist.`,
        turnedOnBy[name] ?? (nearest === null ? 'Define it, or name another.' : `Did you mean ${nearest}?`),
        nearest === null ? { service: name } : { service: name, nearest },
      ),
    );
  } else if (service.status === 'disabled') {
    const reason = service.problems.find((each) => each.severity === 'error')?.message ?? '';
    problems.push(
      problem('SERVICE_INVALID', 'error', `Its service ${name} is disabled: ${reason}`, `Mend ${name}.`, {
        service: name,
        reason,
      }),
    );
  } else {
    const empty = service.problems.find(({ code }) => code === 'SERVICE_NO_SERVERS' || code === 'SERVICE_PAUSED');
    if (empty !== undefined) problems.push(empty);
  }
  return name;
}
