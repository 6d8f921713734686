import type { Socket } from 'node:net';
import { HpackDecoder } from '../../proxy/http2/hpack-decoder.ts';
import { endHeaders, endStream, frame, frameTypes, greeting } from '../attack/floods/http2-frames.ts';
import { acknowledges, type Frame, FrameReader } from './http2-frames.ts';
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

/** A client of HTTP/2 that sends frames as it is told to, and no other, and notes what comes. */
export class RawHttp2Client {
  readonly frames: Frame[] = [];
  /** How many reads it took. */
  reads = 0;
  isClosed = false;
  readonly socket: Socket;
  private readonly reader = new FrameReader();
  private readonly decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 1e6, maxFields: 1000 });
  private readonly blocks = new Map<number, string[][]>();
  /** Of the block that is coming. */
  private pieces: Buffer[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('data', (chunk: Buffer) => {
      this.reads += 1;
      for (const each of this.reader.push(chunk)) {
        if (each.type === frameTypes.headers || each.type === frameTypes.continuation) this.take(each);
        this.frames.push(each);
      }
    });
  }

  send(...frames: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames));
  }

  /** Begins as clients do. */
  greet(settings: Readonly<Record<number, number>> = {}): void {
    this.send(greeting(settings));
  }

  of(stream: number, type: number): Frame[] {
    return this.frames.filter((each) => each.stream === stream && each.type === type);
  }

  /** The payloads of all DATA of a stream. */
  body(stream: number): Buffer {
    return Buffer.concat(this.of(stream, frameTypes.data).map(({ payload }) => payload));
  }

  isEnded(stream: number): boolean {
    return [...this.of(stream, frameTypes.headers), ...this.of(stream, frameTypes.data)].some(
      ({ flags }) => (flags & endStream) !== 0,
    );
  }

  /** The code of RST_STREAM, or of the last GOAWAY for stream 0; null: there was none. */
  errorOf(stream: number): number | null {
    if (stream === 0) return this.of(0, frameTypes.goAway).at(-1)?.payload.readUInt32BE(4) ?? null;
    return this.of(stream, frameTypes.resetStream)[0]?.payload.readUInt32BE(0) ?? null;
  }

  /** What has come on a stream by now. */
  answer(stream: number): StreamAnswer {
    const blocks = this.blocks.get(stream) ?? [];
    const status = blocks.findLast(([name]) => name === ':status')?.[1];
    return {
      blocks,
      status: Number(status ?? 0),
      body: this.body(stream).toString('latin1'),
      isEnded: this.isEnded(stream),
      reset: this.errorOf(stream),
    };
  }

  until(holds: () => boolean): Promise<void> {
    return pollUntil(holds, deadlineMs);
  }

  /** The stream's answer, once it is over in one way or another: ended, reset, or with its connection. */
  async answered(stream: number): Promise<StreamAnswer> {
    await this.until(() => this.isEnded(stream) || this.errorOf(stream) !== null || this.isClosed);
    return this.answer(stream);
  }

  closed(): Promise<void> {
    return this.until(() => this.isClosed);
  }

  /** Everything that was sent before has been read by the other side. */
  async settled(): Promise<void> {
    const word = Buffer.from(String(this.frames.length).padStart(8, '.'));
    this.send(frame(frameTypes.ping, 0, 0, word));
    await this.until(
      () =>
        this.isClosed ||
        this.of(0, frameTypes.ping).some(({ flags, payload }) => flags === acknowledges && payload.equals(word)),
    );
  }

  private take({ stream, flags, payload }: Frame): void {
    this.pieces.push(payload);
    if ((flags & endHeaders) === 0) return;
    const block = Buffer.concat(this.pieces.splice(0));
    const fields: string[] = [];
    this.decoder.decode(block, 0, block.length, fields);
    this.blocks.set(stream, [...(this.blocks.get(stream) ?? []), fields]);
  }
}
