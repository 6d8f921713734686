import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ProxyErrorCode, RequestRecord } from '../model/request-record.ts';
import { type HeadFacts, isRefusedMethod, takeFields, takeTarget, upgradeOf } from './canonical.ts';
import { peerOf } from './connection.ts';
import type { EntryContext } from './entry-context.ts';
import { answerError, errorBody } from './error-page.ts';
import { answer } from './exchange.ts';
import { setForwardingFields } from './forwarding.ts';
import { HeaderList } from './header-list.ts';
import { continueFor, GateResponse, Http1Exchange } from './http1-exchange.ts';
import { isLastRequest } from './keep-alive.ts';
import { LiveRequest, type Peer } from './live-request.ts';
import { RequestBody } from './request-body.ts';
import { nextRequestId } from './request-id.ts';
import type { RequestReading } from './request-reading.ts';

/** The exchange that a connection is busy with, for errors that Node reports by connection. */
const current = new WeakMap<Socket, Http1Exchange>();

/** Options of Node's HTTP/1 server that both plain and TLS entry points use. */
export function http1Options(context: EntryContext) {
  const { timeouts, maxHeaderBytes } = context.options;
  return {
    ServerResponse: GateResponse,
    insecureHTTPParser: false,
    // Checked with everything else, so that it is counted and recorded like everything else.
    requireHostHeader: false,
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: timeouts.readMs,
    headersTimeout: timeouts.readMs === 0 ? 60_000 : Math.min(60_000, timeouts.readMs),
    keepAliveTimeout: timeouts.idleMs,
    connectionsCheckingInterval: 1000,
    noDelay: true,
    highWaterMark: 64 * 1024,
    shouldUpgradeCallback: (request: IncomingMessage): boolean =>
      upgradeOf(request.method ?? '', request.headers.upgrade ?? '', context.reading) !== null,
  };
}

/** Serves HTTP/1 on a server that is not listening yet. */
export function serveHttp1(server: Server<typeof IncomingMessage, typeof GateResponse>, context: EntryContext): void {
  server.maxHeadersCount = 0;
  server.on('request', (message, response) => {
    receive(message, response, context, null, null);
  });
  server.on('checkContinue', (message, response: GateResponse) => {
    receive(message, response, context, continueFor(response), null);
  });
  server.on('checkExpectation', (message, response: GateResponse) => {
    receive(message, response, context, null, (request) => {
      request.refuse(417, 'REQUEST_MALFORMED', `Expect "${message.headers.expect ?? ''}"`);
    });
  });
  server.on('upgrade', (message, socket, early) => {
    receiveDetached(message, socket as Socket, context, (request, exchange) => {
      if (request.body !== null) request.refuse(400, 'REQUEST_AMBIGUOUS', 'an upgrade with a body');
      request.upgrade = upgradeOf(request.method, message.headers.upgrade ?? '', context.reading);
      request.upgradePort = exchange.upgradePort(early);
    });
  });
  server.on('connect', (message, socket) => {
    receiveDetached(message, socket as Socket, context, null);
  });
  server.on('clientError', (error, socket) => {
    refuseConnection(error, socket as Socket, context);
  });
}

type Prepare = (request: LiveRequest, exchange: Http1Exchange) => void;

function receive(
  message: IncomingMessage,
  response: GateResponse,
  context: EntryContext,
  onFirstRead: (() => void) | null,
  prepare: Prepare | null,
): void {
  const nowMs = Date.now();
  const { socket } = message;
  const peer = peerOf(socket, context);
  const protocol = message.httpVersionMinor === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
  const request = new LiveRequest(nextRequestId(nowMs), context.options.name, protocol, message.method ?? '', peer);
  const exchange = new Http1Exchange(request, response, context, nowMs);
  current.set(socket, exchange);
  if (isLastRequest(socket, context.options)) exchange.closeAfter = true;
  try {
    const facts = fill(request, message, peer, context.reading, onFirstRead);
    if (request.body instanceof RequestBody) exchange.watchBody(request.body);
    prepare?.(request, exchange);
    setForwardingFields(request, peer, facts, context.peers, context.reading.addSchemeFields);
    request.appendForwardedFor = context.reading.appendForwardedFor;
    dispatch(request, exchange, context);
  } catch (error) {
    exchange.fail(error);
  }
}

