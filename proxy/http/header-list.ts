/**
 * HTTP header fields in the order and spelling they came in, looked up without regard to case.
 * Kept as one flat array (`[name, value, name, value]`), the form that Node takes, too.
 */
export class HeaderList {
  readonly raw: string[];
  /** Where it is a list: what fields were removed by, in the order of removal. */
  removals: ((lowerName: string) => boolean)[] | null = null;

  constructor(raw: string[] = []) {
    this.raw = raw;
  }

  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    const { raw } = this;
    for (let i = 0; i < raw.length; i += 2) {
      const candidate = raw[i] as string;
      if (candidate.length === wanted.length && candidate.toLowerCase() === wanted) return raw[i + 1];
    }
    return undefined;
  }

  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (let i = 0; i < this.raw.length; i += 2) {
      if ((this.raw[i] as string).toLowerCase() === wanted) values.push(this.raw[i + 1] as string);
    }
    return values;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Replaces every field of that name by one. */
  set(name: string, value: string): void {
    this.delete(name);
    this.raw.push(name, value);
  }

  append(name: string, value: string): void {
    this.raw.push(name, value);
  }

  delete(name: string): void {
    const wanted = name.toLowerCase();
    this.deleteWhere((candidate) => candidate === wanted);
  }

  /** Removes the fields whose lower-case name the test accepts. */
  deleteWhere(test: (lowerName: string) => boolean): void {
    const { raw } = this;
    this.removals?.push(test);
    let kept = 0;
    for (let i = 0; i < raw.length; i += 2) {
      if (test((raw[i] as string).toLowerCase())) continue;
      if (kept !== i) {
        raw[kept] = raw[i] as string;
        raw[kept + 1] = raw[i + 1] as string;
      }
      kept += 2;
    }
    // One by one: to set an array's length leaves compiled code.
    while (raw.length > kept) raw.pop();
  }

  clone(): HeaderList {
    return new HeaderList(this.raw.slice());
  }

  *[Symbol.iterator](): IterableIterator<readonly [string, string]> {
    for (let i = 0; i < this.raw.length; i += 2) yield [this.raw[i] as string, this.raw[i + 1] as string];
  }
}
