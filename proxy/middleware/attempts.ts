import type { Exchange, Handler, ProxyRequest, ResponseHead, ResponseSink } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { bodyOf, requestWithBody } from '../http/whole-body.ts';
import { PassingSink } from './passing-sink.ts';

/** What a request was before its first attempt, for the next ones: what stands behind may change it. */
export class Attempts {
  readonly #exchange: Exchange;
  readonly #next: Handler;
  /** A body that was read into memory; else the request's own is used, which nobody has read from. */
  readonly #body: Buffer | null;
  readonly #before: ProxyRequest;
  readonly #steps: number;
  #count = 0;

  constructor(exchange: Exchange, next: Handler, body: Buffer | null) {
    this.#exchange = exchange;
    this.#next = next;
    this.#body = body;
    this.#before = requestWithBody(exchange.request, exchange.request.body);
    this.#steps = exchange.notes.middlewares.length;
  }

  /** How often the request has been handed on. */
  get count(): number {
    return this.#count;
  }

  /** Hands the request on, as it was at first. The record tells of the last attempt, and how many there were. */
  start(sink: ResponseSink): void {
    const { notes, signal } = this.#exchange;
    notes.originAttempt = null;
    if (this.#count > 0) {
      notes.retryAttempts = (notes.retryAttempts ?? 0) + 1;
      notes.error = null;
      notes.originStatus = null;
      // This middleware's own step, noted when it handed on first, stays.
      notes.middlewares.length = Math.min(notes.middlewares.length, this.#steps + 1);
    }
    this.#count += 1;
    try {
      const running = this.#next({ request: this.#request(), sink, notes, signal });
      if (running) running.catch((error: unknown) => this.#fail(sink, error));
    } catch (error) {
      this.#fail(sink, error);
    }
  }

  #request(): ProxyRequest {
    const { request } = this.#exchange;
    if (this.#body !== null) return requestWithBody(this.#before, bodyOf(this.#body));
    // The request itself, as only it can be upgraded.
    request.path = this.#before.path;
    request.query = this.#before.query;
    const { raw } = request.headers;
    raw.length = 0;
    for (const field of this.#before.headers.raw) raw.push(field);
    return request;
  }

  #fail(sink: ResponseSink, error: unknown): void {
    const fault = error instanceof Error ? error : new Error(String(error));
    this.#exchange.notes.error ??= { code: 'INTERNAL', detail: fault.stack ?? fault.message };
    sink.abort(fault);
  }
}

/** An answer that may be dropped, so that another attempt gives it. */
export class TrialSink extends PassingSink {
  readonly #isDropped: (status: number) => boolean;
  readonly #again: () => void;
  #state: 'waiting' | 'dropped' | 'passed' = 'waiting';

  /** `isDropped` is asked once, when the head comes; `again` is called when a dropped answer has ended. */
  constructor(inner: ResponseSink, isDropped: (status: number) => boolean, again: () => void) {
    super(inner);
    this.#isDropped = isDropped;
    this.#again = again;
  }

  override informational(): void {
    // It would speak of an answer that may not come.
  }

  override head(head: ResponseHead): void {
    if (this.#state !== 'waiting') return;
    this.#state = this.#isDropped(head.status) ? 'dropped' : 'passed';
    if (this.#state === 'passed') this.inner.head(head);
  }

  override write(chunk: Uint8Array): boolean {
    return this.#state === 'dropped' || this.inner.write(chunk);
  }

  override end(trailers?: HeaderList): void {
    if (this.#state === 'dropped') this.#again();
    else this.inner.end(trailers);
  }

  override abort(error: Error): void {
    if (this.#state === 'dropped') this.#again();
    else this.inner.abort(error);
  }
}
