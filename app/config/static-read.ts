import type { z } from 'zod';
import { type DecodeIssue, decode, type OptionPath } from './decode.ts';
import type { Place } from './placed-text.ts';
import { readPlaced } from './read-placed.ts';
import { patchOf, type StaticPatch } from './static-patch.ts';
import { type StaticInput, staticMark, staticSchema } from './static-schema.ts';
import { definitionOf, type StaticSource } from './static-source.ts';

export interface StaticIssue extends Place {
  /** Where it stands, such as `traefik.yml:3:5`, `--log.levle` or `TRAEFIK_LOG_LEVLE`. */
  readonly where: string;
  /** An error means that the configuration cannot be used. */
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** What was probably meant, or null. */
  readonly suggestion: string | null;
}

export interface StaticReading {
  /** Counts only where no issue is an error. */
  readonly patch: StaticPatch;
  readonly issues: readonly StaticIssue[];
}

/** Reads a static file of Traefik's, YAML or TOML. Never throws. */
export function readStaticFile(text: string, path: string): StaticReading {
  const placed = readPlaced(text, path);
  if (placed.faults.length > 0) {
    const issues = placed.faults.map(({ line, column, message }) => {
      return {
        where: `${path}:${line}:${column}`,
        line,
        column,
        severity: 'error',
        message,
        suggestion: null,
      } as const;
    });
    return { patch: {}, issues };
  }
  const source: StaticSource = {
    input: placed.value ?? {},
    strings: false,
    nameOf: (at) => at.join('.'),
    placeOf: placed.placeOf,
  };
  return readStatic(source, 'file', path);
}

/** Reads one source by Traefik's schema. Never throws. */
export function readStatic(source: StaticSource, origin: 'file' | 'flag', file: string | null = null): StaticReading {
  const issues: StaticIssue[] = [];
  const report = (
    path: OptionPath,
    severity: StaticIssue['severity'],
    message: string,
    suggestion: string | null = null,
  ): void => {
    const place = source.placeOf?.(path) ?? { line: 1, column: 1 };
    const where = file === null ? source.nameOf(path) : `${file}:${place.line}:${place.column}`;
    issues.push({ ...place, where, severity, message, suggestion });
  };
  if (typeof source.input !== 'object' || source.input === null || Array.isArray(source.input)) {
    report([], 'error', 'The file must hold options, not a single value.');
    return { patch: {}, issues };
  }
  const { value, issues: found } = decode(staticSchema, source.input, { strings: source.strings, path: [] });
  for (const issue of found) {
    if (isConsequence(issue, found)) continue;
    const name = source.nameOf(issue.path);
    const message =
      issue.code === 'OPTION_UNKNOWN'
        ? `There is no option "${name}".${issue.suggestion === null ? knownAt(issue.path) : ` Did you mean "${issue.suggestion}"?`}`
        : `${name} ${issue.message}.`;
    report(issue.path, issue.severity, message, issue.suggestion);
  }
  reportMarked(staticSchema, value ?? {}, [], (path, severity, why) =>
    report(path, severity, `${source.nameOf(path)} ${why}.`),
  );
  if (value === undefined || issues.some(({ severity }) => severity === 'error')) return { patch: {}, issues };
  return { patch: patchOf(value satisfies StaticInput, origin, report), issues };
}

/** What is missing only because it is misspelt has been said. */
function isConsequence({ path, message }: DecodeIssue, all: readonly DecodeIssue[]): boolean {
  if (message !== 'is missing') return false;
  const parent = path.slice(0, -1).join('.');
  return all.some((other) => other.suggestion === path.at(-1) && other.path.slice(0, -1).join('.') === parent);
}

/** Options that are set and do nothing here. */
function reportMarked(
  schema: z.core.$ZodType,
  value: unknown,
  path: OptionPath,
  say: (path: OptionPath, severity: StaticIssue['severity'], why: string) => void,
): void {
  const bare = bareSchema(schema);
  const mark = staticMark(bare);
  if (mark) {
    // `tracing: false` and the like ask for what is so.
    if (mark.static !== 'quiet' && value !== false && value !== 'false') {
      say(path, mark.static === 'refused' ? 'error' : 'warning', mark.why);
    }
    return;
  }
  const definition = definitionOf(bare);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    const next =
      definition.type === 'object'
        ? (definition.shape as Record<string, z.core.$ZodType>)[key]
        : definition.type === 'record'
          ? definition.valueType
          : undefined;
    if (next) reportMarked(next, member, [...path, key], say);
  }
}

function bareSchema(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType } = (schema as unknown as { readonly def: { readonly innerType?: z.core.$ZodType } }).def;
  return innerType ? bareSchema(innerType) : schema;
}

/** The options there are beside one that is not. */
function knownAt(path: OptionPath): string {
  let schema: z.core.$ZodType | undefined = staticSchema;
  for (const part of path.slice(0, -1)) {
    const definition: ReturnType<typeof definitionOf> = definitionOf(schema);
    if (definition.type === 'object') schema = (definition.shape as Record<string, z.core.$ZodType>)[String(part)];
    else if (definition.type === 'record') schema = definition.valueType;
    else if (definition.type === 'array') schema = definition.element;
    if (!schema) return '';
  }
  const definition = definitionOf(schema);
  if (definition.type !== 'object') return '';
  const names = Object.keys(definition.shape).filter((name) => {
    const member = (definition.shape as Record<string, z.core.$ZodType>)[name];
    return member !== undefined && staticMark(bareSchema(member)) === null;
  });
  return ` Known here: ${names.join(', ')}.`;
}
