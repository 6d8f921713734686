import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ClientLimits, LimitName } from '../model/limits.ts';
import { isRefusedMethod, takeFields, takeTarget, takeTrailers } from './canonical.ts';
import { networkOf, plainAddress } from './client-address.ts';
import { peerOf } from './connection.ts';
import type { ConnectionOwner } from './connection-gate.ts';
import type { EntryContext } from './entry-context.ts';
import { answerError } from './error-page.ts';
import { answer } from './exchange.ts';
import { setForwardingFields } from './forwarding.ts';
import { HeaderList } from './header-list.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { Http2Watch } from './http2-watch.ts';
import { isLastRequest } from './keep-alive.ts';
import { LiveRequest, type Peer } from './live-request.ts';
import { StreamBody } from './request-body.ts';
import { nextRequestId } from './request-id.ts';

const streamWindowBytes = 256 * 1024;
const connectionWindowBytes = 1024 * 1024;

const sessionOptions = {
  maxSessionMemory: 10,
  maxHeaderListPairs: 1000,
  maxOutstandingPings: 4,
  maxSettings: 32,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  // Servers repeat fields that may stand once only; the client gets what they sent.
  strictSingleValueFields: false,
};

const ignoreError = (): void => undefined;

/** One HTTP/2 connection. */
export interface Http2Connection {
  /** Tells the client to send no more requests; those under way go on. */
  close(): void;
  destroy(): void;
}

/** Serves HTTP/2 on a TLS connection that agreed on `h2`. `onClosed` is called once. */
export function serveHttp2(socket: TLSSocket, context: EntryContext, onClosed: () => void): Http2Connection {
  const { timeouts, maxHeaderBytes, http2 = {} } = context.options;
  const { clientLimits, held } = context;
  const clientIp = plainAddress(socket.remoteAddress ?? '');
  const network = networkOf(clientIp);
  let peer: Peer | null = null;
  const session = performServerHandshake(socket, {
    ...sessionOptions,
    // Node's own limit stops reading without closing the connection, so ours comes first.
    streamResetBurst: clientLimits.http2FailureBurst * 4,
    streamResetRate: clientLimits.http2FailuresPerSecond * 4,
    ...(http2.maxEncoderHeaderTableSize === undefined
      ? {}
      : { maxDeflateDynamicTableSize: http2.maxEncoderHeaderTableSize }),
    settings: {
      ...(http2.maxDecoderHeaderTableSize === undefined ? {} : { headerTableSize: http2.maxDecoderHeaderTableSize }),
      maxConcurrentStreams: http2.maxConcurrentStreams ?? 250,
      initialWindowSize: streamWindowBytes,
      maxHeaderListSize: maxHeaderBytes,
      enablePush: false,
      enableConnectProtocol: true,
    },
  });
  const failures = createFailureLimit(clientLimits);
  let openStreams = 0;
  let isNamed = false;
  const name = (limit: LimitName): void => {
    if (!isNamed) held.note(limit, clientIp);
    isNamed = true;
  };
  const cutOff = (limit: LimitName): void => {
    if (session.destroyed) return;
    name(limit);
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.destroy();
    // A destroyed session still waits for what it has to write, and this client reads nothing.
    setImmediate(() => socket.destroy());
  };
  const watch = new Http2Watch({
    limits: clientLimits,
    clock: context.limits,
    isOver: () => session.destroyed,
    // A client that goes on sending keeps open what Node only ends on its side.
    lingers() {
      name('http2-protocol');
      socket.destroy();
    },
    received: () => socket.bytesRead,
    tooIdle: () => cutOff('http2-idle-frames'),
  });
  const watchIdle = (): void => {
    if (timeouts.idleMs > 0) session.setTimeout(timeouts.idleMs, onIdle);
  };
  const onIdle = (): void => {
    if (openStreams === 0) session.close();
    else watchIdle();
  };
  session.on('stream', (stream: ServerHttp2Stream, _headers, flags: number, raw: string[]) => {
    openStreams += 1;
    stream.on('error', ignoreError);
    // Only who has asked for something is taken for a client.
    peer ??= peerOf(socket, context);
    watch.request(bytesOf(raw));
    const isCounted = !peer.isKnownProxy;
    if (isCounted && !context.gate.enterStream(network)) {
      held.note('http2-streams-per-address', clientIp);
      openStreams -= 1;
      // The client may send it again (RFC 9113 §8.7).
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      if (failures.isOver()) cutOff('http2-failed-streams');
      return;
    }
    const exchange = receive(stream, flags, raw, context, peer, watch);
    if (isLastRequest(socket, context.options)) closeGently(session);
    stream.on('close', () => {
      openStreams -= 1;
      if (isCounted) context.gate.leaveStream(network);
      exchange.wireClosed();
      if (stream.rstCode !== constants.NGHTTP2_NO_ERROR && failures.isOver()) cutOff('http2-failed-streams');
    });
  });
  session.on('connect', () => session.setLocalWindowSize(connectionWindowBytes));
  session.on('error', (error: NodeJS.ErrnoException) => {
    // A client that is gone broke no rule.
    if (error.code?.startsWith('ERR_HTTP2')) name(limitOf(error));
  });
  session.on('frameError', ignoreError);
  session.on('close', () => {
    watch.close();
    // Node ends some of them by itself, and says nothing.
    if (watch.isTooIdle()) name('http2-idle-frames');
    onClosed();
  });
  watchIdle();
  const owner: ConnectionOwner = {
    get isWaiting() {
      return openStreams === 0;
    },
  };
  context.gate.owns(socket, context.options.name, owner);
  return {
    close: () => closeGently(session),
    destroy: () => {
      session.destroy();
      socket.destroy();
    },
  };
}

