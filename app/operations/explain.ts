import type { ProxyRequest } from '../../proxy/http/exchange.ts';
import { requestReading } from '../../proxy/http/request-reading.ts';
import type { ChildRouterSnapshot, RouterSnapshot, RoutingSnapshot } from '../../proxy/model/snapshot.ts';
import { explainRule } from '../../proxy/rule/explain.ts';
import { hostsOfRule } from '../../proxy/rule/hosts.ts';
import { parseRule, RuleError } from '../../proxy/rule/parse.ts';
import { arrivedPath } from '../../proxy/rule/path.ts';
import { byPrecedence } from '../../proxy/rule/precedence.ts';
import { buildRouteTable } from '../../proxy/rule/route-table.ts';
import type { Explanation } from '../contract/explanation.ts';
import type { EntryPointView, ServiceView } from '../contract/objects.ts';
import { toRoutingSnapshot } from '../runtime/snapshot.ts';
import type { RuntimeRouter, RuntimeState } from '../runtime/state.ts';
import { throughMiddlewares, walkMiddlewares } from './explain-middlewares.ts';
import { type ExplainedRequest, entryPointFor, readRequest, toProxyRequest } from './explain-request.ts';
import {
  closedVerdict,
  endedVerdict,
  endsAt,
  isOffAt,
  nobodyListens,
  offVerdict,
  serverVerdict,
  type Verdict,
  verdict,
} from './explain-verdicts.ts';

/** More than anybody reads; the rest could not have changed the answer. */
const mostSteps = 50;

export interface ExplainInput {
  readonly url: string;
  readonly method?: string | undefined;
  readonly from?: string | undefined;
  readonly headers?: readonly (readonly [string, string])[] | undefined;
  /** The entry point that it came in by; left out: the one that listens where the URL leads. */
  readonly entryPoint?: string | undefined;
}

/** What besides the configuration decides: where the engine listens, how servers are, whether all is paused. */
export interface ExplainSurroundings {
  readonly entryPoints: readonly EntryPointView[];
  readonly services: readonly ServiceView[];
  readonly pausedAll: boolean;
}

/**
 * Why a request goes where it goes, without sending it. Decides with the workers' own table, so that both always agree.
 * Throws {@link InvalidUrlError} where the URL cannot be read.
 */
