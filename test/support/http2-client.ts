import { once } from 'node:events';
import tls from 'node:tls';
import { HpackDecoder } from '../../proxy/http2/hpack-decoder.ts';
import { frame, frameTypes, preface, settingsAck, settingsFrame } from '../attack/floods/http2-frames.ts';
import { acknowledges, endOfStream, type Frame, FrameReader } from './http2-frames.ts';
import { pollUntil } from './poll.ts';

/** Generous: what is waited for is there as soon as the other side has spoken. */
const deadlineMs = 20_000;

/** What came on one stream. */
export interface StreamAnswer {
  /** Names and values of each block: interim answers, the answer, trailers. */
  readonly blocks: readonly (readonly string[])[];
  /** Of the last block that has one; 0: there was none. */
  readonly status: number;
  readonly body: string;
  readonly isEnded: boolean;
  /** The code that the stream was reset with; null: it was not. */
  readonly reset: number | null;
}

interface ConnectOptions {
  readonly begin?: Buffer;
  readonly acknowledgesSettings?: boolean;
}

/** A client of HTTP/2 that sends frames as it is told to, and notes what comes. */
export class RawHttp2Client {
  readonly frames: Frame[] = [];
  isClosed = false;
  readonly socket: tls.TLSSocket;
  private readonly reader = new FrameReader();
  private readonly decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 1e6, maxFields: 1000 });
  private readonly blocks = new Map<number, string[][]>();

  private constructor(socket: tls.TLSSocket, acknowledgesSettings: boolean) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('data', (chunk: Buffer) => {
      for (const each of this.reader.push(chunk)) {
        if (each.type === frameTypes.headers) this.take(each);
        this.frames.push(each);
        if (acknowledgesSettings && each.type === frameTypes.settings && each.flags === 0) this.send(settingsAck);
      }
    });
  }

  /** To a port of 127.0.0.1, where `begin` is sent at once: the preface and SETTINGS. */
  static async connect(
    port: number,
    { begin = Buffer.concat([preface, settingsFrame()]), acknowledgesSettings = true }: ConnectOptions = {},
  ): Promise<RawHttp2Client> {
    const socket = tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    await once(socket, 'secureConnect');
    const client = new RawHttp2Client(socket, acknowledgesSettings);
    client.send(begin);
    return client;
  }

  send(...frames: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames));
  }

  /** What has come on a stream by now. */
  answer(stream: number): StreamAnswer {
    const frames = this.frames.filter((each) => each.stream === stream);
    const blocks = this.blocks.get(stream) ?? [];
    const status = blocks.findLast(([name]) => name === ':status')?.[1];
    const reset = frames.find(({ type }) => type === frameTypes.resetStream);
    return {
      blocks,
      status: Number(status ?? 0),
      body: frames
        .flatMap(({ type, payload }) => (type === frameTypes.data ? [payload.toString('latin1')] : []))
        .join(''),
      isEnded: frames.some(({ type, flags }) => isMessage(type) && (flags & endOfStream) !== 0),
      reset: reset === undefined ? null : reset.payload.readUInt32BE(0),
    };
  }

  /** The code of the first GOAWAY; null: there was none. */
  get goAway(): number | null {
    return this.frames.find(({ type }) => type === frameTypes.goAway)?.payload.readUInt32BE(4) ?? null;
  }

  /** The stream's answer, once it is over in one way or another: ended, reset, or with its connection. */
  async answered(stream: number): Promise<StreamAnswer> {
    const isOver = (): boolean => {
      const { isEnded, reset } = this.answer(stream);
      return isEnded || reset !== null || this.isClosed;
    };
    await pollUntil(isOver, deadlineMs);
    return this.answer(stream);
  }

  async closed(): Promise<void> {
    await pollUntil(() => this.isClosed, deadlineMs);
  }

  /** Everything that was sent before has been read by the other side. */
  async settled(): Promise<void> {
    const word = Buffer.from(String(this.frames.length).padStart(8, '.'));
    this.send(frame(frameTypes.ping, 0, 0, word));
    await pollUntil(
      () =>
        this.isClosed ||
        this.frames.some(
          ({ type, flags, payload }) => type === frameTypes.ping && flags === acknowledges && payload.equals(word),
        ),
      deadlineMs,
    );
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Answers here are of one frame. */
  private take({ stream, flags, payload }: Frame): void {
    if ((flags & 4) === 0) throw new Error('A head of several frames, which this client does not read');
    const fields: string[] = [];
    this.decoder.decode(payload, 0, payload.length, fields);
    this.blocks.set(stream, [...(this.blocks.get(stream) ?? []), fields]);
  }
}

function isMessage(type: number): boolean {
  return type === frameTypes.data || type === frameTypes.headers;
}
