import { checkUpstream } from '../../proxy/http/upstream.ts';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import type { MiddlewareConfig } from '../../proxy/model/dynamic.ts';
import { localName, qualify } from '../../proxy/model/names.ts';
import { SharedCounters } from '../../proxy/shared/shared-counters.ts';
import { nearestName } from '../config/nearest.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { type Published, statusOf } from './judgement.ts';
import { keepSame } from './same.ts';
import type { RuntimeMiddleware } from './state.ts';
import { suggester } from './suggest.ts';

/** Middlewares are built here to be judged alone; they count nothing. */
const nothingCounted = new SharedCounters();

/** What is known of a middleware by itself, before its references are looked at. Kept from one build to the next. */
export interface OwnJudgement {
  readonly item: Published<MiddlewareConfig>;
  /** As given, with qualified references. */
  readonly config: MiddlewareConfig;
  readonly type: string;
  /** Other middlewares that it names. */
  readonly references: readonly string[];
  /** Services that it asks itself. */
  readonly services: readonly string[];
  readonly problems: readonly Problem[];
}

export function judgeMiddlewares(
  published: ReadonlyMap<string, Published<MiddlewareConfig>>,
  before: {
    readonly own: ReadonlyMap<string, OwnJudgement>;
    readonly middlewares: ReadonlyMap<string, RuntimeMiddleware>;
  },
  services: ReadonlyMap<string, unknown>,
): { readonly judged: Map<string, RuntimeMiddleware>; readonly own: Map<string, OwnJudgement> } {
  const own = new Map<string, OwnJudgement>();
  for (const [name, item] of published) {
    const known = before.own.get(name);
    own.set(name, known?.item === item ? known : judgeAlone(item));
  }
  const suggest = suggester(() => published.keys());
  const suggestService = suggester(() => services.keys());
  const judged = new Map<string, RuntimeMiddleware>();
  for (const [name, alone] of own) {
    const known = before.middlewares.get(name);
    if (
      known !== undefined &&
      before.own.get(name) === alone &&
      alone.references.length + alone.services.length === 0
    ) {
      judged.set(name, known);
      continue;
    }
    const { provider, source, problems: found } = alone.item;
    const problems = [
      ...found,
      ...alone.problems,
      ...referenceProblems(name, own, published, suggest),
      ...alone.services
        .filter((service) => !services.has(service))
        .map((service) => unknownService(service, suggestService(service))),
    ];
    const { config, type } = alone;
    const next = { name, provider, status: statusOf(problems), problems, source, config, type, usedBy: [] };
    judged.set(name, keepSame(known, next));
  }
  return { judged, own };
}

