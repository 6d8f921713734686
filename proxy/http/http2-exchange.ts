import type { Duplex } from 'node:stream';
import { httpDate } from '../http1/http-date.ts';
import type { StreamAnswering } from '../http2/contract.ts';
import { errorCodes } from '../http2/frames.ts';
import type { Http2Stream } from '../http2/stream.ts';
import { StreamSocket } from '../http2/stream-socket.ts';
import { takeTrailers } from './canonical.ts';
import type { EntryContext } from './entry-context.ts';
import { answerError } from './error-page.ts';
import type { ResponseHead } from './exchange.ts';
import type { HeaderList } from './header-list.ts';
import { askForSocket, isAnswerTo } from './http2-socket.ts';
import { joinConnections } from './join.ts';
import { LiveExchange } from './live-exchange.ts';
import type { LiveRequest, UpgradePort } from './live-request.ts';

const none: readonly string[] = [];

/** Who counts the requests that are under way. */
export interface StreamOwner {
  /** One less. */
  streamClosed(): void;
}

/** An answer on one HTTP/2 stream. */
export class Http2Exchange extends LiveExchange implements StreamAnswering, UpgradePort {
  private readonly stream: Http2Stream;
  private readonly owner: StreamOwner;
  private isBodyless = false;
  /** Of the body, by its Content-Length; -1: it has none. */
  private bytesLeft = -1;
  /** The body is longer than its head says; only a reset can tell the client. */
  private isFalse = false;
  private socketKey = '';
  private socket: StreamSocket | null = null;

  constructor(request: LiveRequest, stream: Http2Stream, context: EntryContext, atMs: number, owner: StreamOwner) {
    super(request, context, atMs);
    this.stream = stream;
    this.owner = owner;
    stream.begin(this);
  }

  /** HTTP/1 bodies are timed by their connection; on a stream it is for us to do. */
  limitBody(limitMs: number): void {
    if (limitMs > 0) this.limit(limitMs, 'REQUEST_TIMEOUT');
  }

  /** The client wants a connection of this protocol on its stream. */
  asksForSocket(protocol: string, isEnded: boolean): void {
    this.socketKey = askForSocket(this.request, this, protocol, isEnded);
  }

  /** The client waits for a word to send its body. */
  continue(): void {
    if (!this.hasHead && !this.isOver) this.stream.respond(100, none);
  }

  informational(status: number, headers: HeaderList): void {
    if (this.hasHead || this.isOver) return;
    this.stream.respond(status, headers.raw);
  }

  head({ status, headers }: ResponseHead): void {
    if (this.hasHead || this.isOver) return;
    this.isBodyless = this.request.method === 'HEAD' || status === 204 || status === 205 || status === 304;
    // No content, so no length of one (RFC 9110 §8.6): clients take a 204 that has one for a broken stream.
    if (status === 204 || status === 205) headers.delete('Content-Length');
    const fields = dated(headers);
    if (this.isBodyless) {
      this.began(status, headers);
      this.stream.respondWhole(status, fields);
    } else {
      this.bytesLeft = lengthOf(headers);
      this.stream.respond(status, fields);
      this.began(status, headers);
    }
  }

  write(chunk: Uint8Array): boolean {
    const { stream } = this;
    if (this.isOver || this.isBodyless || stream.isClosed) return true;
    const bytes = chunk.byteLength;
    if (this.bytesLeft >= 0) {
      if (bytes > this.bytesLeft) {
        this.isFalse = true;
        return true;
      }
      this.bytesLeft -= bytes;
    }
    this.responseBytes += bytes;
    if (stream.write(chunk)) return true;
    this.stalled();
    return false;
  }

  /** What was sent is a copy. */
  get isFlushed(): boolean {
    return this.stream.queue === null;
  }

  override drained(): void {
    if (this.socket === null) super.drained();
    else this.socket.drained();
  }

  end(trailers?: HeaderList): void {
    const { stream } = this;
    if (this.isOver) return;
    this.isOver = true;
    if (stream.isClosed) return;
    if (this.isFalse || this.bytesLeft > 0) {
      this.notes.error ??= { code: 'INTERNAL', detail: 'the answer was not as long as its Content-Length' };
      stream.reset(errorCodes.internal);
      return;
    }
    stream.finish(trailers === undefined || this.isBodyless ? none : trailers.raw);
    // Some windows never open: the answer would lie here for as long as the connection lasts.
    if (stream.queue === null) return;
    this.moving();
    this.stalled();
  }

  abort(_error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    // Not by its end: the client would take what it has for a complete answer.
    this.stream.reset(errorCodes.internal);
  }

  malformed(detail: string): void {
    this.notes.error ??= { code: 'REQUEST_MALFORMED', detail };
  }

  trailersArrived(fields: readonly string[]): string | null {
    return takeTrailers(this.request, fields);
  }

  streamClosed(isAnswered: boolean): void {
    this.owner.streamClosed();
    if (this.socket === null) this.closed(isAnswered && this.hasHead);
    else if (!isAnswered) this.socket.destroy();
  }

  protected giveUpBody(): void {
    this.stream.reset(errorCodes.none);
    this.stream.input?.drop();
  }

  protected dropUnread(): void {
    this.isOver = true;
    this.stream.reset(errorCodes.cancel);
  }

  /** A server's 101 turns the stream into a pipe (RFC 8441 §5). */
  accept(headers: HeaderList, server: Duplex): void {
    const { stream } = this;
    if (this.isOver || stream.isClosed || stream.input === null) {
      server.destroy();
      return;
    }
    if (!isAnswerTo(this.socketKey, headers)) {
      server.destroy();
      answerError(this, 502, 'UPSTREAM_PROTOCOL', 'the server’s Sec-WebSocket-Accept is not the answer to its key');
      return;
    }
    headers.delete('Sec-WebSocket-Accept');
    this.unlimited();
    stream.respond(200, dated(headers));
    this.began(200, headers);
    const socket = new StreamSocket(stream, stream.input);
    this.socket = socket;
    joinConnections(socket, server, ({ fromClient, fromServer }) => {
      this.countExtra(fromClient, fromServer);
      this.notes.originEndedAt = performance.now();
      this.closed(true);
    });
  }
}

/** With a `Date` (RFC 9110 §6.6.1). */
function dated(headers: HeaderList): readonly string[] {
  return headers.has('date') ? headers.raw : [...headers.raw, 'date', httpDate()];
}

/** What the head says of the body; -1: nothing. */
function lengthOf(headers: HeaderList): number {
  const value = headers.get('content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : -1;
}
