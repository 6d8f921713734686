import { performance } from 'node:perf_hooks';
/** Something that must be done by a time. */
export interface Timed {
  /** Milliseconds of {@link InboundClock.nowMs}; Infinity: it may take as long as it likes. */
  readonly dueMs: number;
  /** The time is over, and is asked about again at the next look unless `dueMs` has changed. */
  overdue(): void;
}

/** Looks at all connections of a listener in turn, so that none needs a timer of its own. */
export class InboundClock {
  /** Milliseconds as of the last look, which may be `lookMs` ago. */
  nowMs = performance.now();
  private readonly lookMs: number;
  private readonly connections = new Set<Timed>();
  private timer: NodeJS.Timeout | null = null;

  constructor(lookMs: number) {
    this.lookMs = lookMs;
  }

  /** When something that may take this long is due; never too early. */
  after(limitMs: number): number {
    return this.nowMs + limitMs + this.lookMs;
  }

  watch(connection: Timed): void {
    this.connections.add(connection);
    if (this.timer) return;
    this.nowMs = performance.now();
    this.timer = setInterval(() => this.look(), this.lookMs);
    this.timer.unref();
  }

  forget(connection: Timed): void {
    this.connections.delete(connection);
    if (this.connections.size > 0 || !this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  private look(): void {
    this.nowMs = performance.now();
    for (const connection of this.connections) {
      if (connection.dueMs <= this.nowMs) connection.overdue();
    }
  }
}
