import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { RequestBody } from '../http/request-body.ts';
import { chunkSizeLine, lastChunk } from './chunked.ts';
import { isToken, isValue } from './request-head.ts';

/** The side of a request that its body concerns. */
interface BodyListener {
  /** All of it was handed to the connection. */
  bodySent(): void;
  /** It broke off, or is not what its head said; the request cannot be completed. */
  bodyFailed(error: Error): void;
}

/** Sends a body to a server at its pace. */
export class BodySender {
  isSent = false;
  private readonly socket: Socket;
  private readonly body: Readable;
  private readonly listener: BodyListener;
  private readonly trailers: (() => readonly string[]) | null;
  private readonly isChunked: boolean;
  private remaining: number;
  private isStopped = false;
  private isCorked = true;

  /** `bodyBytes`: as the head has it; -1: in chunks. */
  constructor(
    socket: Socket,
    body: Readable,
    bodyBytes: number,
    trailers: (() => readonly string[]) | null,
    listener: BodyListener,
  ) {
    this.socket = socket;
    this.body = body;
    this.isChunked = bodyBytes < 0;
    this.remaining = bodyBytes;
    this.trailers = trailers;
    this.listener = listener;
  }

  /** Sends the head, in one write with the first bytes of the body where those are there already. */
  start(head: string): void {
    const { socket, body } = this;
    socket.cork();
    socket.write(head, 'latin1');
    setImmediate(() => this.uncork());
    if (body.destroyed || body.readableEnded) {
      if (body.readableEnded) this.ended();
      else this.failed(new Error('the request broke off'));
      return;
    }
    // Nobody else reads it: what has left for the server is of no more use.
    if (body instanceof RequestBody && body.listenerCount('data') === 0) {
      body.readerHoldsNothing = () => socket.writableLength === 0;
    }
    body.on('error', (error: Error) => this.failed(error));
    body.on('close', () => this.failed(new Error('the request broke off')));
    body.on('end', () => this.ended());
    body.on('data', (chunk: Buffer) => this.send(chunk));
  }

  /** The connection takes more. */
  drained(): void {
    if (!this.isStopped && !this.isSent) this.body.resume();
  }

  /** Nobody wants the rest; whose connection it comes from gets rid of it. */
  stop(): void {
    if (this.isStopped || this.isSent) return;
    this.isStopped = true;
    this.uncork();
    this.body.destroy();
  }

  private send(chunk: Buffer): void {
    if (this.isStopped || chunk.byteLength === 0) return;
    const { socket } = this;
    let goesOn: boolean;
    if (this.isChunked) {
      if (!this.isCorked) socket.cork();
      socket.write(chunkSizeLine(chunk.byteLength), 'latin1');
      socket.write(chunk);
      goesOn = socket.write('\r\n', 'latin1');
      if (!this.isCorked) socket.uncork();
    } else {
      this.remaining -= chunk.byteLength;
      if (this.remaining < 0) {
        this.failed(new Error('the body is longer than its Content-Length'));
        return;
      }
      goesOn = socket.write(chunk);
    }
    this.uncork();
    // What the system took at once needs no pause, whatever the mark.
    if (!goesOn && socket.writableLength > 0) this.body.pause();
  }

  private ended(): void {
    if (this.isStopped || this.isSent) return;
    if (this.remaining > 0) {
      this.failed(new Error('the body is shorter than its Content-Length'));
      return;
    }
    this.isSent = true;
    if (this.isChunked) this.socket.write(lastChunk(sendable(this.trailers?.() ?? [])), 'latin1');
    this.uncork();
    this.listener.bodySent();
  }

  private failed(error: Error): void {
    if (this.isStopped || this.isSent) return;
    this.isStopped = true;
    this.uncork();
    this.listener.bodyFailed(error);
  }

  private uncork(): void {
    if (!this.isCorked) return;
    this.isCorked = false;
    this.socket.uncork();
  }
}

/** Trailers without those that would be read as something else. */
function sendable(fields: readonly string[]): readonly string[] {
  const sent: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (isToken(name) && isValue(value)) sent.push(name, value);
  }
  return sent;
}
