import { createMatch, type Matcher } from './matchers.ts';
import type { RuleNode, RuleTree } from './rule-node.ts';

export type { Matcher } from './matchers.ts';

/** Makes one test of a whole rule. Regular expressions and ranges are prepared here, once. */
export function compileRule(node: RuleNode): Matcher {
  return compileTree(node, createMatch);
}

/** Joins the tests of a rule's matchers to one. */
export function compileTree<Leaf extends { readonly kind: 'matcher' }, Subject>(
  node: RuleTree<Leaf>,
  testOf: (leaf: Leaf) => (subject: Subject) => boolean,
): (subject: Subject) => boolean {
  switch (node.kind) {
    case 'matcher':
      return testOf(node);
    case 'not': {
      const operand = compileTree(node.operand, testOf);
      return (subject) => !operand(subject);
    }
    case 'and': {
      const operands = node.operands.map((operand) => compileTree(operand, testOf));
      return (subject) => {
        for (const operand of operands) if (!operand(subject)) return false;
        return true;
      };
    }
    case 'or': {
      const operands = node.operands.map((operand) => compileTree(operand, testOf));
      return (subject) => {
        for (const operand of operands) if (operand(subject)) return true;
        return false;
      };
    }
    default:
      return node satisfies never;
  }
}
