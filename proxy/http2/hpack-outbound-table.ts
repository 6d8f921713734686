import type { OutboundName } from './hpack-names.ts';
import { entryOverheadBytes } from './hpack-static.ts';

const firstSlots = 16;
/** As many values of one name are looked at, the newest first: what has more of them is no field that comes again. */
const mostLooks = 8;

/**
 * What the client's decoder holds, as this encoder has put it there: a ring of entries, each with the number of those
 * before it. Those of one name are a chain from the newest to the oldest.
 */
export class OutboundTable {
  limitBytes: number;
  private bytes = 0;
  /** Entries that there ever were: the newest has this number. */
  private last = 0;
  /** The oldest one that is left has the number after this. */
  private gone = 0;
  private mask = -1;
  private names: (OutboundName | null)[] = [];
  private values: string[] = [];
  /** The next older one of the same name, where it is not gone. */
  private olders: number[] = [];
  private used: boolean[] = [];
  private readonly newest = new Map<OutboundName, number>();

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** How many entries are newer than the one with this name and value; -1: there is none. */
  find(name: OutboundName, value: string): number {
    let entry = this.newest.get(name);
    if (entry === undefined) return -1;
    for (let looks = 0; looks < mostLooks && entry > this.gone; looks += 1) {
      const slot = entry & this.mask;
      if (this.values[slot] === value) {
        this.used[slot] = true;
        return this.last - entry;
      }
      entry = this.olders[slot] as number;
    }
    return -1;
  }

  /** How many entries are newer than the newest of this name; -1: there is none. */
  findName(name: OutboundName): number {
    const entry = this.newest.get(name);
    return entry === undefined ? -1 : this.last - entry;
  }

  /** Whether the newest value of this name has been found again. True where there is none. */
  isUsed(name: OutboundName): boolean {
    const entry = this.newest.get(name);
    return entry === undefined || this.used[entry & this.mask] === true;
  }

  /** `value` and its name are together no larger than the table. */
  insert(name: OutboundName, value: string): void {
    const bytes = name.lower.length + value.length + entryOverheadBytes;
    this.makeRoom(this.limitBytes - bytes);
    if (this.last - this.gone > this.mask) this.grow();
    this.last += 1;
    const slot = this.last & this.mask;
    this.names[slot] = name;
    this.values[slot] = value;
    this.olders[slot] = this.newest.get(name) ?? 0;
    this.used[slot] = false;
    this.newest.set(name, this.last);
    this.bytes += bytes;
  }

  resize(limitBytes: number): void {
    this.limitBytes = limitBytes;
    this.makeRoom(limitBytes);
  }

  /** Until no more than so many bytes are left. */
  private makeRoom(bytes: number): void {
    const { names, values, newest } = this;
    while (this.bytes > bytes) {
      this.gone += 1;
      const slot = this.gone & this.mask;
      const name = names[slot] as OutboundName;
      this.bytes -= name.lower.length + (values[slot] as string).length + entryOverheadBytes;
      if (newest.get(name) === this.gone) newest.delete(name);
      names[slot] = null;
      values[slot] = '';
    }
  }

  private grow(): void {
    const slots = Math.max(firstSlots, (this.mask + 1) * 2);
    const { names, values, olders, used, mask } = this;
    this.names = Array<OutboundName | null>(slots).fill(null);
    this.values = Array<string>(slots).fill('');
    this.olders = Array<number>(slots).fill(0);
    this.used = Array<boolean>(slots).fill(false);
    this.mask = slots - 1;
    for (let entry = this.gone + 1; entry <= this.last; entry += 1) {
      const slot = entry & this.mask;
      this.names[slot] = names[entry & mask] as OutboundName;
      this.values[slot] = values[entry & mask] as string;
      this.olders[slot] = olders[entry & mask] as number;
      this.used[slot] = used[entry & mask] as boolean;
    }
  }
}
