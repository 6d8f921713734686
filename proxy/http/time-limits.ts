/** Something that must be done by a certain time. */
export interface Limited {
  /** The time is over. */
  expired(): void;
}

const checkMs = 500;

/** Watches over what may take only so long, with one timer for all, which runs only while there is something to watch. */
export class TimeLimits {
  private readonly deadlines = new Map<Limited, number>();
  private timer: NodeJS.Timeout | null = null;

  /** Calls `expired` once, at the earliest after `limitMs`, unless it is forgotten before. */
  watch(limited: Limited, limitMs: number): void {
    this.deadlines.set(limited, performance.now() + limitMs);
    this.timer ??= setInterval(() => this.check(), Math.min(checkMs, limitMs));
  }

  forget(limited: Limited): void {
    if (this.deadlines.delete(limited)) this.rest();
  }

  private check(): void {
    const nowMs = performance.now();
    for (const [limited, deadlineMs] of this.deadlines) {
      if (deadlineMs > nowMs) continue;
      this.deadlines.delete(limited);
      limited.expired();
    }
    this.rest();
  }

  private rest(): void {
    if (this.deadlines.size > 0 || !this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
  }
}
