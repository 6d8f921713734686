import type { z } from 'zod';
import { nearestName } from './nearest.ts';
import { unsupportedEffect } from './unsupported.ts';

export type OptionPath = readonly (string | number)[];

export interface DecodeIssue {
  /** In the schema's spelling as far as the schema goes. */
  readonly path: OptionPath;
  readonly code: 'OPTION_UNKNOWN' | 'OPTION_INVALID' | 'OPTION_UNSUPPORTED';
  /** `warning`: everything else works without the option. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly suggestion: string | null;
}

export interface DecodeOptions {
  /** True: every value is text, as labels have it. False: YAML values, read as loosely as Traefik reads them. */
  readonly strings: boolean;
  /** Where the input stands in the whole configuration, such as `['http', 'routers', 'whoami']`. */
  readonly path: OptionPath;
}

/** Text given to an option that has options below it too, such as `tls=true` beside `tls.options=…`. */
export const ownText = Symbol('own text');

type Schema = z.core.$ZodType;
type Definition = z.core.$ZodTypes['_zod']['def'];

const absent = Symbol('absent');

/**
 * Reads untyped input by a schema as Traefik's decoders do: option names without regard to case, text where numbers and
 * booleans belong, comma-separated lists. What cannot be read is left out and reported; its siblings stay.
 * The value is `undefined` where nothing could be read, and may lack required options (then there is an issue).
 */
export function decode<T>(
  schema: z.ZodType<T>,
  input: unknown,
  options: DecodeOptions,
): { value: T | undefined; issues: DecodeIssue[] } {
  const issues: DecodeIssue[] = [];
  let value = walk(schema, input, options.path, { strings: options.strings, issues });
  if (value === absent) return { value: undefined, issues };
  // The walk has judged each option by itself; refinements and required options are judged on the whole.
  const judged = schema.safeParse(value);
  for (const issue of judged.error?.issues ?? []) {
    const local = issue.path.filter((part) => typeof part !== 'symbol');
    const path = [...options.path, ...local];
    if (issues.some((known) => samePath(known.path, path) || isBelow(known.path, path))) continue;
    issues.push(invalid(path, sentenceOf(issue)));
    if (local.length > 0) value = without(value, local);
  }
  return { value: value as T, issues };
}

interface Walk {
  readonly strings: boolean;
  readonly issues: DecodeIssue[];
}

function walk(schema: Schema, raw: unknown, path: OptionPath, state: Walk): unknown {
  const definition = definitionOf(schema);
  if ('innerType' in definition && definition.type !== 'promise') return walk(definition.innerType, raw, path, state);
  if (definition.type === 'pipe') return walk(definition.in, raw, path, state);
  if (definition.type === 'object') return walkObject(definition, schema, raw, path, state);
  if (definition.type === 'record') return walkRecord(definition, raw, path, state);
  if (definition.type === 'array') return walkArray(definition, raw, path, state);
  if (definition.type === 'union') return walkUnion(definition, schema, raw, path, state);
  return walkLeaf(schema, definition, raw, path, state);
}

function definitionOf(schema: Schema): Definition {
  return (schema as unknown as { readonly def: Definition }).def;
}

function walkObject(
  definition: Extract<Definition, { type: 'object' }>,
  schema: Schema,
  raw: unknown,
  path: OptionPath,
  state: Walk,
): unknown {
  const input = asObject(schema, raw, path, state);
  if (input === absent) return absent;
  const shape: Readonly<Record<string, Schema>> = definition.shape;
  const spelling = new Map(Object.keys(shape).map((key) => [key.toLowerCase(), key]));
  const output: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(input)) {
    const known = spelling.get(key.toLowerCase());
    const option = known === undefined ? undefined : shape[known];
    if (known === undefined || option === undefined) {
      if (definition.catchall && definitionOf(definition.catchall).type !== 'never') output[key] = plain(member);
      else state.issues.push(unknownOption([...path, key], spelling.values()));
      continue;
    }
    const value = walk(option, member, [...path, known], state);
    if (value !== absent) output[known] = value;
  }
  return output;
}

/** The object that was given; `{}` for an option written without value where all below it is optional. */
function asObject(schema: Schema, raw: unknown, path: OptionPath, state: Walk): object | typeof absent {
  if (typeof raw === 'object' && raw !== null && !Array.isArray(raw)) {
    const own = (raw as { [ownText]?: string })[ownText];
    // As in Traefik, `tls=false` puts out what stands below it.
    return own !== undefined && own !== '' && readBoolean(own) === false ? absent : raw;
  }
  const bare = raw === null || raw === undefined || raw === '';
  const flag = typeof raw === 'boolean' ? raw : typeof raw === 'string' ? readBoolean(raw) : undefined;
  if (flag === false) return absent;
  if ((bare || flag === true) && (schema as z.ZodType).safeParse({}).success) return {};
  if (raw === null) return absent;
  state.issues.push(
    invalid(path, bare || flag ? 'cannot stand alone: it needs options below it' : `has options, not ${kindOf(raw)}`),
  );
  return absent;
}

function walkRecord(
  definition: Extract<Definition, { type: 'record' }>,
  raw: unknown,
  path: OptionPath,
  state: Walk,
): unknown {
  if (raw === null) return absent;
  if (typeof raw !== 'object' || raw === undefined || Array.isArray(raw)) {
    state.issues.push(invalid(path, `needs names with values below it, not ${kindOf(raw)}`));
    return absent;
  }
  const output: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(raw)) {
    const value = walk(definition.valueType, member, [...path, key], state);
    // A name that would change the object's prototype is no name.
    if (value !== absent && key !== '__proto__') output[key] = value;
  }
  return output;
}

