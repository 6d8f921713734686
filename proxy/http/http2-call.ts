import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

export interface CallOptions {
  readonly method: string;
  readonly path: string;
  readonly scheme: 'http' | 'https';
  /** Alternately names and values, Host among them. */
  readonly headers: readonly string[];
  readonly body: Readable | Buffer | null;
  /** 0: none. */
  readonly headersTimeoutMs: number;
}

/** One request on an HTTP/2 connection, told to its handler as undici tells of one on HTTP/1. */
export class Http2Call {
  rawHeaders: Buffer[] | string[] = [];
  rawTrailers: Buffer[] | string[] = [];
  aborted = false;
  paused = false;
  reason: Error | null = null;
  private readonly handler: Dispatcher.DispatchHandler;
  private readonly stream: ClientHttp2Stream;
  private readonly body: Readable | Buffer | null;
  private timer: NodeJS.Timeout | null = null;
  private hasHead = false;
  private isOver = false;

  constructor(session: ClientHttp2Session, options: CallOptions, handler: Dispatcher.DispatchHandler) {
    this.handler = handler;
    this.body = options.body;
    this.stream = session.request(requestFields(options), {
      endStream: options.body === null,
    });
    this.watch();
    handler.onRequestStart?.(this.controller, {});
    if (this.isOver) return;
    if (options.headersTimeoutMs > 0) {
      this.timer = setTimeout(
        () => this.abort(failure('UND_ERR_HEADERS_TIMEOUT', 'no answer came in time')),
        options.headersTimeoutMs,
      );
    }
    this.sendBody();
  }

  private get controller(): Dispatcher.DispatchController {
    return this;
  }

  pause(): void {
    this.paused = true;
    this.stream.pause();
  }

  resume(): void {
    this.paused = false;
    this.stream.resume();
  }

  abort(error: Error): void {
    if (this.isOver) return;
    this.aborted = true;
    this.reason = error;
    this.over();
    this.stream.close(constants.NGHTTP2_CANCEL);
    this.handler.onResponseError?.(this.controller, error);
  }

  onClosed(listener: () => void): void {
    this.stream.once('close', listener);
  }

  private sendBody(): void {
    const { body, stream } = this;
    if (body === null) return;
    if (Buffer.isBuffer(body)) {
      stream.end(body);
      return;
    }
    body.on('error', (error: Error) => this.abort(error));
    body.pipe(stream);
  }

  private watch(): void {
    const { stream } = this;
    stream.on('headers', (_headers, _flags, raw: unknown) => this.informational(raw));
    stream.on('response', (_headers, _flags, raw: unknown) => this.head(raw));
    stream.on('trailers', (_headers, _flags, raw: unknown) => {
      this.rawTrailers = withoutPseudo(raw);
    });
    stream.on('data', (chunk: Buffer) => {
      if (!this.isOver) this.handler.onResponseData?.(this.controller, chunk);
    });
    stream.on('end', () => {
      // Trailers are told of in the same turn, before or after the end.
      setImmediate(() => this.end());
    });
    stream.on('error', (error: Error) => this.fail(error));
    stream.on('close', () => setImmediate(() => this.fail(null)));
  }

  private informational(raw: unknown): void {
    const status = statusOf(raw);
    this.rawHeaders = withoutPseudo(raw);
    if (!this.isOver && status > 100 && status < 200) this.handler.onResponseStart?.(this.controller, status, {}, '');
  }

  private head(raw: unknown): void {
    if (this.isOver) return;
    this.hasHead = true;
    if (this.timer) clearTimeout(this.timer);
    this.rawHeaders = withoutPseudo(raw);
    this.handler.onResponseStart?.(this.controller, statusOf(raw), {}, '');
  }

  private end(): void {
    if (this.isOver || this.stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    this.over();
    this.handler.onResponseEnd?.(this.controller, {});
  }

  private fail(error: Error | null): void {
    if (this.isOver) return;
    if (
      this.hasHead &&
      error === null &&
      this.stream.rstCode === constants.NGHTTP2_NO_ERROR &&
      this.stream.readableEnded
    ) {
      this.end();
      return;
    }
    const { rstCode } = this.stream;
    this.over();
    // Such a request was never looked at (RFC 9113 §8.7).
    const wasRefused = rstCode === constants.NGHTTP2_REFUSED_STREAM;
    const reason = error?.message ?? `the server reset the stream (${rstCode})`;
    this.handler.onResponseError?.(
      this.controller,
      wasRefused
        ? Object.assign(failure('UND_ERR_SOCKET', reason), { socket: { bytesRead: 1 } })
        : failure('ECONNRESET', reason, false),
    );
  }

  private over(): void {
    this.isOver = true;
    if (this.timer) clearTimeout(this.timer);
    const { body } = this;
    // What is left of the body nobody wants; the client's connection gets rid of it.
    if (body !== null && !Buffer.isBuffer(body) && !body.readableEnded) {
      body.unpipe(this.stream);
      body.destroy();
    }
  }
}

function failure(code: string, message: string, mayRepeat = true): Error {
  return Object.assign(new Error(message), { code }, mayRepeat ? {} : { socket: { bytesRead: 0 } });
}

function requestFields({ method, path, scheme, headers }: CallOptions): string[] {
  let authority = '';
  const fields: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase();
    const value = headers[i + 1] as string;
    if (name === 'host') authority = value;
    else fields.push(name, value);
  }
  return [':method', method, ':scheme', scheme, ':authority', authority, ':path', path, ...fields];
}

function statusOf(raw: unknown): number {
  return Array.isArray(raw) && raw[0] === ':status' ? Number(raw[1]) : 0;
}

function withoutPseudo(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  const fields: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!String(raw[i]).startsWith(':')) fields.push(String(raw[i]), String(raw[i + 1]));
  }
  return fields;
}