export function explain(state: RuntimeState, surroundings: ExplainSurroundings, input: ExplainInput): Explanation {
  const request = readRequest(input);
  const entryPoint =
    surroundings.entryPoints.find(({ name }) => name === input.entryPoint) ??
    entryPointFor(surroundings.entryPoints, request);
  const empty = {
    entryPoint: entryPoint?.name ?? null,
    request: viewOf(request),
    routers: [],
    skippedByHost: 0,
    router: null,
    middlewares: [],
    service: null,
    servers: [],
    disabled: [],
  };
  if (!entryPoint) {
    return { ...empty, ...nobodyListens(surroundings.entryPoints, request.scheme, request.port) };
  }
  if (entryPoint.redirectTo !== null && entryPoint.redirectPriority === undefined) {
    const { name, redirectTo: to } = entryPoint;
    const sentence = `${name} sends every request on to ${to}, before any router is asked.`;
    return { ...empty, ...verdict('redirected', 'ENTRY_POINT_REDIRECTS', sentence, { entryPoint: name, to }) };
  }
  const { encodedCharacters, sanitizePath, asTraefik } = entryPoint;
  const { refusedEscapes, stillDoubtful, pathForm } = requestReading({
    ...(encodedCharacters ? { encodedCharacters } : {}),
    ...(sanitizePath === false ? { sanitizePath } : {}),
    ...(asTraefik === true ? { asTraefik } : {}),
  });
  const escape = refusedEscapes?.exec(request.path)?.[0];
  if (escape !== undefined) {
    const { name } = entryPoint;
    const sentence = `Refused with 400: ${name} takes no path with ${escape} in it (encodedCharacters).`;
    return { ...empty, ...verdict('refused', 'ESCAPE_REFUSED', sentence, { entryPoint: name, escape }) };
  }
  const path = arrivedPath(request.path, pathForm);
  if (path === null) {
    const sentence = 'The path holds characters that are refused with 400 before routing.';
    return { ...empty, ...verdict('refused', 'PATH_REFUSED', sentence) };
  }

  const routing = toRoutingSnapshot(
    state,
    surroundings.entryPoints.map(({ name, protocol }) => ({ name, tls: protocol === 'https' })),
    { pausedAll: surroundings.pausedAll },
  );
  const tls = request.scheme === 'https';
  const routes = routing.routers.filter((router) => router.tls === tls && router.entryPoints.includes(entryPoint.name));
  const asked = toProxyRequest(request, path, entryPoint);
  const table = buildRouteTable(routes.map((router) => ({ ...router, target: router })));
  const readsOnce = (each: string): boolean => stillDoubtful !== null && !stillDoubtful.test(each);
  const match = table.match(asked, readsOnce(path));
  const tried = tryRoutes(routes, asked, match.kind === 'match' ? match.name : null);
  const known = {
    ...empty,
    request: viewOf({ ...request, path }),
    ...tried,
    disabled: disabledFor(state, entryPoint.name, asked),
  };

  const { redirectTo, redirectPriority = 0 } = entryPoint;
  if (redirectTo !== null && !(match.kind === 'match' && match.target.priority > redirectPriority)) {
    const { name } = entryPoint;
    const sentence = `${name} sends it on to ${redirectTo}: no router that matches has a priority above ${redirectPriority}.`;
    const details = { entryPoint: name, to: redirectTo, priority: redirectPriority };
    return { ...known, ...verdict('redirected', 'REDIRECT_ABOVE_ROUTERS', sentence, details) };
  }
  if (match.kind === 'ambiguous') return { ...known, ...twoReadings(match) };
  if (match.kind === 'none') return { ...known, ...noRouter(known.disabled, request, surroundings) };

  const end = descend(match.target, asked, routing, readsOnce);
  const { router } = end;
  if (router.refuse) {
    const way = { routers: [...known.routers, ...end.tried], router: router.name, middlewares: [...end.middlewares] };
    const last = endsAt(end.middlewares);
    const { name, refuse } = router;
    return { ...known, ...way, ...(last ? endedVerdict(name, last) : closedVerdict(name, refuse.reason, 'http')) };
  }
  const services = surroundings.services.filter(({ protocol }) => protocol === undefined);
  const service = services.find(({ name }) => name === router.service);
  const behind = walkMiddlewares(service?.middlewares ?? [], routing.middlewares, end.asked);
  const middlewares = endsAt(end.middlewares) === undefined ? [...end.middlewares, ...behind] : end.middlewares;
  const servers = serversBehind(service, services);
  const found = {
    ...known,
    routers: [...known.routers, ...end.tried],
    router: router.name,
    middlewares: [...middlewares],
    service: router.children === undefined ? router.service : null,
    servers,
  };
  const last = endsAt(middlewares);
  if (last) return { ...found, ...endedVerdict(router.name, last) };
  const condition = middlewares.find((step) => step.verdict === 'depends');
  if (end.stop !== null) {
    if (condition && end.stop.outcome === 'no-router') {
      const sentence = `${router.name} matches; which router below it takes the request depends on ${condition.name}: ${condition.detail}`;
      const details = { router: router.name, middleware: condition.name };
      return { ...found, ...verdict('depends', 'CHILD_DEPENDS', sentence, details) };
    }
    return { ...found, ...end.stop };
  }
  if (service?.type === 'whoami') {
    const sentence = `${router.name} matches, and Gatehouse itself answers (${router.service}).`;
    const details = { router: router.name, service: router.service };
    return { ...found, ...verdict('answered', 'BUILT_IN', sentence, details) };
  }
  return { ...found, ...serverVerdict(router.name, router.service, servers, condition, 'the visitor sees 503.') };
}

interface Descent {
  /** The last one that matched. */
  readonly router: RouterSnapshot | ChildRouterSnapshot;
  readonly middlewares: Explanation['middlewares'];
  /** Routers tried below the first. */
  readonly tried: Explanation['routers'];
  /** As the middlewares on the way have left it, as far as one can tell. */
  readonly asked: ProxyRequest;
  /** Why it comes to no service; null where it does, or where a middleware ends its way. */
  readonly stop: Verdict | null;
}

