/** How a {@link MovingCounts} stands in memory. */
export interface MovingCountsShape {
  readonly slices: number;
  readonly sliceMs: number;
  /** Values are whole numbers from 0 to below this. */
  readonly values: number;
}

export function movingCountsLength({ slices, values }: MovingCountsShape): number {
  return slices * (1 + values);
}

/**
 * Counts over a window that moves in slices, which all workers add to. Each slice begins with a word: twice the number of
 * its time since the beginning, and 1 more once it is empty and ready. What another adds in the microseconds in which a
 * slice is emptied is not counted.
 */
export class MovingCounts {
  readonly #cells: Int32Array<SharedArrayBuffer>;
  readonly #shape: MovingCountsShape;
  /** The number of the latest time that was added at or asked for. */
  #latest = 0;

  /** `offset`: bytes. */
  constructor(memory: SharedArrayBuffer, offset: number, shape: MovingCountsShape) {
    this.#cells = new Int32Array(memory, offset, movingCountsLength(shape));
    this.#shape = shape;
  }

  add(value: number, nowMs: number): void {
    const { slices, values, sliceMs } = this.#shape;
    const time = Math.floor(nowMs / sliceMs) + 1;
    this.#latest = time;
    const at = (time % slices) * (1 + values);
    const state = Atomics.load(this.#cells, at);
    const empty = 2 * time;
    if (state !== empty + 1) {
      if (state >= empty || Atomics.compareExchange(this.#cells, at, state, empty) !== state) return;
      this.#cells.fill(0, at + 1, at + 1 + values);
      Atomics.store(this.#cells, at, empty + 1);
    }
    Atomics.add(this.#cells, at + 1 + Math.min(Math.max(value, 0), values - 1), 1);
  }

  /** How often values from `from` to below `to` were counted, as seen at the time of the last {@link add}. */
  count(from: number, to: number): number {
    const first = Math.max(Math.ceil(from), 0);
    const end = Math.min(Math.ceil(to), this.#shape.values);
    let total = 0;
    for (const at of this.#counted()) {
      for (let value = first; value < end; value += 1) total += this.#cells[at + 1 + value] ?? 0;
    }
    return total;
  }

  /** How often each value was counted. */
  all(): Float64Array {
    const sums = new Float64Array(this.#shape.values);
    for (const at of this.#counted()) {
      for (let value = 0; value < sums.length; value += 1) {
        sums[value] = (sums[value] ?? 0) + (this.#cells[at + 1 + value] ?? 0);
      }
    }
    return sums;
  }

  clear(): void {
    const { slices, values } = this.#shape;
    for (let slice = 0; slice < slices; slice += 1) Atomics.store(this.#cells, slice * (1 + values), 0);
  }

  /** Where the slices of the window begin. */
  #counted(): number[] {
    const { slices, values } = this.#shape;
    const found: number[] = [];
    for (let time = Math.max(this.#latest - slices + 1, 1); time <= this.#latest; time += 1) {
      const at = (time % slices) * (1 + values);
      if (Atomics.load(this.#cells, at) === 2 * time + 1) found.push(at);
    }
    return found;
  }
}
