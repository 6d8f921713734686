import type { StreamAnswering } from './contract.ts';
import { errorCodes } from './frames.ts';
import type { Sender } from './sender.ts';
import type { StreamInput } from './stream-input.ts';

const none: readonly string[] = [];

/** The connection, as far as one of its streams is concerned. */
export interface StreamWire {
  readonly sender: Sender;
  /** The answer is out. */
  localEnded(stream: Http2Stream): void;
  resetByUs(stream: Http2Stream, code: number): void;
}

/** One stream that a client has opened (RFC 9113 §5.1), from its request's head to its end. */
export class Http2Stream {
  readonly id: number;
  answering: StreamAnswering | null = null;
  /** The request's body; null: there is none. */
  readonly input: StreamInput | null;
  /** The client has ended its side. */
  isRemoteEnded: boolean;
  /** The end of the answer was sent. */
  isLocalEnded = false;
  isClosed = false;
  /** Both sides may end when they like: it is no request any more. */
  isSocket = false;
  /** What the client takes; below 0 where it made its windows smaller. */
  sendWindow: number;
  /** What could not be sent yet; null: nothing. */
  queue: Buffer[] | null = null;
  /** Where the rest of its first piece begins. */
  queueAt = 0;
  /** The next one in the row of those that could send now. */
  nextReady: Http2Stream | null = null;
  isReady = false;
  /** Where the flags of its last frame stand, and in which of the outlet's buffers; -1: nowhere. */
  flagsAt = -1;
  flagsGeneration = 0;
  private readonly wire: StreamWire;
  private isFinishing = false;
  private trailers = none;

  constructor(id: number, wire: StreamWire, input: StreamInput | null, sendWindow: number) {
    this.id = id;
    this.wire = wire;
    this.input = input;
    this.isRemoteEnded = input === null;
    this.sendWindow = sendWindow;
  }

  /** The request is answered by this. */
  begin(answering: StreamAnswering): void {
    this.answering = answering;
  }

  /** Sends the head of an answer, or a 1xx answer before it. Throws where a field cannot be sent. */
  respond(status: number, fields: readonly string[]): void {
    if (!this.isClosed) this.wire.sender.headers(this, status, fields, false);
  }

  /** Sends an answer that has no body. Throws where a field cannot be sent. */
  respondWhole(status: number, fields: readonly string[]): void {
    if (this.isClosed) return;
    this.wire.sender.headers(this, status, fields, true);
    this.localEnd();
  }

  /** Sends part of the body. False: not all of it could be sent, and what could not is held. */
  write(chunk: Uint8Array): boolean {
    if (this.isClosed || this.isFinishing || chunk.byteLength === 0) return true;
    const bytes = chunk instanceof Buffer ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    return this.wire.sender.data(this, bytes);
  }

  /** The body is complete. */
  finish(trailers: readonly string[]): void {
    if (this.isClosed || this.isFinishing || this.isLocalEnded) return;
    this.isFinishing = true;
    this.trailers = trailers;
    if (this.queue === null) this.conclude();
  }

  reset(code: number): void {
    if (!this.isClosed) this.wire.resetByUs(this, code);
  }

  /** All that was held is sent. */
  emptied(): void {
    if (this.isFinishing) this.conclude();
    else this.answering?.drained();
  }

  private conclude(): void {
    const { sender } = this.wire;
    if (this.trailers.length === 0) {
      sender.endStream(this);
    } else {
      try {
        sender.headers(this, 0, this.trailers, true);
      } catch {
        // Names that cannot be sent: better a broken answer than one whose end is missing.
        this.reset(errorCodes.internal);
        return;
      }
    }
    this.localEnd();
  }

  private localEnd(): void {
    this.isLocalEnded = true;
    this.wire.localEnded(this);
  }
}
