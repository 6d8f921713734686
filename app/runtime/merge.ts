import type {
  MiddlewareConfig,
  RouterConfig,
  ServersTransportConfig,
  ServiceConfig,
} from '../../proxy/model/dynamic.ts';
import { qualify } from '../../proxy/model/names.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import type { ObjectOrigin, Publication } from '../providers/provider.ts';
import { duplicateProblems } from './judge-duplicates.ts';
import { judgeMiddlewares, type OwnJudgement } from './judge-middleware.ts';
import { judgeRouter } from './judge-router.ts';
import { judgeRule, type RuleJudgement } from './judge-rule.ts';
import { serviceProblems } from './judge-service.ts';
import { originOf, type Published, statusOf } from './judgement.ts';
import { keepSame } from './same.ts';
import type { RuntimeMiddleware, RuntimeRouter, RuntimeService, RuntimeState } from './state.ts';
import { suggester } from './suggest.ts';

/** What was costly to find out, kept beside a state for as long as the state lives, and read by the next build. */
interface Memo {
  readonly rules: ReadonlyMap<string, RuleJudgement>;
  readonly middlewares: ReadonlyMap<string, OwnJudgement>;
}

const memos = new WeakMap<RuntimeState, Memo>();
const emptyMemo: Memo = { rules: new Map(), middlewares: new Map() };

/** The service that answers for Gatehouse itself. */
const whoami: RuntimeService = {
  name: 'whoami@internal',
  provider: 'internal',
  status: 'enabled',
  problems: [],
  source: { kind: 'internal' },
  config: { whoami: {} },
  usedBy: [],
};

/**
 * Merges what the providers published, resolves names, fills in defaults and judges each object. Objects that say the
 * same as in the previous state are that state's own (identical), so that what follows can tell what changed.
 */
export function buildRuntime(
  publications: readonly Publication[],
  entryPoints: readonly StaticEntryPoint[],
  revision: number,
  previous?: RuntimeState,
): RuntimeState {
  const memo = (previous && memos.get(previous)) ?? emptyMemo;
  const published = collect(publications);
  const { judged: middlewares, own } = judgeMiddlewares(published.middlewares, memo.middlewares);

  const suggestTransport = suggester(() => published.transports.keys());
  const services = new Map<string, RuntimeService>([[whoami.name, whoami]]);
  for (const [name, item] of published.services) {
    const problems = [...item.problems, ...serviceProblems(item, published.transports, suggestTransport)];
    const { provider, source, config } = item;
    services.set(name, { name, provider, status: statusOf(problems), problems, source, config, usedBy: [] });
  }

  const rules = new Map<string, RuleJudgement>();
  const around = {
    entryPoints: new Map(entryPoints.map((entryPoint) => [entryPoint.name, entryPoint])),
    services,
    middlewares,
    suggestService: suggester(() => services.keys()),
    suggestMiddleware: suggester(() => middlewares.keys()),
    judgeRule: (rule: string): RuleJudgement => {
      const known = rules.get(rule) ?? memo.rules.get(rule) ?? judgeRule(rule);
      rules.set(rule, known);
      return known;
    },
  };
  const routers = new Map<string, RuntimeRouter>();
  for (const [name, item] of published.routers) routers.set(name, judgeRouter(item, around));
  for (const [name, duplicate] of duplicateProblems(routers.values())) {
    const router = routers.get(name);
    if (router === undefined) continue;
    const problems = [...router.problems, duplicate];
    routers.set(name, { ...router, problems, status: statusOf(problems) });
  }

  const users = usersOf(routers.values(), own);
  const state: RuntimeState = {
    revision,
    routers: kept(routers, previous?.routers),
    services: kept(withUsers(services, users.services), previous?.services),
    middlewares: kept(withUsers(middlewares, users.middlewares), previous?.middlewares),
    serversTransports: kept(published.transports, previous?.serversTransports),
  };
  memos.set(state, { rules, middlewares: own });
  return state;
}

interface Collected {
  readonly routers: ReadonlyMap<string, Published<RouterConfig>>;
  readonly services: ReadonlyMap<string, Published<ServiceConfig>>;
  readonly middlewares: ReadonlyMap<string, Published<MiddlewareConfig>>;
  readonly transports: ReadonlyMap<string, ServersTransportConfig>;
}

function collect(publications: readonly Publication[]): Collected {
  const routers = new Map<string, Published<RouterConfig>>();
  const services = new Map<string, Published<ServiceConfig>>();
  const middlewares = new Map<string, Published<MiddlewareConfig>>();
  const transports = new Map<string, ServersTransportConfig>();
  for (const { provider, configuration, origins } of publications) {
    const take = <Config>(
      into: Map<string, Published<Config>>,
      objects: Readonly<Record<string, Config>> | undefined,
      from: Readonly<Record<string, ObjectOrigin>>,
    ): void => {
      for (const [localName, config] of Object.entries(objects ?? {})) {
        const { source, problems } = originOf(from, localName);
        const name = qualify(localName, provider);
        into.set(name, { name, provider, config, source, problems });
      }
    };
    const { http } = configuration;
    take(routers, http?.routers, origins.routers);
    take(services, http?.services, origins.services);
    take(middlewares, http?.middlewares, origins.middlewares);
    for (const [name, config] of Object.entries(http?.serversTransports ?? {})) {
      transports.set(qualify(name, provider), config);
    }
  }
  return { routers, services, middlewares, transports };
}

/** Who uses what: services by routers; middlewares by routers, and by the middlewares that name them. */
function usersOf(routers: Iterable<RuntimeRouter>, own: ReadonlyMap<string, OwnJudgement>) {
  const services = new Map<string, string[]>();
  const middlewares = new Map<string, string[]>();
  for (const router of routers) {
    note(services, router.service, router.name);
    for (const name of new Set(router.middlewares)) note(middlewares, name, router.name);
  }
  for (const [name, { references }] of own) {
    for (const reference of new Set(references)) note(middlewares, reference, name);
  }
  return { services, middlewares };
}

function note(users: Map<string, string[]>, used: string, user: string): void {
  const list = users.get(used);
  if (list === undefined) users.set(used, [user]);
  else list.push(user);
}

function withUsers<T extends RuntimeService | RuntimeMiddleware>(
  objects: ReadonlyMap<string, T>,
  users: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, T> {
  const result = new Map<string, T>();
  for (const [name, object] of objects) {
    const usedBy = users.get(name);
    result.set(name, usedBy === undefined ? object : { ...object, usedBy });
  }
  return result;
}

function kept<T>(next: ReadonlyMap<string, T>, previous: ReadonlyMap<string, T> | undefined): ReadonlyMap<string, T> {
  if (previous === undefined) return next;
  const result = new Map<string, T>();
  for (const [name, object] of next) result.set(name, keepSame(previous.get(name), object));
  return result;
}
