/** Counts of one row, each worker's. */
const cells = 16_384;
const cellBits = 14;
const rows = 4;
/** Where workers stand at a limit together each steps back and looks again, so often. */
const mostTries = 4;

export function underWayBytes(workers: number): number {
  return rows * cells * workers * Int32Array.BYTES_PER_ELEMENT;
}

/**
 * How many requests or connections of a source are under way in all workers. A source is counted in one cell of each of
 * four rows (a count-min sketch, Cormode and Muthukrishnan): what it has is the least of the four sums, which is never
 * too low. It is too high only where others have something under way in all four of its cells: with 1,000 sources at
 * once that happens to one in 80,000.
 *
 * A worker writes into cells of its own alone, so that the engine can clear those of one that died.
 */
export class UnderWay {
  readonly #counts: Int32Array<SharedArrayBuffer>;
  readonly #workers: number;
  readonly #own: number;

  /** `own`: the number of the worker that counts by this, from 0. */
  constructor(memory: SharedArrayBuffer, workers: number, own: number) {
    this.#counts = new Int32Array(memory);
    this.#workers = workers;
    this.#own = own;
  }

  /** Counts one more, unless there are as many as may be: false. Never are more let in than `amount`. */
  enter(high: number, low: number, amount: number): boolean {
    for (let tries = 0; tries < mostTries; tries += 1) {
      if (this.#least(high, low) >= amount) return false;
      // Counted before it is summed: of workers that come together, at least the last sees all of them.
      this.#add(high, low, 1);
      if (this.#least(high, low) <= amount) return true;
      this.#add(high, low, -1);
    }
    return false;
  }

  /** Once for each {@link enter} that was true. */
  leave(high: number, low: number): void {
    this.#add(high, low, -1);
  }

  #add(high: number, low: number, change: 1 | -1): void {
    for (let row = 0; row < rows; row += 1) {
      Atomics.add(this.#counts, this.#cellOf(high, low, row) + this.#own, change);
    }
  }

  #least(high: number, low: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < rows; row += 1) {
      const cell = this.#cellOf(high, low, row);
      let sum = 0;
      for (let worker = 0; worker < this.#workers; worker += 1) sum += Atomics.load(this.#counts, cell + worker);
      least = Math.min(least, sum);
    }
    return least;
  }

  #cellOf(high: number, low: number, row: number): number {
    const half = row < 2 ? low : high;
    const cell = (row % 2 === 0 ? half : half >>> cellBits) & (cells - 1);
    return (row * cells + cell) * this.#workers;
  }
}

/** Forgets what a worker had under way. It must have ended. */
export function clearUnderWay(memory: SharedArrayBuffer, workers: number, worker: number): void {
  const counts = new Int32Array(memory);
  for (let cell = worker; cell < counts.length; cell += workers) {
    // A page that nobody wrote to stays without memory.
    if (Atomics.load(counts, cell) !== 0) Atomics.store(counts, cell, 0);
  }
}
