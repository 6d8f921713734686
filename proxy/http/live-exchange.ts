import { performance } from 'node:perf_hooks';
import type { LoggedFacts, LoggedFields, RequestRecord } from '../model/request-record.ts';
import { BodyWatch } from './body-watch.ts';
import { type Holdup, stuckAfterMs } from './crowd.ts';
import { type EntryContext, unreadLimitMs } from './entry-context.ts';
import { answerError } from './error-page.ts';
import { blankNotes, type Exchange, type Handler, type ResponseHead, type ResponseSink } from './exchange.ts';
import type { HeaderList } from './header-list.ts';
import { stoppedReading } from './limit-counts.ts';
import type { LiveRequest } from './live-request.ts';
import { factsOf, keepsFields, loggedFields } from './logged-facts.ts';
import type { TrafficCounter } from './recorder.ts';
import { RequestBody } from './request-body.ts';
import type { Limited } from './time-limits.ts';

/** Where a matched request goes, made once per snapshot. */
export interface RouteTarget {
  readonly router: string;
  readonly priority: number;
  /** Null where it leads to routers. */
  readonly service: string | null;
  readonly handler: Handler;
  /** TLS options without which it serves nobody; null: the host decides. */
  readonly tlsOptions: string | null;
  /** Middlewares may listen to `signal`; a bare service does not, and is spared its cost. */
  readonly needsSignal: boolean;
  /** Its requests go to the access log, where there is one; null: as the entry point has it. */
  readonly isLogged: boolean | null;
  readonly counter: TrafficCounter;
}

const neverAborted = new AbortController().signal;

/** An exchange on a real wire. It is its own sink; the protocols fill in how bytes leave. */
export abstract class LiveExchange implements Exchange, ResponseSink {
  readonly request: LiveRequest;
  readonly sink: ResponseSink;
  readonly notes = blankNotes();
  signal: AbortSignal = neverAborted;

  protected status = 0;
  protected responseBytes = 0;
  /** The head has gone out; from now on an error can only break the answer off. */
  protected hasHead = false;
  /** `end` or `abort` was called. */
  protected isOver = false;
  private readonly context: EntryContext;
  private readonly atMs: number;
  private readonly startedAt = performance.now();
  private target: RouteTarget | null = null;
  private counter: TrafficCounter;
  private aborter: AbortController | null = null;
  private isRecorded = false;
  private stall: (Limited & Holdup) | null = null;
  private drainListeners: (() => void)[] | null = null;
  private bodyWatch: BodyWatch | null = null;
  private downstreamHeaders: HeaderList | null = null;
  private originFields: LoggedFields | null = null;
  private limitCode: 'UPSTREAM_TIMEOUT' | 'REQUEST_TIMEOUT' | null = null;

  constructor(request: LiveRequest, context: EntryContext, atMs: number) {
    this.request = request;
    this.sink = this;
    this.context = context;
    this.counter = context.unrouted;
    this.atMs = atMs;
    const { accessLog } = context;
    if (accessLog !== null && keepsFields(accessLog)) {
      this.notes.onOriginHead = (headers) => {
        this.originFields = loggedFields(headers, accessLog);
      };
    }
    const { writeMs } = context.options.timeouts;
    if (writeMs > 0) this.limit(writeMs, 'UPSTREAM_TIMEOUT');
  }

  abstract informational(status: number, headers: HeaderList): void;
  abstract head(head: ResponseHead): void;
  abstract write(chunk: Uint8Array): boolean;
  abstract end(trailers?: HeaderList): void;
  abstract abort(error: Error): void;
  abstract get isFlushed(): boolean;

  /** Hands the exchange to a route. What the handler throws is answered, or breaks the answer off. */
  run(target: RouteTarget): void {
    this.target = target;
    this.counter = target.counter;
    if (target.needsSignal) {
      this.aborter = new AbortController();
      this.signal = this.aborter.signal;
    }
    try {
      const running = target.handler(this);
      if (running) running.catch((error: unknown) => this.fail(error));
    } catch (error) {
      this.fail(error);
    }
  }

  /** A fault of our own: the visitor gets a 500, or a broken answer where one has begun. */
  fail(error: unknown): void {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (this.isOver) return;
    if (this.hasHead) {
      this.notes.error ??= { code: 'INTERNAL', detail };
      this.abort(error instanceof Error ? error : new Error(detail));
    } else {
      answerError(this, 500, 'INTERNAL', detail);
    }
  }

  /** Gives the exchange so much time: the answer must be out by then, or the body must be in (`REQUEST_TIMEOUT`). */
  protected limit(limitMs: number, code: 'UPSTREAM_TIMEOUT' | 'REQUEST_TIMEOUT'): void {
    this.limitCode = code;
    this.context.limits.watch(this, limitMs);
  }

  /** From now on the client must keep sending its body while we want it. */
  watchBody(body: RequestBody): void {
    const { bodyIdleMs = 0 } = this.context.options.timeouts;
    if (bodyIdleMs === 0) return;
    this.bodyWatch = new BodyWatch(body, this.context, bodyIdleMs, {
      answerPhase: () => (this.isOver ? 'after' : this.hasHead ? 'during' : 'before'),
      tooSlow: (detail) => {
        this.request.goneListener?.clientGone();
        if (this.isOver) this.giveUpBody();
        else this.refuseBody(detail);
      },
    });
  }

