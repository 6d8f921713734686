import { readdirSync, readFileSync } from 'node:fs';
import { cpuMicroseconds } from '../bench/process.ts';
import { missingForLoad, wrk } from '../bench/proxies/load.ts';
import { startAttacked } from './floods/flood.ts';

export interface WorkersOutcome {
  readonly workers: number;
  readonly requestsPerSecond: number;
  /** Processor time of the whole process for one request. */
  readonly cpuMicroseconds: number;
  /** Each worker's part of what all workers used, in percent. */
  readonly shares: readonly number[];
}

const seconds = 5;

/** The same load on one worker and on two. Null: what makes the load is missing. */
export async function compareWorkers(
  files: Parameters<typeof startAttacked>[0],
): Promise<readonly WorkersOutcome[] | string> {
  const missing = missingForLoad();
  if (missing !== null) return missing;
  const outcomes: WorkersOutcome[] = [];
  for (const workers of [1, 2]) {
    const attacked = await startAttacked(files, workers);
    try {
      const { pid } = attacked.running;
      const url = `http://127.0.0.1:${attacked.httpPort}/`;
      await wrk({ url, connections: 64, seconds: 2 });
      const cpuBefore = cpuMicroseconds(pid);
      const before = threads(pid);
      const { requests, seconds: took } = await wrk({ url, connections: 64, seconds });
      const used = [...threads(pid)]
        .map(([thread, ticks]) => ticks - (before.get(thread) ?? 0))
        .toSorted((a, b) => b - a);
      const busiest = used.slice(0, workers);
      const all = busiest.reduce((sum, ticks) => sum + ticks, 0);
      outcomes.push({
        workers,
        requestsPerSecond: requests / took,
        cpuMicroseconds: (cpuMicroseconds(pid) - cpuBefore) / requests,
        shares: busiest.map((ticks) => (ticks * 100) / Math.max(1, all)),
      });
    } finally {
      await attacked.stop();
    }
  }
  return outcomes;
}

/** Clock ticks by thread, of a process and the one that it started. */
function threads(pid: number): ReadonlyMap<string, number> {
  const ticks = new Map<string, number>();
  const pids = [
    pid,
    ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  ];
  for (const process of pids) {
    for (const thread of readdirSync(`/proc/${process}/task`)) {
      const stat = readFileSync(`/proc/${process}/task/${thread}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks.set(thread, Number(fields[11]) + Number(fields[12]));
    }
  }
  return ticks;
}

/** As Markdown. */
export function workersText(outcomes: Awaited<ReturnType<typeof compareWorkers>>): string {
  if (typeof outcomes === 'string') return `Left out: ${outcomes}`;
  return [
    [
      '| workers | requests/s | CPU µs/request | load of each worker % |',
      '|--:|--:|--:|--:|',
      ...outcomes.map(
        ({ workers, requestsPerSecond, cpuMicroseconds: cpu, shares }) =>
          `| ${workers} | ${requestsPerSecond.toFixed(0)} | ${cpu.toFixed(1)} | ${shares.map((share) => share.toFixed(0)).join(' / ')} |`,
      ),
    ].join('\n'),
    `64 connections of wrk, which shares the machine's cores with the server behind and with Gatehouse: on few cores these
bound how much two workers serve, and the processor time of a request is what to compare. The system spreads
connections, not requests, over workers.`,
  ].join('\n\n');
}
