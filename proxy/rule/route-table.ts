import { LRUCache } from 'lru-cache';
import type { ProxyRequest } from '../http/exchange.ts';
import { compileRule, type Matcher } from './compile.ts';
import { requiredHosts } from './hosts.ts';
import { wildcardOf } from './matchers.ts';
import { parseRule, type RuleSyntax } from './parse.ts';
import { otherReadings } from './path.ts';
import { byPrecedence } from './precedence.ts';

export interface Route<T> {
  readonly name: string;
  readonly rule: string;
  readonly syntax?: RuleSyntax;
  readonly priority: number;
  readonly providerRank?: number;
  readonly target: T;
}

export type RouteMatch<T> =
  | { readonly kind: 'match'; readonly name: string; readonly target: T }
  | { readonly kind: 'none' }
  /** Two readings of an encoded path lead to different routes (null: to none); such a request is refused. */
  | { readonly kind: 'ambiguous'; readonly first: string | null; readonly second: string | null };

export interface RouteTable<T> {
  /** `firstReadingAlone`: the path is taken as it stands, though servers may read it in another way. */
  match(request: ProxyRequest, firstReadingAlone?: boolean): RouteMatch<T>;
}

interface Entry<T> {
  /** Place in the order of trial: 0 is tried first. */
  readonly rank: number;
  readonly matches: Matcher;
  readonly result: RouteMatch<T> & { kind: 'match' };
}

const none = { kind: 'none' } as const;
const noEntries: readonly never[] = [];

/**
 * Builds a table that finds a request's route: the order is that of `byPrecedence`. Rules
 * that require a host are looked up by it, so that the cost of a request does not grow with their number.
 * Throws where a rule does not parse, naming the route: leaving it out could open what it guards.
 */
export function buildRouteTable<T>(routes: readonly Route<T>[]): RouteTable<T> {
  const exact = new Map<string, Entry<T>[]>();
  const wildcard = new Map<string, Entry<T>[]>();
  const anyHost: Entry<T>[] = [];
  routes.toSorted(byPrecedence).forEach((route, rank) => {
    const { matches, hosts } = compile(route);
    const entry: Entry<T> = { rank, matches, result: { kind: 'match', name: route.name, target: route.target } };
    if (hosts === null) anyHost.push(entry);
    else for (const host of hosts) add(host.startsWith('*') ? wildcard : exact, host, entry);
  });

  function find(request: ProxyRequest): Entry<T> | undefined {
    const a = exact.get(request.host) ?? noEntries;
    const b = wildcard.size === 0 ? noEntries : (wildcard.get(wildcardOf(request.host)) ?? noEntries);
    return firstMatch(a, b, anyHost, request);
  }

  return {
    match(request, firstReadingAlone = false) {
      const found = find(request);
      for (const reading of firstReadingAlone ? [] : otherReadings(request.path)) {
        const other = findByReading(request, reading, find);
        if (other !== found) {
          return { kind: 'ambiguous', first: found?.result.name ?? null, second: other?.result.name ?? null };
        }
      }
      return found?.result ?? none;
    },
  };
}

function findByReading<E>(request: ProxyRequest, reading: string, find: (request: ProxyRequest) => E): E {
  const path = request.path;
  request.path = reading;
  try {
    return find(request);
  } finally {
    request.path = path;
  }
}

interface CompiledRule {
  readonly matches: Matcher;
  readonly hosts: ReadonlySet<string> | null;
}

/** Tables follow one another and differ in few routes; a rule's test depends on nothing but its text. */
const compiledRules = new LRUCache<string, CompiledRule>({ max: 20_000 });

function compile(route: Route<unknown>): CompiledRule {
  const { rule, syntax = 'v3' } = route;
  const key = `${syntax} ${rule}`;
  const known = compiledRules.get(key);
  if (known) return known;
  try {
    const node = parseRule(rule, syntax);
    const compiled = { matches: compileRule(node), hosts: requiredHosts(node) };
    compiledRules.set(key, compiled);
    return compiled;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new Error(`The rule of router ${route.name} cannot be used. ${detail}`, { cause: error });
  }
}

function add<T>(index: Map<string, Entry<T>[]>, host: string, entry: Entry<T>): void {
  const entries = index.get(host);
  if (entries) entries.push(entry);
  else index.set(host, [entry]);
}

/** Walks three lists, each in order of rank, as if they were one. */
function firstMatch<T>(
  a: readonly Entry<T>[],
  b: readonly Entry<T>[],
  c: readonly Entry<T>[],
  request: ProxyRequest,
): Entry<T> | undefined {
  let i = 0;
  let j = 0;
  let k = 0;
  for (;;) {
    const x = a[i];
    const y = b[j];
    const z = c[k];
    let next = x;
    if (y !== undefined && (next === undefined || y.rank < next.rank)) next = y;
    if (z !== undefined && (next === undefined || z.rank < next.rank)) next = z;
    if (next === undefined) return undefined;
    // A rule may stand under an exact host and a wildcard both.
    if (next === x) i += 1;
    if (next === y) j += 1;
    if (next === z) k += 1;
    if (next.matches(request)) return next;
  }
}
