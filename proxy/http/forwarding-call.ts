import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import type { UpstreamCall, UpstreamHandler } from '../http1/upstream-call.ts';
import { canonicalPath } from '../rule/path.ts';
import type { CallWatch } from '../service/load-balancer.ts';
import { answerError } from './error-page.ts';
import type { Exchange } from './exchange.ts';
import { HeaderList } from './header-list.ts';
import { isHopByHop } from './header-names.ts';
import { type GoneListener, LiveRequest } from './live-request.ts';
import type { Origin, UpstreamPools } from './pools.ts';
import { upstreamFailure } from './upstream-errors.ts';

interface ForwardingOptions {
  readonly passHostHeader: boolean;
  /** Put before the request's path. */
  readonly basePath: string;
  /** Sticky cookie to hand to the client. */
  readonly setCookie: string | null;
  readonly watch: CallWatch | null;
}

/** One request on its way to one server, and the answer's way back. Nothing is kept: what one side cannot take waits. */
export class Forwarding implements UpstreamHandler, GoneListener {
  private readonly exchange: Exchange;
  private readonly origin: Origin;
  private readonly pools: UpstreamPools;
  private readonly options: ForwardingOptions;
  private call: UpstreamCall | null = null;
  private hasHead = false;
  private isOver = false;
  private isWaitingForDrain = false;

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
    const live = request instanceof LiveRequest ? request : null;
    if (live !== null) live.goneListener = this;
    else exchange.signal.addEventListener('abort', () => this.clientGone(), { once: true });
    this.options.watch?.begins();
    notes.originAttempt = 'connecting';
    const path = this.options.basePath + request.path;
    this.pools.of(origin).send(
      {
        method: request.method,
        target: request.query === '' ? path : `${path}?${request.query}`,
        fields: this.requestFields(),
        body: request.body,
        upgrade: request.upgrade,
        trailers: request.body === null || !request.trailers ? null : () => request.trailers?.() ?? [],
        client: live === null ? null : live.peer,
      },
      this,
    );
  }

  private requestFields(): string[] {
    const { request } = this.exchange;
    const { raw } = request.headers;
    const { passHostHeader } = this.options;
    const fields: string[] = ['Host', ''];
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
    fields[1] = passHostHeader && host !== '' ? host : this.origin.hostField;
    return fields;
  }

  /** The client is gone: the server's answer is of no use to anybody. */
  clientGone(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.exchange.notes.originEndedAt = performance.now();
    this.options.watch?.ended('gone');
    this.call?.abort();
    this.call = null;
  }

  begins(call: UpstreamCall): boolean {
    // The client may have left while the request stood in line.
    if (this.isOver) return false;
    this.call = call;
    this.exchange.notes.originAttempt = 'sent';
    return true;
  }

  informational(status: number, fields: string[]): void {
    if (!this.isOver && status === 103) this.exchange.sink.informational(status, new HeaderList(fields));
  }

  head(status: number, fields: string[]): void {
    if (this.isOver) return;
    const { exchange } = this;
    const headers = new HeaderList(fields);
    exchange.notes.originStatus = status;
    exchange.notes.onOriginHead?.(headers);
    this.options.watch?.answered(status);
    if (this.options.setCookie !== null) headers.append('Set-Cookie', this.options.setCookie);
    exchange.sink.head({ status, headers });
    this.hasHead = true;
  }

  data(chunk: Buffer): void {
    if (this.isOver) return;
    const { sink, notes } = this.exchange;
    notes.originBytes = (notes.originBytes ?? 0) + chunk.byteLength;
    if (sink.write(chunk) || sink.isFlushed === true) return;
    this.call?.pause();
    if (!this.isWaitingForDrain) {
      this.isWaitingForDrain = true;
      sink.onDrain(() => this.call?.resume());
    }
  }

  get copiesBytes(): number {
    return this.exchange.sink.copiesBytes ?? 0;
  }

  get isFlushed(): boolean {
    return this.exchange.sink.isFlushed === true;
  }

  ended(trailers: string[], hasMore = false): void {
    if (this.isOver) return;
    this.isOver = true;
    this.call = null;
    const { notes } = this.exchange;
    notes.originEndedAt = performance.now();
    if (hasMore) notes.error ??= { code: 'UPSTREAM_PROTOCOL', detail: 'the server sent more than its answer' };
    if (trailers.length > 0) this.exchange.sink.end(trailerFields(trailers));
    else this.exchange.sink.end();
    this.options.watch?.ended('done');
  }

  failed(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.call = null;
    this.options.watch?.ended('failed');
    try {
      this.answerFailure(error);
    } catch (fault) {
      // Called from a socket's event, where an exception would end the worker.
      this.exchange.sink.abort(fault instanceof Error ? fault : error);
    }
  }

  private answerFailure(error: Error): void {
    const { exchange } = this;
    exchange.notes.originEndedAt = performance.now();
    const failure = upstreamFailure(error);
    if (this.hasHead) {
      // The client has the head already, with its status: only the record tells what became of the rest.
      const code = failure.code === 'UPSTREAM_RESET' ? 'UPSTREAM_TRUNCATED' : failure.code;
      exchange.notes.error = { code, detail: failure.detail };
      exchange.sink.abort(error);
    } else {
      answerError(exchange, failure.status, failure.code, failure.detail);
    }
  }

  upgraded(fields: string[], connectionFields: readonly string[], socket: Duplex): void {
    const { exchange } = this;
    const { request, notes } = exchange;
    const { watch, setCookie } = this.options;
    const port = request instanceof LiveRequest ? request.upgradePort : null;
    const protocol = new HeaderList([...connectionFields]).get('upgrade');
    this.call = null;
    if (this.isOver || port === null || protocol?.toLowerCase() !== request.upgrade) {
      socket.destroy();
      if (this.isOver) return;
      this.isOver = true;
      notes.originStatus = 101;
      watch?.ended('failed');
      answerError(
        exchange,
        502,
        'UPSTREAM_PROTOCOL',
        `the server switched to another protocol than ${request.upgrade ?? 'HTTP'}`,
      );
      return;
    }
    this.isOver = true;
    notes.originStatus = 101;
    const headers = new HeaderList(fields);
    if (setCookie !== null) headers.append('Set-Cookie', setCookie);
    if (watch) {
      watch.answered(101);
      socket.once('close', () => watch.ended('done'));
    }
    port.accept(headers, socket);
  }
}

/** Trailers that could change what the head said about framing stay behind (RFC 9110 §6.5.1). */
function trailerFields(fields: string[]): HeaderList {
  const trailers = new HeaderList(fields);
  trailers.deleteWhere(
    (name) => isHopByHop(name) || name === 'content-length' || name === 'trailer' || name === 'host',
  );
  return trailers;
}
