import { createMatch, type Matcher } from './matchers.ts';
import type { RuleNode } from './rule-node.ts';

export type { Matcher } from './matchers.ts';

/** Makes one test of a whole rule. Regular expressions and ranges are prepared here, once. */
export function compileRule(node: RuleNode): Matcher {
  switch (node.kind) {
    case 'matcher':
      return createMatch(node);
    case 'not': {
      const operand = compileRule(node.operand);
      return (request) => !operand(request);
    }
    case 'and': {
      const operands = node.operands.map((operand) => compileRule(operand));
      return (request) => {
        for (const operand of operands) if (!operand(request)) return false;
        return true;
      };
    }
    case 'or': {
      const operands = node.operands.map((operand) => compileRule(operand));
      return (request) => {
        for (const operand of operands) if (operand(request)) return true;
        return false;
      };
    }
    default:
      return node satisfies never;
  }
}
