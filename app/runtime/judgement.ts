import type { ObjectStatus, OverrideField, Problem, ProviderView, ServerEdit, Source } from '../contract/objects.ts';
import type { ObjectOrigin } from '../providers/provider.ts';

/** An error disables an object; a warning is served all the same; a note changes nothing. */
export function statusOf(problems: readonly Problem[]): ObjectStatus {
  let status: ObjectStatus = 'enabled';
  for (const { severity } of problems) {
    if (severity === 'error') return 'disabled';
    if (severity === 'warning') status = 'warning';
  }
  return status;
}

/** One object of a publication on its way into the runtime. `name` is qualified. */
export interface Published<Config> {
  readonly name: string;
  readonly provider: ProviderView['name'];
  readonly config: Config;
  readonly source: Source;
  /** What the provider found wrong while it read the object. */
  readonly problems: readonly Problem[];
  /** Where somebody wants it otherwise: what its provider says. `config` has what is wanted. */
  readonly overridden?: Overridden;
}

/** What stands below an override, and which of it is covered. */
export interface Overridden {
  /** Empty for a service. */
  readonly rule: string;
  readonly middlewares: readonly string[];
  readonly fields: readonly OverrideField[];
  /** Of a service: its servers and the path of its health check, null where none is made. */
  readonly below?: {
    readonly servers: readonly { readonly server: string; readonly weight: number }[];
    readonly healthCheckPath: string | null;
  };
  /** The servers that are edited, by their addresses of now. Left out for a router. */
  readonly edits?: readonly ServerEdit[];
  /** Its provider says something else since it was edited. */
  readonly changed: boolean;
}

/** It is judged and shown like all others, and takes no requests. */
export function isPaused({ overridden }: { readonly overridden?: Overridden }): boolean {
  return overridden?.fields.includes('paused') ?? false;
}

const unknownOrigin: ObjectOrigin = { source: { kind: 'internal' }, problems: [] };

/** The origin of an object, own keys only: names come from labels and files, and may be `constructor`. */
export function originOf(origins: Readonly<Record<string, ObjectOrigin>>, localName: string): ObjectOrigin {
  return Object.hasOwn(origins, localName) ? (origins[localName] ?? unknownOrigin) : unknownOrigin;
}
