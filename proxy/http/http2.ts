import type { TLSSocket } from 'node:tls';
import { InboundClock } from '../http1/inbound-clock.ts';
import { Http2Connection } from '../http2/connection.ts';
import type { Http2Client, Http2Settings } from '../http2/contract.ts';
import { errorCodes } from '../http2/frames.ts';
import type { RequestHead } from '../http2/request-head.ts';
import type { Http2Stream } from '../http2/stream.ts';
import { StreamBody } from '../http2/stream-body.ts';
import type { LimitName } from '../model/limits.ts';
import { isRefusedMethod, takeFields, takeTarget } from './canonical.ts';
import { networkOf, plainAddress } from './client-address.ts';
import { peerOf } from './connection.ts';
import { type EntryContext, unreadLimitMs } from './entry-context.ts';
import { answerError } from './error-page.ts';
import { answer } from './exchange.ts';
import { setForwardingFields } from './forwarding.ts';
import { HeaderList } from './header-list.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { isLastRequest } from './keep-alive.ts';
import { LiveRequest, type Peer } from './live-request.ts';
import { nextRequestId } from './request-id.ts';

const leastLookMs = 25;
const mostLookMs = 500;
const defaultTableBytes = 4096;
const defaultStreams = 250;

/** Serves HTTP/2 on connections that agreed on it, of one entry point. */
export interface Http2Side {
  accept(socket: TLSSocket): void;
  /** Tells all clients to send no more requests; those under way go on. */
  close(): void;
  destroy(): void;
}

export function createHttp2Side(context: EntryContext): Http2Side {
  const connections = new Set<Http2Connection>();
  const settings = settingsOf(context);
  return {
    accept(socket) {
      const client = new ServedClient(socket, context, (connection) => connections.delete(connection));
      const connection = new Http2Connection(socket, client, settings);
      client.connection = connection;
      connections.add(connection);
      context.gate.owns(socket, context.options.name, connection);
    },
    close() {
      for (const connection of connections) connection.close();
    },
    destroy() {
      for (const connection of connections) connection.destroy();
    },
  };
}

function settingsOf(context: EntryContext): Http2Settings {
  const { options, clientLimits } = context;
  const { timeouts, maxHeaderBytes, http2 = {} } = options;
  const { idleMs } = timeouts;
  const { headMs } = clientLimits;
  const shortestMs = Math.min(headMs, idleMs || headMs);
  return {
    maxHeaderBytes,
    maxConcurrentStreams: http2.maxConcurrentStreams ?? defaultStreams,
    maxDecoderTableBytes: http2.maxDecoderHeaderTableSize ?? defaultTableBytes,
    maxEncoderTableBytes: http2.maxEncoderHeaderTableSize ?? defaultTableBytes,
    headMs,
    idleMs,
    stalledMs: unreadLimitMs(context),
    limits: clientLimits,
    clock: new InboundClock(Math.min(mostLookMs, Math.max(leastLookMs, shortestMs / 2))),
  };
}

/** Takes the requests of one connection. */
class ServedClient implements Http2Client {
  connection: Http2Connection | null = null;
  private readonly socket: TLSSocket;
  private readonly context: EntryContext;
  private readonly clientIp: string;
  private readonly network: string;
  private readonly onClosed: (connection: Http2Connection) => void;
  private peer: Peer | null = null;

  constructor(socket: TLSSocket, context: EntryContext, onClosed: (connection: Http2Connection) => void) {
    this.socket = socket;
    this.context = context;
    this.clientIp = plainAddress(socket.remoteAddress ?? '');
    this.network = networkOf(this.clientIp);
    this.onClosed = onClosed;
  }

  takeRequest(stream: Http2Stream, head: RequestHead): void {
    const { context, socket } = this;
    // Only who has asked for something is taken for a client.
    const peer = (this.peer ??= peerOf(socket, context));
    if (!peer.isKnownProxy && !context.gate.enterStream(this.network)) {
      this.note('http2-streams-per-address');
      // The client may send it again (RFC 9113 §8.7).
      stream.reset(errorCodes.refusedStream);
      return;
    }
    receive(stream, head, context, peer, this);
    if (isLastRequest(socket, context.options)) this.connection?.close();
  }

  streamClosed(): void {
    if (this.peer?.isKnownProxy === false) this.context.gate.leaveStream(this.network);
  }

  malformed(): void {
    this.note('malformed-request');
  }

  note(limit: LimitName): void {
    this.context.held.note(limit, this.clientIp);
  }

  failed(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.context.warn('A connection of HTTP/2 failed', { entryPoint: this.context.options.name, error: detail });
  }

  closed(): void {
    if (this.connection) this.onClosed(this.connection);
  }
}

function receive(
  stream: Http2Stream,
  head: RequestHead,
  context: EntryContext,
  peer: Peer,
  client: ServedClient,
): void {
  const nowMs = Date.now();
  // An extended CONNECT asks for what GET with Upgrade asks for on HTTP/1.1, and is routed as that.
  const method = head.protocol === '' ? head.method : 'GET';
  const request = new LiveRequest(nextRequestId(nowMs), context.options.name, 'HTTP/2.0', method, peer);
  const exchange = new Http2Exchange(request, stream, context, nowMs, client);
  try {
    request.authority = head.authority;
    if (head.isTooLarge) {
      request.target = head.path;
      request.refuse(431, 'HEADERS_TOO_LARGE', `a head of more than ${context.options.maxHeaderBytes} bytes`);
    } else {
      fill(request, exchange, stream, head, peer, context);
    }
    if (request.refusal) {
      answerError(exchange, request.refusal.status, request.refusal.code, request.refusal.detail);
    } else if (request.path === '*') {
      answer(exchange, 200, new HeaderList());
    } else {
      context.route(exchange);
    }
  } catch (error) {
    exchange.fail(error);
  }
}

function fill(
  request: LiveRequest,
  exchange: Http2Exchange,
  stream: Http2Stream,
  head: RequestHead,
  peer: Peer,
  context: EntryContext,
): void {
  const { reading, options } = context;
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(head.method)) request.refuse(400, 'REQUEST_MALFORMED', 'method');
  if (isRefusedMethod(request.method, reading)) request.refuse(405, 'REQUEST_MALFORMED', head.method);
  if (head.scheme !== request.scheme && !reading.asTraefik) {
    request.refuse(400, 'REQUEST_AMBIGUOUS', `:scheme "${head.scheme}" on ${request.scheme}`);
  }
  const facts = takeFields(request, head.fields, peer, reading);
  takeTarget(request, head.path, reading);
  if (head.protocol !== '') {
    exchange.asksForSocket(head.protocol, head.isEnded);
  } else if (stream.input !== null) {
    // Fields that middlewares remove from now on are no trailers either.
    request.headers.removals = [];
    const body = new StreamBody(stream.input, facts.expectsContinue ? () => exchange.continue() : null);
    request.body = body;
    exchange.watchBody(body);
    if (options.timeouts.writeMs === 0) exchange.limitBody(options.timeouts.readMs);
  } else {
    request.headers.delete('Content-Length');
  }
  setForwardingFields(request, peer, facts, context.peers, reading.addSchemeFields);
  request.appendForwardedFor = reading.appendForwardedFor;
}
