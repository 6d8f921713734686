import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import { canonicalPath } from '../rule/path.ts';
import type { CallWatch } from '../service/load-balancer.ts';
import { answerError } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { HeaderList } from './header-list.ts';
import { connectionOptions, isHopByHop } from './header-names.ts';
import { type GoneListener, LiveRequest } from './live-request.ts';
import type { Origin, UpstreamPools } from './pools.ts';
import { errorCode, upstreamFailure } from './upstream-errors.ts';

interface ForwardingOptions {
  readonly passHostHeader: boolean;
  /** Put before the request's path. */
  readonly basePath: string;
  /** Sticky cookie to hand to the client. */
  readonly setCookie: string | null;
  readonly watch: CallWatch | null;
}

type Controller = Dispatcher.DispatchController;
type RawFields = readonly (Buffer | string)[];

/** One request on its way to one server, and the answer's way back. Nothing is kept: what one side cannot take waits. */
export class Forwarding implements Dispatcher.DispatchHandler, GoneListener {
  private readonly exchange: Exchange;
  private readonly origin: Origin;
  private readonly pools: UpstreamPools;
  private readonly options: ForwardingOptions;
  private controller: Controller | null = null;
  private hasHead = false;
  private isOver = false;
  private isWaitingForDrain = false;
  private hasRetried = false;

  constructor(exchange: Exchange, origin: Origin, pools: UpstreamPools, options: ForwardingOptions) {
    this.exchange = exchange;
    this.origin = origin;
    this.pools = pools;
    this.options = options;
  }

  start(): void {
    const { exchange, origin } = this;
    const { request, notes } = exchange;
    notes.serverUrl = origin.origin;
    notes.originStartedAt = performance.now();
    if (request.path.charCodeAt(0) !== 0x2f || canonicalPath(request.path, request.pathForm) !== request.path) {
      // A middleware rewrote the path into one that could be read as another (CVE-2026-67309).
      this.isOver = true;
      answerError(exchange, 400, 'REQUEST_AMBIGUOUS', `a middleware made the path ${request.path}`);
      return;
    }
    if (request instanceof LiveRequest) request.goneListener = this;
    else exchange.signal.addEventListener('abort', () => this.clientGone(), { once: true });
    this.options.watch?.begins();
    this.dispatch();
  }

  private dispatch(): void {
    this.exchange.notes.originAttempt = 'connecting';
    const { request } = this.exchange;
    const { origin } = this;
    const path = this.options.basePath + request.path;
    const pool = this.pools.of(origin);
    const { maxIdleConnections } = origin.transport;
    pool.dispatch(
      {
        origin: origin.origin,
        path: request.query === '' ? path : `${path}?${request.query}`,
        method: request.method,
        headers: this.requestFields(),
        body: request.body,
        upgrade: request.upgrade,
        servername: origin.serverName,
        ...(maxIdleConnections > 0 && pool.stats.size >= maxIdleConnections ? { reset: true } : {}),
      } as Dispatcher.DispatchOptions,
      this,
    );
  }

