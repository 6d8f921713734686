import { z } from 'zod';
import type { ResponseHead } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import type { MiddlewareDefinition } from './definition.ts';
import { sniffMediaType } from './media-sniffing.ts';
import { PassingSink, withSink } from './passing-sink.ts';
import { says } from './verdict.ts';

const schema = z.strictObject({
  /** Deprecated in Traefik; false turns the middleware off. */
  autoDetect: z.boolean().optional(),
});

export const contentType: MiddlewareDefinition<z.infer<typeof schema>> = {
  type: 'contentType',
  summary: 'Tells the type of answers that do not say it, by their first bytes.',
  schema,
  build(config) {
    if (config.autoDetect === false) return (next) => next;
    return (next) => (exchange) => next(withSink(exchange, new SniffingSink(exchange.sink)));
  },
  explain: () => says('passes', 'TYPE_FOUND'),
};

/** Holds the head of an answer without a type back until its first bytes are there. */
class SniffingSink extends PassingSink {
  #held: ResponseHead | null = null;

  override head(head: ResponseHead): void {
    const { status, headers } = head;
    const isBodyless = status === 204 || status === 304;
    if (isBodyless || headers.has('content-type') || headers.has('content-encoding')) this.inner.head(head);
    else this.#held = head;
  }

  override write(chunk: Uint8Array): boolean {
    if (this.#held !== null && chunk.byteLength > 0) {
      this.#held.headers.append('Content-Type', sniffMediaType(chunk));
      this.#release();
    }
    return this.inner.write(chunk);
  }

  override end(trailers?: HeaderList): void {
    this.#release();
    this.inner.end(trailers);
  }

  #release(): void {
    const held = this.#held;
    this.#held = null;
    if (held !== null) this.inner.head(held);
  }
}
