import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createWorkerPool, workerEntry } from '../../app/runtime/worker-pool.ts';
import { failingWorker } from '../support/failing-worker.ts';
import { freePorts } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';
import { defaultEntryPoint, type HarnessOptions, loadBalancer, snapshotOf } from '../support/proxy-harness.ts';
import { startSteadyLoad } from '../support/steady-load.ts';

/** Elsewhere workers cannot share a port, and there is one. */
const workers = process.platform === 'linux' ? 3 : 1;

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Answers with the path that it was asked for. */
async function startServer(): Promise<string> {
  const server = createServer((request, response) => response.end(request.url));
  server.listen(0, '127.0.0.1');
  await pollUntil(() => server.listening);
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A router whose header and path say the same version: an answer with two of them came from half a snapshot. */
function version(url: string, n: number): HarnessOptions {
  return {
    middlewares: {
      'head@test': { headers: { customResponseHeaders: { 'X-Version': String(n) } } },
      'path@test': { replacePath: { path: `/${n}` } },
    },
    routers: [{ middlewares: ['head@test', 'path@test'] }],
    services: { 'app@test': loadBalancer([url]) },
  };
}

async function startWorkers() {
  const url = await startServer();
  const failing = failingWorker(workerEntry());
  const restarts: { readonly worker: number; readonly reason: string }[] = [];
  const none = (): void => undefined;
  const pool = createWorkerPool({
    count: workers,
    entry: failing.entry,
    log: { info: none, warn: none, error: none },
    onTraffic: none,
    onRestart: (worker, reason) => restarts.push({ worker, reason }),
  });
  closers.push(() => pool.stop(0));
  closers.push(() => failing.close());
  await pool.start();
  let revision = 0;
  const publish = async (): Promise<void> => {
    revision += 1;
    expect(await pool.publish(snapshotOf(version(url, revision), revision), [])).toEqual([]);
  };
  await publish();
  const [port = 0] = await freePorts(1);
  const [listening] = await pool.listen([{ ...defaultEntryPoint, port, reusePort: workers > 1 }]);
  expect(listening?.failure).toBeNull();
  return {
    port,
    publish,
    restarts,
    fail: failing.fail,
  };
}

function startLoad(port: number, lanes: { readonly kept: number; readonly fresh: number }) {
  const load = startSteadyLoad({
    port,
    ...lanes,
    judge({ status, body, headers }) {
      if (status !== 200) return `status ${status}`;
      return body === `/${String(headers['x-version'])}`
        ? null
        : `half of a snapshot: ${body}, ${String(headers['x-version'])}`;
    },
  });
  closers.push(() => load.stop());
  return load;
}

// Filling a worker's memory takes a while where others are busy.
describe('while requests come', { timeout: 150_000 }, () => {
  it.each([
    ['ends', 'exit', /code 9/],
    ['throws', 'throw', /code 1|thrown/],
    ['runs out of memory', 'memory', /memory/i],
  ] as const)(
    'a worker that %s is replaced, the event is told, and the others serve meanwhile',
    async (_name, way, reason) => {
      const { port, fail, restarts } = await startWorkers();
      // So many connections that no worker is without one, by any reckoning.
      const load = startLoad(port, { kept: 30, fresh: 0 });
      await pollUntil(() => load.kept.every(({ served }) => served > 0), 60_000);

      fail(0, way);
      await pollUntil(() => restarts.length === 1, 60_000);
      expect(restarts[0]?.worker).toBe(0);
      expect(restarts[0]?.reason).toMatch(reason);

      // Whoever was with the dead one finds another; whoever was not has noticed nothing.
      const servedBefore = load.kept.map(({ served }) => served);
      await pollUntil(() => load.kept.every(({ served }, lane) => served > (servedBefore[lane] ?? 0)), 60_000);
      await load.stop();
      if (workers > 1) expect(load.kept.some(({ faults }) => faults.length === 0)).toBe(true);
      expect(load.faults().filter((fault) => fault.startsWith('half') || fault.startsWith('status'))).toEqual([]);

      const after = startLoad(port, { kept: 4, fresh: 4 });
      await pollUntil(() => after.served() > 100, 60_000);
      await after.stop();
      expect(after.faults()).toEqual([]);
    },
  );

  it('a hundred snapshots in a row fail no request, and none is served by half', async () => {
    const { port, publish } = await startWorkers();
    const load = startLoad(port, { kept: 8, fresh: 4 });
    await pollUntil(() => load.served() > 20, 60_000);
    for (let swap = 0; swap < 100; swap += 1) await publish();
    const served = load.served();
    await pollUntil(() => load.served() > served + 50, 60_000);
    await load.stop();
    expect(load.faults()).toEqual([]);
  });
});
