import { expect, it } from 'vitest';
import type { ProxyRequest } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { createRecorder } from '../http/recorder.ts';
import type { MetricsCount, MetricsOptions } from '../model/metrics.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { RoutingSnapshot } from '../model/snapshot.ts';
import { createRequestMetrics } from './request-metrics.ts';

const options: MetricsOptions = {
  buckets: [0.1, 1],
  byEntryPoint: true,
  byRouter: true,
  byService: true,
  headerLabels: { agent: 'User-Agent' },
  internals: false,
};

const record = {
  entryPoint: 'web',
  router: 'a@file',
  service: 'a@file',
  status: 200,
  method: 'GET',
  protocol: 'HTTP/1.1',
  tlsVersion: null,
  originStatus: 200,
  serverUrl: 'http://a',
  requestBytes: 1,
  responseBytes: 10,
  durationMs: 50,
  upgrade: null,
  error: null,
  middlewares: [],
} as unknown as RequestRecord;

function rig(wire: { readonly metrics?: boolean } = {}, changes: Partial<MetricsOptions> = {}) {
  const counts: MetricsCount[] = [];
  let connections: Readonly<Record<string, number>> = {};
  const metrics = createRequestMetrics({ ...options, ...changes }, (message) => {
    if (message.type !== 'metrics') return;
    counts.push(...message.counts);
    connections = message.connections;
  });
  const plain = createRecorder(() => undefined);
  const recorder = metrics.recorderOf('web', wire, plain);
  return {
    metrics,
    recorder,
    finish: (change: Partial<RequestRecord> = {}, fields: readonly string[] = []) => {
      const request: Pick<ProxyRequest, 'headers' | 'tls'> = { headers: new HeaderList([...fields]), tls: null };
      recorder.finished({ ...record, ...change }, plain.counter('web', null, null), null, request);
    },
    taken: () => {
      metrics.close();
      plain.close();
      return { counts, connections };
    },
  };
}

it('adds up what is alike, and tells apart what labels tell', () => {
  const { finish, recorder, taken } = rig();
  finish();
  finish({ durationMs: 5000, retryAttempts: 2 });
  finish({ method: 'BREW' }, ['User-Agent', 'pot', 'Accept', 'text/event-stream']);
  finish({ status: 403, originStatus: null, serverUrl: null });
  finish({ upgrade: 'websocket', status: 101 });
  finish({ protocol: 'TCP', status: 0 });
  recorder.connectionOpened();
  recorder.connectionOpened();
  recorder.connectionClosed();
  const { counts, connections } = taken();
  expect(counts).toMatchObject([
    { requests: 2, retries: 2, requestBytes: 2, responseBytes: 20, buckets: [1, 0, 1], isServed: true },
    { method: 'EXTENSION_METHOD', protocol: 'sse', headers: ['pot'] },
    { code: 403, isServed: false },
    { code: 101, protocol: 'websocket' },
  ]);
  expect(counts[0]?.durationSeconds).toBeCloseTo(5.05);
  expect(connections).toEqual({ web: 1 });
});

it('leaves out the proxy’s own routers, and those that entry points and routers turn off', () => {
  const { metrics, finish, taken } = rig({ metrics: false });
  const routers = [{ name: 'on@file', metrics: true }] as unknown as RoutingSnapshot['routers'];
  metrics.applied({ routers } as RoutingSnapshot);
  finish();
  finish({ router: null });
  finish({ router: 'api@internal' });
  finish({ router: 'on@file' });
  expect(taken().counts.map(({ router }) => router)).toEqual(['on@file']);

  const all = rig({}, { internals: true });
  all.finish({ router: 'api@internal' });
  expect(all.taken().counts).toHaveLength(1);
});

it('lets visitors make only so many series by what they send', () => {
  const { finish, taken } = rig();
  for (let i = 0; i < 6000; i += 1) finish({}, ['User-Agent', `${i}`.padEnd(500, 'x')]);
  const { counts } = taken();
  expect(counts).toHaveLength(5001);
  expect(counts.at(-1)).toMatchObject({ headers: [''], requests: 1000 });
  expect(counts[0]?.headers[0]).toHaveLength(128);
});