function walkArray(
  definition: Extract<Definition, { type: 'array' }>,
  raw: unknown,
  path: OptionPath,
  state: Walk,
): unknown {
  if (raw === null) return absent;
  const scalar = typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean';
  const items = Array.isArray(raw)
    ? raw
    : scalar
      ? String(raw)
          .split(',')
          .map((item) => item.trim())
          .filter((item) => item !== '')
      : undefined;
  if (items === undefined) {
    state.issues.push(invalid(path, state.strings ? 'is a list: number its items as [0], [1]' : 'is a list'));
    return absent;
  }
  const output: unknown[] = [];
  for (const [index, item] of items.entries()) {
    const value = walk(definition.element, item, [...path, index], state);
    if (value !== absent) output.push(value);
  }
  return output;
}

function walkUnion(
  definition: Extract<Definition, { type: 'union' }>,
  schema: Schema,
  raw: unknown,
  path: OptionPath,
  state: Walk,
): unknown {
  // What YAML wrote in a way that fits stays as it is; text of labels is tried option by option.
  if (!state.strings && typeof raw !== 'object' && (schema as z.ZodType).safeParse(raw).success) return raw;
  let best: { value: unknown; issues: DecodeIssue[] } | undefined;
  for (const option of definition.options) {
    const issues: DecodeIssue[] = [];
    const value = walk(option, raw, path, { strings: state.strings, issues });
    if (!best || issues.length < best.issues.length) best = { value, issues };
    if (issues.length === 0) break;
  }
  state.issues.push(...(best?.issues ?? []));
  return best ? best.value : absent;
}

function walkLeaf(schema: Schema, definition: Definition, raw: unknown, path: OptionPath, state: Walk): unknown {
  if (definition.type === 'unknown' || definition.type === 'any') return plain(raw);
  if (raw === null || raw === undefined) return absent;
  if (typeof raw === 'object') {
    state.issues.push(invalid(path, `is a single value, not ${Array.isArray(raw) ? 'a list' : 'a set of options'}`));
    return absent;
  }
  // Traefik takes an empty label for an option that is not set.
  if (raw === '' && definition.type !== 'string') return absent;
  const value = coerce(definition.type, raw);
  const judged = (schema as z.ZodType).safeParse(value);
  if (judged.success) return value;
  const issue = judged.error.issues[0];
  state.issues.push(invalid(path, leafSentence(definition, raw, issue)));
  return absent;
}

function coerce(type: Definition['type'], raw: unknown): unknown {
  if (type === 'boolean') return readBoolean(String(raw)) ?? raw;
  if (type !== 'number') return typeof raw === 'string' ? raw : String(raw);
  const text = String(raw).trim();
  return typeof raw !== 'boolean' && /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : raw;
}

/** Go's strconv.ParseBool: these spellings and no others. */
export function readBoolean(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  return undefined;
}

function leafSentence(definition: Definition, raw: unknown, issue: z.core.$ZodIssue | undefined): string {
  const shown = JSON.stringify(raw);
  if (definition.type === 'boolean') return `is true or false, not ${shown}`;
  if (definition.type === 'enum') return `is one of ${Object.values(definition.entries).join(', ')}; not ${shown}`;
  if (definition.type !== 'number') return sentenceOf(issue);
  return issue?.code === 'invalid_type' ? `is a whole number, not ${shown}` : `${sentenceOf(issue)}, not ${shown}`;
}

function sentenceOf(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'is not valid';
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  // Messages of refinements are written as the end of a sentence; the schema library's own are not.
  return issue.code === 'custom' ? issue.message : `is not valid: ${issue.message}`;
}

function invalid(path: OptionPath, message: string): DecodeIssue {
  return { path, code: 'OPTION_INVALID', severity: 'error', message, suggestion: null };
}

function unknownOption(path: OptionPath, known: Iterable<string>): DecodeIssue {
  const effect = unsupportedEffect(path);
  if (effect !== null) {
    return {
      path,
      code: 'OPTION_UNSUPPORTED',
      severity: effect === 'ignored' ? 'warning' : 'error',
      message:
        effect === 'ignored'
          ? 'is an option of Traefik that Gatehouse does not have yet; it is left out'
          : 'is an option of Traefik that Gatehouse does not have yet, and leaving it out would not be safe',
      suggestion: null,
    };
  }
  const suggestion = nearestName(String(path.at(-1)), known);
  return { path, code: 'OPTION_UNKNOWN', severity: 'error', message: 'is not an option here', suggestion };
}

function kindOf(raw: unknown): string {
  if (Array.isArray(raw)) return 'a list';
  return raw === '' || raw === null || raw === undefined ? 'nothing' : JSON.stringify(raw);
}

/** The value without what only the label reader knows. */
function plain(raw: unknown): unknown {
  if (Array.isArray(raw)) return raw.map(plain);
  if (typeof raw !== 'object' || raw === null) return raw;
  return Object.fromEntries(Object.entries(raw).map(([key, member]) => [key, plain(member)]));
}

function without(value: unknown, path: OptionPath): unknown {
  const [head, ...rest] = path;
  if (head === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return rest.length === 0
      ? value.filter((_, index) => index !== head)
      : value.map((item, index) => (index === head ? without(item, rest) : item));
  }
  const entries = Object.entries(value);
  return Object.fromEntries(
    rest.length === 0
      ? entries.filter(([key]) => key !== String(head))
      : entries.map(([key, item]) => [key, key === String(head) ? without(item, rest) : item]),
  );
}

function samePath(a: OptionPath, b: OptionPath): boolean {
  return a.length === b.length && isBelow(a, b);
}

/** Whether `path` is `root` or lies below it. */
function isBelow(path: OptionPath, root: OptionPath): boolean {
  return root.every((part, index) => String(part) === String(path[index]));
}
