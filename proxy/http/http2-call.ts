import { type ClientHttp2Session, type ClientHttp2Stream, constants } from 'node:http2';
import {
  mayRepeat,
  type UpstreamCall,
  UpstreamError,
  type UpstreamHandler,
  type UpstreamRequest,
} from '../http1/upstream-call.ts';
import { HeaderList } from './header-list.ts';

interface CallOptions {
  readonly handler: UpstreamHandler;
  readonly scheme: 'http' | 'https';
  /** 0: none. */
  readonly headTimeoutMs: number;
  /** Sends it again, where the server says that it never looked at it; null: it was sent again already. */
  readonly repeat: (() => void) | null;
}

const none: readonly string[] = [];

/** One request on an HTTP/2 connection. */
export class Http2Call implements UpstreamCall {
  private readonly handler: UpstreamHandler;
  private readonly stream: ClientHttp2Stream;
  private readonly request: UpstreamRequest;
  private readonly repeat: (() => void) | null;
  private trailers: string[] = [];
  private timer: NodeJS.Timeout | null = null;
  private hasHead = false;
  private isOver = false;

  constructor(session: ClientHttp2Session, request: UpstreamRequest, options: CallOptions) {
    const { handler, scheme, headTimeoutMs } = options;
    this.handler = handler;
    this.request = request;
    this.repeat = options.repeat;
    this.stream = session.request(requestFields(request, scheme), {
      endStream: request.body === null,
      waitForTrailers: request.body !== null && request.trailers !== null,
    });
    this.watch();
    if (!handler.begins(this)) {
      this.abort();
      return;
    }
    if (headTimeoutMs > 0) {
      this.timer = setTimeout(
        () => this.giveUp(new UpstreamError('SERVER_HEAD_TIMEOUT', `no answer came within ${headTimeoutMs / 1000} s`)),
        headTimeoutMs,
      );
    }
    this.sendBody();
  }

  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  abort(): void {
    if (this.isOver) return;
    this.over();
    this.stream.close(constants.NGHTTP2_CANCEL);
  }

  onClosed(listener: () => void): void {
    this.stream.once('close', listener);
  }

  private giveUp(error: Error): void {
    if (this.isOver) return;
    this.abort();
    this.handler.failed(error);
  }

  private sendBody(): void {
    const { stream } = this;
    const { body, trailers } = this.request;
    if (body === null) return;
    if (trailers !== null) stream.on('wantTrailers', () => this.sendTrailers(trailers()));
    if (Buffer.isBuffer(body)) {
      stream.end(body);
      return;
    }
    body.on('error', (error: Error) => this.giveUp(error));
    body.pipe(stream);
  }

  private sendTrailers(fields: readonly string[]): void {
    const trailers: Record<string, string[]> = {};
    for (let i = 0; i < fields.length; i += 2) {
      const name = (fields[i] as string).toLowerCase();
      // A client may call one `constructor`, which every object has.
      const before = Object.hasOwn(trailers, name) ? (trailers[name] ?? []) : [];
      trailers[name] = [...before, fields[i + 1] as string];
    }
    try {
      this.stream.sendTrailers(trailers);
    } catch (error) {
      // A field that HTTP/2 forbids.
      this.giveUp(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private watch(): void {
    const { stream } = this;
    stream.on('headers', (_headers, _flags, raw: unknown) => this.informational(raw));
    stream.on('response', (_headers, flags, raw: unknown) => {
      this.head(raw);
      // Said at once, so that it can be passed on as one frame: in gRPC such a head holds what trailers would (its
      // "Trailers-Only"), and clients look for it in a head that ends the stream.
      if ((flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0) this.end();
    });
    stream.on('trailers', (_headers, _flags, raw: unknown) => {
      this.trailers = withoutPseudo(raw);
    });
    stream.on('data', (chunk: Buffer) => {
      if (!this.isOver) this.tell(() => this.handler.data(chunk));
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
    if (this.isOver || status <= 100 || status >= 200) return;
    this.tell(() => this.handler.informational(status, withoutPseudo(raw)));
  }

  private head(raw: unknown): void {
    if (this.isOver) return;
    this.hasHead = true;
    if (this.timer) clearTimeout(this.timer);
    const headers = new HeaderList(withoutPseudo(raw));
    // On HTTP/1 only an answer without a length has trailers.
    if (headers.has('content-length')) headers.delete('trailer');
    this.tell(() => this.handler.head(statusOf(raw), headers.raw, none));
  }

  private end(): void {
    if (this.isOver || this.stream.rstCode !== constants.NGHTTP2_NO_ERROR) return;
    this.over();
    this.tell(() => this.handler.ended(this.trailers));
    // Nobody is left to send the rest of the request.
    if (!this.stream.writableEnded) this.stream.close(constants.NGHTTP2_CANCEL);
  }

  /** An exception in a stream's event would end the worker. */
  private tell(what: () => void): void {
    try {
      what();
    } catch (error) {
      this.over();
      this.stream.close(constants.NGHTTP2_CANCEL);
      this.handler.failed(error instanceof Error ? error : new Error(String(error)));
    }
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
    if (this.repeat !== null && rstCode === constants.NGHTTP2_REFUSED_STREAM && mayRepeat(this.request)) {
      this.repeat();
      return;
    }
    const reason = error?.message ?? `the server reset the stream (${rstCode})`;
    this.handler.failed(Object.assign(new Error(reason), { code: 'ECONNRESET' }));
  }

  private over(): void {
    this.isOver = true;
    if (this.timer) clearTimeout(this.timer);
    const { body } = this.request;
    // What is left of the body nobody wants; the client's connection gets rid of it.
    if (body !== null && !Buffer.isBuffer(body) && !body.readableEnded) {
      body.unpipe(this.stream);
      body.destroy();
    }
  }
}

function requestFields({ method, target, fields }: UpstreamRequest, scheme: string): string[] {
  let authority = '';
  const rest: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    const value = fields[i + 1] as string;
    if (name === 'host') authority = value;
    else if (name !== 'expect') rest.push(name, value);
  }
  return [':method', method, ':scheme', scheme, ':authority', authority, ':path', target, ...rest];
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
