import { TemplateError } from './go-template-parse.ts';

export type TemplateValue = string | number | boolean | readonly TemplateValue[] | TemplateRecord | undefined;
export interface TemplateRecord {
  readonly [name: string]: TemplateValue;
}

export type TemplateFunction = (...operands: TemplateValue[]) => TemplateValue;

export function isRecord(value: TemplateValue): value is TemplateRecord {
  return typeof value === 'object' && !Array.isArray(value);
}

export function textOf(value: TemplateValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return `[${value.map((item) => textOf(item)).join(' ')}]`;
  if (isRecord(value)) {
    const members = Object.keys(value).toSorted();
    return `map[${members.map((name) => `${name}:${textOf(value[name])}`).join(' ')}]`;
  }
  return typeof value === 'object' ? '' : String(value);
}

/** Go's truth: zero, empty and nil are false. */
export function isTrue(value: TemplateValue): boolean {
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

const longestText = 1024 * 1024;
const longestList = 10_000;

function numberOf(value: TemplateValue): number {
  const number = Number(typeof value === 'string' ? value.trim() : value);
  return Number.isFinite(number) ? number : 0;
}

function listOf(value: TemplateValue): readonly TemplateValue[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`a list is needed, not ${JSON.stringify(value ?? null)}`);
}

function indexInto(container: TemplateValue, key: TemplateValue): TemplateValue {
  if (Array.isArray(container)) {
    if (Number(key) < container.length) return container[Number(key)];
    throw new TemplateError(`index ${textOf(key)} is beyond the end of a list of ${container.length}`);
  }
  return isRecord(container) && Object.hasOwn(container, textOf(key)) ? container[textOf(key)] : undefined;
}

function bounded(text: string): string {
  if (text.length <= longestText) return text;
  throw new TemplateError('a text becomes longer than a template may make it');
}

function sequence(start: number, end: number, step: number): number[] {
  if (step === 0 || Math.abs((end - start) / step) > longestList) {
    throw new TemplateError(`a list may have ${longestList} items at most`);
  }
  const items: number[] = [];
  for (let item = start; step > 0 ? item < end : item > end; item += step) items.push(item);
  return items;
}

function compare(a: TemplateValue, b: TemplateValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return textOf(a) < textOf(b) ? -1 : textOf(a) > textOf(b) ? 1 : 0;
}

/** Go's verbs as far as people use them: %s %v %d %q %t %f, width and precision. */
function printf(format: TemplateValue, ...values: TemplateValue[]): string {
  let next = 0;
  const text = textOf(format).replaceAll(/%(-?)(0?)(\d*)(?:\.(\d+))?([a-zA-Z%])/g, (all, ...groups) => {
    const [left, zero, width, precision, verb] = groups as (string | undefined)[];
    if (verb === '%') return '%';
    if (next >= values.length) return `%!${verb ?? ''}(MISSING)`;
    const value = values[next++];
    const written =
      verb === 'q'
        ? JSON.stringify(textOf(value))
        : verb === 'f'
          ? numberOf(value).toFixed(precision === undefined ? 6 : Math.min(20, Number(precision)))
          : ['s', 'v', 'd', 't'].includes(verb ?? '')
            ? textOf(value)
            : null;
    if (written === null) throw new TemplateError(`printf does not know "${all}" here`);
    const size = Math.min(1000, Number(width ?? 0));
    return left ? written.padEnd(size) : written.padStart(size, zero ? '0' : ' ');
  });
  return bounded(text);
}

function dict(...pairs: TemplateValue[]): TemplateRecord {
  const record: Record<string, TemplateValue> = Object.create(null);
  for (let i = 0; i < pairs.length; i += 2) record[textOf(pairs[i])] = pairs[i + 1];
  return record;
}

function indented(spaces: TemplateValue, text: TemplateValue): string {
  const pad = ' '.repeat(Math.min(100, Math.max(0, numberOf(spaces))));
  return bounded(
    textOf(text)
      .split('\n')
      .map((line) => pad + line)
      .join('\n'),
  );
}

function json(value: TemplateValue): string {
  return JSON.stringify(value) ?? 'null';
}

