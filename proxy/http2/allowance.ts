/** So much at once, and so much a second after that. */
export class Allowance {
  private readonly burst: number;
  private readonly most: number;
  private readonly perSecond: number;
  private left: number;
  private atMs = performance.now();

  /** `most`: what may be saved up by {@link give}, where it is more than the burst. */
  constructor(burst: number, perSecond: number, most: number = burst) {
    this.burst = burst;
    this.most = Math.max(burst, most);
    this.perSecond = perSecond;
    this.left = burst;
  }

  /** False: it is used up. */
  take(amount: number): boolean {
    this.left -= amount;
    return this.left >= 0 || this.refill();
  }

  give(amount: number): void {
    if (this.left < this.most) this.left = Math.min(this.most, this.left + amount);
  }

  /** The clock is only asked where what was there at first is used up. */
  private refill(): boolean {
    const nowMs = performance.now();
    this.left = Math.min(this.burst, this.left + ((nowMs - this.atMs) / 1000) * this.perSecond);
    this.atMs = nowMs;
    return this.left >= 0;
  }
}
