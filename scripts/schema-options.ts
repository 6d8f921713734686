import type { z } from 'zod';
import { staticMark } from '../app/config/static-schema.ts';

export type OptionState = 'works' | 'warning' | 'refused' | 'quiet';

/** One option of a configuration: where it stands, and what becomes of it. */
export interface Option {
  /** In Traefik's spelling, with `<name>` for a name and `[]` for an item of a list. */
  readonly path: string;
  readonly type: string;
  readonly state: OptionState;
  readonly why: string;
}

type Schema = z.core.$ZodType;
type Definition = z.core.$ZodTypes['_zod']['def'];

/** Puts another schema's options in the place of a path, or null to go on. */
export type Replace = (path: string) => readonly Option[] | null;

/** Every option that a schema knows, in its own order. */
export function optionsOf(schema: Schema, path: string, replace: Replace = () => null): Option[] {
  const replaced = replace(path);
  if (replaced !== null) return [...replaced];
  const mark = staticMark(schema);
  const definition = (schema as unknown as { readonly def: Definition }).def;
  if (mark !== null) {
    const state = mark.static === 'unserved' ? 'warning' : mark.static;
    const type = definition.type === 'unknown' ? 'with all below it' : typeOf(schema);
    return [{ path, type, state, why: mark.why }];
  }
  if ('innerType' in definition && definition.type !== 'promise') return optionsOf(definition.innerType, path, replace);
  if (definition.type === 'pipe') return optionsOf(definition.in, path, replace);
  if (definition.type === 'object') {
    const below = Object.entries(definition.shape).flatMap(([key, member]) =>
      optionsOf(member, path === '' ? key : `${path}.${key}`, replace),
    );
    return below.length > 0 ? below : [works(path, 'object without options')];
  }
  if (definition.type === 'record') {
    const inner = optionsOf(definition.valueType, `${path}.<name>`, replace);
    return inner;
  }
  if (definition.type === 'array' && isComposed(definition.element))
    return optionsOf(definition.element, `${path}[]`, replace);
  return [works(path, typeOf(schema))];
}

function works(path: string, type: string): Option {
  return { path, type, state: 'works', why: '' };
}

function isComposed(schema: Schema): boolean {
  const definition = (schema as unknown as { readonly def: Definition }).def;
  if ('innerType' in definition && definition.type !== 'promise') return isComposed(definition.innerType);
  return definition.type === 'object' || definition.type === 'record';
}

function typeOf(schema: Schema): string {
  const metadata = (schema as z.ZodType).meta();
  if (metadata?.['gatehouse'] === 'duration') return 'duration';
  const definition = (schema as unknown as { readonly def: Definition }).def;
  if ('innerType' in definition && definition.type !== 'promise') return typeOf(definition.innerType);
  switch (definition.type) {
    case 'pipe':
      return typeOf(definition.in);
    case 'enum':
      return Object.values(definition.entries).join(', ');
    case 'array':
      return `list of ${plural(typeOf(definition.element))}`;
    case 'boolean':
      return 'true or false';
    case 'number':
      return 'number';
    case 'union':
      return [...new Set(definition.options.map((option) => typeOf(option)))].join(' or ');
    case 'string':
      return 'text';
    default:
      return 'any';
  }
}

function plural(type: string): string {
  return type === 'text' ? 'texts' : type === 'number' ? 'numbers' : type;
}
