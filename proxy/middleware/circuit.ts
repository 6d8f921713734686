import { AnswerMetrics } from './answer-metrics.ts';

export interface CircuitSettings {
  readonly trips: (metrics: AnswerMetrics) => boolean;
  /** Shortest time between two looks at the metrics. */
  readonly checkMs: number;
  /** How long nothing is asked once it has tripped. */
  readonly fallbackMs: number;
  /** Over how long requests are let through again, more and more of them. */
  readonly recoveryMs: number;
}

type State =
  | { readonly kind: 'standby' }
  | { readonly kind: 'tripped'; readonly untilMs: number }
  | { readonly kind: 'recovering'; readonly sinceMs: number; admitted: number; refused: number };

/** Whether a service is asked. It trips by what it has lately answered, rests, and is tried again little by little. */
export class Circuit {
  readonly #settings: CircuitSettings;
  readonly #now: () => number;
  readonly #metrics = new AnswerMetrics();
  #state: State = { kind: 'standby' };
  #checkedAt = Number.NEGATIVE_INFINITY;

  constructor(settings: CircuitSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** True where the next request may be asked. */
  admits(): boolean {
    const nowMs = this.#now();
    if (this.#state.kind === 'tripped' && nowMs >= this.#state.untilMs) {
      this.#state = { kind: 'recovering', sinceMs: nowMs, admitted: 0, refused: 0 };
    }
    const state = this.#state;
    if (state.kind === 'standby') return true;
    if (state.kind === 'tripped') return false;
    const elapsedMs = nowMs - state.sinceMs;
    if (elapsedMs >= this.#settings.recoveryMs) {
      this.#state = { kind: 'standby' };
      return true;
    }
    // From none at the start to one in two at the end, as Traefik has it.
    const share = (0.5 * elapsedMs) / this.#settings.recoveryMs;
    const isAdmitted = (state.admitted + 1) / (state.admitted + 1 + state.refused) < share;
    if (isAdmitted) state.admitted += 1;
    else state.refused += 1;
    return isAdmitted;
  }

  answered(status: number, durationMs: number): void {
    const nowMs = this.#now();
    this.#metrics.note(status, durationMs, nowMs);
    if (nowMs - this.#checkedAt < this.#settings.checkMs) return;
    this.#checkedAt = nowMs;
    if (this.#state.kind === 'tripped' || !this.#settings.trips(this.#metrics)) return;
    this.#state = { kind: 'tripped', untilMs: nowMs + this.#settings.fallbackMs };
    this.#metrics.clear();
  }
}
