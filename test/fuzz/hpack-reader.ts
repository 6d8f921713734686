import { staticNames, staticValues } from '../../proxy/http2/hpack-static.ts';
import { huffmanCodes } from '../../proxy/http2/huffman-code.ts';

const symbols = new Map(huffmanCodes.map(({ symbol, bits, code }) => [code.toString(2).padStart(bits, '0'), symbol]));

/** RFC 7541 word for word, slow and in another way than the decoder: a list that is cut, and strings of zeros and ones. */
export class HpackReader {
  private table: [string, string][] = [];
  private tableBytes = 4096;
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;

  /** The fields of a block; null where it is broken. */
  read(block: Buffer, mostTableBytes: number): [string, string][] | null {
    this.bytes = block;
    this.at = 0;
    try {
      return this.fields(mostTableBytes);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  private fields(mostTableBytes: number): [string, string][] {
    const fields: [string, string][] = [];
    let updates = 0;
    while (this.at < this.bytes.length) {
      const bits = this.bytes[this.at]!.toString(2).padStart(8, '0');
      if (bits.startsWith('1')) {
        fields.push(this.entry(this.number(7)));
      } else if (bits.startsWith('001')) {
        updates += 1;
        const size = this.number(5);
        if (fields.length > 0 || updates > 2 || size > mostTableBytes) throw new RangeError('update');
        this.tableBytes = size;
        this.cut();
      } else {
        const isKept = bits.startsWith('01');
        const index = this.number(isKept ? 6 : 4);
        const name = index === 0 ? this.string() : this.entry(index)[0];
        const field: [string, string] = [name, this.string()];
        fields.push(field);
        if (isKept) {
          this.table.unshift(field);
          this.cut();
        }
      }
    }
    return fields;
  }

  private cut(): void {
    let bytes = 0;
    const end = this.table.findIndex(([name, value]) => (bytes += name.length + value.length + 32) > this.tableBytes);
    if (end >= 0) this.table = this.table.slice(0, end);
  }

  private entry(index: number): [string, string] {
    if (index === 0) throw new RangeError('index');
    if (index < staticNames.length) return [staticNames[index]!, staticValues[index]!];
    const entry = this.table[index - staticNames.length];
    if (entry === undefined) throw new RangeError('index');
    return entry;
  }

  private number(prefixBits: number): number {
    const most = 2n ** BigInt(prefixBits) - 1n;
    let value = BigInt(this.byte()) & most;
    if (value < most) return Number(value);
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.byte();
      value += BigInt(byte & 0x7f) << shift;
      // The bounds that are ours (RFC 7541 §5.1 leaves them to each).
      if (value >= 2n ** 31n || (shift === 28n && byte >= 0x80)) throw new RangeError('number');
      if (byte < 0x80) return Number(value);
    }
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new RangeError('end');
    this.at += 1;
    return byte;
  }

  private string(): string {
    const isHuffman = (this.bytes[this.at] ?? 0) >= 0x80;
    const length = this.number(7);
    if (length > this.bytes.length - this.at) throw new RangeError('string');
    const bytes = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return isHuffman ? unpack(bytes) : bytes.toString('latin1');
  }
}

function unpack(bytes: Buffer): string {
  let text = '';
  let code = '';
  for (const byte of bytes) {
    for (const bit of byte.toString(2).padStart(8, '0')) {
      code += bit;
      const symbol = symbols.get(code);
      if (symbol === undefined) continue;
      if (symbol === 256) throw new RangeError('end of string');
      text += String.fromCharCode(symbol);
      code = '';
    }
  }
  if (code.length > 7 || code.includes('0')) throw new RangeError('padding');
  return text;
}
