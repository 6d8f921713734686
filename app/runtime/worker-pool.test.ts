import { afterEach, describe, expect, test } from 'vitest';
import type {
  CertificateSnapshot,
  EntryPointOptions,
  FromWorker,
  RoutingSnapshot,
} from '../../proxy/model/snapshot.ts';
import { createWorkerPool, type WorkerPool } from './worker-pool.ts';

/** A worker that answers as the proxy does, and writes down what it was told. */
const script = `
import { parentPort, workerData } from 'node:worker_threads';
const told = [];
const counts = [];
const send = (message) => parentPort.postMessage(message);
parentPort.on('message', (message) => {
  told.push(message.type);
  if (message.type === 'certificates') counts.push(message.upsert.length);
  if (message.type === 'listen') {
    for (const { name, host, port } of message.entryPoints) {
      send(name === 'refused' && workerData.index === 1
        ? { type: 'listenFailed', entryPoint: name, code: 'EADDRINUSE', message: 'taken' }
        : { type: 'listening', entryPoint: name, host, port });
    }
  }
  if (message.type === 'snapshot') {
    if (message.snapshot.revision === 666 && workerData.index === 1) process.exit(7);
    send({ type: 'log', level: 'info', message: 'told', details: { told: told.join(' '), counts: counts.join(' ') } });
    send({ type: 'applied', revision: message.snapshot.revision, errors: [] });
  }
  if (message.type === 'down' && message.servers.batch) send({ type: 'traffic', records: [], dropped: 0, counts: [], openConnections: 0 });
  if (message.type === 'trafficTaken') send({ type: 'log', level: 'info', message: 'taken', details: {} });
  if (message.type === 'drain') process.exit(0);
});
send({ type: 'ready' });
`;
const entry = (source: string): URL => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

const pools: WorkerPool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop(0)));
});

function setUp(source = script, count = 2) {
  const logged: { message: string; details: Readonly<Record<string, unknown>> }[] = [];
  const restarts: { index: number; reason: string }[] = [];
  const traffic: FromWorker[] = [];
  const note = (message: string, details: Readonly<Record<string, unknown>> = {}) => logged.push({ message, details });
  const pool = createWorkerPool({
    count,
    entry: entry(source),
    log: { info: note, warn: note, error: note },
    onTraffic: (_worker, message) => traffic.push(message),
    onRestart: (index, reason) => restarts.push({ index, reason }),
  });
  pools.push(pool);
  return { pool, logged, restarts, traffic };
}

const snapshot = (revision: number): RoutingSnapshot => ({
  revision,
  routers: [],
  middlewares: {},
  services: {},
  serversTransports: {},
});
const certificate = (id: string): CertificateSnapshot => ({
  id,
  names: [id],
  certificatePem: 'c',
  privateKeyPem: 'k',
  isDefault: true,
});
const entryPoint = (name: string): EntryPointOptions => ({ name, host: '127.0.0.1', port: 1 }) as EntryPointOptions;

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('worker pool', () => {
  test('certificates go before routes, in every worker', async () => {
    const { pool, logged } = setUp();
    await pool.start();
    expect(await pool.publish(snapshot(1), [certificate('a')])).toEqual([]);
    const told = logged.filter(({ message }) => message === 'told').map(({ details }) => details['told']);
    expect(told).toHaveLength(2);
    for (const each of told) expect(each).toMatch(/certificates snapshot$/);
    // Nothing changed but the routes.
    await pool.publish(snapshot(2), [certificate('a')]);
    expect(logged.at(-1)?.details['told']).toMatch(/certificates snapshot snapshot$/);
  });

  test('an entry point that one worker cannot open is a failure', async () => {
    const { pool } = setUp();
    await pool.start();
    expect(await pool.listen([entryPoint('web'), entryPoint('refused')])).toEqual([
      { entryPoint: 'web', failure: null },
      { entryPoint: 'refused', failure: { code: 'EADDRINUSE', message: 'taken' } },
    ]);
  });

  test('many certificates come in parts, each once, and all before the routes', async () => {
    const { pool, logged } = setUp(script, 1);
    await pool.start();
    const many = Array.from({ length: 1200 }, (_, n) => certificate(`c${n}`));
    await pool.bring(many);
    await pool.publish(snapshot(1), many);
    // The first is the empty set that a worker starts with.
    await until(() => logged.some(({ details }) => details['counts'] === '0 500 500 200'));
  });

  test('a worker that dies is replaced, and told everything that holds, listeners last', async () => {
    const { pool, logged, restarts } = setUp();
    await pool.start();
    await pool.listen([entryPoint('web')]);
    // It dies while it applies this; the answer of the other is enough.
    await pool.publish(snapshot(666), [certificate('a')]);
    await until(() => logged.some(({ message }) => message === 'a worker is replaced'));
    await pool.publish(snapshot(667), [certificate('a')]);
    await until(() => restarts.length === 1);
    expect(restarts[0]).toMatchObject({ index: 1, reason: 'it ended with code 7' });
    await pool.publish(snapshot(668), [certificate('a')]);
    const ofReplacement = logged.filter(({ message, details }) => message === 'told' && details['worker'] === 1);
    expect(ofReplacement.at(-1)?.details['told']).toMatch(/^ticketSecret certificates snapshot down listen/);
  });

  test('a worker is told of each batch that was taken', async () => {
    const { pool, logged, traffic } = setUp();
    await pool.start();
    pool.setDown({ batch: [] });
    await until(() => logged.filter(({ message }) => message === 'taken').length === 2);
    expect(traffic).toHaveLength(2);
  });

  test('a worker that cannot start fails the start', async () => {
    const { pool } = setUp('throw new Error("no such file");');
    await expect(pool.start()).rejects.toThrow('no such file');
  });

  test('a worker that does not end when told to is ended', async () => {
    const { pool } = setUp(`import { parentPort } from 'node:worker_threads';
      parentPort.on('message', () => {});
      parentPort.postMessage({ type: 'ready' });`);
    await pool.start();
    await pool.stop(0);
    await pool.stop(0);
    expect(await pool.publish(snapshot(1), [])).toEqual([]);
  });
});
