const cellBits = 14;
const cells = 2 ** cellBits;
const rows = 4;
const plane = rows * cells;
/** Where workers stand at a limit together each steps back and looks again, so often. */
const mostTries = 4;

export function underWayBytes(workers: number): number {
  return (1 + workers) * plane * Int32Array.BYTES_PER_ELEMENT;
}

/**
 * How many requests or connections of a source are under way in all workers. A source is counted in one cell of each of
 * four rows (a count-min sketch, Cormode and Muthukrishnan): what it has is the least of the four, which is never too
 * low. It is too high only where others have something under way in all four of its cells: with 1,000 sources at once
 * that happens to one in 80,000.
 *
 * Behind the sums each worker notes what it has added to them, so that the engine can take that away when it dies. A
 * worker that is ended between the two steps leaves one too many in one row, which the other rows make good.
 */
export class UnderWay {
  readonly #sums: Int32Array<SharedArrayBuffer>;
  readonly #own: Int32Array<SharedArrayBuffer>;

  /** `worker`: the number of the one that counts by this, from 0. */
  constructor(memory: SharedArrayBuffer, worker: number) {
    this.#sums = new Int32Array(memory, 0, plane);
    this.#own = ownCells(memory, worker);
  }

  /** Counts one more, unless there are as many as may be: false. Never are more let in than `amount`. */
  enter(high: number, low: number, amount: number): boolean {
    for (let tries = 0; tries < mostTries; tries += 1) {
      if (this.#least(high, low) >= amount) return false;
      for (let row = 0; row < rows; row += 1) {
        const cell = cellOf(high, low, row);
        Atomics.add(this.#sums, cell, 1);
        Atomics.add(this.#own, cell, 1);
      }
      // Looked at when all four are added: of those who come together, the last to get here sees all the others.
      if (this.#least(high, low) <= amount) return true;
      this.leave(high, low);
    }
    return false;
  }

  /** Once for each {@link enter} that was true. */
  leave(high: number, low: number): void {
    for (let row = 0; row < rows; row += 1) {
      const cell = cellOf(high, low, row);
      Atomics.sub(this.#own, cell, 1);
      Atomics.sub(this.#sums, cell, 1);
    }
  }

  #least(high: number, low: number): number {
    const sums = this.#sums;
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < rows; row += 1) least = Math.min(least, Atomics.load(sums, cellOf(high, low, row)));
    return least;
  }
}

/** Forgets what a worker had under way. It must have ended. */
export function clearUnderWay(memory: SharedArrayBuffer, worker: number): void {
  const sums = new Int32Array(memory, 0, plane);
  const own = ownCells(memory, worker);
  for (let cell = 0; cell < plane; cell += 1) {
    // A page that nobody wrote to stays without memory.
    const count = Atomics.load(own, cell);
    if (count === 0) continue;
    Atomics.sub(sums, cell, count);
    Atomics.store(own, cell, 0);
  }
}

function ownCells(memory: SharedArrayBuffer, worker: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(memory, (1 + worker) * plane * Int32Array.BYTES_PER_ELEMENT, plane);
}

function cellOf(high: number, low: number, row: number): number {
  const half = row < 2 ? low : high;
  const cell = (row % 2 === 0 ? half : half >>> cellBits) & (cells - 1);
  return row * cells + cell;
}
