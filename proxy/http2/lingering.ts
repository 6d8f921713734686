import type { InboundClock } from '../http1/inbound-clock.ts';

/** What a client whose connection was ended may go on sending, and for how long. */
const mostDroppedBytes = 1024 * 1024;
const lingerMs = 5000;
/** Who is still reading its last answer, and says so by its windows, has longer. */
const mostLingerMs = 60_000;

/**
 * The time after our end of a connection, in which what still comes is dropped: whatever a client sends to a connection
 * that is closed takes from it what it has not read yet.
 */
export class Lingering {
  private readonly clock: InboundClock;
  private busyUntilMs = Number.NEGATIVE_INFINITY;
  private untilMs = Number.NEGATIVE_INFINITY;
  private droppedBytes = 0;

  constructor(clock: InboundClock) {
    this.clock = clock;
  }

  /** The last of its requests is over. */
  rests(): void {
    this.busyUntilMs = this.clock.nowMs;
  }

  /** So long ago that all of it was read. */
  get hasRested(): boolean {
    return this.clock.nowMs - this.busyUntilMs > lingerMs;
  }

  /** Gives by when the client must have ended its side. `isPatient`: it may take longer as long as it sends something. */
  begin(isPatient: boolean): number {
    if (isPatient) this.untilMs = this.clock.after(mostLingerMs);
    return this.clock.after(lingerMs);
  }

  /** The client has sent so many bytes. Gives by when it must have ended now; null: it sends too much. */
  drop(bytes: number, dueMs: number): number | null {
    this.droppedBytes += bytes;
    if (this.droppedBytes > mostDroppedBytes) return null;
    return this.clock.nowMs < this.untilMs ? Math.min(this.untilMs, this.clock.after(lingerMs)) : dueMs;
  }
}
