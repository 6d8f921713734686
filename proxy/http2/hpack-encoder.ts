import { valueCharacters } from '../http1/field-lines.ts';
import { kept, mostWorth, neverKept, type OutboundName, outboundName, statusName } from './hpack-names.ts';
import { OutboundTable } from './hpack-outbound-table.ts';
import { defaultTableBytes, entryOverheadBytes, staticEntries } from './hpack-static.ts';

/** Of a field beside its name and value: what kind it is with an index, and two lengths (RFC 7541 §5.1). */
const mostFieldOverhead = 12;
/** Two table size updates and the status. */
const mostBlockOverhead = 32;

/** Values that are written without the table after those that were put there in vain. */
const pausedValues = 64;
const worthAfterPause = 2;

const indexed = 0x80;
const literalKept = 0x40;
const sizeUpdate = 0x20;
const literalNeverKept = 0x10;

const statusTexts: string[] = [];
const staticStatuses = new Uint8Array(1000);
for (const [n, status] of [200, 204, 206, 304, 400, 404, 500].entries()) staticStatuses[status] = 8 + n;

/**
 * Writes field blocks for a client (RFC 7541), all of one connection in the order in which they are sent. Strings are
 * written as they are: Huffman's code would make them a quarter shorter and cost more than sending that quarter.
 */
export class HpackEncoder {
  private readonly maxTableBytes: number;
  private readonly table: OutboundTable;
  /** What the table's size is to be from the next block on, and the smallest that it was to have before that. */
  private nextTableBytes: number;
  private leastTableBytes = defaultTableBytes;
  private mustUpdate: boolean;
  /** A block was begun and not ended: the client will not know what the table holds since. */
  private isBroken = false;

  constructor({ maxTableBytes }: { readonly maxTableBytes: number }) {
    this.maxTableBytes = maxTableBytes;
    this.nextTableBytes = Math.min(maxTableBytes, defaultTableBytes);
    this.table = new OutboundTable(this.nextTableBytes);
    this.leastTableBytes = this.nextTableBytes;
    this.mustUpdate = maxTableBytes < defaultTableBytes;
  }

  /** The client's SETTINGS_HEADER_TABLE_SIZE; counts from the next block on, which says so (RFC 7541 §4.2). */
  setPeerTableBytes(bytes: number): void {
    this.nextTableBytes = Math.min(bytes, this.maxTableBytes);
    this.leastTableBytes = Math.min(this.leastTableBytes, this.nextTableBytes);
    this.mustUpdate = this.leastTableBytes < this.table.limitBytes || this.nextTableBytes !== this.table.limitBytes;
  }

  /** As much as {@link encode} may write. */
  bound(raw: readonly string[]): number {
    let bytes = mostBlockOverhead + raw.length * (mostFieldOverhead / 2);
    for (let i = 0; i < raw.length; i += 1) bytes += (raw[i] as string).length;
    return bytes;
  }

  /**
   * Writes a block at `at`, gives where it ends. `raw`: name, value, name, value… as they came from a server, names in
   * any case; those that concern a connection of HTTP/1 are left out. Status 0: trailers. A block that was written must
   * be sent. Throws where a field cannot be sent: the block is void, and the next one puts the client's table right.
   */
  encode(status: number, raw: readonly string[], out: Buffer, at: number): number {
    let next = at;
    if (this.isBroken) {
      this.leastTableBytes = 0;
      this.mustUpdate = true;
    }
    this.isBroken = true;
    if (this.mustUpdate) next = this.updateTable(out, next);
    if (status !== 0) {
      const index = staticStatuses[status] ?? 0;
      if (index !== 0) {
        out[next] = indexed | index;
        next += 1;
      } else {
        next = this.writeField(statusName, (statusTexts[status] ??= String(status)), out, next);
      }
    }
    for (let i = 0; i < raw.length; i += 2) {
      const name = outboundName(raw[i] as string, i >> 1);
      if (!name.isOfHttp1) next = this.writeField(name, raw[i + 1] as string, out, next);
    }
    this.isBroken = false;
    return next;
  }

