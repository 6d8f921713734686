import { z } from 'zod';
import { answerError } from '../http/error-page.ts';
import type { Exchange, Handler, ResponseHead, ResponseSink } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { requestWithBody } from '../http/whole-body.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { type Functions, parseExpression } from './expression.ts';
import { Spool } from './spool.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  maxRequestBodyBytes: z.int().min(0).optional(),
  memRequestBodyBytes: z.int().min(0).optional(),
  maxResponseBodyBytes: z.int().min(0).optional(),
  memResponseBodyBytes: z.int().min(0).optional(),
  retryExpression: z.string().optional(),
});
type Config = z.infer<typeof schema>;

const defaultMemoryBytes = 1024 * 1024;
/** However the expression reads, as in Traefik. */
const mostAttempts = 10;

export const buffering: MiddlewareDefinition<Config> = {
  type: 'buffering',
  summary: 'Reads requests and answers whole before they are passed on, and refuses those that are too large.',
  schema,
  build(config, context) {
    const settings = readSettings(config);
    return (next) => (exchange) => {
      // A WebSocket has no body that ends.
      if (exchange.request.upgrade !== null) return next(exchange);
      return new Buffered(exchange, next, settings, () => context.verdict(exchange, 'refused')).run();
    };
  },
  explain(config, request) {
    const { maxRequestBytes } = readSettings(config);
    const length = Number(request.headers.get('content-length') ?? 0);
    return maxRequestBytes > 0 && length > maxRequestBytes
      ? says('refuses', 'BODY_TOO_LONG', { bytes: maxRequestBytes })
      : says('passes', 'BUFFERED');
  },
};

/** An attempt, as an expression sees it. */
interface Attempt {
  readonly status: number;
  readonly count: number;
  readonly method: string;
}

const functions: Functions<Attempt> = {
  IsNetworkError: { takes: [], gives: 'boolean', call: ({ status }) => status === 502 || status === 504 },
  Attempts: { takes: [], gives: 'number', call: ({ count }) => count },
  ResponseCode: { takes: [], gives: 'number', call: ({ status }) => status },
  RequestMethod: { takes: [], gives: 'string', call: ({ method }) => method },
};

interface Settings {
  /** 0: no bound. */
  readonly maxRequestBytes: number;
  readonly memoryRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly memoryResponseBytes: number;
  readonly isRetried: (attempt: Attempt) => boolean;
}

function readSettings(config: Config): Settings {
  const { retryExpression = '' } = config;
  return {
    maxRequestBytes: config.maxRequestBodyBytes ?? 0,
    memoryRequestBytes: config.memRequestBodyBytes ?? defaultMemoryBytes,
    maxResponseBytes: config.maxResponseBodyBytes ?? 0,
    memoryResponseBytes: config.memResponseBodyBytes ?? defaultMemoryBytes,
    isRetried: retryExpression === '' ? () => false : parseExpression(retryExpression, functions),
  };
}

/** One request and its answer, both kept whole. */
class Buffered {
  readonly #exchange: Exchange;
  readonly #next: Handler;
  readonly #settings: Settings;
  readonly #refused: () => void;
  readonly #body: Spool;
  readonly #steps: number;
  #count = 0;

