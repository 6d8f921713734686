import type {
  MiddlewareConfig,
  RouterConfig,
  ServersTransportConfig,
  ServiceConfig,
} from '../../proxy/model/dynamic.ts';
import type { ObjectStatus, Problem, ProviderView, Source } from '../contract/objects.ts';
import type { TlsJudgement } from './judge-tls.ts';
import type { Overridden } from './judgement.ts';
import type { StreamState } from './stream-state.ts';

export interface RuntimeObject {
  /** Qualified. */
  readonly name: string;
  readonly provider: ProviderView['name'];
  readonly status: ObjectStatus;
  readonly problems: readonly Problem[];
  readonly source: Source;
  /** Left out: it is as its provider has it. */
  readonly overridden?: Overridden;
}

export interface RuntimeRouter extends RuntimeObject {
  /** As the provider gave it. */
  readonly config: RouterConfig;
  /** Resolved: qualified names, defaults filled in. */
  readonly entryPoints: readonly string[];
  /** Those of its entry points (Traefik's `entryPoints.*.http.middlewares`), then its own. */
  readonly middlewares: readonly string[];
  /** Where its entry points put different middlewares before it: all of them, by entry point. */
  readonly entryPointMiddlewares?: Readonly<Record<string, readonly string[]>>;
  /** Empty where it leads to routers, or to nothing. */
  readonly service: string;
  /** Routers that hand it requests; left out where those come from entry points. */
  readonly parents?: readonly string[];
  /** Routers that it hands requests to in place of a service, usable or not. */
  readonly children?: readonly string[];
  readonly rule: string;
  /** The version of the language in which the rule is written. */
  readonly syntax: 'v2' | 'v3';
  /** Place of its provider in `providers.precedence`, from 0; left out for those that are not named there. */
  readonly providerRank?: number;
  readonly priority: number;
  readonly tls: boolean;
  readonly hosts: readonly string[];
  /** It is disabled, keeps its place and refuses what comes, for this reason; left out: it is served, or not there. */
  readonly closed?: string;
}

/** A service that is there without configuration: whoami, or one of Traefik's internal ones. */
export interface BuiltInService {
  readonly whoami: Record<string, never>;
  /** Left out: whoami. */
  readonly serves?: InternalService;
}

export type InternalService = 'api' | 'dashboard' | 'ping' | 'noop' | 'prometheus';

export interface RuntimeService extends RuntimeObject {
  readonly config: ServiceConfig | BuiltInService;
  readonly usedBy: readonly string[];
}

export interface RuntimeMiddleware extends RuntimeObject {
  readonly config: MiddlewareConfig;
  readonly type: string;
  readonly usedBy: readonly string[];
}

/** The merged, resolved and judged configuration: what is served, and what is not and why. Keys are qualified names. */
export interface RuntimeState {
  /** What differs from Traefik for safety is as in Traefik. */
  readonly asTraefik?: boolean;
  readonly revision: number;
  readonly routers: ReadonlyMap<string, RuntimeRouter>;
  readonly services: ReadonlyMap<string, RuntimeService>;
  readonly middlewares: ReadonlyMap<string, RuntimeMiddleware>;
  readonly serversTransports: ReadonlyMap<string, ServersTransportConfig>;
  /** Left out where nothing has been judged yet. */
  readonly tls?: TlsJudgement;
  readonly streams: StreamState;
}