/** From a router down to the one whose service takes the request. */
function descend(
  first: RouterSnapshot,
  arrived: ProxyRequest,
  { childRouters = {}, middlewares: configs }: RoutingSnapshot,
  readsOnce: (path: string) => boolean,
): Descent {
  let router: Descent['router'] = first;
  let asked = arrived;
  const middlewares: Explanation['middlewares'] = [];
  const tried: Explanation['routers'] = [];
  for (;;) {
    middlewares.push(...walkMiddlewares(router.middlewares, configs, asked));
    const here = { router, middlewares, tried, asked };
    if (router.children === undefined || endsAt(middlewares) !== undefined) return { ...here, stop: null };
    asked = throughMiddlewares(router.middlewares, configs, asked);
    const below = router.children.flatMap((name) => childRouters[name] ?? []);
    if (below.length === 0) {
      const sentence = `${router.name} matches, but none of the routers below it can be used: the visitor sees 503.`;
      const stop = verdict('no-router', 'CHILDREN_UNUSABLE', sentence, { router: router.name });
      return { ...here, asked, stop };
    }
    const table = buildRouteTable(below.map((each) => ({ ...each, target: each })));
    const match = table.match(asked, readsOnce(asked.path));
    tried.push(...tryRoutes(below, asked, match.kind === 'match' ? match.name : null).routers);
    if (match.kind === 'ambiguous') {
      return { ...here, asked, stop: twoReadings(match) };
    }
    if (match.kind === 'none') {
      const sentence = `${router.name} matches, but no router below it does: the visitor sees 404.`;
      const stop = verdict('no-router', 'CHILDREN_NO_MATCH', sentence, { router: router.name });
      return { ...here, asked, stop };
    }
    router = match.target;
  }
}

function twoReadings({ first, second }: { readonly first: string | null; readonly second: string | null }): Verdict {
  const [one, other] = [first, second].map((name) => name ?? 'no router');
  const sentence = `Refused with 400: the encoded characters in the path can be read in two ways, which lead to ${one} and ${other}.`;
  return verdict('refused', 'TWO_READINGS', sentence, { first: first ?? '–', second: second ?? '–' });
}

/**
 * The servers of a service and, where it leads to others, of those; copies that go to mirrors are answered by nobody.
 */
export function serversBehind(
  service: ServiceView | undefined,
  services: readonly ServiceView[],
  seen = new Set<string>(),
): ServiceView['servers'] {
  if (service === undefined || seen.has(service.name)) return [];
  seen.add(service.name);
  const children = (service.children ?? []).filter(({ role }) => role !== 'mirror');
  const behind = children.map(({ name }) => services.find((each) => each.name === name));
  return [...service.servers, ...behind.flatMap((child) => serversBehind(child, services, seen))];
}

/**
 * Routers in the order in which the table tries them, up to the one that matches. Those of other hosts are only
 * counted.
 */
function tryRoutes(
  routes: readonly ChildRouterSnapshot[],
  asked: ProxyRequest,
  chosen: string | null,
): { readonly routers: Explanation['routers']; readonly skippedByHost: number } {
  const ordered = routes.toSorted(byPrecedence);
  const routers: Explanation['routers'] = [];
  let skippedByHost = 0;
  let decided = false;
  for (const { name, rule, syntax, priority } of ordered) {
    const node = parseRule(rule, syntax);
    const { matched, reason, parts, matchers } = explainRule(node, asked);
    const hosts = hostsOfRule(node);
    if (!matched && hosts.length > 0 && !hosts.includes(asked.host)) skippedByHost += 1;
    else if (!decided && (routers.length < mostSteps || name === chosen)) {
      routers.push({ router: name, rule, priority, matched, reason, parts: [...parts], matchers });
    }
    decided ||= name === chosen;
  }
  return { routers, skippedByHost };
}

/** Routers that would be asked for this request if they were not disabled. */
function disabledFor(state: RuntimeState, entryPoint: string, asked: ProxyRequest): Explanation['disabled'] {
  const found: Explanation['disabled'] = [];
  for (const router of state.routers.values()) {
    if (found.length >= mostSteps) break;
    if (isOffAt(entryPoint, router) && wouldMatch(router, asked)) {
      found.push({ router: router.name, problems: [...router.problems] });
    }
  }
  return found;
}

function wouldMatch({ rule, syntax }: RuntimeRouter, asked: ProxyRequest): boolean {
  try {
    return explainRule(parseRule(rule, syntax), asked).matched;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    // A rule that cannot be read is shown to whoever asks for a host that is written in it.
    return asked.host !== '' && rule.toLowerCase().includes(asked.host);
  }
}

function noRouter(
  [first]: Explanation['disabled'],
  { host, path }: ExplainedRequest,
  { pausedAll }: ExplainSurroundings,
): Verdict {
  const asked = `${host}${path}`;
  if (first) return offVerdict(asked, first);
  const code = pausedAll ? 'NO_ROUTER_ALL_PAUSED' : 'NO_ROUTER';
  const paused = pausedAll ? ' All exposure is paused.' : '';
  return verdict('no-router', code, `No router takes ${asked}: the visitor sees 404.${paused}`, { asked });
}

function viewOf({ method, scheme, host, path, query, clientIp }: ExplainedRequest): Explanation['request'] {
  return { method, scheme, host, path, query, clientIp };
}
