import { RuleError } from './rule-error.ts';

export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly position: number; readonly end: number }
  | { readonly kind: 'string'; readonly value: string; readonly position: number; readonly end: number }
  | { readonly kind: Punctuation; readonly position: number; readonly end: number }
  | { readonly kind: 'end'; readonly position: number; readonly end: number };

type Punctuation = '&&' | '||' | '!' | '(' | ')' | ',';

/** Splits a rule into tokens: Go's lexical form, as far as rules use it. The last token is `end`. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const char = text.charAt(position);
    if (/\s/.test(char)) {
      position += 1;
      continue;
    }
    const token = readToken(text, position, char);
    tokens.push(token);
    position = token.end;
  }
  tokens.push({ kind: 'end', position: text.length, end: text.length });
  return tokens;
}

function readToken(text: string, position: number, char: string): Token {
  switch (char) {
    case '(':
    case ')':
    case '!':
    case ',':
      return { kind: char, position, end: position + 1 };
    case '&':
    case '|': {
      const operator = char === '&' ? '&&' : '||';
      if (text.charAt(position + 1) !== char) {
        throw new RuleError(`A single "${char}" means nothing in a rule: write "${operator}".`, position);
      }
      return { kind: operator, position, end: position + 2 };
    }
    case '`':
      return readRawString(text, position);
    case '"':
      return readQuotedString(text, position);
    case "'":
      throw new RuleError('Values stand in backquotes (`like this`) or double quotes, not in single quotes.', position);
    default:
      return readName(text, position);
  }
}

function readName(text: string, position: number): Token {
  const match = /^[\p{L}_][\p{L}\p{N}_]*/u.exec(text.slice(position));
  if (!match) {
    const char = String.fromCodePoint(text.codePointAt(position) ?? 0xfffd);
    throw new RuleError(`"${char}" has no meaning here. Values stand in backquotes (\`like this\`).`, position);
  }
  return { kind: 'name', text: match[0], position, end: position + match[0].length };
}

function readRawString(text: string, position: number): Token {
  const close = text.indexOf('`', position + 1);
  if (close < 0) throw new RuleError('A backquote opens a value here, and no backquote closes it.', position);
  // Go drops carriage returns in raw strings, so that files of any line ending mean the same.
  const value = text.slice(position + 1, close).replaceAll('\r', '');
  return { kind: 'string', value, position, end: close + 1 };
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

const escapeForms = [
  { start: 'x', pattern: /^x([0-9a-fA-F]{2})/, radix: 16, isByte: true },
  { start: 'u', pattern: /^u([0-9a-fA-F]{4})/, radix: 16, isByte: false },
  { start: 'U', pattern: /^U([0-9a-fA-F]{8})/, radix: 16, isByte: false },
  { start: '0', pattern: /^([0-7]{3})/, radix: 8, isByte: true },
] as const;

/** A Go string literal in double quotes (The Go Programming Language Specification, "String literals"). */
function readQuotedString(text: string, position: number): Token {
  const parts: Buffer[] = [];
  let index = position + 1;
  while (index < text.length) {
    const char = text.charAt(index);
    if (char === '"') {
      return { kind: 'string', value: Buffer.concat(parts).toString('utf8'), position, end: index + 1 };
    }
    if (char === '\n') break;
    if (char === '\\') {
      const escape = readEscape(text, index);
      parts.push(escape.bytes);
      index = escape.end;
      continue;
    }
    const whole = String.fromCodePoint(text.codePointAt(index) ?? 0xfffd);
    parts.push(Buffer.from(whole));
    index += whole.length;
  }
  throw new RuleError('A double quote opens a value here, and no double quote closes it.', position);
}

function readEscape(text: string, position: number): { bytes: Buffer; end: number } {
  const next = text.charAt(position + 1);
  const simple = simpleEscapes[next];
  if (simple !== undefined) return { bytes: Buffer.from(simple), end: position + 2 };
  for (const form of escapeForms) {
    const match = form.pattern.exec(text.slice(position + 1, position + 10));
    const digits = match?.[1];
    if (match === null || digits === undefined) continue;
    const code = Number.parseInt(digits, form.radix);
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (form.isByte ? code > 0xff : code > 0x10ffff || isSurrogate) break;
    const bytes = form.isByte ? Buffer.of(code) : Buffer.from(String.fromCodePoint(code));
    return { bytes, end: position + 1 + match[0].length };
  }
  throw new RuleError(
    `"\\${next}" is no escape. In double quotes a backslash is written twice; in backquotes it stands as it is.`,
    position,
  );
}
