import { jsonString } from './escape.ts';

const smallestBytes = 16 * 1024;
/** Digits of a whole number, and a comma. */
const mostDigits = 24;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const zero = 0x30;

/** By character code, its form in a JSON string of Go's: itself (1), a backslash and itself (2), `\u00…` (3). */
const jsonForms = new Uint8Array(128);
for (let code = 0x20; code < 0x7f; code += 1) jsonForms[code] = 1;
jsonForms[quote] = 2;
jsonForms[backslash] = 2;
for (const character of '<>&') jsonForms[character.charCodeAt(0)] = 3;
const hexDigits = Buffer.from('0123456789abcdef');

/**
 * Lines as bytes. Texts that are put together are kept by V8 as trees of their parts, which costs more than all else of
 * a line, so that every part is written out at once. What is written of a line counts once it has been ended.
 */
export class LineBuffer {
  lines = 0;
  private bytes = Buffer.allocUnsafeSlow(smallestBytes);
  /** Where the line that is being written begins. */
  private length = 0;
  private at = 0;

  /** Forgets what was written of a line that has not been ended. */
  begin(): void {
    this.at = this.length;
  }

  end(): void {
    this.length = this.at;
    this.lines += 1;
  }

  text(text: string): void {
    // A UTF-16 unit takes three bytes at most.
    this.makeRoom(text.length * 3);
    this.at += this.bytes.write(text, this.at);
  }

  copy(part: Uint8Array): void {
    this.makeRoom(part.byteLength);
    this.bytes.set(part, this.at);
    this.at += part.byteLength;
  }

  /** A number as `String` has it, after its key and with a comma. */
  numberMember(key: Uint8Array, value: number): void {
    this.key(key);
    if (Number.isSafeInteger(value) && value >= 0) this.digits(value);
    else this.text(String(value));
    this.comma();
  }

  /** A text after its key and with a comma. */
  textMember(key: Uint8Array, value: string): void {
    this.key(key);
    this.json(value);
    this.comma();
  }

  /** A short part. */
  private key(part: Uint8Array): void {
    const { length } = part;
    this.makeRoom(length + mostDigits);
    const { bytes, at } = this;
    // For so few bytes a call costs more.
    for (let i = 0; i < length; i += 1) bytes[at + i] = part[i] as number;
    this.at = at + length;
  }

  private comma(): void {
    this.makeRoom(1);
    this.bytes[this.at] = comma;
    this.at += 1;
  }

  private digits(value: number): void {
    const { bytes } = this;
    let rest = value;
    let digits = 1;
    for (let bound = 10; rest >= bound; bound *= 10) digits += 1;
    const next = this.at + digits;
    for (let at = next - 1; at >= this.at; at -= 1) {
      const tens = rest < 0x40000000 ? (rest / 10) | 0 : Math.floor(rest / 10);
      bytes[at] = zero + (rest - tens * 10);
      rest = tens;
    }
    this.at = next;
  }

  /** A JSON string as Go writes it: the same as {@link jsonString}. */
  private json(text: string): void {
    const { length } = text;
    this.makeRoom(length * 6 + 2);
    const { bytes } = this;
    let at = this.at;
    bytes[at] = quote;
    at += 1;
    for (let i = 0; i < length; i += 1) {
      const code = text.charCodeAt(i);
      const form = code < 128 ? (jsonForms[code] as number) : 0;
      if (form === 0) {
        this.text(jsonString(text));
        return;
      }
      if (form !== 1) {
        bytes[at] = backslash;
        at += 1;
        if (form === 3) {
          bytes[at] = 0x75;
          bytes[at + 1] = zero;
          bytes[at + 2] = zero;
          bytes[at + 3] = hexDigits[code >> 4] as number;
          bytes[at + 4] = hexDigits[code & 15] as number;
          at += 5;
          continue;
        }
      }
      bytes[at] = code;
      at += 1;
    }
    bytes[at] = quote;
    this.at = at + 1;
  }

  /** What was added, in memory of its own; nothing is left. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.bytes.subarray(0, this.length));
    // After a rush the memory is given back.
    if (this.bytes.byteLength > smallestBytes && this.length < this.bytes.byteLength / 8) {
      this.bytes = Buffer.allocUnsafeSlow(smallestBytes);
    }
    this.length = 0;
    this.at = 0;
    this.lines = 0;
    return taken;
  }

  private makeRoom(more: number): void {
    if (this.at + more <= this.bytes.byteLength) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.byteLength * 2, this.at + more));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }
}
