import type { ProxyRequest } from '../http/exchange.ts';
import type { Recorder } from '../http/recorder.ts';
import type { MetricsCount, MetricsKey, MetricsOptions } from '../model/metrics.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { EntryPointWire, FromWorker, RoutingSnapshot } from '../model/snapshot.ts';

/** Longest time that counts wait before they are told. */
const batchDelayMs = 250;
/** Kinds of requests that are told apart between two batches. Labels by header fields are the visitors' choice. */
const mostSeries = 5000;
const longestLabel = 128;

/** What one worker counts for Prometheus. */
export interface RequestMetrics {
  /** The recorder of one entry point: counts what passes through it, too. */
  recorderOf(name: string, wire: EntryPointWire, recorder: Recorder): Recorder;
  applied(snapshot: RoutingSnapshot): void;
  /** Sends what is left. */
  close(): void;
}

type Counts = { -readonly [Name in keyof Omit<MetricsCount, keyof MetricsKey>]: MetricsCount[Name] } & {
  readonly key: MetricsKey;
  readonly counted: number[];
};

export function createRequestMetrics(options: MetricsOptions, send: (message: FromWorker) => void): RequestMetrics {
  let series = new Map<string, Counts>();
  const connections = new Map<string, number>();
  /** What routers say of themselves. */
  let asked: ReadonlyMap<string, boolean> = new Map();
  let timer: NodeJS.Timeout | null = null;
  const labels = Object.values(options.headerLabels);
  const noLabels: readonly string[] = labels.map(() => '');

  const flush = (): void => {
    timer = null;
    const counts = [...series.values()].map(toCount);
    series = new Map();
    send({ type: 'metrics', counts, connections: Object.fromEntries(connections) });
  };
  const schedule = (): void => {
    timer ??= setTimeout(flush, batchDelayMs);
  };

  const isCounted = ({ router }: RequestRecord, byEntryPoint: boolean): boolean => {
    if (router === null) return byEntryPoint;
    if (router.endsWith('@internal') && !options.internals) return false;
    return asked.get(router) ?? byEntryPoint;
  };

  /** What there is once for each kind of request; how it is looked up is the cost of every one. */
  const seriesOf = (
    record: RequestRecord,
    method: string,
    protocol: MetricsKey['protocol'],
    cipher: string,
    headers: readonly string[],
  ): Counts => {
    const { entryPoint, router, service, status: code, tlsVersion } = record;
    // A middleware that answered kept the request from the service.
    const isServed = record.originStatus !== null || record.serverUrl !== null;
    let id = `${entryPoint}\n${router}\n${service}\n${code}\n${method}\n${protocol}\n${isServed}\n${tlsVersion}\n${cipher}`;
    for (const value of headers) id += `\n${value}`;
    const known = series.get(id);
    if (known !== undefined) return known;
    if (series.size >= mostSeries && headers.some((value) => value !== '')) {
      return seriesOf(record, method, protocol, cipher, noLabels);
    }
    const tls = tlsVersion === null ? null : { version: tlsVersion, cipher };
    const key = { entryPoint, router, service, isServed, code, method, protocol, tls, headers };
    const made = emptyCounts(key, options.buckets.length + 1);
    series.set(id, made);
    return made;
  };

  const count = (
    record: RequestRecord,
    request: Pick<ProxyRequest, 'headers' | 'tls'> | undefined,
    cipher: string,
  ): void => {
    const headers =
      labels.length === 0 ? noLabels : labels.map((name) => (request?.headers.get(name) ?? '').slice(0, longestLabel));
    const method = knownMethods.has(record.method) ? record.method : 'EXTENSION_METHOD';
    const found = seriesOf(record, method, protocolOf(record, request), cipher, headers);
    found.requests += 1;
    found.retries += record.retryAttempts ?? 0;
    found.requestBytes += record.requestBytes;
    found.responseBytes += record.responseBytes;
    const seconds = record.durationMs / 1000;
    found.durationSeconds += seconds;
    const bucket = options.buckets.findIndex((bound) => seconds <= bound);
    const index = bucket < 0 ? options.buckets.length : bucket;
    found.counted[index] = (found.counted[index] ?? 0) + 1;
    schedule();
  };

  return {
    recorderOf: (name, { metrics: byEntryPoint = true }, recorder) => ({
      ...recorder,
      finished(record, counter, logged, request) {
        recorder.finished(record, counter, logged, request);
        const isRequest = record.protocol !== 'TCP' && record.protocol !== 'UDP';
        if (isRequest && isCounted(record, byEntryPoint)) count(record, request, request?.tls?.cipher ?? '');
      },
      connectionOpened() {
        recorder.connectionOpened();
        connections.set(name, (connections.get(name) ?? 0) + 1);
        schedule();
      },
      connectionClosed() {
        recorder.connectionClosed();
        connections.set(name, (connections.get(name) ?? 0) - 1);
        schedule();
      },
    }),
    applied({ routers }) {
      asked = new Map(routers.flatMap(({ name, metrics }) => (metrics === undefined ? [] : [[name, metrics]])));
    },
    close() {
      if (timer === null) return;
      clearTimeout(timer);
      flush();
    },
  };
}

function protocolOf(
  { upgrade }: RequestRecord,
  request: Pick<ProxyRequest, 'headers'> | undefined,
): MetricsKey['protocol'] {
  if (upgrade === 'websocket') return 'websocket';
  return request?.headers.get('accept') === 'text/event-stream' ? 'sse' : 'http';
}

/** As Traefik has it: others would let visitors make as many series as they like. */
const knownMethods: ReadonlySet<string> = new Set(
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PRI'.split(' '),
);

function emptyCounts(key: MetricsKey, buckets: number): Counts {
  const counted = Array.from({ length: buckets }, () => 0);
  const none = { requests: 0, retries: 0, requestBytes: 0, responseBytes: 0, durationSeconds: 0 };
  return { key, counted, buckets: counted, ...none };
}

function toCount({ key, counted: _counted, ...counts }: Counts): MetricsCount {
  return { ...key, ...counts };
}
