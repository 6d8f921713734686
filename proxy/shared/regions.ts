import { circuitBytes } from '../middleware/circuit.ts';
import type { SharedRegions } from '../model/shared-memory.ts';
import type { RoutingSnapshot } from '../model/snapshot.ts';
import { middlewareIdentity, serverIdentity } from './identity.ts';
import { serverFailuresBytes } from './server-failures.ts';

/**
 * The memory of what counts in a snapshot's circuit breakers and passive health checks. What reads the same as in the
 * snapshot before keeps what it has counted.
 */
export function regionsOf({ middlewares, services }: RoutingSnapshot, before: SharedRegions): SharedRegions {
  const regions = new Map<string, SharedArrayBuffer>();
  const take = (identity: string, bytes: number): void => {
    regions.set(identity, before.get(identity) ?? new SharedArrayBuffer(bytes));
  };
  for (const [name, config] of Object.entries(middlewares)) {
    const options = config['circuitBreaker'];
    if (options === undefined) continue;
    const { expression = '' } = (options ?? {}) as { readonly expression?: unknown };
    take(middlewareIdentity(name, config), circuitBytes(String(expression)));
  }
  for (const [name, service] of Object.entries(services)) {
    if (service.kind !== 'loadBalancer' || !service.passiveHealthCheck) continue;
    const settings = service.passiveHealthCheck;
    for (const { url } of service.servers) take(serverIdentity(name, url, settings), serverFailuresBytes(settings));
  }
  return regions;
}
