import type { Duplex, Readable } from 'node:stream';
import type { UpstreamCall, UpstreamHandler } from '../http1/upstream-call.ts';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import { HeaderList } from './header-list.ts';
import { isHopByHop } from './header-names.ts';
import { readOrigin, type UpstreamPools } from './pools.ts';
import { readTransport } from './transport.ts';

/** A question that the proxy itself asks of an HTTP server, such as whether a visitor may come in. */
export interface UpstreamQuestion {
  readonly method: string;
  /** Content-Length is set here, and Host where it is not given. */
  readonly headers: HeaderList;
  readonly body: Buffer | Readable | null;
  /** Answers with a longer body are refused; below 0: any length. */
  readonly maxAnswerBytes: number;
  /** A longer answer is not refused; the rest of its body is left out. */
  readonly cutsAnswer?: boolean;
  /** 0: the signal alone ends it. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Host field; left out: that of the address. */
  readonly host?: string;
}

export interface UpstreamAnswer {
  readonly status: number;
  /** Without hop-by-hop fields. */
  readonly headers: HeaderList;
  readonly body: Buffer;
  readonly trailers: HeaderList;
}

/** One address that is asked. */
export interface Upstream {
  /** Host and port as they stand in the address. */
  readonly host: string;
  /**
   * Gives the whole answer; redirects are answers like others. Rejects where the server cannot be reached or breaks
   * off, with {@link AnswerTooLong}, and when the signal is aborted.
   */
  ask(question: UpstreamQuestion): Promise<UpstreamAnswer>;
}

export class AnswerTooLong extends Error {
  constructor(maxBytes: number) {
    super(`The answer is longer than ${maxBytes} bytes.`);
    this.name = 'AnswerTooLong';
  }
}

/** Judges an address and its transport without using them. Throws a readable Error where one cannot be used. */
export function checkUpstream(url: string, transport: ServersTransportConfig | undefined): Upstream {
  const { hostField } = readOrigin(url, readTransport(transport));
  return { host: hostField, ask: () => Promise.reject(new Error('This address is only judged.')) };
}

/**
 * Throws a readable Error where the address or the transport cannot be used. `used` is told the key of its pool.
 * `mayBeSocket`: the address may name a Unix socket.
 */
export function createUpstream(
  url: string,
  transport: ServersTransportConfig | undefined,
  pools: UpstreamPools,
  used: (poolKey: string) => void = () => undefined,
  mayBeSocket = false,
): Upstream {
  const origin = readOrigin(url, readTransport(transport), mayBeSocket);
  const { pathname, search } = new URL(url);
  used(origin.key);
  return {
    host: origin.hostField,
    ask(question) {
      const { headers, body, method } = question;
      return new Promise((resolve, reject) => {
        const call = new Call(question, resolve, reject);
        if (call.isOver) return;
        const fields = ['Host', question.host ?? headers.get('host') ?? origin.hostField];
        for (const [name, value] of headers) {
          const lower = name.toLowerCase();
          if (lower === 'te' && value === 'trailers') fields.push('TE', value);
          // Middlewares that ask may have to show a proxy's own credentials, as Traefik's forwardAuth does.
          else if (lower !== 'host' && (lower.startsWith('proxy-auth') || !isHopByHop(name))) fields.push(name, value);
        }
        const target = pathname + search;
        pools.of(origin).send({ method, target, fields, body, upgrade: null, trailers: null, client: null }, call);
      });
    },
  };
}

class Call implements UpstreamHandler {
  readonly #question: UpstreamQuestion;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout | null;
  readonly #onAbort = (): void => this.#fail(new Error('The visitor is gone.'));
  #bytes = 0;
  #status = 0;
  #headers = new HeaderList();
  #call: UpstreamCall | null = null;
  isOver = false;
  /** Chunks are kept. */
  readonly copiesBytes = 0;
  readonly isFlushed = false;

  constructor(question: UpstreamQuestion, resolve: (answer: UpstreamAnswer) => void, reject: (error: Error) => void) {
    this.#question = question;
    this.#resolve = resolve;
    this.#reject = reject;
    const { timeoutMs, signal } = question;
    const late = (): void => this.#fail(new Error(`No answer came within ${timeoutMs / 1000} s.`));
    this.#timer = timeoutMs > 0 ? setTimeout(late, timeoutMs) : null;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#fail(new Error('The visitor is gone.'));
  }

  begins(call: UpstreamCall): boolean {
    this.#call = call;
    return !this.isOver;
  }

  informational(): void {
    // The answer itself is waited for.
  }

  head(status: number, fields: string[], connectionFields: readonly string[]): void {
    this.#status = status;
    this.#headers = new HeaderList(fields);
    // How to sign in is for the visitor, whom the answer is about.
    for (const [name, value] of new HeaderList([...connectionFields])) {
      if (name.toLowerCase() === 'proxy-authenticate') this.#headers.append(name, value);
    }
  }

  data(chunk: Buffer): void {
    if (this.isOver) return;
    const { maxAnswerBytes, cutsAnswer = false } = this.#question;
    const isTooLong = maxAnswerBytes >= 0 && this.#bytes + chunk.byteLength > maxAnswerBytes;
    if (isTooLong && !cutsAnswer) {
      this.#fail(new AnswerTooLong(maxAnswerBytes));
      return;
    }
    this.#chunks.push(isTooLong ? chunk.subarray(0, maxAnswerBytes - this.#bytes) : chunk);
    this.#bytes += chunk.byteLength;
    if (!isTooLong) return;
    const call = this.#call;
    this.ended([]);
    call?.abort();
  }

  ended(trailers: string[]): void {
    if (!this.#end()) return;
    this.#call = null;
    this.#resolve({
      status: this.#status,
      headers: this.#headers,
      body: Buffer.concat(this.#chunks),
      trailers: new HeaderList(trailers),
    });
  }

  upgraded(_fields: string[], _connectionFields: readonly string[], socket: Duplex): void {
    socket.destroy();
    this.#fail(new Error('The server switched protocols.'));
  }

  failed(error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (!this.#end()) return;
    this.#call?.abort();
    this.#call = null;
    this.#reject(error);
  }

  #end(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#question.signal.removeEventListener('abort', this.#onAbort);
    return true;
  }
}
