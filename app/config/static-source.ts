import type { z } from 'zod';
import type { OptionPath } from './decode.ts';
import { insertName, nameParts, nameTree, objectOfTree } from './name-tree.ts';
import type { Place } from './placed-text.ts';
import { staticSchema } from './static-schema.ts';

/** One of Traefik's three ways to say static configuration, ready for the decoder. */
export interface StaticSource {
  readonly input: unknown;
  /** Every value is text. */
  readonly strings: boolean;
  /** An option as whoever set it wrote it, such as `log.level`, `--log.level` or `TRAEFIK_LOG_LEVEL`. */
  readonly nameOf: (path: OptionPath) => string;
  /** Null: there is no file to point into. */
  readonly placeOf: ((path: OptionPath) => Place) | null;
}

/** One flag of Traefik's, such as `entryPoints.web.address` and `:80`. */
export interface TraefikFlag {
  readonly name: string;
  readonly value: string;
}

/**
 * Takes Traefik's flags out of a command line, as Traefik reads them: one dash or two, `--flag=value`, `--flag value`,
 * and bare where the flag is a switch or a section. Everything else is left in place; `--configFile` becomes `--config`.
 */
export function splitTraefikFlags(args: readonly string[]): { flags: readonly TraefikFlag[]; left: readonly string[] } {
  const flags: TraefikFlag[] = [];
  const left: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    if (arg === '--') {
      left.push(...args.slice(i));
      break;
    }
    const match = /^--?([A-Za-z][^=]*)(?:=([\s\S]*))?$/.exec(arg);
    const name = match?.[1] ?? '';
    if (/^configfile$/i.test(name)) left.push(match?.[2] === undefined ? '--config' : `--config=${match[2]}`);
    else if (!isStaticName(name.split('.')[0] ?? '') || /^-[a-z]$/i.test(arg)) left.push(arg);
    else if (match?.[2] !== undefined) flags.push({ name, value: match[2] });
    else if (isSwitch(name)) flags.push({ name, value: 'true' });
    else {
      const next = args[i + 1];
      if (next !== undefined && !next.startsWith('-')) i++;
      flags.push({ name, value: next !== undefined && !next.startsWith('-') ? next : '' });
    }
  }
  return { flags, left };
}

/** Null where there are none, so that the next source counts. */
export function flagSource(flags: readonly TraefikFlag[]): StaticSource | null {
  if (flags.length === 0) return null;
  const values = new Map<string, TraefikFlag>();
  for (const flag of flags) {
    const key = flag.name.toLowerCase();
    const before = values.get(key);
    // A list may be given in several flags; of everything else the last one counts.
    const value = before && kindAt(flag.name) === 'array' ? `${before.value},${flag.value}` : flag.value;
    values.set(key, { name: before?.name ?? flag.name, value });
  }
  const written = [...values.values()].map(({ name }) => name);
  return {
    input: treeOf([...values.values()].map(({ name, value }) => [nameParts(name) ?? [name], value])),
    strings: true,
    nameOf: (path) => `--${spelling(dotted(path), written)}`,
    placeOf: null,
  };
}

/** Variables as `TRAEFIK_ENTRYPOINTS_WEB_ADDRESS`; names that begin with no option of Traefik are somebody else's. */
export function environmentSource(env: Readonly<Record<string, string | undefined>>): StaticSource | null {
  const entries: [string[], string][] = [];
  for (const [name, value] of Object.entries(env).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const match = /^TRAEFIK_(.+)$/i.exec(name);
    if (!match?.[1] || value === undefined) continue;
    const parts = match[1].toLowerCase().split('_');
    if (!isStaticName(parts[0] ?? '') || parts.includes('')) continue;
    entries.push([parts.map((part) => (/^\d+$/.test(part) ? `[${part}]` : part)), value]);
  }
  if (entries.length === 0) return null;
  return {
    input: treeOf(entries),
    strings: true,
    nameOf: (path) => `TRAEFIK_${path.join('_').toUpperCase()}`,
    placeOf: null,
  };
}

function treeOf(entries: readonly (readonly [readonly string[], string])[]): object {
  const root = nameTree('');
  for (const [parts, value] of entries) insertName(root, parts, value);
  return objectOfTree(root);
}

function dotted(path: OptionPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

function spelling(name: string, written: readonly string[]): string {
  return written.find((each) => each.toLowerCase() === name.toLowerCase()) ?? name.toLowerCase();
}

function isStaticName(name: string): boolean {
  return Object.keys(staticSchema.shape).some((each) => each.toLowerCase() === name.toLowerCase());
}

/** What stands bare: true or false, and sections. */
function isSwitch(name: string): boolean {
  return ['boolean', 'object', 'record'].includes(kindAt(name) ?? '');
}

type Definition = z.core.$ZodTypes['_zod']['def'];

/** The kind of schema that a name leads to; null where there is no such option. */
function kindAt(name: string): Definition['type'] | null {
  let schema: z.core.$ZodType | undefined = staticSchema;
  for (const part of name.replaceAll(/\[\d+\]/g, '.[]').split('.')) {
    const definition: Definition | null = schema ? definitionOf(schema) : null;
    if (definition?.type === 'object') {
      const key: string | undefined = Object.keys(definition.shape).find(
        (each) => each.toLowerCase() === part.toLowerCase(),
      );
      schema = key === undefined ? undefined : (definition.shape as Record<string, z.core.$ZodType>)[key];
    } else if (definition?.type === 'record') schema = definition.valueType;
    else if (definition?.type === 'array' && part === '[]') schema = definition.element;
    // What is not looked into is a section as a whole.
    else if (definition?.type === 'unknown') return 'unknown';
    else return null;
  }
  return schema ? definitionOf(schema).type : null;
}

export function definitionOf(schema: z.core.$ZodType): Definition {
  const definition = (schema as unknown as { readonly def: Definition }).def;
  return 'innerType' in definition && definition.type !== 'promise' ? definitionOf(definition.innerType) : definition;
}
