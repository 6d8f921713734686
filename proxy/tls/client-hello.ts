import type { Socket } from 'node:net';

/** What a client says before anything is encrypted. */
export interface ClientHello {
  /** Lower case; empty where the client named none. */
  readonly serverName: string;
  readonly alpn: readonly string[];
}

/** `more`: not all of it has come; `other`: this is no TLS. */
export type HelloReading = ClientHello | 'more' | 'other';

const handshakeRecord = 22;
const clientHelloMessage = 1;
/** A hello with the largest post-quantum keys has some 2 KB; nobody needs more than this. */
const maxHelloBytes = 32 * 1024;
/** The same with a head for each record. */
const maxWireBytes = 4 * maxHelloBytes;

/**
 * Reads the first bytes of a connection (RFC 8446 §4.1.2, §5.1; RFC 6066 §3), in however many records and pieces they
 * come. Each byte is looked at once: a client may send them one by one.
 */
export class HelloReader {
  private readonly message: Buffer[] = [];
  private readonly head: number[] = [];
  private have = 0;
  private recordHead: number[] = [];
  private recordLeft = 0;

  push(bytes: Buffer): HelloReading {
    let at = 0;
    while (at < bytes.length) {
      if (this.recordLeft === 0) {
        this.recordHead.push(bytes.readUInt8(at));
        at += 1;
        const [type, major, , high = 0, low = 0] = this.recordHead;
        if (type !== handshakeRecord || (major ?? 3) !== 3) return 'other';
        if (this.recordHead.length < 5) continue;
        this.recordLeft = high * 256 + low;
        if (this.recordLeft === 0 || this.recordLeft > 16_384) return 'other';
        this.recordHead = [];
        continue;
      }
      const part = bytes.subarray(at, at + this.recordLeft);
      at += part.length;
      this.recordLeft -= part.length;
      const reading = this.take(part);
      if (reading !== 'more') return reading;
    }
    return 'more';
  }

  private take(part: Buffer): HelloReading {
    for (let i = 0; i < part.length && this.head.length < 4; i += 1) this.head.push(part.readUInt8(i));
    this.message.push(part);
    this.have += part.length;
    const [type, high = 0, middle = 0, low = 0] = this.head;
    if (type !== clientHelloMessage) return 'other';
    if (this.head.length < 4) return 'more';
    const size = high * 65_536 + middle * 256 + low;
    if (size + 4 > maxHelloBytes) return 'other';
    return this.have < size + 4 ? 'more' : readBody(Buffer.concat(this.message).subarray(4, size + 4));
  }
}

function readBody(body: Buffer): HelloReading {
  try {
    // Version and random, then session, cipher suites and compression methods, each with its length.
    let at = 34;
    at += 1 + body.readUInt8(at);
    at += 2 + body.readUInt16BE(at);
    at += 1 + body.readUInt8(at);
    let serverName = '';
    let alpn: readonly string[] = [];
    const end = at + 2 <= body.length ? at + 2 + body.readUInt16BE(at) : at;
    at += 2;
    while (at + 4 <= end) {
      const type = body.readUInt16BE(at);
      const length = body.readUInt16BE(at + 2);
      if (at + 4 + length > body.length) return 'other';
      const data = body.subarray(at + 4, at + 4 + length);
      if (type === 0) serverName = hostName(data);
      else if (type === 16) alpn = protocolNames(data);
      at += 4 + length;
    }
    return { serverName, alpn };
  } catch {
    // A length that leads beyond the end; OpenSSL will say so.
    return 'other';
  }
}

function hostName(data: Buffer): string {
  // The list's length, then one entry: its type (0 is a host name), length and bytes.
  if (data.length < 5 || data[2] !== 0) return '';
  const length = data.readUInt16BE(3);
  const name = data.toString('latin1', 5, 5 + length).toLowerCase();
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function protocolNames(data: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 2; at < data.length; ) {
    const length = data.readUInt8(at);
    names.push(data.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return names;
}

/**
 * Waits for a connection's hello, leaves its bytes to be read again, and calls back once: with null where it is not
 * TLS. A client that sends no whole hello in time is cut off and nothing is called.
 */
export function peekClientHello(socket: Socket, timeoutMs: number, done: (hello: ClientHello | null) => void): void {
  const chunks: Buffer[] = [];
  const reader = new HelloReader();
  let length = 0;
  const giveUp = (): void => {
    stop();
    socket.destroy();
  };
  const timer = setTimeout(giveUp, timeoutMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', giveUp).off('close', giveUp).off('error', giveUp);
  };
  const onReadable = (): void => {
    let reading: HelloReading = 'more';
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
      chunks.push(chunk);
      length += chunk.length;
      if (reading === 'more') reading = reader.push(chunk);
    }
    if (reading === 'more' && length < maxWireBytes) return;
    stop();
    socket.unshift(Buffer.concat(chunks));
    done(typeof reading === 'string' ? null : reading);
  };
  socket.on('readable', onReadable).on('end', giveUp).on('close', giveUp).on('error', giveUp);
}
