import { tokenCharacters, valueCharacters } from '../http1/field-lines.ts';
import { InboundTable } from './hpack-inbound-table.ts';
import { defaultTableBytes, entryOverheadBytes, staticEntries, staticNames, staticValues } from './hpack-static.ts';
import { decodeHuffman, mostDecodedBytes } from './huffman.ts';

/** The two sides no longer agree on what is in the table: the connection ends with COMPRESSION_ERROR. */
export class HpackError extends Error {
  override name = 'HpackError';
}

export interface DecoderOptions {
  /** What our SETTINGS_HEADER_TABLE_SIZE says. */
  readonly maxTableBytes: number;
  /** What our SETTINGS_MAX_HEADER_LIST_SIZE says: names and values unpacked, and 32 for each field (RFC 9113 §6.5.2). */
  readonly maxListBytes: number;
  readonly maxFields: number;
}

/** Blocks with so many times more fields than are taken are not read to their end. */
const mostOverFields = 8;
/** A block begins with two of them at most (RFC 7541 §4.2). */
const mostUpdates = 2;
/** Numbers that take more bytes are none that anything here could be (RFC 7541 §5.1). */
const mostNumber = 0x7fff_ffff;
const mostNumberBytes = 5;

const faultWords = [
  null,
  'a character that no header name may hold',
  'a control character in the value of a header field',
  'white space around the value of a header field',
] as const;
const badName = 1;
const badValue = 2;
const spaced = 3;

/** 1 for what no name may hold (RFC 9113 §8.2.1): other than in HTTP/1, capitals are among it. */
const forbiddenInName = tokenCharacters.map((isToken, code) =>
  isToken === 0 || (code >= 0x41 && code <= 0x5a) ? 1 : 0,
);
const forbiddenInValue = valueCharacters.map((isAllowed) => 1 - isAllowed);

/** Values that many clients send alike are kept once for all of them; no name is here whose values are secrets. */
const sharedNames = new Set([
  ...['accept', 'accept-encoding', 'accept-language', 'cache-control', 'content-type', 'dnt', 'pragma', 'priority'],
  ...['sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site'],
  ...['sec-fetch-user', 'te', 'upgrade-insecure-requests', 'user-agent', ':authority', 'origin'],
]);
const mostShared = 2000;
const longestShared = 256;
let shared = new Map<string, string>();

/** The same string, where possible the very one that others hold. */
function share(text: string): string {
  if (text.length > longestShared) return text;
  const held = shared.get(text);
  if (held !== undefined) return held;
  if (shared.size >= mostShared) shared = new Map();
  shared.set(text, text);
  return text;
}

/** Where Huffman codes are decoded into; what is longer gets a room of its own for the moment. */
const scratch = Buffer.allocUnsafeSlow(16_384);

/** Reads a client's field blocks (RFC 7541), all of one connection in their order. */
export class HpackDecoder {
  /** What is wrong with a field of the last block (RFC 9113 §8.2.1), which is its stream's error; null: nothing. */
  fault: string | null = null;
  private readonly maxTableBytes: number;
  private readonly maxListBytes: number;
  private readonly maxFields: number;
  private readonly table = new InboundTable(defaultTableBytes);
  private allowedTableBytes: number;
  private mustUpdate = false;
  /** The next byte to read. */
  private at = 0;
  /** What is wrong with the string that was read last. */
  private stringFault = 0;

  constructor({ maxTableBytes, maxListBytes, maxFields }: DecoderOptions) {
    this.maxTableBytes = maxTableBytes;
    this.maxListBytes = maxListBytes;
    this.maxFields = maxFields;
    this.allowedTableBytes = Math.max(maxTableBytes, defaultTableBytes);
  }

  /**
   * The client has read our settings: a table that they made smaller than the default is so from the next block on,
   * which must begin with saying so (RFC 9113 §4.3.1).
   */
  settingsAcknowledged(): void {
    this.allowedTableBytes = this.maxTableBytes;
    if (this.table.limitBytes > this.maxTableBytes) this.mustUpdate = true;
  }

