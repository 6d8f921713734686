import type { CertificateSnapshot, DownServers, FromWorker, RoutingSnapshot } from '../proxy/model/snapshot.ts';
import type { MetricsConfiguration } from './config/static.ts';
import { listenForMetrics } from './metrics/listener.ts';
import { createMetricsRegistry } from './metrics/registry.ts';

export interface EngineMetrics {
  readonly options: MetricsConfiguration;
  readonly add: (worker: number, message: Extract<FromWorker, { type: 'metrics' }>) => void;
  readonly forgetWorker: (worker: number) => void;
  readonly configured: (snapshot: RoutingSnapshot) => void;
  readonly listen: () => ReturnType<typeof listenForMetrics>;
}

/** Traefik's `metrics.prometheus`; null where it is not asked for. */
export function createEngineMetrics(
  options: MetricsConfiguration | undefined,
  sources: {
    readonly down: () => DownServers;
    readonly certificates: () => readonly CertificateSnapshot[];
    /** What limits held off since the start. */
    readonly heldOff: () => ReadonlyMap<string, number>;
    readonly now: () => number;
  },
): EngineMetrics | null {
  if (!options) return null;
  let current: Pick<RoutingSnapshot, 'services'> = { services: {} };
  const registry = createMetricsRegistry(options, {
    servers: () => checkedServers(current, sources.down()),
    certificates: sources.certificates,
    heldOff: sources.heldOff,
  });
  return {
    options,
    add: registry.add,
    forgetWorker: registry.forgetWorker,
    configured: (snapshot) => {
      current = snapshot;
      registry.configured(snapshot, sources.now());
    },
    listen: () => listenForMetrics(registry.text),
  };
}

function checkedServers({ services }: Pick<RoutingSnapshot, 'services'>, down: DownServers) {
  return Object.entries(services).flatMap(([service, config]) =>
    config.kind === 'loadBalancer' && config.healthCheck !== null
      ? config.servers.map(({ url }) => ({ service, url, isUp: !(down[service] ?? []).includes(url) }))
      : [],
  );
}
