/** Matchers of the third version of Traefik's rule language, with the numbers of arguments they take. */
export const matcherArguments = {
  ClientIP: [1],
  Method: [1],
  Host: [1],
  HostRegexp: [1],
  Path: [1],
  PathRegexp: [1],
  PathPrefix: [1],
  Header: [2],
  HeaderRegexp: [2],
  Query: [1, 2],
  QueryRegexp: [1, 2],
} as const satisfies Readonly<Record<string, readonly number[]>>;

export type MatcherName = keyof typeof matcherArguments;

export const matcherNames = Object.keys(matcherArguments) as readonly MatcherName[];

export interface MatcherNode {
  readonly kind: 'matcher';
  readonly name: MatcherName;
  readonly args: readonly string[];
  /** The matcher as it was written. */
  readonly text: string;
  readonly position: number;
}

/** A parsed rule. `and` and `or` hold two operands or more, so that long rules do not make deep trees. */
export type RuleTree<Leaf> =
  | Leaf
  | { readonly kind: 'not'; readonly operand: RuleTree<Leaf> }
  | { readonly kind: 'and'; readonly operands: readonly RuleTree<Leaf>[] }
  | { readonly kind: 'or'; readonly operands: readonly RuleTree<Leaf>[] };

export type RuleNode = RuleTree<MatcherNode>;

/** The matchers of a rule from left to right. */
export function matchersOf<Leaf extends { readonly kind: 'matcher' }>(node: RuleTree<Leaf>): Leaf[] {
  switch (node.kind) {
    case 'matcher':
      return [node];
    case 'not':
      return matchersOf(node.operand);
    case 'and':
    case 'or':
      return node.operands.flatMap((operand) => matchersOf(operand));
    default:
      return node satisfies never;
  }
}
