import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { parseFields } from '../http1/field-lines.ts';
import { copiedBytes } from '../http1/inbound-answer.ts';
import { type AskedFor, answerHead, checkTrailers, informationalText } from '../http1/inbound-answer-head.ts';
import type { InboundConnection } from '../http1/inbound-connection.ts';
import type { Answering } from '../http1/inbound-contract.ts';
import { takeTrailers } from './canonical.ts';
import type { EntryContext } from './entry-context.ts';
import { answerError } from './error-page.ts';
import type { ResponseHead } from './exchange.ts';
import type { HeaderList } from './header-list.ts';
import { joinConnections } from './join.ts';
import { stoppedReading } from './limit-counts.ts';
import { LiveExchange } from './live-exchange.ts';
import type { LiveRequest, UpgradePort } from './live-request.ts';

const noBytes = Buffer.alloc(0);

/** An answer on HTTP/1.0 or 1.1. */
export class Http1Exchange extends LiveExchange implements Answering, UpgradePort, AskedFor {
  /** The connection is not used again: its framing is in doubt, or somebody said so. */
  closes = false;
  asksToKeepAlive = false;
  private readonly connection: InboundConnection;
  private readonly entry: EntryContext;
  private hasBeenUpgraded = false;

  constructor(request: LiveRequest, connection: InboundConnection, context: EntryContext, atMs: number) {
    super(request, context, atMs);
    this.entry = context;
    this.connection = connection;
    connection.begin(this);
  }

  get method(): string {
    return this.request.method;
  }

  get protocol(): string {
    return this.request.protocol;
  }

  get hasBegun(): boolean {
    return this.hasHead;
  }

  informational(status: number, headers: HeaderList): void {
    if (this.hasHead || this.isOver || this.request.protocol === 'HTTP/1.0') return;
    this.connection.writer.informational(informationalText(status, headers.raw));
  }

  head({ status, headers }: ResponseHead): void {
    if (this.hasHead || this.isOver) return;
    const { connection } = this;
    if (this.entry.isDraining || connection.isBodyInDoubt) this.closes = true;
    connection.answer(answerHead(status, headers.raw, this));
    this.began(status, headers);
  }

  write(chunk: Uint8Array): boolean {
    if (this.isOver || !this.hasHead) return true;
    const { writer } = this.connection;
    const goesOn = writer.body(chunk);
    if (!writer.isBodyless) this.responseBytes += chunk.byteLength;
    if (!goesOn) this.stalled();
    return goesOn;
  }

  get copiesBytes(): number {
    return copiedBytes;
  }

  /** What the writer still gathers is a copy. */
  get isFlushed(): boolean {
    return this.connection.socket.writableLength === 0;
  }

  end(trailers?: HeaderList): void {
    if (this.isOver) return;
    if (trailers !== undefined && trailers.raw.length > 0) checkTrailers(trailers.raw);
    this.isOver = true;
    if (this.connection.endAnswer(trailers?.raw ?? [])) return;
    this.notes.error ??= { code: 'INTERNAL', detail: 'the answer was not as long as its Content-Length' };
  }

  abort(_error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    const { connection } = this;
    // An HTTP/1.0 answer without a length ends with its connection: only a reset tells it from a complete one.
    if (this.request.protocol === 'HTTP/1.0' && !(connection.socket instanceof TLSSocket)) {
      connection.writer.flush();
      connection.socket.resetAndDestroy();
    } else {
      connection.destroy();
    }
  }

  answered(): void {
    this.closed(this.hasHead);
  }

  gone(): void {
    if (!this.hasBeenUpgraded) this.closed(false);
  }

  bodyMalformed(detail: string): void {
    this.failBody(400, 'REQUEST_AMBIGUOUS', detail);
  }

  bodyLate(): void {
    this.failBody(408, 'REQUEST_TIMEOUT', 'the body did not arrive in time');
  }

  private failBody(status: number, code: 'REQUEST_AMBIGUOUS' | 'REQUEST_TIMEOUT', detail: string): void {
    this.request.goneListener?.clientGone();
    if (this.hasHead || this.isOver) {
      this.notes.error ??= { code, detail };
      this.isOver = true;
      this.connection.destroy();
    } else {
      this.closes = true;
      answerError(this, status, code, detail);
    }
  }

  stopsReading(): void {
    this.notes.error ??= { code: 'CLIENT_ABORTED', detail: stoppedReading };
    this.connection.destroy();
  }

  trailersArrived(lines: string): string | null {
    const raw: string[] = [];
    const fault = parseFields(lines, 0, lines.length, raw);
    return fault === null ? takeTrailers(this.request, raw) : fault.detail;
  }

  protected dropUnread(): void {
    this.isOver = true;
    this.connection.destroy();
  }

  protected giveUpBody(): void {
    this.connection.linger();
  }

  protected override refuseBody(detail: string): void {
    this.closes = true;
    super.refuseBody(detail);
  }

  /** A server's 101 turns this exchange into a pipe. */
  accept(headers: HeaderList, server: Duplex): void {
    const { connection } = this;
    const { socket } = connection;
    if (this.isOver || socket.destroyed) {
      server.destroy();
      return;
    }
    let head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${this.request.upgrade ?? ''}\r\n`;
    for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
    this.hasBeenUpgraded = true;
    this.unlimited();
    this.hasHead = true;
    this.status = 101;
    const early = connection.detach() ?? noBytes;
    socket.write(`${head}\r\n`, 'latin1');
    if (early.byteLength > 0) server.write(early);
    joinConnections(socket, server, ({ fromClient, fromServer }) => {
      this.countExtra(fromClient + early.byteLength, fromServer);
      this.notes.originEndedAt = performance.now();
      this.closed(true);
    });
  }
}