  private updateTable(out: Buffer, at: number): number {
    const { table, leastTableBytes, nextTableBytes } = this;
    let next = at;
    if (leastTableBytes < table.limitBytes && leastTableBytes < nextTableBytes) {
      next = writeNumber(out, next, sizeUpdate, 0x1f, leastTableBytes);
      table.resize(leastTableBytes);
    }
    next = writeNumber(out, next, sizeUpdate, 0x1f, nextTableBytes);
    table.resize(nextTableBytes);
    this.leastTableBytes = nextTableBytes;
    this.mustUpdate = false;
    return next;
  }

  private writeField(name: OutboundName, value: string, out: Buffer, at: number): number {
    if (value === name.staticValue && value !== '') return writeNumber(out, at, indexed, 0x7f, name.index);
    if (name.handling === kept) {
      const age = this.table.find(name, value);
      if (age >= 0) {
        if (name.worth < mostWorth) name.worth += 1;
        const index = staticEntries + 1 + age;
        if (index >= 0x7f) return writeNumber(out, at, indexed, 0x7f, index);
        out[at] = indexed | index;
        return at + 1;
      }
    }
    if (isSpaced(value)) return this.writeField(name, trimmed(value), out, at);
    return this.writeLiteral(name, value, out, at);
  }

  private writeLiteral(name: OutboundName, value: string, out: Buffer, at: number): number {
    if (!name.isSendable) throw unsendable('name', name.lower);
    const keeps = name.handling === kept && this.isWorthKeeping(name, value);
    const kind = keeps ? literalKept : name.handling === neverKept ? literalNeverKept : 0;
    let { index } = name;
    if (index === 0) {
      const age = this.table.findName(name);
      if (age >= 0) index = staticEntries + 1 + age;
    }
    let next = writeNumber(out, at, kind, keeps ? 0x3f : 0x0f, index);
    if (index === 0) {
      const { lower } = name;
      next = writeNumber(out, next, 0, 0x7f, lower.length);
      for (let i = 0; i < lower.length; i += 1) out[next + i] = lower.charCodeAt(i);
      next += lower.length;
    }
    next = writeNumber(out, next, 0, 0x7f, value.length);
    for (let i = 0; i < value.length; i += 1) {
      const code = value.charCodeAt(i);
      if (valueCharacters[code] !== 1) throw unsendable(`value of ${name.lower}`, value);
      out[next + i] = code;
    }
    const end = next + value.length;
    // A string of its own: a part of a head would keep all of that in memory.
    if (keeps) this.table.insert(name, out.toString('latin1', next, end));
    return end;
  }

  /** Values that do not come again push those that do out of the table. */
  private isWorthKeeping(name: OutboundName, value: string): boolean {
    const bytes = name.lower.length + value.length + entryOverheadBytes;
    if (bytes * 4 > this.table.limitBytes * 3) return false;
    if (name.pause > 0) {
      name.pause -= 1;
      return false;
    }
    if (this.table.isUsed(name)) return true;
    name.worth -= 1;
    if (name.worth > 0) return true;
    name.worth = worthAfterPause;
    name.pause = pausedValues;
    return false;
  }
}

/** A number with a prefix of as many bits as `most` has (RFC 7541 §5.1). */
function writeNumber(out: Buffer, at: number, kind: number, most: number, value: number): number {
  if (value < most) {
    out[at] = kind | value;
    return at + 1;
  }
  out[at] = kind | most;
  let next = at + 1;
  let rest = value - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) {
    out[next] = (rest & 0x7f) | 0x80;
    next += 1;
  }
  out[next] = rest;
  return next + 1;
}

function isSpaced(value: string): boolean {
  if (value === '') return false;
  const last = value.charCodeAt(value.length - 1);
  const first = value.charCodeAt(0);
  return first === 0x20 || first === 0x09 || last === 0x20 || last === 0x09;
}

/** Clients take a field with white space around its value for a broken one (RFC 9113 §8.2.1). */
function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpaced(value.charAt(start))) start += 1;
  while (end > start && isSpaced(value.charAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function unsendable(what: string, text: string): Error {
  return new Error(`The ${what} of an answer's field cannot be sent: ${JSON.stringify(text.slice(0, 200))}`);
}