function judgeAlone(item: Published<MiddlewareConfig>): OwnJudgement {
  const types = Object.keys(item.config);
  const type = types[0];
  const broken = (given: Problem): OwnJudgement => ({
    item,
    config: item.config,
    type: type ?? '',
    references: [],
    services: [],
    problems: [given],
  });
  if (type === undefined || types.length > 1) {
    return broken(
      problem(
        'MIDDLEWARE_INVALID',
        'error',
        type === undefined
          ? 'The middleware says nothing of its type.'
          : `The middleware has ${types.length} types (${types.join(', ')}), but it can be only one.`,
        'Define one middleware for each type, and join them with a chain.',
        { types: types.join(', ') },
      ),
    );
  }
  const definition = middlewareTable.get(type);
  if (definition === undefined) {
    // A provider that knows the type as unsupported has said so already, in better words.
    if (item.problems.some((known) => known.severity === 'error'))
      return { ...broken(unknownType(type)), problems: [] };
    return broken(unknownType(type));
  }
  const config = withQualifiedReferences(item.config, type, item.provider);
  const parsed = definition.schema.safeParse(config[type]);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const option = [type, ...(issue?.path ?? [])].join('.');
    const reason = issue?.message ?? 'is not valid';
    return broken(
      problem('MIDDLEWARE_INVALID', 'error', `The option ${option} cannot be used: ${reason}.`, null, {
        option,
        reason,
      }),
    );
  }
  const references: string[] = [];
  const services: string[] = [];
  try {
    definition.build(parsed.data, {
      name: item.name,
      resolve: (name) => {
        references.push(qualify(name, item.provider));
        return (next) => next;
      },
      service: (name) => {
        services.push(qualify(name, item.provider));
        return () => undefined;
      },
      connect: checkUpstream,
      now: () => performance.now(),
      state: (create) => create(),
      shared: nothingCounted,
      identity: '',
      verdict: () => undefined,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return broken(
      problem('MIDDLEWARE_INVALID', 'error', `The options of ${type} cannot be used: ${reason}`, null, {
        option: type,
        reason,
      }),
    );
  }
  return { item, config, type, references, services, problems: [] };
}

function unknownType(type: string): Problem {
  const nearest = nearestName(type, middlewareTable.keys());
  return problem(
    'MIDDLEWARE_UNSUPPORTED',
    'error',
    `There is no middleware of type ${type}.`,
    nearest === null ? 'Choose a type that Gatehouse supports.' : `Did you mean ${nearest}?`,
    nearest === null ? { type } : { type, nearest },
  );
}

/** References inside a middleware's options mean the middleware's own provider unless they name another. */
function withQualifiedReferences(config: MiddlewareConfig, type: string, provider: string): MiddlewareConfig {
  const options = config[type];
  if (type === 'errors') return withQualifiedService(config, options, provider);
  if (type !== 'chain') return config;
  if (typeof options !== 'object' || options === null || !('middlewares' in options)) return config;
  const { middlewares } = options;
  if (!Array.isArray(middlewares)) return config;
  const qualified = middlewares.map((name: unknown) => (typeof name === 'string' ? qualify(name, provider) : name));
  return { [type]: { ...options, middlewares: qualified } };
}

function withQualifiedService(config: MiddlewareConfig, options: unknown, provider: string): MiddlewareConfig {
  if (typeof options !== 'object' || options === null || !('service' in options)) return config;
  const { service } = options;
  return typeof service === 'string' && service !== ''
    ? { errors: { ...options, service: qualify(service, provider) } }
    : config;
}

/** Unknown, circular and broken references, found by walking from the middleware through all it uses. */
function referenceProblems(
  name: string,
  own: ReadonlyMap<string, OwnJudgement>,
  published: ReadonlyMap<string, Published<MiddlewareConfig>>,
  suggest: (name: string) => string | null,
): readonly Problem[] {
  const start = own.get(name);
  if (start === undefined || start.references.length === 0) return [];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const visit = (current: string, path: readonly string[]): void => {
    for (const reference of own.get(current)?.references ?? []) {
      const next = own.get(reference);
      if (path.includes(reference)) {
        const road = [...path, reference].join(' → ');
        problems.push(
          problem(
            'MIDDLEWARE_LOOP',
            'error',
            `The middleware leads back to itself: ${road}.`,
            'Take one of them out.',
            {
              road,
            },
          ),
        );
      } else if (next === undefined) {
        problems.push(unknownMiddleware(reference, suggest(reference)));
      } else if (!seen.has(reference)) {
        seen.add(reference);
        const broken = [...(published.get(reference)?.problems ?? []), ...next.problems];
        if (statusOf(broken) === 'disabled') problems.push(brokenMiddleware(reference, broken));
        visit(reference, [...path, reference]);
      }
    }
  };
  visit(name, [name]);
  return problems;
}

export function unknownMiddleware(name: string, nearest: string | null): Problem {
  return problem(
    'MIDDLEWARE_UNKNOWN',
    'error',
    `The middleware ${name} does not exist.`,
    nearest === null
      ? `Define it, or take it out of the list of middlewares. One that a file defines is written ${localName(name)}@file.`
      : `Did you mean ${nearest}?`,
    nearest === null ? { middleware: name } : { middleware: name, nearest },
  );
}

function unknownService(name: string, nearest: string | null): Problem {
  return problem(
    'SERVICE_UNKNOWN',
    'error',
    `The service ${name} does not exist.`,
    nearest === null ? 'Define it, or name another.' : `Did you mean ${nearest}?`,
    nearest === null ? { service: name } : { service: name, nearest },
  );
}

export function brokenMiddleware(name: string, why: readonly Problem[]): Problem {
  const reason = why.find((each) => each.severity === 'error')?.message ?? '';
  return problem(
    'MIDDLEWARE_INVALID',
    'error',
    `It uses the middleware ${name}, which is disabled: ${reason}`,
    `Mend ${name}. Until then nothing is let through without it.`,
    { middleware: name, reason },
  );
}
