import type { MetricsCount, MetricsOptions } from '../../proxy/model/metrics.ts';
import type { FromWorker, RoutingSnapshot } from '../../proxy/model/snapshot.ts';
import { certificateText } from './certificate-metrics.ts';
import { type CounterFamily, createCounter, createHistogram, gaugeText, type HistogramFamily } from './family.ts';
import { processText } from './process-metrics.ts';

/** What is looked up when somebody asks for the metrics. */
export interface MetricsSources {
  /** Servers that are checked, and whether they are up. */
  readonly servers: () => readonly { readonly service: string; readonly url: string; readonly isUp: boolean }[];
  readonly certificates: () => readonly { readonly id: string; readonly certificatePem: string }[];
  /** What limits held off since the start, by limit. */
  readonly heldOff?: () => ReadonlyMap<string, number>;
}

/** What Traefik tells Prometheus, by its names. */
export interface MetricsRegistry {
  readonly add: (worker: number, message: Extract<FromWorker, { type: 'metrics' }>) => void;
  /** A worker has ended, and its connections with it. */
  readonly forgetWorker: (worker: number) => void;
  /** A configuration was published. What is no longer in it is forgotten. */
  readonly configured: (snapshot: Pick<RoutingSnapshot, 'routers' | 'services'>, atMs: number) => void;
  readonly text: () => string;
}

/** Visitors choose what header fields hold: beyond so many kinds of requests such labels are left empty. */
const mostWithHeaders = 20_000;

interface Group {
  readonly requests: CounterFamily;
  readonly tls: CounterFamily;
  readonly durations: HistogramFamily;
  readonly requestBytes: CounterFamily;
  readonly responseBytes: CounterFamily;
}

export function createMetricsRegistry(options: MetricsOptions, sources: MetricsSources): MetricsRegistry {
  const { buckets, headerLabels } = options;
  const entryPoints = groupOf('traefik_entrypoint', 'on an entrypoint', buckets);
  const routers = groupOf('traefik_router', 'on a router', buckets);
  const services = groupOf('traefik_service', 'on a service', buckets);
  const retries = createCounter('traefik_service_retries_total', 'How many request retries happened on a service.');
  const connections = new Map<number, Readonly<Record<string, number>>>();
  const seenHeaders = new Set<string>();
  const names = Object.keys(headerLabels);
  let reloads = 0;
  let reloadedAt = 0;

  const headersOf = ({ headers }: MetricsCount): Readonly<Record<string, string>> => {
    const key = headers.join('\n');
    const isNew = !seenHeaders.has(key);
    const isTooMany = isNew && seenHeaders.size >= mostWithHeaders;
    if (isNew && !isTooMany) seenHeaders.add(key);
    return Object.fromEntries(names.map((name, index) => [name, isTooMany ? '' : (headers[index] ?? '')]));
  };

  const addTo = (group: Group, count: MetricsCount, labels: Readonly<Record<string, string>>): void => {
    const common = { ...labels, code: String(count.code), method: count.method, protocol: count.protocol };
    group.requests.add({ ...common, ...headersOf(count) }, count.requests);
    group.durations.add(common, count.durationSeconds, count.buckets);
    group.requestBytes.add(common, count.requestBytes);
    group.responseBytes.add(common, count.responseBytes);
    if (count.tls === null) return;
    const { version, cipher } = count.tls;
    group.tls.add({ ...labels, tls_version: version.replace(/^TLSv/, ''), tls_cipher: cipher }, count.requests);
  };

  return {
    add: (worker, message) => {
      connections.set(worker, message.connections);
      for (const count of message.counts) {
        const { entryPoint, router, service } = count;
        if (options.byEntryPoint) addTo(entryPoints, count, { entrypoint: entryPoint });
        if (options.byRouter && router !== null) addTo(routers, count, { router, service: service ?? '' });
        if (!options.byService || service === null || !count.isServed) continue;
        addTo(services, count, { service });
        if (count.retries > 0) retries.add({ service }, count.retries);
      }
    },
    forgetWorker: (worker) => connections.delete(worker),
    configured: (snapshot, atMs) => {
      reloads += 1;
      reloadedAt = atMs / 1000;
      const known = new Set(snapshot.routers.map(({ name }) => name));
      for (const family of Object.values(routers)) {
        family.retain(
          ({ router = '', service = '' }) => known.has(router) && (service === '' || service in snapshot.services),
        );
      }
      for (const family of [...Object.values(services), retries]) {
        family.retain(({ service = '' }) => service in snapshot.services);
      }
    },
    text: () =>
      [
        gaugeText('traefik_config_reloads_total', 'Config reloads', [{ labels: {}, value: reloads }], 'counter'),
        gaugeText('traefik_config_last_reload_success', 'Last config reload success', [
          { labels: {}, value: reloadedAt },
        ]),
        gaugeText(
          'traefik_open_connections',
          'How many open connections exist, by entryPoint and protocol',
          openConnections(connections),
        ),
        certificateText(sources.certificates()),
        gaugeText(
          'gatehouse_held_off_total',
          'What limits on clients held off, and what servers did wrong (server-…), by name',
          [...(sources.heldOff?.() ?? [])].map(([limit, value]) => ({ labels: { limit }, value })),
          'counter',
        ),
        ...[entryPoints, routers, services].flatMap((group) => Object.values(group).map(({ text }) => text())),
        retries.text(),
        ...(options.byService ? [serversText(sources.servers())] : []),
        processText(),
      ].join(''),
  };
}

function groupOf(prefix: string, where: string, buckets: readonly number[]): Group {
  const by = 'partitioned by status code, protocol, and method.';
  return {
    requests: createCounter(`${prefix}_requests_total`, `How many HTTP requests processed ${where}, ${by}`),
    tls: createCounter(
      `${prefix}_requests_tls_total`,
      `How many HTTP requests with TLS processed ${where}, partitioned by TLS Version and TLS cipher Used.`,
    ),
    durations: createHistogram(
      `${prefix}_request_duration_seconds`,
      `How long it took to process the request ${where}, ${by}`,
      buckets,
    ),
    requestBytes: createCounter(
      `${prefix}_requests_bytes_total`,
      `The total size of requests in bytes handled ${where}, ${by}`,
    ),
    responseBytes: createCounter(
      `${prefix}_responses_bytes_total`,
      `The total size of responses in bytes handled ${where}, ${by}`,
    ),
  };
}

function openConnections(byWorker: ReadonlyMap<number, Readonly<Record<string, number>>>) {
  const totals = new Map<string, number>();
  for (const counts of byWorker.values()) {
    for (const [entryPoint, count] of Object.entries(counts)) {
      totals.set(entryPoint, (totals.get(entryPoint) ?? 0) + count);
    }
  }
  return [...totals].map(([entrypoint, value]) => ({ labels: { entrypoint, protocol: 'TCP' }, value }));
}

function serversText(servers: ReturnType<MetricsSources['servers']>): string {
  return gaugeText(
    'traefik_service_server_up',
    'service server is up, described by gauge value of 0 or 1.',
    servers.map(({ service, url, isUp }) => ({ labels: { service, url }, value: isUp ? 1 : 0 })),
  );
}
