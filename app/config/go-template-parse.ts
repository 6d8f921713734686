/** What is wrong with a template, in words; `offset` is where, in characters from its beginning. */
export class TemplateError extends Error {
  readonly offset: number;

  constructor(message: string, offset = 0) {
    super(message);
    this.name = 'TemplateError';
    this.offset = offset;
  }
}

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly pipeline: Pipeline; readonly offset: number }
  | { readonly kind: 'if' | 'with'; readonly branches: readonly TemplateBranch[] }
  | {
      readonly kind: 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
      readonly offset: number;
    };

export interface TemplateBranch {
  /** Null: the last `else`. */
  readonly condition: Pipeline | null;
  readonly body: readonly TemplateNode[];
  readonly offset: number;
}

/** `$a, $b := one two | three`. */
export interface Pipeline {
  readonly declares: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly calls: readonly (readonly Operand[])[];
}

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | undefined }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'group'; readonly pipeline: Pipeline; readonly names: readonly string[] };

interface Token {
  readonly kind: 'text' | 'action';
  readonly text: string;
  readonly offset: number;
}

const actionPattern =
  /\{\{(-\s)?(\/\*[\s\S]*?\*\/|(?:"(?:[^"\\\n]|\\.)*"|`[^`]*`|'[^']*'|[^"`'}]|\}(?!\}))*?)(\s-)?\}\}/y;

/** Reads the text of a template. Throws a {@link TemplateError} for what Go has and this has not. */
export function parseTemplate(text: string): readonly TemplateNode[] {
  const reader: Reader = { tokens: split(text), at: 0, depth: 0 };
  const nodes = readNodes(reader, null);
  return nodes;
}

function split(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  const takeText = (end: number, trimEnd: boolean): void => {
    let part = text.slice(at, end);
    if (trimNext) part = part.trimStart();
    if (trimEnd) part = part.trimEnd();
    if (part !== '') tokens.push({ kind: 'text', text: part, offset: at });
  };
  for (;;) {
    const open = text.indexOf('{{', at);
    if (open < 0) break;
    actionPattern.lastIndex = open;
    const match = actionPattern.exec(text);
    if (!match) throw new TemplateError('an action that begins with {{ is not closed', open);
    takeText(open, match[1] !== undefined);
    tokens.push({ kind: 'action', text: (match[2] ?? '').trim(), offset: open });
    trimNext = match[3] !== undefined;
    at = open + match[0].length;
  }
  takeText(text.length, false);
  return tokens;
}

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

const maxDepth = 50;
const notHere = ['define', 'template', 'block', 'break', 'continue'];

function readNodes(reader: Reader, inside: string | null): TemplateNode[] {
  reader.depth += 1;
  const nodes: TemplateNode[] = [];
  for (;;) {
    const token = reader.tokens[reader.at];
    if (!token) {
      if (inside !== null) throw new TemplateError(`a {{${inside}}} has no {{end}}`, reader.tokens.at(-1)?.offset ?? 0);
      break;
    }
    const word = token.kind === 'action' ? (/^[a-z]+\b/.exec(token.text)?.[0] ?? '') : '';
    if (word === 'end' || word === 'else') {
      if (inside === null) throw new TemplateError(`{{${token.text}}} stands without an {{if}}`, token.offset);
      break;
    }
    if (reader.depth > maxDepth) throw new TemplateError('the template is nested too deeply', token.offset);
    reader.at += 1;
    if (token.kind === 'text') nodes.push({ kind: 'text', text: token.text });
    else if (notHere.includes(word)) {
      throw new TemplateError(`{{${word}}} is not supported; there are if, else, with and range`, token.offset);
    } else if (word === 'if' || word === 'with') nodes.push(readBranches(reader, word, token));
    else if (word === 'range') nodes.push(readRange(reader, token));
    else if (!token.text.startsWith('/*')) {
      nodes.push({ kind: 'value', pipeline: parsePipeline(token.text, token.offset), offset: token.offset });
    }
  }
  reader.depth -= 1;
  return nodes;
}

function readBranches(reader: Reader, kind: 'if' | 'with', first: Token): TemplateNode {
  const branches: TemplateBranch[] = [];
  let offset = first.offset;
  let condition: Pipeline | null = parsePipeline(first.text.slice(kind.length), offset);
  for (;;) {
    branches.push({ condition, body: readNodes(reader, kind), offset });
    const token = reader.tokens[reader.at];
    reader.at += 1;
    if (!token || token.text === 'end') return { kind, branches };
    offset = token.offset;
    const next = /^else\s+(?:if|with)\b([\s\S]*)$/.exec(token.text);
    condition = next ? parsePipeline(next[1] ?? '', offset) : null;
  }
}

function readRange(reader: Reader, first: Token): TemplateNode {
  const pipeline = parsePipeline(first.text.slice('range'.length), first.offset);
  const body = readNodes(reader, 'range');
  const token = reader.tokens[reader.at];
  reader.at += 1;
  const otherwise = token?.text === 'else' ? readNodes(reader, 'range') : [];
  if (token?.text === 'else') reader.at += 1;
  return { kind: 'range', pipeline, body, otherwise, offset: first.offset };
}

const wordPattern =
  /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)*'|:=|\$\w*(?:\.\w+)*|\.(?:\w+(?:\.\w+)*)?|[()|,=]|[^\s()|,="`']+)/gy;

function parsePipeline(text: string, offset: number): Pipeline {
  const words: string[] = [];
  wordPattern.lastIndex = 0;
  for (const match of text.matchAll(wordPattern)) words.push(match[1] ?? '');
  if (words.length === 0) throw new TemplateError('an action {{}} is empty', offset);
  const stack = words.toReversed();
  const pipeline = takePipeline(stack, offset);
  if (stack.length > 0) throw new TemplateError(`"${stack.at(-1)}" is not expected in {{${text.trim()}}}`, offset);
  return pipeline;
}

function takePipeline(words: string[], offset: number): Pipeline {
  const declares: string[] = [];
  let assigns = false;
  const isVariable = (word: string | undefined): boolean => word !== undefined && /^\$\w+$/.test(word);
  const sign = isVariable(words.at(-1)) ? words.at(-2) : undefined;
  if (sign === ':=' || sign === '=' || (sign === ',' && isVariable(words.at(-3)))) {
    declares.push(words.pop() ?? '');
    if (words.at(-1) === ',') {
      words.pop();
      declares.push(words.pop() ?? '');
    }
    assigns = words.pop() === '=';
  }
  const calls: Operand[][] = [];
  do {
    if (words.at(-1) === '|') words.pop();
    const operands: Operand[] = [];
    while (words.length > 0 && words.at(-1) !== '|' && words.at(-1) !== ')') {
      operands.push(takeOperand(words, offset));
    }
    if (operands.length === 0) throw new TemplateError('a value is missing in an action', offset);
    calls.push(operands);
  } while (words.at(-1) === '|');
  return { declares, assigns, calls };
}

function takeOperand(words: string[], offset: number): Operand {
  const word = words.pop() ?? '';
  if (word === '(') {
    const pipeline = takePipeline(words, offset);
    if (words.pop() !== ')') throw new TemplateError('a parenthesis is not closed', offset);
    const next = words.at(-1);
    const names = next !== undefined && /^\.\w/.test(next) ? namesOf(words.pop() ?? '') : [];
    return { kind: 'group', pipeline, names };
  }
  if (word.startsWith('`')) return { kind: 'literal', value: word.slice(1, -1) };
  if (word.startsWith('"')) return { kind: 'literal', value: unquote(word, offset) };
  if (/^[+-]?\d+(?:\.\d+)?$/.test(word)) return { kind: 'literal', value: Number(word) };
  if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
  if (word === 'nil') return { kind: 'literal', value: undefined };
  if (/^\.(?:\w+(?:\.\w+)*)?$/.test(word)) return { kind: 'field', names: namesOf(word) };
  if (/^\$\w*(?:\.\w+)*$/.test(word)) {
    const [name = '$', ...names] = word.split('.');
    return { kind: 'variable', name, names };
  }
  if (/^[A-Za-z]\w*$/.test(word)) return { kind: 'function', name: word };
  throw new TemplateError(`"${word}" cannot be used in a template here`, offset);
}

function namesOf(word: string): string[] {
  return word.split('.').filter(Boolean);
}

function unquote(word: string, offset: number): string {
  try {
    return String(JSON.parse(word));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : '';
    throw new TemplateError(`${word} is not a text that can be read (${why})`, offset);
  }
}
