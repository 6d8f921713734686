import { matchersOf, type RuleTree } from './rule-node.ts';

/** What a matcher looks at. `key` names the header field or query parameter; empty for the others. */
export interface RuleSubject {
  readonly kind: 'host' | 'path' | 'method' | 'client' | 'header' | 'query' | 'serverName' | 'alpn';
  readonly key: string;
}

/** One part of a rule on which its result rests. */
export interface RulePart extends RuleSubject {
  /** As it was written, with the `!` that stands before it. */
  readonly text: string;
  readonly holds: boolean;
  /** What was there; null: nothing by that name. */
  readonly actual: string | null;
}

export interface RuleExplanation {
  readonly matched: boolean;
  /** One sentence: the first part that did not hold, or what held. */
  readonly reason: string;
  /** What the sentence says, for other languages. */
  readonly parts: readonly RulePart[];
  readonly matchers: { text: string; matched: boolean; actual: string }[];
}

interface Leaf {
  readonly kind: 'matcher';
  readonly text: string;
}

/** How one kind of matcher is asked. */
export interface Questions<L extends Leaf> {
  readonly holds: (matcher: L) => boolean;
  readonly subject: (matcher: L) => RuleSubject;
  /** Null: nothing by that name. */
  readonly actual: (matcher: L) => string | null;
}

/** Says why a rule matches or does not, part by part. */
export function explainTree<L extends Leaf>(node: RuleTree<L>, ask: Questions<L>): RuleExplanation {
  const matched = evaluate(node, ask);
  const parts = decisive(node, ask, matched, false).map(
    ({ matcher, negated }): RulePart => ({
      ...ask.subject(matcher),
      text: negated ? `!${matcher.text}` : matcher.text,
      holds: ask.holds(matcher) !== negated,
      actual: ask.actual(matcher),
    }),
  );
  const matchers = matchersOf(node).map((matcher) => ({
    text: matcher.text,
    matched: ask.holds(matcher),
    actual: ask.actual(matcher) ?? 'absent',
  }));
  return { matched, reason: parts.map(sentence).join('; '), parts, matchers };
}

function evaluate<L extends Leaf>(node: RuleTree<L>, ask: Questions<L>): boolean {
  switch (node.kind) {
    case 'matcher':
      return ask.holds(node);
    case 'not':
      return !evaluate(node.operand, ask);
    case 'and':
      return node.operands.every((operand) => evaluate(operand, ask));
    case 'or':
      return node.operands.some((operand) => evaluate(operand, ask));
  }
}

interface Decisive<L> {
  readonly matcher: L;
  readonly negated: boolean;
}

/** The parts on which the result rests: one where one suffices, all where all were needed. */
function decisive<L extends Leaf>(
  node: RuleTree<L>,
  ask: Questions<L>,
  result: boolean,
  negated: boolean,
): Decisive<L>[] {
  switch (node.kind) {
    case 'matcher':
      return [{ matcher: node, negated }];
    case 'not':
      return decisive(node.operand, ask, !result, !negated);
    case 'and':
    case 'or': {
      const oneSuffices = result === (node.kind === 'or');
      const one = node.operands.find((operand) => evaluate(operand, ask) === result);
      if (oneSuffices) return one ? decisive(one, ask, result, negated) : [];
      return node.operands.flatMap((operand) => decisive(operand, ask, result, negated));
    }
  }
}

function sentence(part: RulePart): string {
  return `${part.text} ${part.holds ? 'holds' : 'does not hold'}: ${subjectWords(part)} is ${(part.actual ?? 'absent') || 'empty'}`;
}

function subjectWords({ kind, key }: RuleSubject): string {
  switch (kind) {
    case 'host':
    case 'path':
    case 'method':
    case 'client':
      return `the ${kind}`;
    case 'header':
      return `the header ${key}`;
    case 'query':
      return `the query's ${key}`;
    case 'serverName':
      return 'the server name';
    case 'alpn':
      return 'the list of protocols (ALPN)';
    default:
      return kind satisfies never;
  }
}
