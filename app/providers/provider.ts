import type { DynamicConfiguration } from '../../proxy/model/dynamic.ts';
import type { Problem, ProviderView, ServerEdit, Source } from '../contract/objects.ts';
import type { OverriddenFacts } from '../store/overrides.ts';

/** Where each object of a publication comes from, and what was found wrong with it while it was read. */
export interface ObjectOrigin {
  readonly source: Source;
  readonly problems: readonly Problem[];
}

/** Origins by kind and local (unqualified) name. */
export interface Origins {
  readonly routers: Readonly<Record<string, ObjectOrigin>>;
  readonly services: Readonly<Record<string, ObjectOrigin>>;
  readonly middlewares: Readonly<Record<string, ObjectOrigin>>;
}

/**
 * A provider's whole state. An object that could not be read stays in `configuration` as far as it was read
 * (a router with at least its rule) and carries an error problem in `origins`, which disables it.
 */
export interface Publication {
  readonly provider: ProviderView['name'];
  readonly configuration: DynamicConfiguration;
  readonly origins: Origins;
  /** TLS options that could not be read, and why: what names them stays closed. */
  readonly brokenTlsOptions?: Readonly<Record<string, string>>;
  /** Its layer over other providers' objects; what they say no longer is passed over. Left out: none. */
  readonly overrides?: readonly Override[];
  /** Of what is below `tcp` and `udp`; left out where nothing is. */
  readonly streamOrigins?: { readonly tcp: Origins; readonly udp: Origins };
}

/** What somebody wants of an object of another provider otherwise than that has it. Null: as that has it. */
export interface Override {
  readonly object: 'router' | 'service';
  /** Left out: HTTP. */
  readonly protocol?: 'tcp' | 'udp';
  /** Qualified. */
  readonly name: string;
  readonly host: string | null;
  readonly middlewares: readonly string[] | null;
  /** Qualified name of a middleware that stands before all others. */
  readonly guard: string | null;
  readonly servers: readonly ServerEdit[] | null;
  /** Empty: no health check is made. */
  readonly healthCheckPath: string | null;
  readonly paused: boolean;
  /** What that provider said when it was edited. */
  readonly seen: OverriddenFacts;
}

/** What a provider is given by the engine. */
export interface ProviderHost {
  /** Takes the full state; what is not in it is gone. Not called while the provider cannot tell. */
  readonly publish: (publication: Publication) => void;
  readonly report: (view: ProviderView) => void;
}

export interface Provider {
  /** Resolves once the first state is published or the provider has reported why there is none. */
  start(): Promise<void>;
  /** May be called twice. */
  stop(): Promise<void>;
}
