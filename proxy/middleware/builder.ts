import type { Middleware } from '../http/exchange.ts';
import type { MiddlewareConfig } from '../model/dynamic.ts';
import { middlewareIdentity } from '../shared/identity.ts';
import { SharedCounters } from '../shared/shared-counters.ts';
import type { BuildContext, Surroundings } from './definition.ts';
import { StepClock } from './step-clock.ts';
import { middlewareTable } from './table.ts';

/** State of one middleware, valid while its configuration reads the same. */
interface KeptState {
  readonly configuration: string;
  /** In the order in which the middleware asked for them. */
  readonly values: unknown[];
}

/** Builds the middlewares of one snapshot, each once. */
export interface MiddlewareBuilder {
  /** Throws an Error with a readable message for an unknown name or type, options that cannot be used, and loops. */
  build(name: string): Middleware;
  /** Handed on to the builder of the next snapshot. */
  readonly states: ReadonlyMap<string, KeptState>;
  /** Handed on as well. */
  readonly shared: SharedCounters;
}

/** Of a builder that has nothing behind its middlewares. */
const nothingBehind: Surroundings = {
  service: (name) => {
    throw new Error(`The service ${name} does not exist.`);
  },
  connect: (url) => {
    throw new Error(`There is no way to ${url} here.`);
  },
};

/**
 * Makes a builder over all middlewares of a snapshot by qualified name. State (checked passwords) of `previous` is kept
 * where name and configuration are the same, and so is what they counted in `shared`. `now`: milliseconds, monotonic;
 * the same in all who count in `shared`.
 */
export function createMiddlewareBuilder(
  configs: Readonly<Record<string, MiddlewareConfig>>,
  previous?: MiddlewareBuilder,
  now: () => number = () => performance.now(),
  surroundings: Surroundings = nothingBehind,
  shared: SharedCounters = previous?.shared ?? new SharedCounters(),
): MiddlewareBuilder {
  const built = new Map<string, Middleware>();
  const underConstruction: string[] = [];
  const states = new Map<string, KeptState>();
  const kept = previous?.states;

  function build(name: string): Middleware {
    const done = built.get(name);
    if (done) return done;
    const start = underConstruction.indexOf(name);
    if (start >= 0) {
      throw new Error(
        `The middleware ${name} leads back to itself: ${[...underConstruction.slice(start), name].join(' → ')}.`,
      );
    }
    underConstruction.push(name);
    try {
      const middleware = construct(name);
      built.set(name, middleware);
      return middleware;
    } finally {
      underConstruction.pop();
    }
  }

  function construct(name: string): Middleware {
    const config = Object.hasOwn(configs, name) ? configs[name] : undefined;
    if (config === undefined) throw new Error(`The middleware ${name} does not exist.`);
    const [type = '', ...others] = Object.keys(config);
    if (others.length > 0)
      throw new Error(`The middleware ${name} has several types: ${[type, ...others].join(', ')}.`);
    const definition = middlewareTable.get(type);
    if (definition === undefined) throw new Error(`The middleware ${name} is of type "${type}", which does not exist.`);
    const parsed = definition.schema.safeParse(config[type] ?? {});
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const option = [type, ...(issue?.path ?? [])].join('.');
      throw new Error(`The middleware ${name} cannot be used: ${option}: ${issue?.message ?? 'is not valid'}.`);
    }
    const clock = new StepClock(name, type, now);
    const middleware = definition.build(parsed.data, createContext(name, config, clock));
    // A chain does nothing of its own: its members note their steps.
    return type === 'chain' ? middleware : clock.wrap(middleware);
  }

  function createContext(name: string, config: MiddlewareConfig, clock: StepClock): BuildContext {
    const configuration = JSON.stringify(config);
    const before = kept?.get(name);
    const old = before?.configuration === configuration ? before.values : [];
    const values: unknown[] = [];
    states.set(name, { configuration, values });
    return {
      ...surroundings,
      name,
      shared,
      identity: middlewareIdentity(name, config),
      resolve: build,
      now,
      state: <T>(create: () => T): T => {
        const index = values.length;
        const value = index < old.length ? (old[index] as T) : create();
        values.push(value);
        return value;
      },
      verdict: (exchange, verdict) => clock.finish(exchange, verdict),
    };
  }

  return { build, states, shared };
}
