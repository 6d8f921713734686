import { RequestBody } from '../http/request-body.ts';
import { ChunkedDecoder, type ChunkedSink } from './chunked.ts';
import type { ReadBuffer } from './read-buffer.ts';

/** The connection that a body comes by. */
export interface BodyWire {
  /** The body is read for the first time: a client that waits for a word to send it gets it now. */
  bodyBegins(): void;
  bodyWanted(): void;
  bodyHeld(): void;
  /** Nobody reads it. */
  bodyDiscarded(): void;
  /** The trailer lines are in, before the reader sees the end. Gives what is wrong with them, or null. */
  trailersArrived(lines: string): string | null;
}

/** The body of a request of HTTP/1 (RFC 9112 §6): takes the framing off. */
export class InboundBody extends RequestBody implements ChunkedSink {
  /** What is wrong with the framing; null while all is well. */
  fault: string | null = null;
  /** All of it was taken from the wire. */
  isDone = false;
  /** What was thrown away. */
  discardedBytes = 0;
  private readonly wire: BodyWire;
  private memory: ReadBuffer | null = null;
  private remaining: number;
  private readonly decoder: ChunkedDecoder | null;

  /** `length`: what the head says, more than 0; null: it comes in chunks. */
  constructor(wire: BodyWire, length: number | null) {
    super();
    this.wire = wire;
    this.remaining = length ?? 0;
    this.decoder = length === null ? new ChunkedDecoder() : null;
  }

  /**
   * Takes bytes up to `end` and gives the index after the last one that belongs to the body. `memory`: what they stand
   * in, where it is read into again.
   */
  feed(bytes: Buffer, end: number, memory: ReadBuffer | null): number {
    const { decoder } = this;
    this.memory = memory;
    if (decoder === null) {
      const next = Math.min(end, this.remaining);
      this.remaining -= next;
      this.content(next === bytes.length ? bytes : bytes.subarray(0, next));
      if (this.remaining === 0) this.done();
      return next;
    }
    const next = decoder.decode(bytes, 0, end, this);
    if (decoder.fault !== null) this.fault = decoder.fault;
    else if (decoder.isDone) {
      this.fault = decoder.trailerLines === '' ? null : this.wire.trailersArrived(decoder.trailerLines);
      if (this.fault === null) this.done();
    }
    return next;
  }

  content(slice: Buffer): void {
    if (this.destroyed) this.discardedBytes += slice.byteLength;
    this.arrived(this.memory === null || this.destroyed ? slice : this.memory.lend(slice));
  }

  /** The rest will not come: the client broke off, or what came cannot be read. */
  breakOff(error: Error): void {
    if (!this.isDone) this.fail(error);
  }

  private done(): void {
    this.isDone = true;
    this.finish();
  }

  protected begin(): void {
    this.wire.bodyBegins();
  }

  protected wanted(): void {
    this.wire.bodyWanted();
  }

  protected held(): void {
    this.wire.bodyHeld();
  }

  protected discard(): void {
    this.wire.bodyDiscarded();
  }
}
