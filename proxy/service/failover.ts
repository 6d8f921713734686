import { answerError } from '../http/error-page.ts';
import type { Exchange, Handler, ResponseHead } from '../http/exchange.ts';
import type { HeaderList } from '../http/header-list.ts';
import { bodyOf, readWhole, requestWithBody } from '../http/whole-body.ts';
import { PassingSink } from '../middleware/passing-sink.ts';
import type { FailoverErrors, ServiceSnapshot } from '../model/snapshot.ts';
import { statusTest } from '../model/status-ranges.ts';
import type { ChildService } from './child.ts';

type FailoverSnapshot = Extract<ServiceSnapshot, { kind: 'failover' }>;

export interface FailoverService {
  readonly handler: Handler;
  readonly isUp: () => boolean;
}

/** Serves from one service and, while that is down or where it answers with certain statuses, from another. */
export function createFailover(service: FailoverSnapshot, childOf: (name: string) => ChildService): FailoverService {
  const main = childOf(service.service);
  const fallback = childOf(service.fallback);
  const isFallbackUp = service.healthCheck ? fallback.isUp : () => true;
  const served = service.errors === null ? main.handler : trying(main.handler, fallback.handler, service.errors);
  const handler: Handler = (exchange) => {
    if (main.isUp()) return served(exchange);
    if (isFallbackUp()) return fallback.handler(exchange);
    answerError(exchange, 503, 'NO_SERVER', `neither ${main.name} nor ${fallback.name} is up`);
    return undefined;
  };
  return { handler, isUp: () => main.isUp() || isFallbackUp() };
}

/** A handler whose answers with certain statuses nobody sees: the fallback answers in their stead. */
function trying(main: Handler, fallback: Handler, errors: FailoverErrors): Handler {
  const isFailure = statusTest(errors.status);
  return async (exchange) => {
    const { request, notes, signal, sink } = exchange;
    // What has been upgraded cannot be begun again.
    if (request.upgrade !== null) return main(exchange);
    let bytes: Buffer | null = null;
    if (request.body !== null) {
      const body = await readWhole(request.body, errors.maxRequestBodyBytes);
      if ('tooLong' in body) {
        body.tooLong.destroy();
        answerError(exchange, 413, 'REQUEST_MALFORMED', 'the body is too large to be sent twice');
        return undefined;
      }
      bytes = body.bytes;
    }
    const again = (): void => {
      notes.error = null;
      notes.originStatus = null;
      const second = { request: requestWithBody(request, bodyOf(bytes)), notes, signal, sink };
      try {
        Promise.resolve(fallback(second)).catch((error: unknown) => sink.abort(asError(error)));
      } catch (error) {
        sink.abort(asError(error));
      }
    };
    const first = { request: requestWithBody(request, bodyOf(bytes)), notes, signal };
    return main({ ...first, sink: new TrialSink(sink, isFailure, again) });
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Lets an answer through unless its status is a failure; then it is swallowed and `again` is called. */
class TrialSink extends PassingSink {
  readonly #isFailure: (status: number) => boolean;
  readonly #again: () => void;
  #isSwallowed = false;

  constructor(sink: Exchange['sink'], isFailure: (status: number) => boolean, again: () => void) {
    super(sink);
    this.#isFailure = isFailure;
    this.#again = again;
  }

  override head(head: ResponseHead): void {
    if (this.#isFailure(head.status)) {
      this.#isSwallowed = true;
      this.#again();
    } else {
      super.head(head);
    }
  }

  override write(chunk: Uint8Array): boolean {
    return this.#isSwallowed || super.write(chunk);
  }

  override end(trailers?: HeaderList): void {
    if (!this.#isSwallowed) super.end(trailers);
  }

  override abort(error: Error): void {
    if (!this.#isSwallowed) super.abort(error);
  }
}
