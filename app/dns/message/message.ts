import { dnsClass, dnsType, encodeName, MalformedMessage, u16, u32, WireReader } from './wire.ts';

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class?: number;
}

export interface ResourceRecord extends Question {
  readonly ttlS: number;
  readonly data: Buffer;
}

/** A record of an answer. `text` is the name, the address or the text that it holds; '' for other types. */
export interface ReadRecord extends ResourceRecord {
  readonly class: number;
  readonly text: string;
}

export interface Message {
  readonly id: number;
  /** 0 is a query, 5 an update (RFC 2136). */
  readonly opcode: number;
  readonly isResponse: boolean;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly rcode: number;
  readonly questions: readonly Question[];
  /** Prerequisites, in an update. */
  readonly answers: readonly ReadRecord[];
  /** Changes, in an update. */
  readonly authority: readonly ReadRecord[];
  readonly additional: readonly ReadRecord[];
}

interface NewMessage {
  readonly id: number;
  readonly opcode?: number;
  readonly wantsRecursion?: boolean;
  readonly questions: readonly Question[];
  readonly answers?: readonly ResourceRecord[];
  readonly authority?: readonly ResourceRecord[];
  readonly additional?: readonly ResourceRecord[];
}

export function encodeMessage(message: NewMessage): Buffer {
  const { questions, answers = [], authority = [], additional = [] } = message;
  const flags = ((message.opcode ?? 0) << 11) | (message.wantsRecursion === true ? 0x0100 : 0);
  const counts = [questions, answers, authority, additional].map((list) => u16(list.length));
  return Buffer.concat([
    u16(message.id),
    u16(flags),
    ...counts,
    ...questions.map((question) => encodeQuestion(question)),
    ...[...answers, ...authority, ...additional].map((record) => encodeRecord(record)),
  ]);
}

function encodeQuestion({ name, type, class: of = dnsClass.IN }: Question): Buffer {
  return Buffer.concat([encodeName(name), u16(type), u16(of)]);
}

export function encodeRecord(record: ResourceRecord): Buffer {
  return Buffer.concat([encodeQuestion(record), u32(record.ttlS), u16(record.data.length), record.data]);
}

/** Throws a `MalformedMessage`. */
export function decodeMessage(bytes: Buffer): Message {
  const reader = new WireReader(bytes);
  const id = reader.u16();
  const flags = reader.u16();
  const [questions, answers, authority, additional] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
  return {
    id,
    opcode: (flags >> 11) & 15,
    isResponse: (flags & 0x8000) !== 0,
    isAuthoritative: (flags & 0x0400) !== 0,
    isTruncated: (flags & 0x0200) !== 0,
    rcode: flags & 15,
    questions: times(questions ?? 0, () => ({ name: reader.name(), type: reader.u16(), class: reader.u16() })),
    answers: times(answers ?? 0, () => readRecord(reader, bytes)),
    authority: times(authority ?? 0, () => readRecord(reader, bytes)),
    additional: times(additional ?? 0, () => readRecord(reader, bytes)),
  };
}

function times<Item>(count: number, make: () => Item): Item[] {
  return Array.from({ length: count }, make);
}

function readRecord(reader: WireReader, message: Buffer): ReadRecord {
  const name = reader.name();
  const type = reader.u16();
  const of = reader.u16();
  const ttlS = reader.u32();
  const length = reader.u16();
  const startsAt = reader.at;
  const data = reader.bytes(length);
  // An update's deletions have no data (RFC 2136, section 2.5).
  const text = length === 0 ? '' : textOf(type, data, new WireReader(message, startsAt), startsAt + length);
  return { name, type, class: of, ttlS, data, text };
}

function textOf(type: number, data: Buffer, reader: WireReader, endsAt: number): string {
  switch (type) {
    case dnsType.NS:
    case dnsType.CNAME:
    case dnsType.SOA:
      return reader.name();
    case dnsType.TXT: {
      const parts: Buffer[] = [];
      while (reader.at < endsAt) {
        const part = reader.bytes(reader.u8());
        if (reader.at > endsAt) throw new MalformedMessage('a text is longer than its record');
        parts.push(part);
      }
      return Buffer.concat(parts).toString('utf8');
    }
    case dnsType.A:
      if (data.length !== 4) throw new MalformedMessage('an address has a wrong length');
      return data.join('.');
    case dnsType.AAAA:
      if (data.length !== 16) throw new MalformedMessage('an address has a wrong length');
      return Array.from({ length: 8 }, (_, index) => data.readUInt16BE(index * 2).toString(16)).join(':');
    default:
      return '';
  }
}

/** The data of a record. Text is cut into parts of 255 bytes. Throws where the value does not fit the type. */
export function recordData(type: 'TXT' | 'A' | 'AAAA' | 'CNAME', value: string): Buffer {
  switch (type) {
    case 'TXT': {
      const bytes = Buffer.from(value, 'utf8');
      const parts: Buffer[] = [];
      for (let at = 0; at === 0 || at < bytes.length; at += 255) {
        const part = bytes.subarray(at, at + 255);
        parts.push(Buffer.from([part.length]), part);
      }
      return Buffer.concat(parts);
    }
    case 'A':
      return Buffer.from(value.split('.').map(Number));
    case 'AAAA':
      return sixteenBytes(value);
    case 'CNAME':
      return encodeName(value);
  }
}

/** An IPv6 address that is known to be one. */
function sixteenBytes(address: string): Buffer {
  const four = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const whole = four
    ? `${four[1]}${((Number(four[2]) << 8) | Number(four[3])).toString(16)}:${((Number(four[4]) << 8) | Number(four[5])).toString(16)}`
    : address;
  const [head = '', tail] = whole.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return Buffer.concat(groups.map((group) => u16(Number.parseInt(group, 16))));
}
