import type { Socket } from 'node:net';
import { chunkSizeLine, lastChunk } from './chunked.ts';
import type { AnswerFraming, AnswerHead } from './inbound-answer-head.ts';
import { canWriteRaw, writeRaw } from './raw-handle.ts';
import { flushAtTurnEnd, type Holding } from './turn-end.ts';

/** Chunks up to this size leave in one piece with what stands before and after them, at the price of a copy. */
export const copiedBytes = 4096;
/** So much is gathered at most before it leaves. */
const gatheredBytes = 16 * 1024;

/**
 * Writes the answers of one connection, one after the other. What is written in one turn leaves together at its end: a
 * head and the first bytes of its body take one write. Whoever ends the connection flushes it first.
 */
export class AnswerWriter implements Holding {
  /** The body was not what its head had said; only the end of the connection can tell the client. */
  isFalse = false;
  private readonly socket: Socket;
  private readonly isRaw: boolean;
  private framing: AnswerFraming = 'none';
  private remaining = 0;
  private gathered = '';
  private isHolding = false;

  constructor(socket: Socket) {
    this.socket = socket;
    this.isRaw = canWriteRaw(socket);
  }

  /** Something has not been handed to the socket yet. */
  get isHoldingBack(): boolean {
    return this.gathered !== '';
  }

  /** What is written as a body now is not sent. */
  get isBodyless(): boolean {
    return this.framing === 'none';
  }

  /** Text that stands before a head, such as a 1xx answer. */
  informational(text: string): void {
    this.gather(text);
  }

  head(head: AnswerHead): void {
    this.framing = head.framing;
    this.remaining = head.bodyBytes;
    this.isFalse = false;
    this.gather(head.text);
  }

  /** Part of the body. False: the connection takes no more for now. */
  body(chunk: Uint8Array): boolean {
    const { framing } = this;
    const bytes = chunk.byteLength;
    if (framing === 'none' || bytes === 0) return true;
    if (framing === 'chunked') {
      this.gathered += chunkSizeLine(bytes);
    } else if (framing === 'length') {
      this.remaining -= bytes;
      if (this.remaining < 0) {
        this.isFalse = true;
        this.framing = 'none';
        return true;
      }
    }
    const buffer = chunk instanceof Buffer ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, bytes);
    if (bytes > copiedBytes) {
      const goesOn = this.writeWith(buffer);
      if (framing === 'chunked') this.gather('\r\n');
      return goesOn;
    }
    this.gathered += buffer.toString('latin1');
    if (framing === 'chunked') this.gathered += '\r\n';
    if (this.gathered.length > gatheredBytes) this.flush();
    else this.hold();
    return !this.socket.writableNeedDrain;
  }

  /** The body is complete. */
  end(trailers: readonly string[]): void {
    if (this.framing === 'chunked') this.gathered += lastChunk(trailers);
    else if (this.framing === 'length' && this.remaining > 0) this.isFalse = true;
    this.framing = 'none';
    if (this.gathered !== '') this.hold();
  }

  /** Hands everything to the socket. */
  flush(): void {
    const { gathered, socket } = this;
    this.isHolding = false;
    if (gathered === '') return;
    this.gathered = '';
    if (!socket.writable || (this.isRaw && writeRaw(socket, gathered))) return;
    socket.write(gathered, 'latin1');
  }

  private gather(text: string): void {
    this.gathered += text;
    this.hold();
  }

  private hold(): void {
    if (this.isHolding) return;
    this.isHolding = true;
    flushAtTurnEnd(this);
  }

  private writeWith(chunk: Buffer): boolean {
    const { gathered, socket } = this;
    if (!socket.writable) return true;
    if (gathered === '') return socket.write(chunk);
    this.gathered = '';
    socket.cork();
    socket.write(gathered, 'latin1');
    socket.write(chunk);
    socket.uncork();
    return !socket.writableNeedDrain;
  }
}
