import { RuleError } from './rule-error.ts';
import type { RuleTree } from './rule-node.ts';
import { type Token, tokenise } from './tokenise.ts';

/** One matcher as it was written: its name in the spelling of the table, its values, its place. */
export interface MatcherCall<Name extends string = string> {
  readonly name: Name;
  readonly args: readonly string[];
  readonly text: string;
  readonly position: number;
}

/** A language of rules: which matchers there are, and what a call of one means. */
export interface Grammar<Name extends string, Leaf> {
  readonly names: readonly Name[];
  /** A matcher to show in messages, such as ``Host(`app.example.com`)``. */
  readonly example: string;
  /** Judges the values. Throws {@link RuleError} where they cannot be used. */
  readonly read: (call: MatcherCall<Name>) => RuleTree<Leaf>;
  /** A better word than "there is no such matcher", where there is one. */
  readonly explainUnknown?: (name: string, args: readonly string[]) => string | undefined;
}

/** Deeper nesting than any person writes; it bounds the recursion. */
const maxDepth = 100;

/** Reads a rule. `!` binds closest, then `&&`, then `||`. Throws {@link RuleError} and nothing else. */
export function parseTree<Name extends string, Leaf>(text: string, grammar: Grammar<Name, Leaf>): RuleTree<Leaf> {
  if (text.trim() === '') throw new RuleError(`The rule is empty. Write for example ${grammar.example}.`, 0);
  return new Parser(text, grammar).parse();
}

class Parser<Name extends string, Leaf> {
  readonly #text: string;
  readonly #grammar: Grammar<Name, Leaf>;
  readonly #tokens: readonly Token[];
  readonly #example: string;
  #index = 0;
  #depth = 0;

  constructor(text: string, grammar: Grammar<Name, Leaf>) {
    this.#text = text;
    this.#grammar = grammar;
    this.#tokens = tokenise(text);
    this.#example = `${grammar.example.slice(0, grammar.example.indexOf('('))}(\`…\`)`;
  }

  parse(): RuleTree<Leaf> {
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

  #parseOr(): RuleTree<Leaf> {
    return this.#parseList('||', 'or', () => this.#parseList('&&', 'and', () => this.#parseUnary()));
  }

  #parseList(operator: '&&' | '||', kind: 'and' | 'or', parseOperand: () => RuleTree<Leaf>): RuleTree<Leaf> {
    const first = parseOperand();
    if (this.#peek().kind !== operator) return first;
    const operands = [first];
    while (this.#peek().kind === operator) {
      this.#next();
      operands.push(parseOperand());
    }
    return { kind, operands };
  }

  #parseUnary(): RuleTree<Leaf> {
    const token = this.#next();
    switch (token.kind) {
      case '!':
        return this.#nested(token, () => ({ kind: 'not', operand: this.#parseUnary() }));
      case '(':
        return this.#nested(token, () => this.#parseGroup(token));
      case 'name':
        return this.#parseMatcher(token);
      case 'end':
        throw new RuleError(`The rule ends where a matcher such as ${this.#example} must follow.`, token.position);
      case 'string':
        throw new RuleError(
          `A value stands alone here. Put it in a matcher, such as ${this.#example}.`,
          token.position,
        );
      case ')':
      case ',':
      case '&&':
      case '||':
        throw new RuleError(
          `A matcher such as ${this.#example} must stand before this "${token.kind}".`,
          token.position,
        );
      default:
        return token satisfies never;
    }
  }

  #nested(token: Token, parse: () => RuleTree<Leaf>): RuleTree<Leaf> {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new RuleError('The rule is nested too deeply.', token.position);
    const node = parse();
    this.#depth -= 1;
    return node;
  }

  #parseGroup(open: Token): RuleTree<Leaf> {
    const node = this.#parseOr();
    const close = this.#next();
    if (close.kind === ')') return node;
    if (close.kind === 'end') throw new RuleError('This "(" is never closed.', open.position);
    throw new RuleError('Two parts stand side by side here: join them with "&&" or "||".', close.position);
  }

  #parseMatcher(written: Token & { kind: 'name' }): RuleTree<Leaf> {
    const open = this.#next();
    const name = spellingsOf(this.#grammar.names).get(written.text);
    if (open.kind !== '(') {
      throw new RuleError(
        name === undefined
          ? this.#unknown(written.text, [])
          : `${written.text} needs a value: write ${written.text}(\`…\`).`,
        written.position,
      );
    }
    const args = this.#parseArguments(written, open);
    const text = this.#text.slice(written.position, this.#tokens[this.#index - 1]?.end);
    if (name === undefined) throw new RuleError(this.#unknown(written.text, args), written.position);
    return this.#grammar.read({ name, args, text, position: written.position });
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

  #unknown(name: string, args: readonly string[]): string {
    const { names, explainUnknown } = this.#grammar;
    const explained = explainUnknown?.(name, args);
    if (explained !== undefined) return explained;
    const nearest = nearestName(name, names);
    return nearest === undefined
      ? `There is no matcher "${name}". Matchers are: ${names.join(', ')}.`
      : `There is no matcher "${name}". Did you mean ${nearest}?`;
  }
}

const spellings = new WeakMap<readonly string[], ReadonlyMap<string, string>>();

/** The four spellings of each name, as Traefik has them: as listed, all lower, all upper, Titlecase. */
function spellingsOf<Name extends string>(names: readonly Name[]): ReadonlyMap<string, Name> {
  const known = spellings.get(names) as ReadonlyMap<string, Name> | undefined;
  if (known !== undefined) return known;
  const made = new Map(
    names.flatMap((name) =>
      [name, name.toLowerCase(), name.toUpperCase(), name.charAt(0) + name.slice(1).toLowerCase()].map(
        (spelling) => [spelling, name] as const,
      ),
    ),
  );
  spellings.set(names, made);
  return made;
}

/** Throws where a matcher has no value, or an empty one. */
export function checkValues({ name, args, position }: MatcherCall): void {
  if (args.length === 0) throw new RuleError(`${name} takes one value; none is given.`, position);
  if (args.includes('')) throw new RuleError(`${name} has an empty value.`, position);
}

/** Throws where the number of values is none of `counts`, which is 1, 2 or both. */
export function checkCount({ name, args, position }: MatcherCall, counts: readonly number[]): void {
  if (counts.includes(args.length)) return;
  if (counts.length === 1 && counts[0] === 1 && args.length > 1) {
    const instead = args.map((value) => `${name}(\`${value}\`)`).join(' || ');
    throw new RuleError(`${name} takes one value. Several are written as: ${instead}`, position);
  }
  const wanted = counts.map((count) => (count === 1 ? 'one value' : 'two values')).join(' or ');
  const given = args.length === 0 ? 'none is' : args.length === 1 ? 'one is' : `${args.length} are`;
  throw new RuleError(`${name} takes ${wanted}; ${given} given.`, position);
}

function nearestName<Name extends string>(name: string, names: readonly Name[]): Name | undefined {
  let best: Name | undefined;
  let bestDistance = Math.max(3, Math.floor(name.length / 2));
  for (const candidate of names) {
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
