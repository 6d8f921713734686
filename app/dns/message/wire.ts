/** Numbers of types, classes and codes that are used here (https://www.iana.org/assignments/dns-parameters). */
export const dnsType = { A: 1, NS: 2, CNAME: 5, SOA: 6, TXT: 16, AAAA: 28, OPT: 41, TSIG: 250, ANY: 255 } as const;
export const dnsClass = { IN: 1, NONE: 254, ANY: 255 } as const;

/** A message that is not what RFC 1035 says. */
export class MalformedMessage extends Error {
  constructor(what: string) {
    super(`The DNS message is malformed: ${what}.`);
    this.name = 'MalformedMessage';
  }
}

/** A name on the wire, not compressed, in lower case. Throws for names that cannot be. */
export function encodeName(name: string): Buffer {
  const plain = name.replace(/\.$/, '').toLowerCase();
  const labels = plain === '' ? [] : plain.split('.');
  const parts: Buffer[] = [];
  for (const label of labels) {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > 63 || /[^\x21-\x7e]/.test(label)) {
      throw new Error(`“${name}” is no name that DNS can have.`);
    }
    parts.push(Buffer.from([bytes.length]), bytes);
  }
  const wire = Buffer.concat([...parts, Buffer.from([0])]);
  if (wire.length > 255) throw new Error(`“${name}” is longer than DNS allows.`);
  return wire;
}

/** Reads a message from a place on; every read is checked against its end. */
export class WireReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  bytes(count: number): Buffer {
    const end = this.at + count;
    if (count < 0 || end > this.#bytes.length) throw new MalformedMessage('it ends too early');
    const read = this.#bytes.subarray(this.at, end);
    this.at = end;
    return read;
  }

  u8(): number {
    return this.bytes(1).readUInt8();
  }

  u16(): number {
    return this.bytes(2).readUInt16BE();
  }

  u32(): number {
    return this.bytes(4).readUInt32BE();
  }

  /** A name in lower case, without the dot at its end. Pointers (RFC 1035, section 4.1.4) lead backwards only. */
  name(): string {
    const labels: string[] = [];
    let resumeAt: number | null = null;
    let lowest = this.at;
    let length = 0;
    for (;;) {
      const size = this.u8();
      if (size === 0) break;
      if (size >= 0xc0) {
        const target = ((size & 0x3f) << 8) | this.u8();
        if (target >= lowest) throw new MalformedMessage('a name points forward');
        resumeAt ??= this.at;
        this.at = target;
        lowest = target;
        continue;
      }
      if (size > 63) throw new MalformedMessage('a label has an unknown form');
      length += size + 1;
      if (length > 254) throw new MalformedMessage('a name is too long');
      labels.push(this.bytes(size).toString('latin1').toLowerCase());
    }
    if (resumeAt !== null) this.at = resumeAt;
    return labels.join('.');
  }
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
