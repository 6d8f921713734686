import { defaultStaticConfiguration } from '../../app/config/static.ts';
import { internalPublication } from '../../app/providers/internal/publication.ts';
import type { Publication } from '../../app/providers/provider.ts';
import { buildRuntime } from '../../app/runtime/merge.ts';
import { toRoutingSnapshot } from '../../app/runtime/snapshot.ts';
import type { RuntimeState } from '../../app/runtime/state.ts';
import type { HttpConfiguration } from '../../proxy/model/dynamic.ts';
import type { RoutingSnapshot } from '../../proxy/model/snapshot.ts';
import { Missing } from './vector.ts';

export interface Provided {
  readonly provider: string;
  readonly http: HttpConfiguration;
}

/** What the engine would make of these publications, and what workers would be given of it. */
export function buildState(
  provided: readonly Provided[],
  { precedence = [] }: { readonly precedence?: readonly string[] } = {},
): { readonly state: RuntimeState; readonly snapshot: RoutingSnapshot } {
  if (precedence.length > 0) throw new Missing('providers have no precedence');
  const publications = provided.map(({ provider, http }) => ({
    // Names of providers that Gatehouse does not have stand for any.
    provider: provider as Publication['provider'],
    configuration: { http },
    origins: { routers: {}, services: {}, middlewares: {} },
  }));
  const { entryPoints } = defaultStaticConfiguration;
  const state = buildRuntime([internalPublication(), ...publications], entryPoints, 1);
  return { state, snapshot: toRoutingSnapshot(state, entryPoints, { pausedAll: false }) };
}