function closeGently(session: ServerHttp2Session): void {
  if (!session.destroyed && !session.closed) session.close();
}

/** Errors of nghttp2 that are limits of ours, by their numbers. */
const flooded = -904;
const callbackFailed = -902;

function limitOf({ code, errno }: NodeJS.ErrnoException): LimitName {
  if (code !== 'ERR_HTTP2_ERROR') return 'http2-protocol';
  if (errno === flooded) return 'http2-idle-frames';
  // Node's word that a client opened streams above the number it was told, over and over.
  return errno === callbackFailed ? 'http2-failed-streams' : 'http2-protocol';
}

/** Rapid Reset and MadeYouReset: streams that end in an error, whoever reset them. */
function createFailureLimit({
  http2FailureBurst: failureBurst,
  http2FailuresPerSecond: failuresPerSecond,
}: ClientLimits): { isOver: () => boolean } {
  let left = failureBurst;
  let atMs = performance.now();
  return {
    isOver() {
      const nowMs = performance.now();
      left = Math.min(failureBurst, left + ((nowMs - atMs) / 1000) * failuresPerSecond) - 1;
      atMs = nowMs;
      return left < 0;
    },
  };
}

function receive(
  stream: ServerHttp2Stream,
  flags: number,
  raw: readonly string[],
  context: EntryContext,
  peer: Peer,
  watch: Http2Watch,
): Http2Exchange {
  const nowMs = Date.now();
  const pseudo = pseudoFields(raw);
  // An extended CONNECT asks for what GET with Upgrade asks for on HTTP/1.1, and is routed as that.
  const method = pseudo.protocol === '' ? pseudo.method : 'GET';
  const isEnded = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  const request = new LiveRequest(nextRequestId(nowMs), context.options.name, 'HTTP/2.0', method, peer);
  const exchange = new Http2Exchange(request, stream, context, nowMs, watch);
  try {
    request.authority = pseudo.authority;
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(pseudo.method)) request.refuse(400, 'REQUEST_MALFORMED', 'method');
    if (isRefusedMethod(method, context.reading)) {
      request.refuse(405, 'REQUEST_MALFORMED', pseudo.method);
    }
    if (pseudo.scheme !== request.scheme && !context.reading.asTraefik) {
      request.refuse(400, 'REQUEST_AMBIGUOUS', `:scheme "${pseudo.scheme}" on ${request.scheme}`);
    }
    const facts = takeFields(request, raw, peer, context.reading);
    takeTarget(request, pseudo.path, context.reading);
    if (pseudo.protocol !== '') {
      exchange.asksForSocket(pseudo.protocol, isEnded);
    } else if (!isEnded) {
      receiveTrailers(stream, request);
      const body = new StreamBody(stream, facts.expectsContinue ? continueFor(stream) : null, (bytes) =>
        watch.received(bytes),
      );
      request.body = body;
      exchange.watchBody(body);
      if (context.options.timeouts.writeMs === 0) exchange.limitBody(context.options.timeouts.readMs);
    } else {
      request.headers.delete('Content-Length');
    }
    setForwardingFields(request, peer, facts, context.peers, context.reading.addSchemeFields);
    request.appendForwardedFor = context.reading.appendForwardedFor;
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
  return exchange;
}

/** Fields that middlewares remove from now on are no trailers either. */
function receiveTrailers(stream: ServerHttp2Stream, request: LiveRequest): void {
  request.headers.removals = [];
  stream.on('trailers', (_headers: unknown, _flags: number, fields: string[]) => {
    if (takeTrailers(request, fields) !== null) stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
  });
}

function continueFor(stream: ServerHttp2Stream): () => void {
  return () => {
    if (!stream.headersSent && !stream.destroyed && !stream.closed) stream.additionalHeaders({ ':status': 100 });
  };
}

/** Of fields as they are when they are unpacked. */
function bytesOf(raw: readonly string[]): number {
  let bytes = 0;
  for (const text of raw) bytes += text.length;
  return bytes;
}

interface PseudoFields {
  method: string;
  scheme: string;
  authority: string;
  path: string;
  /** Of an extended CONNECT (RFC 8441); empty elsewhere. */
  protocol: string;
}

function pseudoFields(raw: readonly string[]): PseudoFields {
  const fields: PseudoFields = { method: '', scheme: '', authority: '', path: '', protocol: '' };
  // nghttp2 lets them stand only before all other fields, and once each.
  for (let i = 0; i < raw.length && (raw[i] as string).charCodeAt(0) === 0x3a; i += 2) {
    const value = raw[i + 1] as string;
    switch (raw[i] as string) {
      case ':method':
        fields.method = value;
        break;
      case ':scheme':
        fields.scheme = value;
        break;
      case ':authority':
        fields.authority = value;
        break;
      case ':path':
        fields.path = value;
        break;
      case ':protocol':
        fields.protocol = value;
        break;
      default:
    }
  }
  return fields;
}