  constructor(exchange: Exchange, next: Handler, settings: Settings, refused: () => void) {
    this.#exchange = exchange;
    this.#next = next;
    this.#settings = settings;
    this.#refused = refused;
    this.#body = new Spool(settings.memoryRequestBytes);
    this.#steps = exchange.notes.middlewares.length;
    exchange.signal.addEventListener('abort', () => this.#close(), { once: true });
  }

  async run(): Promise<void> {
    const { request, signal } = this.#exchange;
    const { maxRequestBytes } = this.#settings;
    const isTooLong = (length: number): boolean => maxRequestBytes > 0 && length > maxRequestBytes;
    if (isTooLong(Number(request.headers.get('content-length') ?? 0))) return this.#refuse();
    for await (const chunk of request.body ?? []) {
      await this.#body.write(chunk as Buffer);
      if (isTooLong(this.#body.length)) return this.#refuse();
    }
    if (signal.aborted) this.#close();
    else this.#attempt();
  }

  #refuse(): void {
    this.#refused();
    answerError(this.#exchange, 413, 'REQUEST_MALFORMED', `longer than ${this.#settings.maxRequestBytes} bytes`);
    this.#close();
  }

  #attempt(): void {
    const { request, notes, signal } = this.#exchange;
    if (this.#count > 0) {
      notes.retryAttempts = (notes.retryAttempts ?? 0) + 1;
      notes.error = null;
      notes.originStatus = null;
      // This middleware's own step, noted when it handed on first, stays.
      notes.middlewares.length = Math.min(notes.middlewares.length, this.#steps + 1);
    }
    this.#count += 1;
    const again = requestWithBody(request, this.#body.length > 0 ? this.#body.read() : null);
    // On HTTP/1.1 only a body in chunks has trailers (RFC 9112 section 7.1.2).
    const hasTrailers = (again.trailers?.() ?? []).length > 0;
    if (hasTrailers) again.headers.delete('Content-Length');
    else if (this.#body.length > 0) again.headers.set('Content-Length', String(this.#body.length));
    const sink = new KeepingSink(this.#exchange, this.#settings, {
      isRetried: (status) =>
        this.#count < mostAttempts &&
        !signal.aborted &&
        this.#settings.isRetried({ status, count: this.#count, method: request.method }),
      retry: () => this.#attempt(),
    });
    try {
      const running = this.#next({ request: again, sink, notes, signal });
      if (running) running.catch((error: unknown) => sink.abort(asError(error)));
    } catch (error) {
      sink.abort(asError(error));
    }
  }

  #close(): void {
    this.#body.close().catch(() => undefined);
  }
}

interface Verdict {
  readonly isRetried: (status: number) => boolean;
  readonly retry: () => void;
}

/** Keeps an answer until it is whole, then passes it on at the pace of whoever reads. */
class KeepingSink implements ResponseSink {
  readonly #exchange: Exchange;
  readonly #maxBytes: number;
  readonly #verdict: Verdict;
  readonly #kept: Spool;
  readonly #drainListeners = new Set<() => void>();
  #head: ResponseHead | null = null;
  #isOver = false;
  #lastWrite: Promise<void> | null = null;

  constructor(exchange: Exchange, settings: Settings, verdict: Verdict) {
    this.#exchange = exchange;
    this.#maxBytes = settings.maxResponseBytes;
    this.#verdict = verdict;
    this.#kept = new Spool(settings.memoryResponseBytes);
    exchange.signal.addEventListener('abort', () => this.#close(), { once: true });
  }

  informational(): void {
    // It would speak of an answer that may not come.
  }

  head(head: ResponseHead): void {
    this.#head = head;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isOver) return true;
    const writing = this.#kept.write(chunk);
    if (this.#maxBytes > 0 && this.#kept.length > this.#maxBytes) {
      this.#fail(500, `the answer is longer than ${this.#maxBytes} bytes`);
      return true;
    }
    if (writing === null) return true;
    this.#lastWrite = writing;
    writing.then(
      () => {
        if (this.#lastWrite === writing) for (const listener of this.#drainListeners) listener();
      },
      (error: unknown) => this.#fail(500, `the answer cannot be kept: ${asError(error).message}`),
    );
    return false;
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.add(listener);
  }

  end(trailers?: HeaderList): void {
    const head = this.#head;
    if (this.#isOver || head === null) return;
    this.#isOver = true;
    if (this.#verdict.isRetried(head.status)) {
      this.#close();
      this.#verdict.retry();
      return;
    }
    this.#pass(head, trailers).catch((error: unknown) => this.#exchange.sink.abort(asError(error)));
  }

  abort(error: Error): void {
    this.#fail(502, error.message);
  }

  /** Nothing has gone out yet, so that the visitor can be told. */
  #fail(status: number, detail: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#close();
    answerError(this.#exchange, status, status === 502 ? 'UPSTREAM_RESET' : 'INTERNAL', detail);
  }

  async #pass(head: ResponseHead, trailers: HeaderList | undefined): Promise<void> {
    const { sink, request, signal } = this.#exchange;
    await this.#lastWrite;
    const hasBody = this.#kept.length > 0 && request.method !== 'HEAD';
    if (hasBody && trailers === undefined) head.headers.set('Content-Length', String(this.#kept.length));
    sink.head(head);
    if (hasBody) {
      const drained = new Gate();
      sink.onDrain(() => drained.open());
      for await (const chunk of this.#kept.read()) {
        if (signal.aborted) return;
        if (!sink.write(chunk as Uint8Array)) await drained.wait(signal);
      }
    }
    sink.end(trailers);
    this.#close();
  }

  #close(): void {
    this.#kept.close().catch(() => undefined);
  }
}

/** Waits for the next time that a reader wants more, or for the end of the exchange. */
class Gate {
  #open: (() => void) | null = null;

  open(): void {
    this.#open?.();
    this.#open = null;
  }

  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#open = done;
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
