import type { FailureSettings } from './identity.ts';

/** Failures of one server that are remembered; who sets more than that has it left alone after so many. */
const mostRemembered = 4096;
const restWord = 0;
/** Cells of 32 bits behind it: how many failures there were, and how many of them no longer count. */
const countCell = 2;
const forgivenCell = 3;
const firstTime = 2;

function remembered({ maxFailedAttempts }: FailureSettings): number {
  return Math.min(Math.max(maxFailedAttempts, 1), mostRemembered);
}

export function serverFailuresBytes(settings: FailureSettings): number {
  return (firstTime + remembered(settings)) * BigInt64Array.BYTES_PER_ELEMENT;
}

/** How one server has lately failed, in all workers. Times are those of the shared clock. */
export class ServerFailures {
  readonly #words: BigInt64Array<SharedArrayBuffer>;
  readonly #cells: Uint32Array<SharedArrayBuffer>;
  readonly #windowMs: number;
  readonly #most: number;

  /** `memory`: {@link serverFailuresBytes}, of this server alone. */
  constructor(memory: SharedArrayBuffer, settings: FailureSettings) {
    this.#words = new BigInt64Array(memory);
    this.#cells = new Uint32Array(memory, 0, 2 * firstTime);
    this.#windowMs = settings.failureWindowMs;
    this.#most = remembered(settings);
  }

  /** It is left alone until then; null: it is asked. */
  restsUntilMs(): number | null {
    const until = Atomics.load(this.#words, restWord);
    return until === 0n ? null : Number(until) / 1000;
  }

  /** Ends a rest that is over, unless a new one has begun. */
  endRest(untilMs: number): void {
    Atomics.compareExchange(this.#words, restWord, microseconds(untilMs), 0n);
  }

  /** With this one it has failed so often in a row within the window that it is left alone for as long as the window is. */
  failed(nowMs: number): void {
    const index = Atomics.add(this.#cells, countCell, 1);
    Atomics.store(this.#words, firstTime + (index % this.#most), microseconds(nowMs));
    const inRow = (index + 1 - Atomics.load(this.#cells, forgivenCell)) >>> 0;
    if (inRow < this.#most) return;
    const oldest = Atomics.load(this.#words, firstTime + ((index + 1) % this.#most));
    if (nowMs - Number(oldest) / 1000 >= this.#windowMs) return;
    Atomics.store(this.#cells, forgivenCell, index + 1);
    Atomics.store(this.#words, restWord, microseconds(nowMs + this.#windowMs));
  }

  succeeded(): void {
    const count = Atomics.load(this.#cells, countCell);
    if (Atomics.load(this.#cells, forgivenCell) !== count) Atomics.store(this.#cells, forgivenCell, count);
  }
}

function microseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000));
}
