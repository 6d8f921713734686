import { AnswerMetrics, answerMetricsBytes } from './answer-metrics.ts';

export interface CircuitSettings {
  readonly trips: (metrics: AnswerMetrics) => boolean;
  /** Shortest time between two looks at the metrics. */
  readonly checkMs: number;
  /** How long nothing is asked once it has tripped. */
  readonly fallbackMs: number;
  /** Over how long requests are let through again, more and more of them. */
  readonly recoveryMs: number;
}

/** The state is one word: what it is in the low two bits, and a time in microseconds above them. */
const kinds = { standby: 0n, tripped: 1n, recovering: 2n } as const;
type Kind = keyof typeof kinds;

interface State {
  readonly word: bigint;
  readonly kind: Kind;
  /** Tripped: until when; recovering: since when. */
  readonly atMs: number;
}

/** Words before the metrics: the state, when the metrics were last looked at, and how many were let through or not. */
const stateWord = 0;
const checkedWord = 1;
const admittedCell = 4;
const refusedCell = 5;
const headerBytes = 24;

export function circuitBytes(expression: string): number {
  return headerBytes + answerMetricsBytes(expression);
}

/**
 * Whether a service is asked. It trips by what it has lately answered, rests, and is tried again little by little. All
 * workers judge by the same counts, and what one finds holds for all. While it recovers each worker may let through one
 * request more than its share.
 */
export class Circuit {
  readonly #settings: CircuitSettings;
  readonly #now: () => number;
  readonly #metrics: AnswerMetrics;
  readonly #words: BigInt64Array<SharedArrayBuffer>;
  readonly #cells: Int32Array<SharedArrayBuffer>;

  /** `memory`: {@link circuitBytes}, of this circuit alone. */
  constructor(memory: SharedArrayBuffer, settings: CircuitSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
    this.#words = new BigInt64Array(memory, 0, 2);
    this.#cells = new Int32Array(memory, 0, headerBytes / Int32Array.BYTES_PER_ELEMENT);
    this.#metrics = new AnswerMetrics(memory, headerBytes);
  }

  /** True where the next request may be asked. */
  admits(): boolean {
    // The usual case reads one word, and no clock.
    if (Atomics.load(this.#words, stateWord) === kinds.standby) return true;
    const nowMs = this.#now();
    let state = this.#state();
    if (state.kind === 'tripped' && nowMs >= state.atMs) {
      this.#change(state, 'recovering', nowMs);
      state = this.#state();
    }
    if (state.kind === 'standby') return true;
    if (state.kind === 'tripped') return false;
    const elapsedMs = nowMs - state.atMs;
    if (elapsedMs >= this.#settings.recoveryMs) {
      this.#change(state, 'standby', 0);
      return true;
    }
    // From none at the start to one in two at the end, as Traefik has it.
    const share = (0.5 * elapsedMs) / this.#settings.recoveryMs;
    const admitted = Atomics.load(this.#cells, admittedCell);
    const refused = Atomics.load(this.#cells, refusedCell);
    const isAdmitted = (admitted + 1) / (admitted + 1 + refused) < share;
    Atomics.add(this.#cells, isAdmitted ? admittedCell : refusedCell, 1);
    return isAdmitted;
  }

  answered(status: number, durationMs: number): void {
    const nowMs = this.#now();
    this.#metrics.note(status, durationMs, nowMs);
    if (!this.#isToCheck(nowMs)) return;
    const state = this.#state();
    if (state.kind === 'tripped' || !this.#settings.trips(this.#metrics)) return;
    if (!this.#change(state, 'tripped', nowMs + this.#settings.fallbackMs)) return;
    this.#metrics.clear();
    Atomics.store(this.#cells, admittedCell, 0);
    Atomics.store(this.#cells, refusedCell, 0);
  }

  /** One of the workers looks at the metrics, and then none for a while. */
  #isToCheck(nowMs: number): boolean {
    const last = Atomics.load(this.#words, checkedWord);
    // 0: never yet.
    if (last !== 0n && nowMs - (Number(last) - 1) / 1000 < this.#settings.checkMs) return false;
    return Atomics.compareExchange(this.#words, checkedWord, last, microseconds(nowMs) + 1n) === last;
  }

  #state(): State {
    const word = Atomics.load(this.#words, stateWord);
    const bits = word & 3n;
    const kind = bits === kinds.tripped ? 'tripped' : bits === kinds.recovering ? 'recovering' : 'standby';
    return { word, kind, atMs: Number(word >> 2n) / 1000 };
  }

  /** False where another worker has changed it meanwhile. */
  #change({ word }: State, kind: Kind, atMs: number): boolean {
    const next = (microseconds(atMs) << 2n) | kinds[kind];
    return Atomics.compareExchange(this.#words, stateWord, word, next) === word;
  }
}

function microseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000));
}
