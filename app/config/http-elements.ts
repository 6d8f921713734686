import { z } from 'zod';
import {
  type MiddlewareConfig,
  type RouterConfig,
  routerSchema,
  type ServersTransportConfig,
  serversTransportSchema,
} from '../../proxy/model/dynamic.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { decode, type OptionPath } from './decode.ts';
import { type ConfigIssue, decodeMiddleware, type MiddlewareTable } from './middleware-options.ts';
import { nearestName } from './nearest.ts';

export const elementKinds = ['routers', 'services', 'middlewares', 'serversTransports'] as const;

export type ElementKind = (typeof elementKinds)[number];

export interface ElementIssue extends ConfigIssue {
  /** The element it belongs to; null where it belongs to none. */
  readonly element: { readonly kind: ElementKind; readonly name: string } | null;
}

export interface HttpElements<Service> {
  readonly routers: Readonly<Record<string, RouterConfig>>;
  readonly services: Readonly<Record<string, Service>>;
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
  readonly serversTransports: Readonly<Record<string, ServersTransportConfig>>;
  readonly issues: readonly ElementIssue[];
}

export interface HttpElementsOptions<Service> {
  readonly strings: boolean;
  readonly middlewareTable: MiddlewareTable;
  /** Labels write services in a form of their own. */
  readonly serviceSchema: z.ZodType<Service>;
}

/**
 * Reads an `http` section of dynamic configuration, element by element. Every element that was named is in the result
 * as far as it could be read, so that it can be shown with what is wrong with it.
 */
export function decodeHttpElements<Service extends object>(
  input: unknown,
  options: HttpElementsOptions<Service>,
): HttpElements<Service> {
  const { read, issues } = readElements('http', elementKinds, input, (kind, raw, path) =>
    readElement(kind, raw, options, path),
  );
  return { ...(read as Omit<HttpElements<Service>, 'issues'>), issues };
}

/** Reads one of the element's options; what is wrong with them is in the issues. */
export type ElementReader = (
  kind: ElementKind,
  raw: object,
  path: OptionPath,
) => { readonly value: unknown; readonly issues: readonly ConfigIssue[] };

/** Reads what stands below `http`, `tcp` or `udp`. Kinds that are not named do not belong there. */
export function readElements(
  protocol: 'http' | 'tcp' | 'udp',
  kinds: readonly ElementKind[],
  input: unknown,
  readOne: ElementReader,
): { readonly read: Record<ElementKind, Readonly<Record<string, unknown>>>; readonly issues: ElementIssue[] } {
  const issues: ElementIssue[] = [];
  const read: Record<ElementKind, Readonly<Record<string, unknown>>> = {
    routers: {},
    services: {},
    middlewares: {},
    serversTransports: {},
  };
  for (const [key, members] of entriesOf(input, [protocol], issues)) {
    const kind = kinds.find((name) => name.toLowerCase() === key.toLowerCase());
    if (kind) {
      const path = [protocol, kind];
      read[kind] = readSection(kind, entriesOf(members, path, issues), path, readOne, issues);
    } else {
      const suggestion = nearestName(key, kinds);
      issues.push({ ...general, path: [protocol, key], message: 'is not an option here', suggestion });
    }
  }
  return { read, issues };
}

const general = { element: null, code: 'OPTION_UNKNOWN', severity: 'error' } as const;

function entriesOf(input: unknown, path: OptionPath, issues: ElementIssue[]): [string, unknown][] {
  if (input === null || input === undefined) return [];
  if (typeof input === 'object' && !Array.isArray(input)) {
    return Object.entries(input).filter(([name]) => name !== '__proto__');
  }
  const message = 'needs names with options below them';
  issues.push({ ...general, code: 'OPTION_INVALID', path, message, suggestion: null });
  return [];
}

function readSection(
  kind: ElementKind,
  members: readonly [string, unknown][],
  section: OptionPath,
  readOne: ElementReader,
  issues: ElementIssue[],
): Readonly<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  for (const [name, raw] of members) {
    const path = [...section, name];
    const element = { kind, name };
    const result =
      typeof raw === 'object' && raw !== null
        ? readOne(kind, raw, path)
        : { value: undefined, issues: [standingAlone(path)] };
    read[name] = result.value ?? {};
    for (const issue of result.issues) issues.push({ ...issue, element });
  }
  return read;
}

function standingAlone(path: OptionPath): ConfigIssue {
  const message = 'cannot stand alone: it needs options below it';
  return { path, code: 'OPTION_INVALID', severity: 'error', message, suggestion: null };
}

/** As in Traefik, no label puts a router below another. */
const labelRouterSchema = routerSchema.extend({
  parentRefs: z
    .array(z.string().refine(() => false, { message: 'can be set in files alone, not by labels' }))
    .optional(),
});

function readElement<Service extends object>(
  kind: ElementKind,
  raw: unknown,
  options: HttpElementsOptions<Service>,
  path: OptionPath,
): { value: unknown; issues: ConfigIssue[] } {
  const decoding = { strings: options.strings, path };
  if (kind === 'routers') return decode(options.strings ? labelRouterSchema : routerSchema, raw, decoding);
  if (kind === 'services') return decode(options.serviceSchema, raw, decoding);
  if (kind === 'serversTransports') return decode(serversTransportSchema, raw, decoding);
  const { config, issues } = decodeMiddleware(raw, options.middlewareTable, decoding);
  return { value: config, issues };
}

/** A problem of an element, from an issue and the place as its owner wrote it (a label, a file's line). */
export function issueProblem(issue: ConfigIssue, place: string): Problem {
  const fix =
    issue.suggestion === null
      ? issue.code === 'OPTION_UNKNOWN'
        ? 'Check its spelling, or remove it.'
        : null
      : `Did you mean "${issue.suggestion}"?`;
  const option = String(issue.path.at(-1) ?? '');
  return problem(issue.code, issue.severity, `${place} ${issue.message}.`, fix, {
    place,
    option,
    ...(issue.suggestion === null ? {} : { suggestion: issue.suggestion }),
  });
}

/** Without the kinds of which there is none. */
export function withoutEmpty<T extends object>(elements: T): T {
  return Object.fromEntries(
    Object.entries(elements).filter(([, members]) => Object.keys(members ?? {}).length > 0),
  ) as T;
}
