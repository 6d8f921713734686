import { z } from 'zod';
import { compileRule } from '../../proxy/rule/compile.ts';
import { hostsOfRule } from '../../proxy/rule/hosts.ts';
import { parseRule, RuleError, type RuleSyntax } from '../../proxy/rule/parse.ts';
import { parseTree } from '../../proxy/rule/parse-tree.ts';
import { routingPath } from '../../proxy/rule/path.ts';
import { buildRouteTable } from '../../proxy/rule/route-table.ts';
import { matchersOf, type RuleTree } from '../../proxy/rule/rule-node.ts';
import { sendRaw, startProxy, statuses } from '../support/proxy-harness.ts';
import { isCanonicalName, requestOf } from './go-url.ts';
import { buildState, type RawConfiguration } from './runtime.ts';
import { ByDesign, kind, Missing, NotApplicable } from './vector.ts';

export const syntaxShape = z.enum(['v2', 'v3']);

export const requestShape = z.strictObject({
  method: z.string(),
  url: z.string(),
  headers: z.array(z.tuple([z.string(), z.string()])).optional(),
  remoteAddr: z.string().optional(),
});

/** The rule as the product reads it; null where it refuses the rule. */
export function parsed<Node>(parse: () => Node): Node | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RuleError) return null;
    throw error;
  }
}

export const httpRule = kind(
  {
    rule: z.string(),
    syntax: syntaxShape,
    expectParseError: z.boolean(),
    checks: z
      .array(
        z.strictObject({
          request: requestShape,
          match: z.boolean(),
          status: z.union([z.literal(200), z.literal(404)]),
        }),
      )
      .optional(),
  },
  ({ rule, syntax, expectParseError, checks = [] }, judgement) => {
    const node = parsed(() => parseRule(rule, syntax));
    judgement.equal({ rule, syntax }, { refused: expectParseError }, { refused: node === null });
    if (node === null) return;
    const matches = compileRule(node);
    for (const { request, match } of checks) {
      const canonical = requestOf(request);
      if (request.headers?.some(([name]) => !isCanonicalName(name))) continue;
      judgement.equal({ rule, syntax, request }, { match }, { match: canonical !== null && matches(canonical) });
    }
    if (checks.some(({ request }) => request.headers?.some(([name]) => !isCanonicalName(name)))) {
      throw new NotApplicable('a header whose name Go would have changed on any wire');
    }
  },
);

/** Judged by a proxy in this process, over a real connection. */
export const httpRuleRaw = kind(
  {
    rule: z.string(),
    syntax: syntaxShape,
    expectParseError: z.boolean(),
    checks: z.array(z.strictObject({ rawRequest: z.string(), match: z.boolean(), status: z.number() })),
  },
  async ({ rule, syntax, expectParseError, checks }, judgement) => {
    const node = parsed(() => parseRule(rule, syntax));
    judgement.equal({ rule, syntax }, { refused: expectParseError }, { refused: node === null });
    if (node === null) return;
    let refused = 0;
    const proxy = await startProxy({
      entryPoints: [judgement.asTraefik ? { asTraefik: true } : {}],
      routers: [{ rule, syntax, service: 'whoami@internal' }],
      services: { 'whoami@internal': { kind: 'whoami' } },
    });
    try {
      for (const { rawRequest, status } of checks) {
        const answer = await sendRaw(proxy.port(), rawRequest, (text) => text.includes('\r\n\r\n'));
        const [got] = statuses(answer);
        if (got === 400 && namesTwoHosts(rawRequest)) refused += 1;
        else judgement.equal({ rule, rawRequest }, { status }, { status: got });
      }
      if (refused > 0) throw new ByDesign('a target whose host is not that of the Host field is refused by design');
    } finally {
      await proxy.close();
    }
  },
);

function namesTwoHosts(rawRequest: string): boolean {
  const target = /^\S+ https?:\/\/([^/ ]*)/.exec(rawRequest)?.[1];
  const host = /\r\nHost: *(\S*)/i.exec(rawRequest)?.[1];
  return target !== undefined && target !== host;
}

export const route = z.strictObject({
  id: z.string(),
  rule: z.string(),
  priority: z.int().optional(),
  provider: z.string().optional(),
});

/** Judged by the merge, which gives rules their priority, and the route table that workers use. */
export const httpPriority = kind(
  {
    syntax: syntaxShape,
    providersPrecedence: z.array(z.string()),
    routes: z.array(route),
    request: requestShape,
    expectedRoute: z.string(),
  },
  ({ syntax, providersPrecedence, routes, request, expectedRoute }, judgement) => {
    const sections: Record<string, RawConfiguration> = {};
    for (const { id, rule, priority, provider = 'file' } of routes) {
      const known =
        (sections[provider] as { http: { routers: Record<string, unknown> } } | undefined)?.http.routers ?? {};
      const router = { rule, service: 'whoami@internal', priority, ...(syntax === 'v3' ? {} : { ruleSyntax: syntax }) };
      sections[provider] = { http: { routers: { ...known, [id]: router } } };
    }
    const hasProviders = routes.some(({ provider }) => provider !== undefined);
    const { snapshot: state } = buildState(sections, hasProviders ? { precedence: providersPrecedence } : {});
    const table = buildRouteTable(state.routers.map((router) => ({ ...router, target: router.name })));
    const canonical = requestOf(request);
    if (canonical === null) throw new Missing('the product refuses the target');
    const found = table.match(canonical);
    judgement.equal(
      { routes, request },
      expectedRoute,
      found.kind === 'match' ? found.target.replace(/@.*/, '') : found.kind,
    );
  },
);

