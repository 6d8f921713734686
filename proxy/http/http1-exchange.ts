import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { RequestRecord } from '../model/request-record.ts';
import type { EntryContext } from './entry-context.ts';
import type { ResponseHead } from './exchange.ts';
import type { HeaderList } from './header-list.ts';
import { joinConnections } from './join.ts';
import { LiveExchange } from './live-exchange.ts';
import type { LiveRequest, UpgradePort } from './live-request.ts';

/** Node's answer object, which carries its exchange instead of a closure per event. */
export class GateResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  exchange: Http1Exchange | null = null;
}

function onResponseClose(this: GateResponse): void {
  this.exchange?.wireClosed(this.writableFinished);
}

/** A server may send its head long before its body (server-sent events): the head must not wait for a first byte. */
function flushHead(response: GateResponse): void {
  if (!response.headersSent || response.writableEnded || response.destroyed) return;
  response.flushHeaders();
}

/** An answer on HTTP/1.0 or 1.1. */
export class Http1Exchange extends LiveExchange {
  readonly response: GateResponse;
  /** The connection is not used again: its framing is in doubt, or the entry point is closing. */
  closeAfter = false;
  private readonly entry: EntryContext;
  private isBodyless = false;
  private hasBeenUpgraded = false;

  constructor(request: LiveRequest, response: GateResponse, context: EntryContext, atMs: number) {
    super(request, context, atMs);
    this.entry = context;
    this.response = response;
    response.exchange = this;
    response.on('close', onResponseClose);
  }

  informational(status: number, headers: HeaderList): void {
    if (this.hasHead || this.isOver || this.request.protocol === 'HTTP/1.0') return;
    this.response.writeInformation(status, headers.raw);
  }

  head({ status, headers }: ResponseHead): void {
    if (this.hasHead || this.isOver) return;
    const { response, request } = this;
    this.isBodyless = request.method === 'HEAD' || status === 204 || status === 304;
    if (this.closeAfter || this.entry.isDraining) response.shouldKeepAlive = false;
    if (this.isBodyless || request.protocol === 'HTTP/1.0') headers.delete('Trailer');
    // RFC 9110 §8.6: no content, so no length of one.
    if (status === 204) headers.delete('Content-Length');
    response.writeHead(status, headers.raw);
    this.began(status, headers);
    process.nextTick(flushHead, response);
  }

  write(chunk: Uint8Array): boolean {
    if (this.isOver || this.isBodyless) return true;
    this.responseBytes += chunk.byteLength;
    if (this.response.write(chunk)) return true;
    this.stalled();
    return false;
  }

  protected wire() {
    return this.response;
  }

  end(trailers?: HeaderList): void {
    if (this.isOver) return;
    if (trailers && trailers.raw.length > 0 && this.response.chunkedEncoding) {
      this.response.addTrailers([...trailers] as [string, string][]);
    }
    this.isOver = true;
    this.response.end();
  }

  abort(_error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    const socket = this.response.socket ?? this.response.req.socket;
    // An HTTP/1.0 answer without a length ends with its connection: only a reset tells it from a complete one.
    if (this.request.protocol === 'HTTP/1.0' && !(socket instanceof TLSSocket)) socket.resetAndDestroy();
    else socket.destroy();
  }

  /** The connection broke while the request was still arriving, or was found to be malformed in its body. */
  broken(error: NonNullable<RequestRecord['error']>, status: number): void {
    this.notes.error ??= error;
    if (!this.hasHead) this.status = status;
    this.isOver = true;
  }

  protected giveUpBody(): void {
    this.response.req.socket.destroy();
  }

  protected override refuseBody(detail: string): void {
    this.closeAfter = true;
    super.refuseBody(detail);
  }

  wireClosed(isComplete: boolean): void {
    if (this.hasBeenUpgraded) return;
    this.closed(isComplete && this.hasHead);
  }

  /** Lets a server's 101 turn this exchange into a pipe; `early` is what the client has sent after its head. */
  upgradePort(early: Buffer): UpgradePort {
    return { accept: (headers, server) => this.join(headers, server, early) };
  }

  private join(headers: HeaderList, server: Duplex, early: Buffer): void {
    const { response } = this;
    const { socket } = response;
    if (this.isOver || !socket || socket.destroyed) {
      server.destroy();
      return;
    }
    this.hasBeenUpgraded = true;
    this.unlimited();
    this.hasHead = true;
    this.status = 101;
    response.detachSocket(socket);
    let head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${this.request.upgrade ?? ''}\r\n`;
    for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
    socket.write(`${head}\r\n`, 'latin1');
    if (early.byteLength > 0) server.write(early);
    joinConnections(socket, server, ({ fromClient, fromServer }) => {
      this.countExtra(fromClient + early.byteLength, fromServer);
      this.notes.originEndedAt = performance.now();
      this.closed(true);
    });
  }
}

/** The 100 answer for a client that waits for it, sent when its body is first asked for. */
export function continueFor(response: GateResponse): () => void {
  return () => {
    if (!response.headersSent && !response.destroyed) response.writeContinue();
  };
}
