import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { decodeMessage, encodeMessage, type Message, type ResourceRecord } from './message.ts';
import { dnsType, u16 } from './wire.ts';

/** A name server by its address. */
export interface ServerAddress {
  readonly address: string;
  readonly port: number;
}

interface Query {
  readonly server: ServerAddress;
  readonly name: string;
  readonly type: number;
  /** Whether a server may ask others: those of the system are asked so, a zone's own not. */
  readonly wantsRecursion: boolean;
  /** For each try; there are two by UDP. */
  readonly timeoutMs: number;
}

/** Largest answer by UDP that does not come in fragments (https://www.dnsflagday.net/2020/). */
const largestDatagram = 1232;

/** Asks one server one question: by UDP, and by TCP where the answer does not fit. Throws where no answer comes. */
export async function askServer(query: Query, signal: AbortSignal): Promise<Message> {
  const { server, name, type, timeoutMs } = query;
  const edns: ResourceRecord = { name: '', type: dnsType.OPT, class: largestDatagram, ttlS: 0, data: Buffer.alloc(0) };
  const id = randomInt(0x10000);
  const bytes = encodeMessage({
    id,
    wantsRecursion: query.wantsRecursion,
    questions: [{ name, type }],
    additional: [edns],
  });
  const answers = (message: Message): boolean => {
    const [question] = message.questions;
    return message.isResponse && message.id === id && question?.name === plain(name) && question.type === type;
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const message = await overUdp(server, bytes, answers, limited(signal, timeoutMs));
      if (!message.isTruncated) return message;
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt === 2) throw error;
    }
  }
  const message = decodeMessage(await overTcp(server, bytes, limited(signal, timeoutMs)));
  if (!answers(message)) throw new Error('the answer is to another question');
  return message;
}

const plain = (name: string): string => name.replace(/\.$/, '').toLowerCase();
const limited = (signal: AbortSignal, ms: number): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(ms)]);

/** What comes from elsewhere, or does not fit the question, is not looked at: anyone can send datagrams. */
function overUdp(
  { address, port }: ServerAddress,
  bytes: Buffer,
  answers: (message: Message) => boolean,
  signal: AbortSignal,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let isDone = false;
    const finish = (act: () => void): void => {
      if (isDone) return;
      isDone = true;
      signal.removeEventListener('abort', abort);
      socket.close();
      act();
    };
    const fail = (error: unknown): void => finish(() => reject(reasonFor(error)));
    const abort = (): void => fail(signal.reason);
    socket.on('error', fail);
    socket.on('message', (data) => {
      let message: Message;
      try {
        message = decodeMessage(data);
      } catch {
        return;
      }
      if (answers(message)) finish(() => resolve(message));
    });
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    // Connected, the kernel takes datagrams of this server only, and says when nothing listens there.
    socket.connect(port, address, () => {
      if (!isDone) socket.send(bytes);
    });
  });
}

/** Sends a message by TCP, with its length before it (RFC 1035, section 4.2.2), and reads one. */
export function overTcp({ address, port }: ServerAddress, bytes: Buffer, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    let got = Buffer.alloc(0);
    const finish = (act: () => void): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      act();
    };
    const fail = (error: unknown): void => finish(() => reject(reasonFor(error)));
    const abort = (): void => fail(signal.reason);
    socket.on('error', fail);
    socket.once('connect', () => socket.write(Buffer.concat([u16(bytes.length), bytes])));
    socket.on('data', (chunk) => {
      got = Buffer.concat([got, chunk]);
      if (got.length < 2) return;
      const length = got.readUInt16BE();
      if (got.length >= length + 2) finish(() => resolve(got.subarray(2, length + 2)));
    });
    socket.once('end', () => fail(new Error('the connection ended before the answer')));
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

function reasonFor(error: unknown): Error {
  if (error instanceof Error && error.name === 'TimeoutError') return new Error('no answer in time', { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}
