/** Somebody who holds something up: an answer that is not read, a body that does not come. */
export interface Holdup {
  /** Nothing has moved for some seconds: it is slower than anybody's network. */
  isStuck(nowMs: number): boolean;
  /** There are too many like it. */
  expired(): void;
}

const lookMs = 500;
/** No network pauses for so long in the midst of something, unless it is lost. */
export const stuckAfterMs = 3000;

/**
 * Each of a few may take the time that limits leave; a crowd may not, as each of it holds a connection to a server and
 * memory. Where there are more than so many, those that are stuck go, the oldest first, until there are no more.
 */
export class Crowd {
  private readonly most: number;
  private readonly members = new Set<Holdup>();
  private timer: NodeJS.Timeout | null = null;

  constructor(most: number) {
    this.most = most;
  }

  add(member: Holdup): void {
    this.members.add(member);
    if (this.members.size > this.most) this.timer ??= setInterval(() => this.look(), lookMs);
  }

  delete(member: Holdup): void {
    this.members.delete(member);
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private look(): void {
    const nowMs = performance.now();
    for (const member of this.members) {
      if (this.members.size <= this.most) break;
      if (!member.isStuck(nowMs)) continue;
      this.members.delete(member);
      member.expired();
    }
    if (this.members.size <= this.most) this.close();
  }
}