/** Go's own functions, and those of Sprig and Traefik that people use. The last operand is what a pipeline hands in. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ['normalize', (text) => normalize(textOf(text))],
  ['index', (container, ...keys) => keys.reduce(indexInto, container)],
  ['lower', (text) => textOf(text).toLowerCase()],
  ['upper', (text) => textOf(text).toUpperCase()],
  ['title', (text) => textOf(text).replaceAll(/(^|\s)\S/g, (start) => start.toUpperCase())],
  ['trim', (text) => textOf(text).trim()],
  ['trimAll', (set, text) => trimmed(textOf(set), textOf(text))],
  ['trimPrefix', (prefix, text) => withoutPrefix(textOf(text), textOf(prefix))],
  ['trimSuffix', (suffix, text) => withoutSuffix(textOf(text), textOf(suffix))],
  ['replace', (from, to, text) => bounded(textOf(text).replaceAll(textOf(from), () => textOf(to)))],
  ['default', (fallback, value) => (isTrue(value) ? value : fallback)],
  ['coalesce', (...values) => values.find((value) => isTrue(value))],
  ['ternary', (yes, no, test) => (isTrue(test) ? yes : no)],
  ['empty', (value) => !isTrue(value)],
  ['contains', (part, text) => textOf(text).includes(textOf(part))],
  ['hasPrefix', (part, text) => textOf(text).startsWith(textOf(part))],
  ['hasSuffix', (part, text) => textOf(text).endsWith(textOf(part))],
  ['quote', (...values) => values.map((value) => JSON.stringify(textOf(value))).join(' ')],
  ['squote', (...values) => values.map((value) => `'${textOf(value)}'`).join(' ')],
  ['repeat', (count, text) => repeated(numberOf(count), textOf(text))],
  ['substr', (start, end, text) => textOf(text).slice(numberOf(start), numberOf(end) < 0 ? undefined : numberOf(end))],
  ['trunc', (length, text) => textOf(text).slice(0, Math.max(0, numberOf(length)))],
  ['indent', (spaces, text) => indented(spaces, text)],
  ['nindent', (spaces, text) => `\n${indented(spaces, text)}`],
  ['split', (separator, text) => fields(textOf(text).split(textOf(separator)))],
  ['splitList', (separator, text) => textOf(text).split(textOf(separator))],
  ['join', (separator, list) => bounded(joined(list).join(textOf(separator)))],
  ['list', (...items) => items],
  ['tuple', (...items) => items],
  ['dict', dict],
  ['get', (record, name) => indexInto(record, name) ?? ''],
  ['hasKey', (record, name) => isRecord(record) && Object.hasOwn(record, textOf(name))],
  ['keys', (record) => (isRecord(record) ? Object.keys(record).toSorted() : [])],
  ['has', (item, list) => listOf(list).includes(item)],
  ['append', (list, item) => [...listOf(list), item]],
  ['first', (list) => (Array.isArray(list) ? list[0] : undefined)],
  ['last', (list) => (Array.isArray(list) ? list.at(-1) : undefined)],
  ['rest', (list) => listOf(list).slice(1)],
  ['initial', (list) => listOf(list).slice(0, -1)],
  ['reverse', (list) => listOf(list).toReversed()],
  ['uniq', (list) => [...new Set(listOf(list))]],
  ['sortAlpha', (list) => listOf(list).map(textOf).toSorted()],
  ['until', (end) => sequence(0, numberOf(end), numberOf(end) < 0 ? -1 : 1)],
  ['untilStep', (start, end, step) => sequence(numberOf(start), numberOf(end), numberOf(step))],
  ['add', (...values) => values.reduce<number>((sum, value) => sum + numberOf(value), 0)],
  ['add1', (value) => numberOf(value) + 1],
  ['sub', (a, b) => numberOf(a) - numberOf(b)],
  ['mul', (...values) => values.reduce<number>((product, value) => product * numberOf(value), 1)],
  ['div', (a, b) => Math.trunc(divided(numberOf(a), numberOf(b)))],
  ['mod', (a, b) => numberOf(a) - numberOf(b) * Math.trunc(divided(numberOf(a), numberOf(b)))],
  ['max', (...values) => Math.max(...values.map(numberOf))],
  ['min', (...values) => Math.min(...values.map(numberOf))],
  ['int', (value) => Math.trunc(numberOf(value))],
  ['int64', (value) => Math.trunc(numberOf(value))],
  ['atoi', (value) => Math.trunc(numberOf(value))],
  ['toString', (value) => textOf(value)],
  ['b64enc', (text) => Buffer.from(textOf(text)).toString('base64')],
  ['b64dec', (text) => Buffer.from(textOf(text), 'base64').toString()],
  ['toJson', json],
  ['eq', (left, ...rights) => rights.some((right) => left === right)],
  ['ne', (left, right) => left !== right],
  ['lt', (a, b) => compare(a, b) < 0],
  ['le', (a, b) => compare(a, b) <= 0],
  ['gt', (a, b) => compare(a, b) > 0],
  ['ge', (a, b) => compare(a, b) >= 0],
  ['not', (value) => !isTrue(value)],
  ['and', (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1)],
  ['or', (...values) => values.find((value) => isTrue(value)) ?? values.at(-1)],
  ['len', lengthOf],
  ['print', (...values) => bounded(values.map((value) => textOf(value)).join(''))],
  ['println', (...values) => bounded(`${values.map((value) => textOf(value)).join(' ')}\n`)],
  ['printf', printf],
]);

function lengthOf(value: TemplateValue): number {
  if (Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : Buffer.byteLength(textOf(value));
}

function joined(list: TemplateValue): string[] {
  return Array.isArray(list) ? list.map((item) => textOf(item)) : [textOf(list)];
}

/** Sprig's `split` gives a map of `_0`, `_1` and so on. */
function fields(parts: readonly string[]): TemplateRecord {
  return Object.fromEntries(parts.map((part, index) => [`_${index}`, part]));
}

function repeated(count: number, text: string): string {
  if (count * text.length > longestText) throw new TemplateError('a text becomes longer than a template may make it');
  return text.repeat(Math.max(0, Math.trunc(count)));
}

function divided(a: number, b: number): number {
  if (b === 0) throw new TemplateError('a division by zero');
  return a / b;
}

function trimmed(set: string, text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && set.includes(text[start] ?? '')) start += 1;
  while (end > start && set.includes(text[end - 1] ?? '')) end -= 1;
  return text.slice(start, end);
}

function withoutPrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function withoutSuffix(text: string, suffix: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}
