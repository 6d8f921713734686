import { blankNotes, type Exchange, type Handler, type ResponseSink } from '../http/exchange.ts';
import { bodyOf, readWhole, requestWithBody } from '../http/whole-body.ts';
import type { ServiceSnapshot } from '../model/snapshot.ts';
import type { ChildService } from './child.ts';

type MirroringSnapshot = Extract<ServiceSnapshot, { kind: 'mirroring' }>;

/** Copies that may be under way at once; beyond them requests are served and not mirrored. */
const mostCopies = 200;
/** A copy that has no answer by then is given up. */
const copyTimeoutMs = 60_000;

/** Serves from one service and sends copies of some requests to others, whose answers nobody gets. */
export function createMirroring(service: MirroringSnapshot, childOf: (name: string) => ChildService): Handler {
  const main = childOf(service.service);
  const mirrors = service.mirrors.map(({ name, percent }) => ({ child: childOf(name), percent, copies: 0 }));
  let total = 0;
  let underWay = 0;

  /** So that each mirror's share is kept to at any time. */
  const chosen = (): readonly ChildService[] => {
    total += 1;
    return mirrors.flatMap((mirror) => {
      if (mirror.copies * 100 >= total * mirror.percent) return [];
      mirror.copies += 1;
      return [mirror.child];
    });
  };

  const send = (exchange: Exchange, child: ChildService, bytes: Buffer | null): void => {
    if (underWay >= mostCopies) return;
    underWay += 1;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), copyTimeoutMs);
    timer.unref();
    let isOver = false;
    const over = (): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      underWay -= 1;
    };
    timeout.signal.addEventListener('abort', over);
    const copy: Exchange = {
      request: requestWithBody(exchange.request, bodyOf(bytes)),
      sink: nowhere(over),
      notes: blankNotes(),
      signal: timeout.signal,
    };
    try {
      Promise.resolve(child.handler(copy)).catch(over);
    } catch {
      over();
    }
  };

  return async (exchange) => {
    const { request } = exchange;
    const targets = request.upgrade === null ? chosen() : [];
    if (targets.length === 0) return main.handler(exchange);
    let served = exchange;
    let bytes: Buffer | null = null;
    if (request.body !== null && service.mirrorBody) {
      const body = await readWhole(request.body, service.maxBodyBytes);
      if ('tooLong' in body) {
        return main.handler(withRequest(exchange, { ...requestWithBody(request, body.tooLong) }));
      }
      bytes = body.bytes;
      served = withRequest(exchange, requestWithBody(request, bodyOf(bytes)));
    }
    for (const child of targets) send(exchange, child, bytes);
    return main.handler(served);
  };
}

function withRequest({ sink, notes, signal }: Exchange, request: Exchange['request']): Exchange {
  return { request, sink, notes, signal };
}

function nowhere(over: () => void): ResponseSink {
  return {
    informational: () => undefined,
    head: () => undefined,
    write: () => true,
    onDrain: () => undefined,
    end: over,
    abort: over,
  };
}
