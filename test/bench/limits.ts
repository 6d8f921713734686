import { Circuit, circuitBytes } from '../../proxy/middleware/circuit.ts';
import { ServerFailures, serverFailuresBytes } from '../../proxy/shared/server-failures.ts';
import { allocateSharedMemory, SharedCounters } from '../../proxy/shared/shared-counters.ts';
import type { Row } from './report.ts';

const rounds = 40;
const perRound = 50_000;

/** What limits that all workers share cost each request: the least time of many rounds, one worker. */
export function measureLimits(): Promise<Row[]> {
  const counters = new SharedCounters(allocateSharedMemory(1), 0);
  const hash = counters.hashOf('bench');
  const visitors = Array.from({ length: 4096 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);
  const visitor = (n: number): string => visitors[n % visitors.length] ?? '';
  const rate = { intervalMs: 1, burst: 100, maxDelayMs: 0.5 };
  const failing = { failureWindowMs: 10_000, maxFailedAttempts: 3 };
  const failures = new ServerFailures(new SharedArrayBuffer(serverFailuresBytes(failing)), failing);
  const settings = { trips: () => false, checkMs: 100, fallbackMs: 10_000, recoveryMs: 10_000 };
  const circuit = new Circuit(new SharedArrayBuffer(circuitBytes('')), settings, counters.now);
  const steps: Readonly<Record<string, (n: number) => void>> = {
    rateLimit: (n) => void counters.rates.take(hash.of(visitor(n)), rate, counters.now()),
    inFlightReq: (n) => {
      const { high, low } = hash.of(visitor(n));
      if (counters.underWay.enter(high, low, 100)) counters.underWay.leave(high, low);
    },
    circuitBreaker: () => {
      if (circuit.admits()) circuit.answered(200, 3);
    },
    passiveHealthCheck: () => {
      if (failures.restsUntilMs() === null) failures.succeeded();
    },
  };
  return Promise.resolve(
    Object.entries(steps).map(([figure, step]) => ({
      scenario: 'limits of all workers, each request',
      program: 'gatehouse',
      figure,
      value: leastNanoseconds(step),
      unit: 'ns',
      goal: { atMost: 1000 },
    })),
  );
}

function leastNanoseconds(step: (n: number) => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const started = process.hrtime.bigint();
    for (let n = 0; n < perRound; n += 1) step(n);
    least = Math.min(least, Number(process.hrtime.bigint() - started) / perRound);
  }
  return least;
}