function fill(
  request: LiveRequest,
  message: IncomingMessage,
  peer: Peer,
  reading: RequestReading,
  onFirstRead: (() => void) | null,
): HeadFacts {
  if (isRefusedMethod(request.method, reading)) {
    request.refuse(405, 'REQUEST_MALFORMED', request.method);
  }
  const facts = takeFields(request, message.rawHeaders, peer, reading);
  takeTarget(request, message.url ?? '', reading);
  if (message.httpVersionMajor !== 1) request.refuse(505, 'REQUEST_MALFORMED', `HTTP ${message.httpVersion}`);
  if (facts.hasBody) request.body = new RequestBody(message, onFirstRead);
  return facts;
}

function dispatch(request: LiveRequest, exchange: Http1Exchange, context: EntryContext): void {
  if (request.refusal) {
    exchange.closeAfter = true;
    answerError(exchange, request.refusal.status, request.refusal.code, request.refusal.detail);
  } else if (request.path === '*') {
    answer(exchange, 200, new HeaderList());
  } else {
    context.route(exchange);
  }
}

/** A request whose connection Node has let go of: an upgrade, or CONNECT. It is the connection's last. */
function receiveDetached(
  message: IncomingMessage,
  socket: Socket,
  context: EntryContext,
  prepare: Prepare | null,
): void {
  const response = new GateResponse(message);
  response.shouldKeepAlive = false;
  socket.setTimeout(0);
  socket.on('error', () => socket.destroy());
  socket.on('drain', () => {
    if (response.socket === socket) response.emit('drain');
  });
  response.on('finish', () => {
    if (response.socket === socket) socket.end();
  });
  response.assignSocket(socket);
  receive(message, response, context, null, prepare);
}

/** What Node's parser or clock found wrong with a connection. `code` is that of Node's error. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket, context: EntryContext): void {
  const [status, code] = statusOf(error.code ?? '');
  const exchange = current.get(socket);
  const isBusy = exchange !== undefined && !exchange.response.writableFinished && !exchange.response.destroyed;
  if (status === null) {
    socket.destroy();
    return;
  }
  // A browser opens connections ahead of need. One that never sent a byte is closed without a word.
  if (status === 408 && !isBusy && socket.bytesRead === 0) {
    socket.destroy();
    return;
  }
  const canAnswer = socket.writable && !(isBusy && exchange.response.headersSent);
  const peer = peerOf(socket, context);
  const nowMs = Date.now();
  const id = isBusy ? exchange.request.id : nextRequestId(nowMs);
  if (isBusy) exchange.broken({ code, detail: error.message }, status);
  else {
    const record = recordOf(id, nowMs, peer, context, status, code, error.message);
    context.recorder.finished(
      record,
      context.unrouted,
      context.accessLog !== null && context.isLogged ? { authority: '' } : null,
    );
  }
  if (!canAnswer) {
    socket.destroy();
    return;
  }
  const { type, body } = errorBody(status, id, '');
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  socket.end(head + body, () => socket.destroy());
}

function statusOf(errorCode: string): [number, ProxyErrorCode] | [null, ProxyErrorCode] {
  switch (errorCode) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'REQUEST_TIMEOUT'];
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'HEADERS_TOO_LARGE'];
    case 'HPE_INVALID_TRANSFER_ENCODING':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
    case 'HPE_LF_EXPECTED':
    case 'HPE_CR_EXPECTED':
      return [400, 'REQUEST_AMBIGUOUS'];
    default:
      // Everything that is not the parser's is the connection's own end.
      return errorCode.startsWith('HPE_') && errorCode !== 'HPE_INVALID_EOF_STATE'
        ? [400, 'REQUEST_MALFORMED']
        : [null, 'CLIENT_ABORTED'];
  }
}

function recordOf(
  id: string,
  at: number,
  peer: Peer,
  context: EntryContext,
  status: number,
  code: ProxyErrorCode,
  detail: string,
): RequestRecord {
  return {
    id,
    at,
    entryPoint: context.options.name,
    clientIp: peer.address,
    clientPort: peer.port,
    username: null,
    protocol: 'HTTP/1.1',
    scheme: peer.tls ? 'https' : 'http',
    method: '',
    host: '',
    target: '',
    router: null,
    service: null,
    serverUrl: null,
    middlewares: [],
    status,
    originStatus: null,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 0,
    originDurationMs: null,
    userAgent: '',
    referer: '',
    upgrade: null,
    tlsVersion: peer.tls?.version ?? null,
    error: { code, detail },
  };
}
