/** A value in an expression of circuitBreaker and buffering. */
export type Value = number | string | boolean;

/** What an expression may call, with the kinds of its arguments. */
export interface ExpressionFunction<Facts> {
  readonly takes: readonly 'number'[];
  readonly gives: 'number' | 'string' | 'boolean';
  readonly call: (facts: Facts, args: readonly number[]) => Value;
}

export type Functions<Facts> = Readonly<Record<string, ExpressionFunction<Facts>>>;

type Token = { readonly text: string; readonly kind: 'name' | 'number' | 'string' | 'sign' };

/** Deeper nesting than any person writes; it bounds the recursion. */
const maxDepth = 50;

interface Operand<Facts> {
  readonly gives: ExpressionFunction<Facts>['gives'];
  readonly of: (facts: Facts) => Value;
}

/**
 * Reads an expression such as `NetworkErrorRatio() > 0.5 || ResponseCodeRatio(500, 600, 0, 600) > 0.25` in Go's form:
 * `&&` binds closer than `||`. Throws an Error that says what is wrong.
 */
export function parseExpression<Facts>(text: string, functions: Functions<Facts>): (facts: Facts) => boolean {
  const tokens = tokenise(text);
  const names = Object.keys(functions).map((name) => `${name}()`);
  let index = 0;
  let depth = 0;

  const fail = (detail: string): never => {
    throw new Error(`The expression "${text}" cannot be read: ${detail}`);
  };
  const take = (sign: string): boolean => {
    if (tokens[index]?.kind !== 'sign' || tokens[index]?.text !== sign) return false;
    index += 1;
    return true;
  };
  const expectSign = (sign: string): void => {
    if (!take(sign))
      fail(
        `a "${sign}" is missing${index < tokens.length ? ` before "${tokens[index]?.text ?? ''}"` : ' at the end'}.`,
      );
  };

  function readOr(): (facts: Facts) => boolean {
    const parts = [readAnd()];
    while (take('||')) parts.push(readAnd());
    return (facts) => parts.some((part) => part(facts));
  }

  function readAnd(): (facts: Facts) => boolean {
    const parts = [readTerm()];
    while (take('&&')) parts.push(readTerm());
    return (facts) => parts.every((part) => part(facts));
  }

  function readTerm(): (facts: Facts) => boolean {
    if (take('(')) {
      depth += 1;
      if (depth > maxDepth) fail('it is nested too deeply.');
      const inner = readOr();
      depth -= 1;
      expectSign(')');
      return inner;
    }
    const left = readOperand();
    const operator = tokens[index];
    if (operator?.kind === 'sign' && Object.hasOwn(comparisons, operator.text)) {
      index += 1;
      const right = readOperand();
      if (left.gives !== right.gives) fail(`a ${left.gives} is compared with a ${right.gives}.`);
      const compare = comparisons[operator.text as keyof typeof comparisons];
      return (facts) => compare(left.of(facts), right.of(facts));
    }
    if (left.gives !== 'boolean') fail('a comparison is missing, such as "> 0.5".');
    return (facts) => left.of(facts) === true;
  }

  function readOperand(): Operand<Facts> {
    const token = tokens[index];
    index += 1;
    if (token === undefined) return fail('it ends too early.');
    if (token.kind === 'number') return constant('number', Number(token.text));
    if (token.kind === 'string') return constant('string', token.text.slice(1, -1));
    if (token.kind === 'sign') return fail(`"${token.text}" stands where a function such as ${names[0] ?? ''} must.`);
    if (token.text === 'true' || token.text === 'false') return constant('boolean', token.text === 'true');
    const known = Object.hasOwn(functions, token.text) ? functions[token.text] : undefined;
    if (known === undefined) return fail(`there is no ${token.text}(). There are: ${names.join(', ')}.`);
    const args = readArguments(token.text, known.takes.length);
    return { gives: known.gives, of: (facts) => known.call(facts, args) };
  }

  function readArguments(name: string, count: number): number[] {
    const args: number[] = [];
    expectSign('(');
    while (!take(')')) {
      if (args.length > 0) expectSign(',');
      const token = tokens[index];
      index += 1;
      if (token?.kind !== 'number') return fail(`${name}() takes numbers.`);
      args.push(Number(token.text));
    }
    if (args.length !== count) fail(`${name}() takes ${count} numbers, but ${args.length} are given.`);
    return args;
  }

  if (tokens.length === 0) fail('it is empty.');
  const expression = readOr();
  if (index < tokens.length) fail(`"${tokens[index]?.text ?? ''}" is one too many. Join parts by && or ||.`);
  return expression;

  function tokenise(source: string): Token[] {
    const found: Token[] = [];
    const pattern =
      /\s*(?:([A-Za-z_]\w*)|(-?\d+(?:\.\d*)?|-?\.\d+)|("[^"\\]*"|`[^`]*`)|(&&|\|\||[<>=!]=|[<>(),]))|\s*$/gy;
    while (pattern.lastIndex < source.length) {
      const start = pattern.lastIndex;
      const match = pattern.exec(source);
      if (match === null) {
        throw new Error(`The expression "${source}" cannot be read from "${source.slice(start).trim()}" on.`);
      }
      const [, name, number, string, sign] = match;
      if (name !== undefined) found.push({ kind: 'name', text: name });
      else if (number !== undefined) found.push({ kind: 'number', text: number });
      else if (string !== undefined) found.push({ kind: 'string', text: string });
      else if (sign !== undefined) found.push({ kind: 'sign', text: sign });
    }
    return found;
  }
}

const comparisons = {
  '<': (a: Value, b: Value) => a < b,
  '<=': (a: Value, b: Value) => a <= b,
  '>': (a: Value, b: Value) => a > b,
  '>=': (a: Value, b: Value) => a >= b,
  '==': (a: Value, b: Value) => a === b,
  '!=': (a: Value, b: Value) => a !== b,
};

function constant<Facts>(gives: Operand<Facts>['gives'], value: Value): Operand<Facts> {
  return { gives, of: () => value };
}