  /** The request's fields for the server: hop-by-hop ones that a middleware may have set are left out again. */
  private requestFields(): string[] {
    const { request } = this.exchange;
    const { raw } = request.headers;
    const { passHostHeader } = this.options;
    const fields: string[] = [];
    const peerIp = request.peerIp ?? request.clientIp;
    const live = request instanceof LiveRequest ? request : null;
    const appends = live?.appendForwardedFor !== false;
    let forwardedFor = appends ? peerIp : '';
    let host = '';
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string;
      const value = raw[i + 1] as string;
      if (name.length === 4 && name.toLowerCase() === 'host') {
        host = value;
      } else if (name.length === 15 && name.toLowerCase() === 'x-forwarded-for') {
        forwardedFor = appends ? `${value}, ${peerIp}` : value;
      } else if (live !== null && live.endsHere.length > 0 && live.endsHere.includes(name.toLowerCase())) {
        // Nominated by the client's `Connection`; only middlewares were to see it.
      } else if (!isHopByHop(name) || name === 'TE') {
        fields.push(name, value);
      }
    }
    if (forwardedFor !== '') fields.push('X-Forwarded-For', forwardedFor);
    fields.push('Host', passHostHeader && host !== '' ? host : this.origin.hostField);
    return fields;
  }

  /** The client is gone: the server's answer is of no use to anybody. */
  clientGone(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.exchange.notes.originEndedAt = performance.now();
    this.options.watch?.ended('gone');
    this.controller?.abort(new Error('the client is gone'));
  }

  onRequestStart(controller: Controller): void {
    this.controller = controller;
    this.exchange.notes.originAttempt = 'sent';
    // It may have left while the request stood in line.
    if (this.isOver) controller.abort(new Error('the client is gone'));
  }

  onResponseStart(controller: Controller, status: number): void {
    if (this.isOver) return;
    const { exchange } = this;
    const headers = answerFields((controller.rawHeaders ?? []) as RawFields);
    if (status < 200) {
      if (status === 103) exchange.sink.informational(status, headers);
      return;
    }
    exchange.notes.originStatus = status;
    exchange.notes.onOriginHead?.(headers);
    this.options.watch?.answered(status);
    if (this.options.setCookie !== null) headers.append('Set-Cookie', this.options.setCookie);
    exchange.sink.head({ status, headers });
    this.hasHead = true;
    // Complete with their head (RFC 9112 §6.3): whatever else such a server sends, or fails to, is none of the client's.
    if (status === 204 || status === 304) this.end(null);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.isOver) return;
    const { sink, notes } = this.exchange;
    notes.originBytes = (notes.originBytes ?? 0) + chunk.byteLength;
    if (sink.write(chunk)) return;
    controller.pause();
    if (!this.isWaitingForDrain) {
      this.isWaitingForDrain = true;
      sink.onDrain(() => controller.resume());
    }
  }

  onResponseEnd(controller: Controller): void {
    if (!this.isOver) this.end(controller.rawTrailers as RawFields | null);
  }

  private end(trailers: RawFields | null): void {
    this.exchange.notes.originEndedAt = performance.now();
    if (trailers && trailers.length > 0) this.exchange.sink.end(trailerFields(trailers));
    else this.exchange.sink.end();
    this.options.watch?.ended('done');
    this.isOver = true;
  }

  onResponseError(_controller: Controller, error: Error): void {
    if (this.isOver) return;
    if (this.mayRetry(error)) {
      this.hasRetried = true;
      this.dispatch();
      return;
    }
    this.isOver = true;
    this.options.watch?.ended('failed');
    try {
      this.answerFailure(error);
    } catch (fault) {
      // Called by undici from a socket's event, where an exception would end the worker.
      this.exchange.sink.abort(fault instanceof Error ? fault : error);
    }
  }

  private answerFailure(error: Error): void {
    const { exchange } = this;
    exchange.notes.originEndedAt = performance.now();
    const failure = upstreamFailure(error);
    if (this.hasHead) {
      exchange.notes.error = { code: failure.code, detail: failure.detail };
      exchange.sink.abort(error);
    } else {
      answerError(exchange, failure.status, failure.code, failure.detail);
    }
  }

  onRequestUpgrade(controller: Controller, status: number, _headers: unknown, socket: Duplex): void {
    const { exchange } = this;
    const { request, notes } = exchange;
    const port = request instanceof LiveRequest ? request.upgradePort : null;
    if (this.isOver || status !== 101 || port === null) {
      socket.destroy();
      this.options.watch?.ended('failed');
      if (!this.isOver) answerError(exchange, 502, 'UPSTREAM_PROTOCOL', `unexpected upgrade with status ${status}`);
      this.isOver = true;
      return;
    }
    this.isOver = true;
    notes.originStatus = status;
    const raw = (controller.rawHeaders ?? []) as RawFields;
    if (new HeaderList(raw.map(String)).get('upgrade')?.toLowerCase() !== request.upgrade) {
      socket.destroy();
      this.options.watch?.ended('failed');
      answerError(
        exchange,
        502,
        'UPSTREAM_PROTOCOL',
        `the server switched to another protocol than ${request.upgrade ?? 'HTTP'}`,
      );
      return;
    }
    const headers = answerFields(raw);
    if (this.options.setCookie !== null) headers.append('Set-Cookie', this.options.setCookie);
    const { watch } = this.options;
    if (watch) {
      watch.answered(status);
      socket.once('close', () => watch.ended('done'));
    }
    port.accept(headers, socket);
  }

  /**
   * A kept connection may be closed by the server in the moment that it is used again. Such a request was never looked
   * at, so one that has no body and may be repeated is sent once more (RFC 9110 §9.2.2).
   */
  private mayRetry(error: Error): boolean {
    const { request } = this.exchange;
    if (this.hasRetried || this.hasHead || request.body !== null || request.upgrade !== null) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD' && request.method !== 'OPTIONS') return false;
    const code = errorCode(error);
    if (code !== 'UND_ERR_SOCKET' && code !== 'ECONNRESET' && code !== 'EPIPE') return false;
    const { socket } = error as Error & { socket?: { bytesRead?: number } | null };
    return socket?.bytesRead === undefined || socket.bytesRead > 0;
  }
}

/** A server's fields for the client: what concerns its own connection, or is nominated by `Connection`, stays behind. */
function answerFields(raw: RawFields): HeaderList {
  const fields: string[] = [];
  let nominated: string[] | null = null;
  let hasLength = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = text(raw[i]);
    const value = text(raw[i + 1]);
    if (isHopByHop(name)) {
      if (name.length === 10 && name.toLowerCase() === 'connection') nominated = connectionOptions(value);
      continue;
    }
    if (name.length === 14 && name.toLowerCase() === 'content-length') hasLength = true;
    fields.push(name, value);
  }
  const headers = new HeaderList(fields);
  // Only a chunked answer has trailers; Node refuses to announce them for another.
  if (hasLength) headers.delete('trailer');
  for (const name of nominated ?? []) {
    if (name !== 'close' && name !== 'keep-alive' && name !== 'content-length') headers.delete(name);
  }
  return headers;
}

/** Trailers that could change what the head said about framing stay behind (RFC 9110 §6.5.1). */
function trailerFields(raw: RawFields): HeaderList {
  const trailers = answerFields(raw);
  trailers.deleteWhere((name) => name === 'content-length' || name === 'trailer' || name === 'host');
  return trailers;
}

function text(field: Buffer | string | undefined): string {
  if (field === undefined) return '';
  return typeof field === 'string' ? field : field.toString('latin1');
}
