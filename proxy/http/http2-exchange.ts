import type { ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { Duplex } from 'node:stream';
import { type Holdup, stuckAfterMs } from './crowd.ts';
import type { EntryContext } from './entry-context.ts';
import { answerError } from './error-page.ts';
import type { ResponseHead } from './exchange.ts';
import type { HeaderList } from './header-list.ts';
import { askForSocket, isAnswerTo } from './http2-socket.ts';
import type { Http2Watch } from './http2-watch.ts';
import { joinConnections } from './join.ts';
import { stoppedReading } from './limit-counts.ts';
import { LiveExchange } from './live-exchange.ts';
import type { LiveRequest, UpgradePort } from './live-request.ts';
import type { Limited } from './time-limits.ts';

/** An answer on one HTTP/2 stream. */
export class Http2Exchange extends LiveExchange implements UpgradePort {
  private readonly stream: ServerHttp2Stream;
  private isBodyless = false;
  private isAwaitingDrain = false;
  private trailers: HeaderList | null = null;
  private readonly entry: EntryContext;
  private readonly watch: Http2Watch;
  private unread: (Limited & Holdup) | null = null;
  private pendingHead: string[] | null = null;
  private mayHaveTrailers = false;
  private socketKey = '';
  private hasBeenUpgraded = false;

  constructor(request: LiveRequest, stream: ServerHttp2Stream, context: EntryContext, atMs: number, watch: Http2Watch) {
    super(request, context, atMs);
    this.stream = stream;
    this.entry = context;
    this.watch = watch;
  }

  /** HTTP/1 bodies are timed by Node's server; on a stream it is for us to do. */
  limitBody(limitMs: number): void {
    if (limitMs > 0) this.limit(limitMs, 'REQUEST_TIMEOUT');
  }

  /** The client wants a connection of this protocol on its stream. */
  asksForSocket(protocol: string, isEnded: boolean): void {
    this.socketKey = askForSocket(this.request, this, protocol, isEnded);
  }

  informational(status: number, headers: HeaderList): void {
    if (this.hasHead || this.isOver || !this.isOpen()) return;
    const fields: Record<string, string | string[] | number> = { ':status': status };
    for (const [name, value] of headers) addField(fields, name.toLowerCase(), value);
    this.stream.additionalHeaders(fields);
  }

  head({ status, headers }: ResponseHead): void {
    if (this.hasHead || this.isOver || !this.isOpen()) return;
    this.isBodyless = this.request.method === 'HEAD' || status === 204 || status === 205 || status === 304;
    // No content, so no length of one (RFC 9110 §8.6): clients take a 204 that has one for a broken stream.
    if (status === 204 || status === 205) headers.delete('Content-Length');
    const { raw } = headers;
    const fields: string[] = [':status', String(status)];
    let hasLength = false;
    for (let i = 0; i < raw.length; i += 2) {
      const name = (raw[i] as string).toLowerCase();
      if (name === 'content-length') hasLength = true;
      fields.push(name, raw[i + 1] as string);
    }
    this.pendingHead = fields;
    // Whether trailers follow is known for certain only at the end; an answer with a length has none in HTTP/1.
    this.mayHaveTrailers = !this.isBodyless && !hasLength;
    this.began(status, headers);
    if (this.isBodyless) this.sendHead(true);
    else process.nextTick(this.onTurnOver);
  }

  /** A head waits until the end of the turn for what follows it: one that ends the stream, too, is one frame. */
  private sendHead(endStream: boolean): void {
    const fields = this.pendingHead;
    if (fields === null) return;
    this.pendingHead = null;
    if (!this.isOpen()) return;
    const waitForTrailers = this.mayHaveTrailers && !endStream;
    if (waitForTrailers) this.stream.on('wantTrailers', () => this.sendTrailers());
    this.stream.respond(fields, { endStream, waitForTrailers });
  }

  private readonly onTurnOver = (): void => {
    try {
      this.sendHead(false);
    } catch (error) {
      this.stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };

  write(chunk: Uint8Array): boolean {
    if (this.isOver || this.isBodyless || !this.isOpen()) return true;
    this.responseBytes += chunk.byteLength;
    this.watch.sent(chunk.byteLength);
    this.sendHead(false);
    if (this.stream.write(chunk)) return true;
    this.stalled();
    return false;
  }

  protected awaitDrain(): void {
    if (this.isAwaitingDrain) return;
    this.isAwaitingDrain = true;
    this.stream.on('drain', () => this.drained());
  }

  get isFlushed(): boolean {
    return this.stream.writableLength === 0;
  }

  end(trailers?: HeaderList): void {
    if (this.isOver) return;
    this.isOver = true;
    if (trailers) this.trailers = trailers;
    if (!this.isBodyless && this.isOpen()) {
      const isWhole = this.pendingHead !== null && !(this.mayHaveTrailers && trailers && trailers.raw.length > 0);
      this.sendHead(isWhole);
      if (!isWhole) this.stream.end();
      // Some windows never open: the answer would lie here for as long as the connection lasts.
      if (this.stream.writableLength > 0) this.watchUnread();
    }
    // The rest of a body that nobody reads: the client is told to stop sending it (RFC 9113 §8.1).
    if ((this.request.body !== null || this.request.upgradePort !== null) && !this.stream.readableEnded) {
      this.stream.once('finish', () => {
        if (!this.stream.readableEnded) this.stream.close(constants.NGHTTP2_NO_ERROR);
      });
    }
  }

  abort(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    // Not close(): that ends the stream first, and the client would take what it has for a complete answer.
    this.stream.destroy(error);
  }

  protected giveUpBody(): void {
    this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  private watchUnread(): void {
    const sinceMs = performance.now();
    const unread: Limited & Holdup = {
      isStuck: (nowMs) => nowMs - sinceMs > stuckAfterMs,
      expired: () => {
        this.notes.error ??= { code: 'CLIENT_ABORTED', detail: stoppedReading };
        this.stream.close(constants.NGHTTP2_CANCEL);
        this.stream.destroy();
      },
    };
    this.unread = unread;
    this.entry.unread.add(unread);
    this.entry.limits.watch(unread, this.entry.clientLimits.stalledAnswerMs);
  }

  /** A server's 101 turns the stream into a pipe (RFC 8441 §5). */
  accept(headers: HeaderList, server: Duplex): void {
    const { stream } = this;
    if (this.isOver || !this.isOpen()) {
      server.destroy();
      return;
    }
    if (!isAnswerTo(this.socketKey, headers)) {
      server.destroy();
      answerError(this, 502, 'UPSTREAM_PROTOCOL', 'the server’s Sec-WebSocket-Accept is not the answer to its key');
      return;
    }
    headers.delete('Sec-WebSocket-Accept');
    this.hasBeenUpgraded = true;
    this.unlimited();
    const fields: string[] = [':status', '200'];
    for (const [name, value] of headers) fields.push(name.toLowerCase(), value);
    stream.respond(fields);
    this.began(200, headers);
    // What a reset is on TCP, CANCEL is on a stream.
    server.once('error', () => {
      if (this.isOpen()) stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('data', (chunk: Buffer) => this.watch.received(chunk.byteLength));
    server.on('data', (chunk: Buffer) => this.watch.sent(chunk.byteLength));
    joinConnections(stream, server, ({ fromClient, fromServer }) => {
      this.countExtra(fromClient, fromServer);
      this.notes.originEndedAt = performance.now();
      this.closed(true);
    });
  }

  wireClosed(): void {
    if (this.unread) {
      this.entry.limits.forget(this.unread);
      this.entry.unread.delete(this.unread);
    }
    if (this.hasBeenUpgraded) return;
    this.closed(this.hasHead && this.stream.rstCode === constants.NGHTTP2_NO_ERROR && this.stream.writableFinished);
  }

  private sendTrailers(): void {
    const fields: Record<string, string | string[]> = {};
    for (const [name, value] of this.trailers ?? []) addField(fields, name.toLowerCase(), value);
    if (!this.isOpen()) return;
    try {
      this.stream.sendTrailers(fields);
    } catch (error) {
      // Names that HTTP/2 forbids: better a broken answer than a fault that ends the worker.
      this.stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private isOpen(): boolean {
    return !this.stream.destroyed && !this.stream.closed;
  }
}

function addField(fields: Record<string, string | string[] | number>, name: string, value: string): void {
  // A server may call one `constructor`, which every object has.
  const before = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (before === undefined) fields[name] = value;
  else fields[name] = Array.isArray(before) ? [...before, value] : [String(before), value];
}
