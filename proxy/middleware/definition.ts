import type { z } from 'zod';
import type { Exchange, Handler, Middleware, ProxyRequest } from '../http/exchange.ts';
import type { Upstream } from '../http/upstream.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import type { SharedCounters } from '../shared/shared-counters.ts';
import type { MiddlewareVerdict } from './verdict.ts';

/** What lies behind the middlewares, for those that ask of it themselves. */
export interface Surroundings {
  /** The handler of a service by qualified name. Throws a readable Error where it does not exist or cannot be used. */
  readonly service: (name: string) => Handler;
  /** A way to one HTTP address. Throws a readable Error where the address or the transport cannot be used. */
  readonly connect: (url: string, transport?: ServersTransportConfig) => Upstream;
  /** What differs from Traefik for safety is as in Traefik. */
  readonly asTraefik?: boolean;
}

/** What a middleware may use while it is built. */
export interface BuildContext extends Surroundings {
  /** Qualified name of the middleware being built, such as `auth@docker`. */
  readonly name: string;
  /** Builds another middleware by qualified name (chain). Throws where it does not exist or refers to itself. */
  readonly resolve: (name: string) => Middleware;
  /** Milliseconds, monotonic; injected so that tests own time. */
  readonly now: () => number;
  /** State that outlives snapshot swaps while the configuration stays the same, such as judged passwords. */
  readonly state: <T>(create: () => T) => T;
  /** What all workers count in together, such as requests of one visitor. */
  readonly shared: SharedCounters;
  /** Tells this middleware's counts from those of others: kind, name and configuration. */
  readonly identity: string;
  /** Notes that this middleware turned the request away (`refused`) or answered it (`answered`). */
  readonly verdict: (exchange: Exchange, verdict: 'answered' | 'refused') => void;
}

/** One kind of middleware: the label parser, editor, checker and docs read the schema; workers call `build`. */
export interface MiddlewareDefinition<Config = unknown> {
  /** The key in configuration, in Traefik's spelling. */
  readonly type: string;
  /** One sentence for people. */
  readonly summary: string;
  readonly schema: z.ZodType<Config>;
  /** Throws an Error with a readable message where options contradict each other or cannot be used. */
  readonly build: (config: Config, context: BuildContext) => Middleware;
  readonly explain?: (config: Config, request: ProxyRequest) => MiddlewareVerdict;
  /** Names of options whose values are secret and are shown as `••••` to clients; `*` for all. */
  readonly secretOptions?: readonly string[];
}
