import { createMatch } from './matchers.ts';
import { RuleError } from './rule-error.ts';
import { type MatcherName, type MatcherNode, matcherArguments, matcherNames, type RuleNode } from './rule-node.ts';
import { type Token, tokenise } from './tokenise.ts';

export { RuleError } from './rule-error.ts';
export type { MatcherNode, RuleNode } from './rule-node.ts';

/** Deeper nesting than any person writes; it bounds the recursion. */
const maxDepth = 100;

/**
 * Reads a rule of Traefik's third version: `Host(`a`) && (PathPrefix(`/b`) || !Method(`GET`))`.
 * `!` binds closest, then `&&`, then `||`. A rule that parses can be compiled: values are checked here too.
 * Throws {@link RuleError} and nothing else.
 */
export function parseRule(text: string): RuleNode {
  if (text.trim() === '') throw new RuleError('The rule is empty. Write for example Host(`app.example.com`).', 0);
  const parser = new Parser(text);
  return parser.parse();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenise(text);
  }

  parse(): RuleNode {
    const node = this.#parseOr();
    const token = this.#peek();
    if (token.kind === ')') throw new RuleError('This ")" closes nothing.', token.position);
    if (token.kind !== 'end') {
      throw new RuleError('Two parts stand side by side here: join them with "&&" or "||".', token.position);
    }
    return node;
  }

  #peek(): Token {
    return this.#tokens[this.#index] ?? { kind: 'end', position: this.#text.length, end: this.#text.length };
  }

  #next(): Token {
    const token = this.#peek();
    this.#index += 1;
    return token;
  }

  #parseOr(): RuleNode {
    return this.#parseList('||', 'or', () => this.#parseList('&&', 'and', () => this.#parseUnary()));
  }

  #parseList(operator: '&&' | '||', kind: 'and' | 'or', parseOperand: () => RuleNode): RuleNode {
    const first = parseOperand();
    if (this.#peek().kind !== operator) return first;
    const operands = [first];
    while (this.#peek().kind === operator) {
      this.#next();
      operands.push(parseOperand());
    }
    return { kind, operands };
  }

  #parseUnary(): RuleNode {
    const token = this.#next();
    switch (token.kind) {
      case '!':
        return this.#nested(token, () => ({ kind: 'not', operand: this.#parseUnary() }));
      case '(':
        return this.#nested(token, () => this.#parseGroup(token));
      case 'name':
        return this.#parseMatcher(token);
      case 'end':
        throw new RuleError('The rule ends where a matcher such as Host(`…`) must follow.', token.position);
      case 'string':
        throw new RuleError('A value stands alone here. Put it in a matcher, such as Host(`…`).', token.position);
      case ')':
      case ',':
      case '&&':
      case '||':
        throw new RuleError(`A matcher such as Host(\`…\`) must stand before this "${token.kind}".`, token.position);
      default:
        return token satisfies never;
    }
  }

  #nested(token: Token, parse: () => RuleNode): RuleNode {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new RuleError('The rule is nested too deeply.', token.position);
    const node = parse();
    this.#depth -= 1;
    return node;
  }

  #parseGroup(open: Token): RuleNode {
    const node = this.#parseOr();
    const close = this.#next();
    if (close.kind === ')') return node;
    if (close.kind === 'end') throw new RuleError('This "(" is never closed.', open.position);
    throw new RuleError('Two parts stand side by side here: join them with "&&" or "||".', close.position);
  }

  #parseMatcher(name: Token & { kind: 'name' }): MatcherNode {
    const open = this.#next();
    if (open.kind !== '(') {
      throw new RuleError(
        unknownMatcher(name.text) ?? `${name.text} needs a value: write ${name.text}(\`…\`).`,
        name.position,
      );
    }
    const args = this.#parseArguments(name, open);
    const text = this.#text.slice(name.position, this.#tokens[this.#index - 1]?.end);
    const matcher = canonicalNames.get(name.text);
    if (matcher === undefined) {
      throw new RuleError(secondVersion(name.text, args) ?? unknownMatcher(name.text) ?? '', name.position);
    }
    checkCount(matcher, args, name.position);
    const empty = args.indexOf('');
    if (empty >= 0) throw new RuleError(`${matcher} has an empty value.`, name.position);
    const node: MatcherNode = { kind: 'matcher', name: matcher, args, text, position: name.position };
    // Values are judged by building what will judge requests; the result is built again by compileRule.
    createMatch(node);
    return node;
  }

  #parseArguments(name: Token & { kind: 'name' }, open: Token): string[] {
    const args: string[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === ')') return args;
      if (token.kind === 'end') throw new RuleError('This "(" is never closed.', open.position);
      if (token.kind !== 'string') {
        throw new RuleError(`Values of ${name.text} stand in backquotes: ${name.text}(\`…\`).`, token.position);
      }
      args.push(token.value);
      const separator = this.#peek();
      if (separator.kind === ',') this.#next();
      else if (separator.kind === 'string')
        throw new RuleError('A comma is missing between two values.', separator.position);
    }
  }
}

/** The four spellings of each name, as Traefik has them: as listed, all lower, all upper, Titlecase. */
const canonicalNames: ReadonlyMap<string, MatcherName> = new Map(
  matcherNames.flatMap((name) =>
    [name, name.toLowerCase(), name.toUpperCase(), name.charAt(0) + name.slice(1).toLowerCase()].map(
      (spelling) => [spelling, name] as const,
    ),
  ),
);

function checkCount(name: MatcherName, args: readonly string[], position: number): void {
  const counts: readonly number[] = matcherArguments[name];
  if (counts.includes(args.length)) return;
  if (counts.length === 1 && counts[0] === 1 && args.length > 1) {
    const instead = args.map((value) => `${name}(\`${value}\`)`).join(' || ');
    throw new RuleError(`${name} takes one value. Several are written as: ${instead}`, position);
  }
  const wanted = counts.map((count) => (count === 1 ? 'one value' : 'two values')).join(' or ');
  throw new RuleError(
    `${name} takes ${wanted}; ${args.length === 0 ? 'none is' : args.length === 1 ? 'one is' : `${args.length} are`} given.`,
    position,
  );
}

const renamedSinceSecondVersion: ReadonlyMap<string, MatcherName> = new Map([
  ['headers', 'Header'],
  ['headersregexp', 'HeaderRegexp'],
  ['hostheader', 'Host'],
]);

function secondVersion(name: string, args: readonly string[]): string | undefined {
  const renamed = renamedSinceSecondVersion.get(name.toLowerCase());
  if (renamed === undefined) return undefined;
  const values = args.map((value) => `\`${value}\``).join(', ');
  return `${name} is how version 2 of the rule language wrote it. Version 3 writes: ${renamed}(${values})`;
}

function unknownMatcher(name: string): string | undefined {
  if (canonicalNames.has(name)) return undefined;
  const nearest = nearestName(name);
  return nearest === undefined
    ? `There is no matcher "${name}". Matchers are: ${matcherNames.join(', ')}.`
    : `There is no matcher "${name}". Did you mean ${nearest}?`;
}

function nearestName(name: string): MatcherName | undefined {
  let best: MatcherName | undefined;
  let bestDistance = Math.max(3, Math.floor(name.length / 2));
  for (const candidate of matcherNames) {
    const distance = editDistance(name.toLowerCase().slice(0, 40), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
