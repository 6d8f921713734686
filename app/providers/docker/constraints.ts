import { RE2JS } from 're2js';
import { type Grammar, parseTree } from '../../../proxy/rule/parse-tree.ts';
import { RuleError } from '../../../proxy/rule/rule-error.ts';
import type { RuleTree } from '../../../proxy/rule/rule-node.ts';

type Labels = Readonly<Record<string, string>>;
type Test = (labels: Labels) => boolean;

const grammarWith = (onBadPattern: (message: string) => void): Grammar<'Label' | 'LabelRegex', Test> => ({
  names: ['Label', 'LabelRegex'],
  example: 'Label(`team`, `home`)',
  read: ({ name, args, position }) => {
    const [label, value] = args;
    if (label === undefined || value === undefined || args.length !== 2) {
      throw new RuleError(`${name} takes a label and a value: write ${name}(\`label\`, \`value\`).`, position);
    }
    if (name === 'Label') return (own) => Object.hasOwn(own, label) && own[label] === value;
    const pattern = compilePattern(value, onBadPattern);
    // As in Traefik, a pattern that cannot be read fits nothing; who starts Gatehouse with one is told.
    return (own) => Object.hasOwn(own, label) && pattern !== null && pattern.matcher(own[label] ?? '').find();
  },
});

function compilePattern(pattern: string, onBadPattern: (message: string) => void): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    onBadPattern(error instanceof Error ? error.message : String(error));
    return null;
  }
}

/** Reads Traefik's `providers.docker.constraints`. Empty: every container fits. Throws {@link RuleError}. */
export function compileConstraints(expression: string): Test {
  if (expression.trim() === '') return () => true;
  const tree = parseTree(
    expression,
    grammarWith(() => undefined),
  );
  return (own) => holds(tree, own);
}

/** What is wrong with an expression, or null. */
export function constraintsFault(expression: string): string | null {
  let fault: string | null = null;
  try {
    const grammar = grammarWith((message) => {
      fault ??= `A pattern cannot be read: ${message}`;
    });
    if (expression.trim() !== '') parseTree(expression, grammar);
    return fault;
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    return error.message;
  }
}

function holds(node: RuleTree<Test>, own: Labels): boolean {
  if (typeof node === 'function') return node(own);
  switch (node.kind) {
    case 'and':
      return node.operands.every((operand) => holds(operand, own));
    case 'or':
      return node.operands.some((operand) => holds(operand, own));
    case 'not':
      return !holds(node.operand, own);
  }
}
