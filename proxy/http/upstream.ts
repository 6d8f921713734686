import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { ServersTransportConfig } from '../model/dynamic.ts';
import { HeaderList } from './header-list.ts';
import { isHopByHop } from './header-names.ts';
import { readOrigin, type UpstreamPools } from './pools.ts';
import { readTransport } from './transport.ts';

/** A question that the proxy itself asks of an HTTP server, such as whether a visitor may come in. */
export interface UpstreamQuestion {
  readonly method: string;
  /** Without Host and Content-Length, which are set here. */
  readonly headers: HeaderList;
  readonly body: Buffer | Readable | null;
  /** Answers with a longer body are refused; below 0: any length. */
  readonly maxAnswerBytes: number;
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

/** Throws a readable Error where the address or the transport cannot be used. `used` is told the key of its pool. */
export function createUpstream(
  url: string,
  transport: ServersTransportConfig | undefined,
  pools: UpstreamPools,
  used: (poolKey: string) => void = () => undefined,
): Upstream {
  const origin = readOrigin(url, readTransport(transport));
  const { pathname, search } = new URL(url);
  used(origin.key);
  return {
    host: origin.hostField,
    ask(question) {
      const { headers, body, method } = question;
      return new Promise((resolve, reject) => {
        const call = new Call(question, resolve, reject);
        pools.of(origin).dispatch(
          {
            origin: origin.origin,
            path: pathname + search,
            method,
            headers: [...headers.raw, 'Host', question.host ?? origin.hostField],
            body,
            servername: origin.serverName,
          } as Dispatcher.DispatchOptions,
          call,
        );
      });
    },
  };
}

class Call implements Dispatcher.DispatchHandler {
  readonly #question: UpstreamQuestion;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#fail(new Error('The visitor is gone.'));
  #bytes = 0;
  #status = 0;
  #headers = new HeaderList();
  #controller: Dispatcher.DispatchController | null = null;
  #isOver = false;

  constructor(question: UpstreamQuestion, resolve: (answer: UpstreamAnswer) => void, reject: (error: Error) => void) {
    this.#question = question;
    this.#resolve = resolve;
    this.#reject = reject;
    const { timeoutMs, signal } = question;
    this.#timer = setTimeout(() => this.#fail(new Error(`No answer came within ${timeoutMs / 1000} s.`)), timeoutMs);
    signal.addEventListener('abort', this.#onAbort, { once: true });
    if (signal.aborted) this.#fail(new Error('The visitor is gone.'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('The answer is no longer wanted.'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = new HeaderList(fieldsOf(controller.rawHeaders));
    // How to sign in is for the visitor, whom the answer is about.
    this.#headers.deleteWhere((name) => isHopByHop(name) && name !== 'proxy-authenticate');
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { maxAnswerBytes } = this.#question;
    this.#bytes += chunk.byteLength;
    if (maxAnswerBytes >= 0 && this.#bytes > maxAnswerBytes) this.#fail(new AnswerTooLong(maxAnswerBytes));
    else this.#chunks.push(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (!this.#end()) return;
    const trailers = new HeaderList(fieldsOf(controller.rawTrailers));
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks), trailers });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (!this.#end()) return;
    this.#controller?.abort(error);
    this.#reject(error);
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#question.signal.removeEventListener('abort', this.#onAbort);
    return true;
  }
}

function fieldsOf(raw: unknown): string[] {
  return ((raw ?? []) as readonly (Buffer | string)[]).map((field) =>
    typeof field === 'string' ? field : field.toString('latin1'),
  );
}
