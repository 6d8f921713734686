import type { ObjectStatus, Problem, ProviderView, Source } from '../contract/objects.ts';
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
  readonly fields: readonly ('host' | 'middlewares' | 'protection' | 'paused')[];
}

const unknownOrigin: ObjectOrigin = { source: { kind: 'internal' }, problems: [] };

/** The origin of an object, own keys only: names come from labels and files, and may be `constructor`. */
export function originOf(origins: Readonly<Record<string, ObjectOrigin>>, localName: string): ObjectOrigin {
  return Object.hasOwn(origins, localName) ? (origins[localName] ?? unknownOrigin) : unknownOrigin;
}