export const httpDefaultPriority = kind(
  { rule: z.string(), expectedPriority: z.int() },
  ({ rule, expectedPriority }, judgement) => {
    const { snapshot: state } = buildState({
      file: { http: { routers: { a: { rule, service: 'whoami@internal' } } } },
    });
    judgement.equal(rule, expectedPriority, state.routers.find(({ name }) => name === 'a@file')?.priority);
  },
);

/** Traefik's function reads the grammar alone; where a value is wrong, names are gathered from the grammar here too. */
export const httpDomains = kind(
  { rule: z.string(), expectError: z.boolean(), expectedDomains: z.array(z.string()) },
  ({ rule, expectError, expectedDomains }, judgement) => {
    const domains = domainsOf(rule);
    judgement.equal(rule, expectError ? 'refused' : expectedDomains, domains ?? 'refused');
  },
);

function domainsOf(rule: string): string[] | null {
  for (const syntax of ['v3', 'v2'] satisfies RuleSyntax[]) {
    const node = parsed(() => parseRule(rule, syntax));
    if (node !== null) return hostsOfRule(node);
  }
  const tree = parsed(() => namesOnly(rule, ['Host', 'Path', 'PathPrefix', 'Method', 'HostRegexp']));
  if (tree === null) return null;
  return matchersOf(tree).flatMap(({ name, args }) => (name === 'Host' ? args.map((host) => host.toLowerCase()) : []));
}

export interface NamedLeaf {
  readonly kind: 'matcher';
  readonly name: string;
  readonly args: readonly string[];
}

/** The product's grammar over any matchers, whose values are not judged. */
export function namesOnly(rule: string, names: readonly string[]): RuleTree<NamedLeaf> {
  return parseTree<string, NamedLeaf>(rule, {
    names,
    example: 'm(`value`)',
    read: ({ name, args }) => ({ kind: 'matcher', name, args }),
  });
}

const treeSchema: z.ZodType<Tree> = z.lazy(() =>
  z.strictObject({
    matcher: z.string(),
    not: z.boolean().optional(),
    value: z.array(z.string()).optional(),
    left: treeSchema.optional(),
    right: treeSchema.optional(),
    checkError: z.boolean().optional(),
  }),
);

interface Tree {
  readonly matcher: string;
  readonly not?: boolean | undefined;
  readonly value?: readonly string[] | undefined;
  readonly left?: Tree | undefined;
  readonly right?: Tree | undefined;
  /** Whether Traefik's own walk over the tree finds fault with a node; the product has no such walk. */
  readonly checkError?: boolean | undefined;
}

export const grammarTree = kind(
  {
    rule: z.string(),
    knownMatchers: z.array(z.string()),
    expectParseError: z.boolean(),
    tree: treeSchema.optional(),
    valuesOf: z.array(z.string()).optional(),
    expectedValues: z.array(z.string()).optional(),
  },
  ({ rule, knownMatchers, expectParseError, tree, valuesOf = [], expectedValues }, judgement) => {
    const node = parsed(() => namesOnly(rule, knownMatchers));
    judgement.equal(rule, { refused: expectParseError }, { refused: node === null });
    if (node === null) return;
    if (tree) judgement.equal(rule, flat(tree), flatTree(node, false));
    if (expectedValues) {
      const values = matchersOf(node).flatMap(({ name, args }) => (valuesOf.includes(name) ? args : []));
      judgement.equal({ rule, valuesOf }, expectedValues, values);
    }
  },
);

type Flat =
  | { readonly leaf: string; readonly not: boolean; readonly args: readonly string[] }
  | { readonly join: string; readonly of: readonly Flat[] };

/** Binary trees and lists of operands say the same: runs of one operator become one list, and "!" sinks to the leaves. */
function flat(tree: Tree): Flat {
  if (tree.left === undefined || tree.right === undefined) {
    return { leaf: tree.matcher, not: tree.not ?? false, args: tree.value ?? [] };
  }
  return joined(tree.matcher, [flat(tree.left), flat(tree.right)]);
}

function flatTree(node: RuleTree<NamedLeaf>, negated: boolean): Flat {
  switch (node.kind) {
    case 'matcher':
      return { leaf: node.name, not: negated, args: node.args };
    case 'not':
      return flatTree(node.operand, !negated);
    case 'and':
    case 'or':
      return joined(
        negated === (node.kind === 'and') ? 'or' : 'and',
        node.operands.map((operand) => flatTree(operand, negated)),
      );
    default:
      return node satisfies never;
  }
}

function joined(join: string, operands: readonly Flat[]): Flat {
  return { join, of: operands.flatMap((each) => ('join' in each && each.join === join ? each.of : [each])) };
}

export const httpRoutingPath = kind(
  { path: z.string(), expectedRoutingPath: z.string() },
  ({ path, expectedRoutingPath }, judgement) => judgement.equal(path, expectedRoutingPath, routingPath(path)),
);
