import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { InboundClock } from '../../proxy/http1/inbound-clock.ts';
import { Http2Connection } from '../../proxy/http2/connection.ts';
import type { Http2Client, StreamAnswering, StreamReader } from '../../proxy/http2/contract.ts';
import type { RequestHead } from '../../proxy/http2/request-head.ts';
import type { Http2Stream } from '../../proxy/http2/stream.ts';
import type { StreamInput } from '../../proxy/http2/stream-input.ts';
import { StreamSocket } from '../../proxy/http2/stream-socket.ts';
import { defaultClientLimits } from '../../proxy/model/limits.ts';
import { must } from './targets.ts';

/** A socket without a network: what is pushed arrives, what is written is kept, when it is let through. */
class Pipe extends Duplex {
  readonly written: Buffer[] = [];
  private waiting: Buffer[] = [];

  override _read(): void {
    // What comes is told of by events, as of a socket in flowing mode.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    // A copy: buffers are used again.
    this.written.push(Buffer.from(chunk));
    setImmediate(done);
  }

  arrive(bytes: Buffer): void {
    this.waiting.push(bytes);
    this.deliver();
  }

  override resume(): this {
    super.resume();
    setImmediate(() => this.deliver());
    return this;
  }

  private deliver(): void {
    while (!this.isPaused() && !this.destroyed) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.emit('data', next);
    }
  }
}

const chunk = Buffer.alloc(20_000, 'x');

/** Answers one request by its path. */
class Answer implements StreamAnswering, StreamReader {
  ends = 0;
  /** How often its body was told to be over. */
  bodyEnds = 0;
  private readonly stream: Http2Stream;
  private left: number;
  private socket: StreamSocket | null = null;
  private isEcho = false;

  constructor(stream: Http2Stream, { path, method, protocol }: RequestHead) {
    this.stream = stream;
    this.left = path === '/big' ? 15 : 0;
    stream.begin(this);
    stream.input?.readBy(this);
    if (path === '/never') return;
    if (protocol !== '' && stream.input !== null) {
      this.speak(stream.input);
      return;
    }
    if (path === '/reset') {
      stream.reset(2);
    } else if (path === '/echo' && stream.input !== null) {
      this.echo();
    } else {
      if (path === '/hints') stream.respond(103, ['Link', '</a>']);
      stream.respond(path === '/none' ? 204 : 200, ['Server', 'x', 'Content-Type', 'text/plain', 'X-Path', path]);
      if (method !== 'HEAD' && path !== '/none') stream.write(Buffer.from('hello'));
      if (this.left > 0) this.drained();
      else stream.finish(path === '/trailers' ? ['X-Sum', '42'] : []);
    }
  }

  drained(): void {
    this.socket?.drained();
    while (this.left > 0) {
      this.left -= 1;
      const isSent = this.stream.write(chunk);
      if (this.left === 0) this.stream.finish([]);
      if (!isSent) return;
    }
  }

  malformed(): void {
    must(this.ends === 0, 'a closed stream is not found malformed');
  }

  trailersArrived(): string | null {
    return null;
  }

  streamClosed(): void {
    this.ends += 1;
  }

  /** Says the same back, as on a socket. */
  private speak(input: StreamInput): void {
    const socket = new StreamSocket(this.stream, input);
    this.socket = socket;
    this.stream.respond(200, []);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  }

  private echo(): void {
    this.isEcho = true;
    this.stream.respond(200, []);
    this.stream.input?.want();
  }

  arrived(slice: Buffer): void {
    must(this.isEcho, 'nothing is given that is not wanted');
    this.stream.write(slice);
    this.stream.input?.want();
  }

  ended(): void {
    this.bodyEnds += 1;
    if (this.isEcho) this.stream.finish([]);
  }

  broken(): void {
    this.bodyEnds += 1;
  }

  /** Whoever reads its body knows that no more of it comes. */
  get isTold(): boolean {
    return this.stream.input === null || this.socket !== null || this.bodyEnds === 1;
  }
}

export interface Peer {
  /** Bytes of a client. */
  send(bytes: Buffer): void;
  /** What has been sent to it. */
  received(): Buffer;
  /** Breaks the connection off and looks at what is left of it. */
  close(): Promise<void>;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A connection without a network, which answers requests by their path. */
export function openPeer(): Peer {
  const pipe = new Pipe();
  const answers: Answer[] = [];
  let ends = 0;
  const client: Http2Client = {
    takeRequest(stream, head) {
      answers.push(new Answer(stream, head));
    },
    malformed: () => undefined,
    note: () => undefined,
    failed(error) {
      throw error;
    },
    closed() {
      ends += 1;
    },
  };
  const connection = new Http2Connection(pipe as unknown as Socket, client, {
    maxHeaderBytes: 2000,
    maxConcurrentStreams: 20,
    maxDecoderTableBytes: 4096,
    maxEncoderTableBytes: 4096,
    headMs: 60_000,
    idleMs: 60_000,
    stalledMs: 60_000,
    limits: defaultClientLimits,
    clock: new InboundClock(60_000),
  });
  return {
    send: (bytes) => pipe.arrive(bytes),
    received: () => Buffer.concat(pipe.written),
    async close() {
      pipe.destroy();
      await turn();
      must(ends === 1, 'a connection ends once');
      must(connection.isWaiting, 'no stream outlives its connection');
      must(
        answers.every(({ isTold }) => isTold),
        'who reads a body is told of its end, once',
      );
      must(
        answers.every((answer) => answer.ends === 1),
        'each stream is told of its end, once',
      );
    },
  };
}
