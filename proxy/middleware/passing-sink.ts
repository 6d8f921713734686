import type { Exchange, ResponseHead, ResponseSink } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';

/** Hands every step of an answer on unchanged. A middleware that changes answers overrides what it changes. */
export class PassingSink implements ResponseSink {
  protected readonly inner: ResponseSink;

  constructor(inner: ResponseSink) {
    this.inner = inner;
  }

  informational(status: number, headers: HeaderList): void {
    this.inner.informational(status, headers);
  }

  head(head: ResponseHead): void {
    this.inner.head(head);
  }

  write(chunk: Uint8Array): boolean {
    return this.inner.write(chunk);
  }

  /** False where an heir keeps chunks. */
  get isFlushed(): boolean {
    return this.inner.isFlushed === true;
  }

  onDrain(listener: () => void): void {
    this.inner.onDrain(listener);
  }

  end(trailers?: HeaderList): void {
    this.inner.end(trailers);
  }

  abort(error: Error): void {
    this.inner.abort(error);
  }
}

/** The same exchange with another way out. Notes stay one object, by which an exchange is known. */
export function withSink(exchange: Exchange, sink: ResponseSink): Exchange {
  return { request: exchange.request, sink, notes: exchange.notes, signal: exchange.signal };
}
