import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { MovingCounts, movingCountsLength } from './moving-counts.ts';
import { nonceSlotsBytes } from './nonce-slots.ts';
import { rateTableBytes } from './rate-table.ts';
import { ServerFailures, serverFailuresBytes } from './server-failures.ts';
import { underWayBytes } from './under-way.ts';

const threads = 4;

/** Runs the same code in several threads that begin together; resolves with what each gave back. */
async function inThreads(code: string, data: Readonly<Record<string, unknown>>): Promise<number[]> {
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const here = ${JSON.stringify(import.meta.url)};
    const load = (name) => import(new URL(name, here).href);
    const { thread, threads, gate, data } = workerData;
    const together = () => {
      Atomics.add(gate, 0, 1);
      while (Atomics.load(gate, 0) < threads) {}
    };
    parentPort.postMessage(await (async () => { ${code} })());
  `;
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const entry = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  return Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const worker = new Worker(entry, { workerData: { thread, threads, gate, data } });
      return new Promise<number>((resolve, reject) => {
        worker.once('message', resolve).once('error', reject);
      });
    }),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

describe('several threads at once', () => {
  it('take no more tokens than there are', async () => {
    const passed = await inThreads(
      `const { RateTable } = await load('./rate-table.ts');
       const table = new RateTable(data.memory);
       const rate = { intervalMs: 1000, burst: 5000, maxDelayMs: 0 };
       together();
       let passed = 0;
       for (let i = 0; i < 20_000; i += 1) if (table.take({ high: 3, low: 9 }, rate, 0) === 0) passed += 1;
       return passed;`,
      { memory: new SharedArrayBuffer(rateTableBytes) },
    );
    expect(sum(passed)).toBe(5000);
  });

  it('let in no more than may be under way, and leave nothing behind', async () => {
    const memory = new SharedArrayBuffer(underWayBytes(threads));
    const most = await inThreads(
      `const { UnderWay } = await load('./under-way.ts');
       const counts = new UnderWay(data.memory, thread);
       together();
       let most = 0;
       for (let i = 0; i < 30_000; i += 1) {
         if (!counts.enter(5, 6, 2)) continue;
         most = Math.max(most, Atomics.add(data.inside, 0, 1) + 1);
         Atomics.add(data.inside, 0, -1);
         counts.leave(5, 6);
       }
       return most;`,
      { memory, inside: new Int32Array(new SharedArrayBuffer(4)) },
    );
    expect(Math.max(...most)).toBeLessThanOrEqual(2);
    expect(Math.max(...most)).toBeGreaterThanOrEqual(1);
    expect(new Int32Array(memory).every((count) => count === 0)).toBe(true);
  });

  it('take each number of a nonce once', async () => {
    const used = new Int32Array(new SharedArrayBuffer(4 * 6000));
    const taken = await inThreads(
      `const { NonceSlots } = await load('./nonce-slots.ts');
       const slots = new NonceSlots(data.memory);
       together();
       let taken = 0;
       for (let count = 1; count < 6000; count += 1) {
         if (!slots.use({ slot: 4, madeAt: 8n, tag: 1n }, count)) continue;
         taken += 1;
         Atomics.add(data.used, count, 1);
       }
       return taken;`,
      { memory: new SharedArrayBuffer(nonceSlotsBytes), used },
    );
    expect(Math.max(...used)).toBe(1);
    expect(sum(taken)).toBe(sum([...used]));
  });

  it('count each answer and each failure', async () => {
    const shape = { slices: 10, sliceMs: 1000, values: 8 };
    const memory = new SharedArrayBuffer(4 * movingCountsLength(shape));
    const counts = new MovingCounts(memory, 0, shape);
    counts.add(0, 5500);
    const settings = { failureWindowMs: 1000, maxFailedAttempts: 4 * threads };
    const failing = new SharedArrayBuffer(serverFailuresBytes(settings));
    await inThreads(
      `const { MovingCounts } = await load('./moving-counts.ts');
       const { ServerFailures } = await load('./server-failures.ts');
       const counts = new MovingCounts(data.memory, 0, data.shape);
       const failures = new ServerFailures(data.failing, data.settings);
       together();
       for (let i = 0; i < 20_000; i += 1) counts.add(7, 5500);
       for (let i = 0; i < (thread === 0 ? 3 : 4); i += 1) failures.failed(100);
       return 0;`,
      { memory, shape, failing, settings },
    );
    expect(counts.count(7, 8)).toBe(20_000 * threads);
    const failures = new ServerFailures(failing, settings);
    expect(failures.restsUntilMs()).toBeNull();
    failures.failed(100);
    expect(failures.restsUntilMs()).toBe(1100);
  });
});
