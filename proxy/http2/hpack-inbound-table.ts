import { entryOverheadBytes } from './hpack-static.ts';

const firstSlots = 16;

/**
 * What a client's encoder has put aside (RFC 7541 §2.3.2), as a ring that grows with its use. Strings are kept, so that
 * a field that is asked for again costs no new ones.
 */
export class InboundTable {
  /** Entries in it. */
  count = 0;
  /** Bytes that they may take, as the client said last. */
  limitBytes: number;
  private bytes = 0;
  /** Where the newest one is. */
  private newest = 0;
  private mask = -1;
  private names: string[] = [];
  private values: string[] = [];
  private faults: Uint8Array = new Uint8Array(0);

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** Of the entry that is so much older than the newest, which has 0; below {@link count}. */
  name(age: number): string {
    return this.names[(this.newest - age) & this.mask] as string;
  }

  value(age: number): string {
    return this.values[(this.newest - age) & this.mask] as string;
  }

  /** The number that the entry was put in with. */
  fault(age: number): number {
    return this.faults[(this.newest - age) & this.mask] as number;
  }

  resize(limitBytes: number): void {
    this.limitBytes = limitBytes;
    while (this.bytes > limitBytes) this.evict();
  }

  /** An entry that is larger than the table empties it (RFC 7541 §4.4). */
  insert(name: string, value: string, fault: number): void {
    const bytes = name.length + value.length + entryOverheadBytes;
    while (this.count > 0 && this.bytes + bytes > this.limitBytes) this.evict();
    if (bytes > this.limitBytes) return;
    if (this.count > this.mask) this.grow();
    this.newest = (this.newest + 1) & this.mask;
    this.names[this.newest] = name;
    this.values[this.newest] = value;
    this.faults[this.newest] = fault;
    this.bytes += bytes;
    this.count += 1;
  }

  private evict(): void {
    this.count -= 1;
    const slot = (this.newest - this.count) & this.mask;
    const { names, values } = this;
    this.bytes -= (names[slot] as string).length + (values[slot] as string).length + entryOverheadBytes;
    // Or a ring that once was full would hold strings for as long as the connection lasts.
    names[slot] = '';
    values[slot] = '';
  }

  private grow(): void {
    const slots = Math.max(firstSlots, (this.mask + 1) * 2);
    const names = Array<string>(slots).fill('');
    const values = Array<string>(slots).fill('');
    const faults = new Uint8Array(slots);
    for (let age = 0; age < this.count; age += 1) {
      const slot = this.count - 1 - age;
      names[slot] = this.name(age);
      values[slot] = this.value(age);
      faults[slot] = this.fault(age);
    }
    this.newest = (this.count - 1) & (slots - 1);
    this.names = names;
    this.values = values;
    this.faults = faults;
    this.mask = slots - 1;
  }
}
