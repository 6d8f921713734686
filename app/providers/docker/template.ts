/**
 * The part of Go's text/template that default rules use: fields, `index`, string functions, pipelines and
 * `if`/`else`. Anything else is an error that names it; nothing is ever executed that is not in the table below.
 */

export type TemplateValue = string | number | boolean | readonly TemplateValue[] | TemplateRecord | undefined;
export interface TemplateRecord {
  readonly [name: string]: TemplateValue;
}

/** What is wrong with a template, in words. */
export class TemplateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TemplateError';
  }
}

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly expression: Expression }
  | { readonly kind: 'if'; readonly branches: readonly Branch[] };

interface Branch {
  /** Null: the last `else`. */
  readonly condition: Expression | null;
  readonly parts: readonly Part[];
}

type Expression =
  | { readonly kind: 'literal'; readonly value: TemplateValue }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'call'; readonly name: string; readonly operands: readonly Expression[] };

/** Compiles a template. Throws a {@link TemplateError} for what it does not know, here or when it runs. */
export function compileTemplate(text: string): (data: TemplateRecord) => string {
  const tokens = split(text);
  const reader = { tokens, at: 0 };
  const parts = readParts(reader, false);
  return (data) => render(parts, data);
}

type Token = { readonly kind: 'text' | 'action'; readonly text: string };

