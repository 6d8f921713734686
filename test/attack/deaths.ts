import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createWorkerPool } from '../../app/runtime/worker-pool.ts';
import { freePort } from '../bench/process.ts';
import { failingWorker, type WayToFail } from '../support/failing-worker.ts';
import { pollUntil } from '../support/poll.ts';
import { defaultEntryPoint, loadBalancer, snapshotOf } from '../support/proxy-harness.ts';
import { type Lane, startSteadyLoad } from '../support/steady-load.ts';

const ways: Readonly<Record<WayToFail, string>> = {
  exit: '`process.exit`',
  throw: 'an exception that nobody caught',
  memory: 'out of memory',
};
const rounds = 3;
const routers = 1000;
/** From the end of a worker until its successor has answered. */
const goalMs = 1000;
const patienceMs = 60_000;

export interface Deaths {
  readonly way: string;
  /** From the end of the thread until the successor had answered, by round. */
  readonly backMs: readonly number[];
  /** From the order to fail until the thread had ended, by round: to fill the memory takes time. */
  readonly dyingMs: readonly number[];
  readonly served: number;
  /** Connections that were kept open, and those of them that broke, over all rounds. */
  readonly kept: number;
  readonly broken: number;
  /** Requests on new connections that failed. */
  readonly failed: number;
  /** What the event said, last. */
  readonly reason: string;
}

/** Ends one of two workers in each way, again and again, while requests come. */
export async function workersThatDie(): Promise<readonly Deaths[]> {
  const outcomes: Deaths[] = [];
  for (const way of Object.keys(ways) as WayToFail[]) outcomes.push(await endWorkers(way));
  return outcomes;
}

export const areBackInTime = (outcomes: readonly Deaths[]): boolean =>
  outcomes.every(({ backMs }) => backMs.length === rounds && backMs.every((ms) => ms < goalMs));

async function endWorkers(way: WayToFail): Promise<Deaths> {
  const server = createServer((request, response) => response.end(request.url));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // The built one: the source would have its types taken off first.
  const failing = failingWorker(new URL('../../out/engine/worker.js', import.meta.url));
  let endedAt = 0;
  let answeredAt = 0;
  let reason = '';
  const none = (): void => undefined;
  const pool = createWorkerPool({
    count: 2,
    entry: failing.entry,
    log: {
      info: none,
      error: none,
      warn(message) {
        if (message === 'a worker is replaced') endedAt = Date.now();
      },
    },
    onTraffic(worker, { records }) {
      if (worker !== 0 || reason === '' || answeredAt > 0) return;
      const [first] = records.filter(({ at, status }) => at >= endedAt && status === 200);
      if (first) answeredAt = first.at + first.durationMs;
    },
    onRestart(_worker, why) {
      reason = why;
    },
  });
  try {
    await pool.start();
    const services = { 'app@test': loadBalancer([url]) };
    const others = Array.from({ length: routers - 1 }, (_, n) => ({
      rule: `Host(\`app${n}.localhost\`)`,
      priority: 2,
    }));
    await pool.publish(snapshotOf({ services, routers: [...others, {}] }, 1), []);
    const port = await freePort();
    await pool.listen([{ ...defaultEntryPoint, port, reusePort: true }]);
    const load = startSteadyLoad({
      port,
      kept: 32,
      fresh: 8,
      judge: ({ status, body }) => (status === 200 && body === '/' ? null : `status ${status}`),
    });
    const backMs: number[] = [];
    const dyingMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await delay(1000);
      [endedAt, answeredAt, reason] = [0, 0, ''];
      const orderedAt = Date.now();
      failing.fail(0, way);
      await pollUntil(() => answeredAt > 0, patienceMs);
      dyingMs.push(endedAt - orderedAt);
      backMs.push(answeredAt - endedAt);
    }
    await load.stop();
    const faultsOf = (lanes: readonly Lane[]): number => lanes.reduce((sum, { faults }) => sum + faults.length, 0);
    return {
      way: ways[way],
      backMs,
      dyingMs,
      served: load.served(),
      kept: load.kept.length,
      broken: faultsOf(load.kept),
      failed: faultsOf(load.fresh),
      reason,
    };
  } finally {
    failing.close();
    await pool.stop(0);
    server.closeAllConnections();
    server.close();
  }
}

/** As Markdown. */
export function deathsText(outcomes: readonly Deaths[]): string {
  const figures = (all: readonly number[]): string => all.map((ms) => ms.toFixed(0)).join(' / ');
  return [
    `One of two workers ends, ${rounds} times in each way, with ${routers} routers and while 32 kept connections and 8 streams
of new ones ask. What it held breaks; the other serves on. Goal: its successor has answered a request within
${goalMs} ms of its end. ${areBackInTime(outcomes) ? 'Met.' : 'Missed.'}`,
    [
      '| the worker ends by | back after ms | ms from the order to the end | served | kept connections that broke | new connections that failed | the event says |',
      '|---|--:|--:|--:|--:|--:|---|',
      ...outcomes.map(
        ({ way, backMs, dyingMs, served, kept, broken, failed, reason }) =>
          `| ${way} | ${figures(backMs)} | ${figures(dyingMs)} | ${served} | ${broken} of ${kept * rounds} | ${failed} | ${reason} |`,
      ),
    ].join('\n'),
  ].join('\n\n');
}
