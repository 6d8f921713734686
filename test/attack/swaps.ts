import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWorkerPool, workerEntry } from '../../app/runtime/worker-pool.ts';
import { freePort } from '../bench/process.ts';
import { defaultEntryPoint, loadBalancer, snapshotOf } from '../support/proxy-harness.ts';
import { startSteadyLoad } from '../support/steady-load.ts';

export interface SwapsOutcome {
  readonly swaps: number;
  readonly seconds: number;
  readonly served: number;
  readonly faults: readonly string[];
}

/** So many snapshots, one after the other as fast as two workers take them, while requests come. */
export async function swapUnderLoad(swaps: number): Promise<SwapsOutcome> {
  const server = createServer((request, response) => response.end(request.url));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const none = (): void => undefined;
  const pool = createWorkerPool({
    count: process.platform === 'linux' ? 2 : 1,
    entry: workerEntry(),
    log: { info: none, warn: none, error: none },
    onTraffic: none,
    onRestart: none,
  });
  const publish = async (revision: number): Promise<void> => {
    const version = String(revision);
    const snapshot = snapshotOf(
      {
        middlewares: {
          'head@test': { headers: { customResponseHeaders: { 'X-Version': version } } },
          'path@test': { replacePath: { path: `/${version}` } },
        },
        routers: [{ middlewares: ['head@test', 'path@test'] }],
        services: { 'app@test': loadBalancer([url]) },
      },
      revision,
    );
    const errors = await pool.publish(snapshot, []);
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join(', '));
  };
  try {
    await pool.start();
    await publish(1);
    const port = await freePort();
    await pool.listen([{ ...defaultEntryPoint, port, reusePort: pool.size > 1 }]);
    const load = startSteadyLoad({
      port,
      kept: 16,
      fresh: 8,
      judge: ({ status, body, headers }) =>
        status === 200 && body === `/${String(headers['x-version'])}` ? null : `status ${status}, ${body}`,
    });
    const from = performance.now();
    for (let swap = 1; swap <= swaps; swap += 1) await publish(swap + 1);
    const seconds = (performance.now() - from) / 1000;
    await load.stop();
    return { swaps, seconds, served: load.served(), faults: load.faults() };
  } finally {
    await pool.stop(0);
    server.closeAllConnections();
    server.close();
  }
}

/** As Markdown. */
export function swapsText({ swaps, seconds, served, faults }: SwapsOutcome): string {
  const rate = `${(swaps / seconds).toFixed(0)} a second`;
  const failed = faults.length === 0 ? 'none failed' : `${faults.length} failed: ${[...new Set(faults)].join(', ')}`;
  return `${swaps} snapshots in ${seconds.toFixed(1)} s (${rate}) while ${served} requests were served: ${failed}. Each answer carries the
snapshot's number twice, from two middlewares; an answer of half a snapshot would count as failed.`;
}