function split(text: string): Token[] {
  const tokens: Token[] = [];
  let rest = text;
  while (rest !== '') {
    const open = rest.indexOf('{{');
    if (open < 0) break;
    const match = /^\{\{(-\s)?((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^"`}]|\}(?!\}))*?)(\s-)?\}\}/.exec(rest.slice(open));
    if (!match) throw new TemplateError('an action that begins with {{ is not closed');
    const before = rest.slice(0, open);
    tokens.push({ kind: 'text', text: match[1] ? before.trimEnd() : before });
    tokens.push({ kind: 'action', text: (match[2] ?? '').trim() });
    rest = rest.slice(open + match[0].length);
    if (match[3]) rest = rest.trimStart();
  }
  tokens.push({ kind: 'text', text: rest });
  return tokens.filter((token) => token.kind === 'action' || token.text !== '');
}

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
}

function readParts(reader: Reader, inside: boolean): Part[] {
  const parts: Part[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (!token) {
      if (inside) throw new TemplateError('an {{if}} has no {{end}}');
      return parts;
    }
    if (token.kind === 'action' && /^(end|else)\b/.test(token.text)) {
      if (!inside) throw new TemplateError(`{{${token.text}}} stands without an {{if}}`);
      return parts;
    }
    reader.at++;
    if (token.kind === 'text') parts.push({ kind: 'text', text: token.text });
    else if (/^if\b/.test(token.text)) parts.push(readIf(reader, token.text.slice(2)));
    else if (!token.text.startsWith('/*')) parts.push({ kind: 'value', expression: parseExpression(token.text) });
  }
}

function readIf(reader: Reader, condition: string): Part {
  const branches: Branch[] = [{ condition: parseExpression(condition), parts: readParts(reader, true) }];
  for (;;) {
    const word = reader.tokens[reader.at++]?.text ?? 'end';
    if (word === 'end') return { kind: 'if', branches };
    const next = /^else\s+if\b(.*)$/s.exec(word);
    branches.push({ condition: next ? parseExpression(next[1] ?? '') : null, parts: readParts(reader, true) });
  }
}

function parseExpression(text: string): Expression {
  const words = [...text.matchAll(/\s*("(?:[^"\\]|\\.)*"|`[^`]*`|[()|]|[^\s()|"`]+)/g)].map((match) => match[1] ?? '');
  const stack: string[] = words.toReversed();
  const expression = parsePipeline(stack);
  if (stack.length > 0) throw new TemplateError(`"${stack.at(-1)}" is not expected in {{${text}}}`);
  return expression;
}

function parsePipeline(words: string[]): Expression {
  let piped: Expression | null = null;
  do {
    if (words.at(-1) === '|') words.pop();
    const operands: Expression[] = [];
    let name: string | null = null;
    while (words.length > 0 && words.at(-1) !== '|' && words.at(-1) !== ')') {
      const word = words.pop() ?? '';
      if (operands.length === 0 && name === null && /^[A-Za-z]\w*$/.test(word) && !isKeyword(word)) name = word;
      else operands.push(parseOperand(word, words));
    }
    if (piped) operands.push(piped);
    if (name !== null) {
      if (!functions.has(name)) throw new TemplateError(`the template function "${name}" is not known`);
      piped = { kind: 'call', name, operands };
    } else {
      const [only, extra] = operands;
      if (!only) throw new TemplateError('an action {{}} is empty');
      if (extra) throw new TemplateError('a value that is no function is given arguments');
      piped = only;
    }
  } while (words.at(-1) === '|');
  return piped;
}

function isKeyword(word: string): boolean {
  return word === 'true' || word === 'false' || word === 'nil';
}

function parseOperand(word: string, words: string[]): Expression {
  if (word === '(') {
    const inner = parsePipeline(words);
    if (words.pop() !== ')') throw new TemplateError('a parenthesis is not closed');
    return inner;
  }
  if (word.startsWith('`')) return { kind: 'literal', value: word.slice(1, -1) };
  if (word.startsWith('"')) return { kind: 'literal', value: unquote(word) };
  if (/^-?\d+$/.test(word)) return { kind: 'literal', value: Number(word) };
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  if (/^\.(?:\w+(?:\.\w+)*)?$/.test(word)) return { kind: 'field', names: word.split('.').filter(Boolean) };
  throw new TemplateError(`"${word}" cannot be used in a template here`);
}

function unquote(word: string): string {
  try {
    return String(JSON.parse(word));
  } catch (cause) {
    throw new TemplateError(`${word} is not a text that can be read (${cause instanceof Error ? cause.message : ''})`);
  }
}

function render(parts: readonly Part[], data: TemplateRecord): string {
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') text += part.text;
    else if (part.kind === 'value') text += textOf(evaluate(part.expression, data));
    else {
      const branch = part.branches.find(({ condition }) => condition === null || isTrue(evaluate(condition, data)));
      if (branch) text += render(branch.parts, data);
    }
  }
  return text;
}

function evaluate(expression: Expression, data: TemplateRecord): TemplateValue {
  if (expression.kind === 'literal') return expression.value;
  if (expression.kind === 'field') return field(expression.names, data);
  const operands = expression.operands.map((operand) => evaluate(operand, data));
  return functions.get(expression.name)?.(...operands);
}

function field(names: readonly string[], data: TemplateRecord): TemplateValue {
  let value: TemplateValue = data;
  for (const [depth, name] of names.entries()) {
    const record: TemplateValue = value;
    const known: boolean = isRecord(record) && Object.hasOwn(record, name);
    // As in Go: a field that does not exist is an error, a key that a map does not have is empty.
    if (!known && depth === 0)
      throw new TemplateError(`.${name} is not known; there are .Name, .ContainerName and .Labels`);
    value = known && isRecord(record) ? record[name] : undefined;
  }
  return value;
}

function isRecord(value: TemplateValue): value is TemplateRecord {
  return typeof value === 'object' && !Array.isArray(value);
}

function textOf(value: TemplateValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item)).join(' ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function isTrue(value: TemplateValue): boolean {
  if (typeof value !== 'object') return Boolean(value);
  return (Array.isArray(value) ? value.length : Object.keys(value).length) > 0;
}

/** Traefik's: letters and digits stay, everything else becomes one dash. */
export function normalize(text: string): string {
  return text
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)
    .join('-');
}

type TemplateFunction = (...operands: TemplateValue[]) => TemplateValue;

/** The last operand is what a pipeline hands in, as in Go and Sprig. */
const functions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['normalize', (text) => normalize(textOf(text))],
  ['index', (container, ...keys) => keys.reduce(indexInto, container)],
  ['lower', (text) => textOf(text).toLowerCase()],
  ['upper', (text) => textOf(text).toUpperCase()],
  ['trim', (text) => textOf(text).trim()],
  ['trimPrefix', (prefix, text) => withoutPrefix(textOf(text), textOf(prefix))],
  ['trimSuffix', (suffix, text) => withoutSuffix(textOf(text), textOf(suffix))],
  ['replace', (from, to, text) => textOf(text).replaceAll(textOf(from), textOf(to))],
  ['default', (fallback, value) => (isTrue(value) ? value : fallback)],
  ['coalesce', (...values) => values.find((value) => isTrue(value))],
  ['contains', (part, text) => textOf(text).includes(textOf(part))],
  ['hasPrefix', (part, text) => textOf(text).startsWith(textOf(part))],
  ['hasSuffix', (part, text) => textOf(text).endsWith(textOf(part))],
  ['quote', (text) => JSON.stringify(textOf(text))],
  ['splitList', (separator, text) => textOf(text).split(textOf(separator))],
  [
    'join',
    (separator, list) =>
      (Array.isArray(list) ? list.map((item) => textOf(item)) : [textOf(list)]).join(textOf(separator)),
  ],
  ['first', (list) => (Array.isArray(list) ? list[0] : undefined)],
  ['last', (list) => (Array.isArray(list) ? list.at(-1) : undefined)],
  ['eq', (left, ...rights) => rights.some((right) => left === right)],
  ['ne', (left, right) => left !== right],
  ['not', (value) => !isTrue(value)],
  ['and', (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1)],
  ['or', (...values) => values.find((value) => isTrue(value)) ?? values.at(-1)],
  ['len', (value) => (isRecord(value) ? Object.keys(value).length : textOf(value).length)],
  ['print', (...values) => values.map((value) => textOf(value)).join('')],
]);

function indexInto(container: TemplateValue, key: TemplateValue): TemplateValue {
  if (Array.isArray(container)) return container[Number(key)];
  return isRecord(container) && Object.hasOwn(container, textOf(key)) ? container[textOf(key)] : undefined;
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function withoutSuffix(text: string, suffix: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}
