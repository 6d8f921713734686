import { createHmac, timingSafeEqual } from 'node:crypto';
import { decodeMessage, encodeRecord, type ReadRecord } from './message.ts';
import { dnsClass, dnsType, encodeName, u16, u32, WireReader } from './wire.ts';

/** Algorithms by their names on the wire (RFC 8945, section 6), with what Node calls them. */
export const tsigAlgorithms: Readonly<Record<string, string>> = {
  'hmac-md5.sig-alg.reg.int': 'md5',
  'hmac-sha1': 'sha1',
  'hmac-sha224': 'sha224',
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
};

export interface TsigKey {
  readonly name: string;
  /** A name of {@link tsigAlgorithms}. */
  readonly algorithm: string;
  readonly secret: Buffer;
}

export interface SignedMessage {
  readonly bytes: Buffer;
  readonly mac: Buffer;
}

interface TsigFields {
  readonly timeS: number;
  readonly fudgeS: number;
  readonly error: number;
  readonly other: Buffer;
}

/** A clock may be wrong by so much. */
const fudgeS = 300;

/** Signs a message (RFC 8945, section 4): its TSIG record is the last of the additional ones. */
export function signMessage(bytes: Buffer, key: TsigKey, nowS: number): SignedMessage {
  const fields: TsigFields = { timeS: nowS, fudgeS, error: 0, other: Buffer.alloc(0) };
  const mac = macOf(key, [bytes, variables(key, fields)]);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    u48(nowS),
    u16(fudgeS),
    u16(mac.length),
    mac,
    u16(bytes.readUInt16BE(0)),
    u16(0),
    u16(0),
  ]);
  const record = encodeRecord({ name: key.name, type: dnsType.TSIG, class: dnsClass.ANY, ttlS: 0, data });
  const signed = Buffer.concat([bytes, record]);
  signed.writeUInt16BE(bytes.readUInt16BE(10) + 1, 10);
  return { bytes: signed, mac };
}

/** What an answer's signature says. `error` is the server's own word (RFC 8945, section 3), 0 for none. */
export interface TsigVerdict {
  readonly isGood: boolean;
  readonly error: number;
}

/** Checks the answer to a message that was signed with a key; null where the answer has no signature. */
export function checkAnswer(answer: Buffer, key: TsigKey, requestMac: Buffer, nowS: number): TsigVerdict | null {
  const last = decodeMessage(answer).additional.at(-1);
  if (last?.type !== dnsType.TSIG) return null;
  const fields = new WireReader(last.data);
  const algorithm = fields.name();
  const timeS = fields.u16() * 2 ** 32 + fields.u32();
  const theirFudgeS = fields.u16();
  const mac = fields.bytes(fields.u16());
  const originalId = fields.u16();
  const error = fields.u16();
  const other = fields.bytes(fields.u16());
  if (last.name !== key.name.replace(/\.$/, '').toLowerCase() || algorithm !== key.algorithm) {
    return { isGood: false, error };
  }
  const unsigned = Buffer.from(answer.subarray(0, answer.length - lengthOnWire(answer, last)));
  unsigned.writeUInt16BE(originalId, 0);
  unsigned.writeUInt16BE(unsigned.readUInt16BE(10) - 1, 10);
  const wanted = macOf(key, [
    u16(requestMac.length),
    requestMac,
    unsigned,
    variables(key, { timeS, fudgeS: theirFudgeS, error, other }),
  ]);
  const isGood =
    mac.length === wanted.length && timingSafeEqual(mac, wanted) && Math.abs(nowS - timeS) <= Math.max(theirFudgeS, 1);
  return { isGood, error };
}

/** How many bytes the last record takes; its name may be compressed. */
function lengthOnWire(message: Buffer, last: ReadRecord): number {
  const reader = new WireReader(message, 4);
  const counts = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
  const [questions = 0, ...records] = counts;
  for (let index = 0; index < questions; index += 1) {
    reader.name();
    reader.bytes(4);
  }
  let startsAt = reader.at;
  for (let index = records.reduce((sum, count) => sum + count, 0); index > 0; index -= 1) {
    startsAt = reader.at;
    reader.name();
    reader.bytes(8);
    reader.bytes(reader.u16());
  }
  if (reader.at !== message.length || last.type !== dnsType.TSIG) throw new Error('the signature is not at the end');
  return message.length - startsAt;
}

function variables({ name, algorithm }: TsigKey, { timeS, fudgeS: fudge, error, other }: TsigFields): Buffer {
  return Buffer.concat([
    encodeName(name),
    u16(dnsClass.ANY),
    u32(0),
    encodeName(algorithm),
    u48(timeS),
    u16(fudge),
    u16(error),
    u16(other.length),
    other,
  ]);
}

function macOf(key: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(tsigAlgorithms[key.algorithm] ?? '', key.secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function u48(value: number): Buffer {
  return Buffer.concat([u16(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32)]);
}