  /** The answer is out and nobody wants the rest of the body, but the client goes on sending it. */
  protected abstract giveUpBody(): void;
  /** Breaks the answer off, ended or not: the client does not take what was written of it. */
  protected abstract dropUnread(): void;

  /** Answers that the body took too long. */
  protected refuseBody(detail: string): void {
    answerError(this, 408, 'REQUEST_TIMEOUT', detail);
  }

  /** From now on it may take as long as it likes. */
  protected unlimited(): void {
    if (this.limitCode !== null) this.context.limits.forget(this);
  }

  expired(): void {
    const { body } = this.request;
    const code = this.limitCode;
    if (this.isOver || code === null) return;
    if (code === 'REQUEST_TIMEOUT' && (body === null || (body instanceof RequestBody && body.isComplete))) return;
    this.request.goneListener?.clientGone();
    const detail = code === 'REQUEST_TIMEOUT' ? 'the body did not arrive in time' : 'the answer was not out in time';
    if (this.hasHead) {
      this.notes.error = { code, detail };
      this.abort(new Error(detail));
    } else {
      answerError(this, code === 'REQUEST_TIMEOUT' ? 408 : 504, code, detail);
    }
  }

  onDrain(listener: () => void): void {
    if (this.drainListeners === null) {
      this.drainListeners = [listener];
    } else if (!this.drainListeners.includes(listener)) {
      this.drainListeners.push(listener);
    }
  }

  /** The client takes more again. */
  drained(): void {
    this.moving();
    if (this.drainListeners) for (const listener of this.drainListeners) listener();
  }

  /** The client takes no more for now. One that takes nothing for too long is given up; `drained` tells of the others. */
  protected stalled(): void {
    const limitMs = unreadLimitMs(this.context);
    if (this.stall || limitMs === 0) return;
    const sinceMs = performance.now();
    const stall: Limited & Holdup = {
      isStuck: (nowMs) => nowMs - sinceMs > stuckAfterMs,
      expired: () => {
        this.moving();
        this.notes.error ??= { code: 'CLIENT_ABORTED', detail: stoppedReading };
        this.request.goneListener?.clientGone();
        this.dropUnread();
      },
    };
    this.stall = stall;
    this.context.limits.watch(stall, limitMs);
    this.context.unread.add(stall);
  }

  protected moving(): void {
    if (this.stall === null) return;
    this.context.limits.forget(this.stall);
    this.context.unread.delete(this.stall);
    this.stall = null;
  }

  /** The wire is done with this exchange: complete, or because the client has gone. */
  protected closed(isComplete: boolean, error: RequestRecord['error'] = null): void {
    if (this.isRecorded) return;
    this.isRecorded = true;
    this.bodyWatch?.answered();
    this.unlimited();
    this.moving();
    if (!isComplete) {
      this.notes.error ??= error ?? {
        code: 'CLIENT_ABORTED',
        detail: 'the client closed before the answer was complete',
      };
      this.request.goneListener?.clientGone();
    }
    this.request.goneListener = null;
    this.isOver = true;
    this.aborter?.abort();
    const counter = this.notes.innerRoute?.counter ?? this.counter;
    this.context.recorder.finished(this.record(), counter, this.facts(), this.request);
  }

  /** The head has left with these. */
  protected began(status: number, headers: HeaderList): void {
    this.hasHead = true;
    this.status = status;
    this.downstreamHeaders = headers;
  }

  /** For the access log, unless the request is not to stand there. */
  private facts(): LoggedFacts | null {
    const { accessLog, isLogged } = this.context;
    if (accessLog === null || !(this.target?.isLogged ?? isLogged)) return null;
    return factsOf(this.request, this.notes, accessLog, this.downstreamHeaders, this.originFields);
  }

  protected countExtra(requestBytes: number, responseBytes: number): void {
    this.extraRequestBytes += requestBytes;
    this.responseBytes += responseBytes;
  }

  private extraRequestBytes = 0;

  private record(): RequestRecord {
    const { request, notes } = this;
    const { body } = request;
    const route = notes.innerRoute ?? this.target;
    const originDurationMs =
      notes.originStartedAt === null ? null : (notes.originEndedAt ?? performance.now()) - notes.originStartedAt;
    const record: RequestRecord = {
      id: request.id,
      at: this.atMs,
      entryPoint: request.entryPoint,
      clientIp: request.clientIp,
      clientPort: request.clientPort,
      username: notes.username,
      protocol: request.protocol,
      scheme: request.scheme,
      method: request.method,
      host: request.host,
      target: request.target,
      router: route?.router ?? null,
      service: route?.service ?? null,
      serverUrl: notes.serverUrl,
      middlewares: notes.middlewares,
      // As nginx has it: the client went before it was answered.
      status: this.status === 0 ? 499 : this.status,
      originStatus: notes.originStatus,
      requestBytes: (body instanceof RequestBody ? body.bytes : 0) + this.extraRequestBytes,
      responseBytes: this.responseBytes,
      durationMs: performance.now() - this.startedAt,
      originDurationMs,
      userAgent: request.userAgent,
      referer: request.referer,
      upgrade: request.upgrade,
      tlsVersion: request.tls?.version ?? null,
      error: notes.error,
    };
    if (notes.retryAttempts !== undefined) record.retryAttempts = notes.retryAttempts;
    return record;
  }
}