  /**
   * Decodes one whole field block, HEADERS and CONTINUATIONs joined. Appends name, value, name, value… to `fields` as
   * latin1. `too-large`: a bound was passed, `fields` ends before it, and the rest was read for the table's sake.
   * Throws {@link HpackError}.
   */
  decode(block: Buffer, start: number, end: number, fields: string[]): 'whole' | 'too-large' {
    const { table, maxListBytes, maxFields } = this;
    let listBytes = 0;
    let count = 0;
    let fault = 0;
    this.at = start;
    this.updateTable(block, end);
    while (this.at < end) {
      const byte = block[this.at] as number;
      let name: string;
      let value: string;
      let fieldFault = 0;
      if (byte >= 0x80) {
        let index = byte & 0x7f;
        this.at += 1;
        if (index === 0x7f) index = this.readRest(block, end, index);
        if (index <= staticEntries) {
          if (index === 0) throw new HpackError('an index of 0');
          name = staticNames[index] as string;
          value = staticValues[index] as string;
        } else {
          const age = this.age(index);
          name = table.name(age);
          value = table.value(age);
          fieldFault = table.fault(age);
        }
      } else {
        const isKept = byte >= 0x40;
        if (!isKept && byte >= 0x20) throw new HpackError('a table size update that does not begin its block');
        const prefix = isKept ? 0x3f : 0x0f;
        let index = byte & prefix;
        this.at += 1;
        if (index === prefix) index = this.readRest(block, end, index);
        // What is over the bound is only measured, unless it goes into the table.
        const isWanted = isKept || listBytes <= maxListBytes;
        if (index === 0) {
          name = this.readString(block, end, isWanted, true);
          fieldFault = this.stringFault;
        } else if (index <= staticEntries) {
          name = staticNames[index] as string;
        } else {
          const age = this.age(index);
          name = table.name(age);
          if (table.fault(age) === badName) fieldFault = badName;
        }
        value = this.readString(block, end, isWanted, false);
        if (fieldFault === 0) fieldFault = this.stringFault;
        if (isKept) {
          if (index === 0) name = share(name);
          if (sharedNames.has(name)) value = share(value);
          table.insert(name, value, fieldFault);
        }
      }
      count += 1;
      if (listBytes > maxListBytes) {
        if (count > maxFields * mostOverFields) throw new HpackError(`a block of more than ${count} fields`);
        continue;
      }
      listBytes += name.length + value.length + entryOverheadBytes;
      if (listBytes > maxListBytes || count > maxFields) {
        listBytes = Number.POSITIVE_INFINITY;
        continue;
      }
      if (fieldFault !== 0) fault = fieldFault;
      fields.push(name, value);
    }
    this.fault = faultWords[fault] ?? null;
    return listBytes > maxListBytes ? 'too-large' : 'whole';
  }

  private updateTable(block: Buffer, end: number): void {
    let updates = 0;
    while (this.at < end && ((block[this.at] as number) & 0xe0) === 0x20) {
      updates += 1;
      if (updates > mostUpdates) throw new HpackError(`more than ${mostUpdates} table size updates in a block`);
      let bytes = (block[this.at] as number) & 0x1f;
      this.at += 1;
      if (bytes === 0x1f) bytes = this.readRest(block, end, bytes);
      if (bytes > this.allowedTableBytes) {
        throw new HpackError(`a table of ${bytes} bytes where ${this.allowedTableBytes} are allowed`);
      }
      this.table.resize(bytes);
      this.mustUpdate = false;
    }
    if (this.mustUpdate) throw new HpackError('a table that was not made smaller, as the settings ask for');
  }

  /** How many entries are newer than the one with this index, which is one of the dynamic table. */
  private age(index: number): number {
    const age = index - staticEntries - 1;
    if (age >= this.table.count) throw new HpackError(`the index ${index}, where nothing is`);
    return age;
  }

  /** The rest of a number whose prefix is full (RFC 7541 §5.1). */
  private readRest(block: Buffer, end: number, prefix: number): number {
    let value = prefix;
    let unit = 1;
    for (let read = 0; read < mostNumberBytes; read += 1) {
      if (this.at >= end) throw new HpackError('a block that ends within a number');
      const byte = block[this.at] as number;
      this.at += 1;
      value += (byte & 0x7f) * unit;
      if (value > mostNumber) break;
      if (byte < 0x80) return value;
      unit *= 128;
    }
    throw new HpackError('a number that is too large, or too long');
  }

  /** Leaves in {@link stringFault} what is wrong with it. `isWanted` false: a string of no content, and of its length. */
  private readString(block: Buffer, end: number, isWanted: boolean, isName: boolean): string {
    if (this.at >= end) throw new HpackError('a block that ends before a string');
    const byte = block[this.at] as number;
    this.at += 1;
    let bytes = byte & 0x7f;
    if (bytes === 0x7f) bytes = this.readRest(block, end, bytes);
    const from = this.at;
    if (bytes > end - from) throw new HpackError('a string that is longer than its block');
    this.at = from + bytes;
    let source = block;
    let sourceStart = from;
    let sourceEnd = this.at;
    if (byte >= 0x80) {
      const room = mostDecodedBytes(bytes);
      source = room <= scratch.length ? scratch : Buffer.allocUnsafeSlow(room);
      const length = decodeHuffman(block, from, this.at, source);
      if (length < 0) throw new HpackError('a string whose Huffman code is broken');
      sourceStart = 0;
      sourceEnd = length;
    }
    this.stringFault = 0;
    if (!isWanted) return '';
    this.stringFault = isName ? nameFault(source, sourceStart, sourceEnd) : valueFault(source, sourceStart, sourceEnd);
    return source.toString('latin1', sourceStart, sourceEnd);
  }
}

function nameFault(source: Uint8Array, start: number, end: number): number {
  // Pseudo-fields (RFC 9113 §8.3) begin with a colon.
  let at = start < end && source[start] === 0x3a ? start + 1 : start;
  if (at === end) return badName;
  for (; at < end; at += 1) if (forbiddenInName[source[at] as number] === 1) return badName;
  return 0;
}

function valueFault(source: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  for (let at = start; at < end; at += 1) if (forbiddenInValue[source[at] as number] === 1) return badValue;
  return isSpace(source[start] as number) || isSpace(source[end - 1] as number) ? spaced : 0;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
