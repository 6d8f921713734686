import type { MiddlewareDefinition } from '../../proxy/middleware/definition.ts';
import type { MiddlewareConfig } from '../../proxy/model/dynamic.ts';
import { type DecodeIssue, type DecodeOptions, decode, type OptionPath, ownText } from './decode.ts';
import { nearestName } from './nearest.ts';

export type MiddlewareTable = ReadonlyMap<string, MiddlewareDefinition>;

export interface ConfigIssue extends Omit<DecodeIssue, 'code'> {
  readonly code: DecodeIssue['code'] | 'MIDDLEWARE_INVALID';
}

/**
 * Reads one middleware: exactly one key, its type, with the options that the type's own schema knows.
 * A type that nobody knows is an error, never a warning: leaving a middleware out could open what it closes.
 */
export function decodeMiddleware(
  input: unknown,
  table: MiddlewareTable,
  options: DecodeOptions,
): { config: MiddlewareConfig; issues: ConfigIssue[] } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { config: {}, issues: [invalid(options.path, 'needs a type below it, such as basicAuth', null)] };
  }
  const entries = Object.entries(input);
  const [first, second] = entries;
  if (!first || ownText in input) {
    return { config: {}, issues: [invalid(options.path, 'needs a type below it, such as basicAuth', null)] };
  }
  if (second) {
    const types = entries.map(([type]) => type).join(' and ');
    return { config: {}, issues: [invalid(options.path, `is ${types} at once; give each its own middleware`, null)] };
  }
  const [written, raw] = first;
  const type = spelled(written, table.keys());
  const definition = type === null ? undefined : table.get(type);
  if (type === null || !definition) {
    const issue = unknownType(written, table, options.path);
    // Without its options: what is secret among them is not known.
    return { config: { [String(issue.path.at(-1))]: {} }, issues: [issue] };
  }
  const result = decode(definition.schema, raw, { ...options, path: [...options.path, type] });
  return { config: { [type]: result.value ?? {} }, issues: result.issues };
}

function spelled(name: string, candidates: Iterable<string>): string | null {
  for (const candidate of candidates) if (candidate.toLowerCase() === name.toLowerCase()) return candidate;
  return null;
}

function unknownType(written: string, table: MiddlewareTable, path: OptionPath): ConfigIssue {
  return invalid([...path, written], 'is no type of middleware', nearestName(written, table.keys()));
}

function invalid(path: OptionPath, message: string, suggestion: string | null): ConfigIssue {
  return { path, code: 'MIDDLEWARE_INVALID', severity: 'error', message, suggestion };
}
