import { OrderFailure, say } from './failure.ts';

/** How far this machine's clock is from those of CAs. */
export interface ClockWatch {
  readonly note: (caTime: number) => void;
  /** What to add to our clock; 0 where it is near enough. */
  readonly skewMs: () => number;
  readonly trueTime: () => number;
  /** Throws OrderFailure ACME_CLOCK: what is ordered by a wrong clock is wrong. */
  readonly refuseFar: (caTitle: string) => void;
}

/** CAs date certificates back by an hour; less than that does no harm. */
const farMs = 3_600_000;
const againMs = 10 * 60_000;

export function createClockWatch(now: () => number): ClockWatch {
  let skew = 0;
  const skewMs = (): number => (Math.abs(skew) > farMs ? skew : 0);
  return {
    note: (caTime) => {
      skew = caTime - now();
    },
    skewMs,
    trueTime: () => now() + skewMs(),
    refuseFar: (caTitle) => {
      if (skewMs() === 0) return;
      const details = { ca: caTitle, clock: now(), caClock: now() + skew };
      throw new OrderFailure(say('ACME_CLOCK', details), { retry: now() + againMs });
    },
  };
}
