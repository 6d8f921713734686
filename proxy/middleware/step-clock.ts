import type { Exchange, ExchangeNotes, Middleware } from '../http/exchange.ts';
import type { MiddlewareStep } from '../model/request-record.ts';

/**
 * Notes one middleware's step of each exchange: how long it held the request, and what it decided. The time ends when
 * the request is handed on, or with the verdict.
 */
export class StepClock {
  readonly #name: string;
  readonly #type: string;
  readonly #now: () => number;
  /**
   * Exchanges are known by their notes: a middleware may hand on a changed exchange with the same notes. Most hand on
   * within the same turn; only the others need the map.
   */
  #current: ExchangeNotes | null = null;
  #currentStartedAt = 0;
  readonly #waiting = new WeakMap<ExchangeNotes, number>();

  constructor(name: string, type: string, now: () => number) {
    this.#name = name;
    this.#type = type;
    this.#now = now;
  }

  wrap(middleware: Middleware): Middleware {
    return (next) => {
      const handler = middleware((exchange) => {
        this.finish(exchange, 'passed');
        return next(exchange);
      });
      return (exchange) => {
        const startedAt = this.#now();
        this.#current = exchange.notes;
        this.#currentStartedAt = startedAt;
        const running = handler(exchange);
        if (this.#current === exchange.notes) {
          this.#current = null;
          this.#waiting.set(exchange.notes, startedAt);
        }
        return running;
      };
    };
  }

  /** Only the first call for a passage counts. */
  finish(exchange: Exchange, verdict: MiddlewareStep['verdict']): void {
    let startedAt = this.#currentStartedAt;
    if (this.#current === exchange.notes) {
      this.#current = null;
    } else {
      const waitingSince = this.#waiting.get(exchange.notes);
      if (waitingSince === undefined) return;
      this.#waiting.delete(exchange.notes);
      startedAt = waitingSince;
    }
    const durationMs = this.#now() - startedAt;
    exchange.notes.middlewares.push({ name: this.#name, type: this.#type, verdict, durationMs });
  }
}
