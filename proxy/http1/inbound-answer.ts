import type { Socket } from 'node:net';
import { chunkSizeLine, lastChunk } from './chunked.ts';
import type { AnswerFraming, AnswerHead } from './inbound-answer-head.ts';

/** Chunks up to this size leave in one piece with what stands before and after them, at the price of a copy. */
const copiedBytes = 4096;
/** So much is gathered at most before it leaves. */
const gatheredBytes = 16 * 1024;

function flushWriter(writer: AnswerWriter): void {
  writer.tick();
}

/**
 * Writes the answers of one connection, one after the other. What is written in one turn leaves together: a head and
 * the first bytes of its body take one write, and a head alone is out by the end of the turn.
 */
export class AnswerWriter {
  /** The body was not what its head had said; only the end of the connection can tell the client. */
  isFalse = false;
  private readonly socket: Socket;
  private framing: AnswerFraming = 'none';
  private remaining = 0;
  private gathered = '';
  private isScheduled = false;

  constructor(socket: Socket) {
    this.socket = socket;
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
    if ((framing === 'length' && this.remaining === 0) || this.gathered.length > gatheredBytes) this.flush();
    else this.schedule();
    return !this.socket.writableNeedDrain;
  }

  /** The body is complete. Everything is handed to the socket. */
  end(trailers: readonly string[]): void {
    if (this.framing === 'chunked') this.gathered += lastChunk(trailers);
    else if (this.framing === 'length' && this.remaining > 0) this.isFalse = true;
    this.framing = 'none';
    this.flush();
  }

  flush(): void {
    const { gathered, socket } = this;
    if (gathered === '') return;
    this.gathered = '';
    if (socket.writable) socket.write(gathered, 'latin1');
  }

  tick(): void {
    this.isScheduled = false;
    this.flush();
  }

  private gather(text: string): void {
    this.gathered += text;
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    process.nextTick(flushWriter, this);
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
