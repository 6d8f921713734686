import { LineBuffer } from '../access-log/line-buffer.ts';
import type { LineWriter } from '../access-log/line-writer.ts';
import type { LoggedFacts, RequestRecord } from '../model/request-record.ts';
import { type FromWorker, latencyBucketsMs, type TrafficCount } from '../model/snapshot.ts';
import type { ProxyRequest } from './exchange.ts';
import type { LimitCounts } from './limit-counts.ts';

/** Longest time that a finished request waits before it is reported. */
const batchDelayMs = 50;
/** Records of a batch. What went wrong is told as long as there is room, and a sample of the rest. */
const batchRecords = 1000;
const batchUneventful = 50;
/** Lines of the access log in one batch: 100,000 a second. */
const batchLines = 5000;
/** Batches that may be under way to an engine which says when it has taken one. */
const batchesUnderWay = 8;

/** Counts of one (entry point, router, service); held by a route, so that counting is a few additions. */
export interface TrafficCounter {
  readonly entryPoint: string;
  readonly router: string | null;
  readonly service: string | null;
  requests: number;
  statusClasses: [number, number, number, number, number];
  requestBytes: number;
  responseBytes: number;
  latency: number[];
  listed: boolean;
}

export interface Recorder {
  counter(entryPoint: string, router: string | null, service: string | null): TrafficCounter;
  /**
   * `logged` is what the access log adds; null: the request is not to stand there. `request` is for metrics, whose
   * labels may be header fields; left out for connections.
   */
  finished(
    record: RequestRecord,
    counter: TrafficCounter,
    logged?: LoggedFacts | null,
    request?: Pick<ProxyRequest, 'headers' | 'tls'>,
  ): void;
  connectionOpened(): void;
  connectionClosed(): void;
  /** The engine has taken one batch. */
  taken(): void;
  /** Sends what is left. */
  close(): void;
}

/** The access log's part in recording: how its lines are written, and which number the next request has. */
export interface RecordedLines {
  readonly writer: LineWriter;
  readonly nextCount: () => number;
}

/** `held` learns of records that say that a limit was met. */
export function createRecorder(
  send: (message: FromWorker) => void,
  lines: RecordedLines | null = null,
  held: Pick<LimitCounts, 'noteRecord'> | null = null,
): Recorder {
  let records: RequestRecord[] = [];
  let uneventful = 0;
  const logged = lines === null ? null : new LineBuffer();
  let counters: TrafficCounter[] = [];
  let dropped = 0;
  let droppedLines = 0;
  let openConnections = 0;
  let timer: NodeJS.Timeout | null = null;
  let underWay: number | null = null;
  let sent = 0;

  const flush = (): void => {
    timer = null;
    const isEngineSlow = underWay !== null && underWay >= batchesUnderWay;
    if (isEngineSlow) {
      // Records go, counts stay: they are added up until the engine has caught up.
      dropped += records.length;
      droppedLines += logged?.lines ?? 0;
      logged?.take();
    } else {
      const counts = counters.map(takeCount);
      counters = [];
      send({
        type: 'traffic',
        records,
        dropped,
        counts,
        openConnections,
        ...(logged && logged.lines + droppedLines > 0
          ? { log: { lines: logged.lines, dropped: droppedLines, bytes: logged.take() } }
          : {}),
      });
      dropped = 0;
      droppedLines = 0;
      sent += 1;
      if (underWay !== null) underWay += 1;
    }
    records = [];
    uneventful = 0;
    if (isEngineSlow) schedule();
  };
  const schedule = (): void => {
    timer ??= setTimeout(flush, batchDelayMs);
  };
  const keep = (record: RequestRecord): void => {
    const isUneventful = record.error === null && record.status > 0 && record.status < 400;
    if (records.length >= batchRecords || (isUneventful && uneventful >= batchUneventful)) {
      dropped += 1;
      return;
    }
    if (isUneventful) uneventful += 1;
    records.push(record);
  };
  const log = (record: RequestRecord, facts: LoggedFacts | null): void => {
    if (lines === null || logged === null) return;
    const count = lines.nextCount();
    if (facts === null || !lines.writer.wants(record)) return;
    if (logged.lines >= batchLines) {
      droppedLines += 1;
      return;
    }
    lines.writer.write(logged, record, facts, count);
  };

  return {
    counter: (entryPoint, router, service) => ({ entryPoint, router, service, ...emptyCounts(), listed: false }),
    finished(record, counter, facts = null) {
      if (!counter.listed) {
        counter.listed = true;
        counters.push(counter);
      }
      counter.requests += 1;
      const statusClass = statusClassOf(record) - 1;
      counter.statusClasses[statusClass] = (counter.statusClasses[statusClass] ?? 0) + 1;
      counter.requestBytes += record.requestBytes;
      counter.responseBytes += record.responseBytes;
      // How long a connection was open says nothing of how fast it was served.
      if (record.status !== 0) {
        const bucket = bucketOf(record.durationMs);
        counter.latency[bucket] = (counter.latency[bucket] ?? 0) + 1;
      }
      if (record.error !== null) held?.noteRecord(record);
      keep(record);
      log(record, facts);
      schedule();
    },
    connectionOpened() {
      openConnections += 1;
      schedule();
    },
    connectionClosed() {
      openConnections -= 1;
      schedule();
    },
    taken() {
      // The first word from the engine starts the count; what was sent before it is taken as under way.
      underWay = Math.max(0, (underWay ?? Math.min(sent, batchesUnderWay)) - 1);
    },
    close() {
      if (timer) clearTimeout(timer);
      timer = null;
      if (records.length > 0 || counters.length > 0) flush();
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}

/** Connections have no status: they count as served, turned away or failed. */
function statusClassOf({ status, error, middlewares }: RequestRecord): number {
  if (status !== 0) return Math.min(Math.max(Math.trunc(status / 100), 1), 5);
  if (error !== null) return error.code === 'CLIENT_ABORTED' ? 4 : 5;
  return middlewares.some(({ verdict }) => verdict === 'refused') ? 4 : 2;
}

function emptyCounts(): Pick<
  TrafficCounter,
  'requests' | 'statusClasses' | 'requestBytes' | 'responseBytes' | 'latency'
> {
  return {
    requests: 0,
    statusClasses: [0, 0, 0, 0, 0],
    requestBytes: 0,
    responseBytes: 0,
    latency: Array.from({ length: latencyBucketsMs.length + 1 }, () => 0),
  };
}

function takeCount(counter: TrafficCounter): TrafficCount {
  const { entryPoint, router, service, requests, statusClasses, requestBytes, responseBytes, latency } = counter;
  Object.assign(counter, emptyCounts());
  counter.listed = false;
  return { entryPoint, router, service, requests, statusClasses, requestBytes, responseBytes, latency };
}

/** Index of the first bucket whose bound is not below the duration; the last one for what is slower than all. */
export function bucketOf(durationMs: number): number {
  let low = 0;
  let high: number = latencyBucketsMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (durationMs <= (latencyBucketsMs[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
