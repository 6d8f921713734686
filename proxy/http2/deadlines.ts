const never = Number.POSITIVE_INFINITY;

/** By when a connection must have done what; milliseconds of the clock that looks at it. */
export class Deadlines {
  /** What was begun to be sent must be whole. */
  head = never;
  acknowledgement = never;
  /** A request must have come. */
  idle = never;
  /** The last requests must be in. */
  drain = never;
  /** The client must have ended the connection. */
  linger = never;
  /** What is being written must be taken. Counts only while something is. */
  written = never;

  get next(): number {
    return Math.min(this.head, this.acknowledgement, this.idle, this.drain, this.linger);
  }

  clear(): void {
    this.head = never;
    this.acknowledgement = never;
    this.idle = never;
    this.drain = never;
    this.linger = never;
    this.written = never;
  }
}
