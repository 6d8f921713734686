import type { Readable } from 'node:stream';
import type { MiddlewareStep, ProxyErrorCode } from '../model/request-record.ts';
import type { PathForm } from '../rule/path.ts';
import type { HeaderList } from './header-list.ts';
import type { TrafficCounter } from './recorder.ts';

/**
 * The one canonical request: rule matching, middlewares, logs and the server behind see these values and no others.
 * Middlewares may change `path`, `query` and `headers`; everything else stays as it arrived.
 */
export interface ProxyRequest {
  readonly id: string;
  readonly entryPoint: string;
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0';
  /** Lower case, no port, no trailing dot, no brackets. */
  readonly host: string;
  /** The Host header (or `:authority`) as the client sent it, port included. */
  readonly authority: string;
  /** Path as it stands on the wire with dot segments resolved; begins with `/` (or is `*` for OPTIONS). */
  path: string;
  /** Query without its `?`; empty where there is none. */
  query: string;
  readonly headers: HeaderList;
  /** The client by which rules, allow-lists and logs judge: the socket's peer unless that is a trusted proxy. */
  readonly clientIp: string;
  readonly clientPort: number;
  /** The socket's peer, which is what `X-Forwarded-For` is appended with. Left out where it is `clientIp`. */
  readonly peerIp?: string;
  readonly tls: TlsFacts | null;
  /** Path and query as they came in, before any middleware. Left out where nothing has changed them. */
  readonly target?: string;
  /** Body still to be read, or null where the request has none. */
  readonly body: Readable | null;
  /**
   * Trailers of the body that may go to the server, as `[name, value, name, value]`. Complete once the body has been read
   * to its end. Left out: there are none.
   */
  trailers?(): readonly string[];
  /** The protocol that the client asks to go over to, such as `websocket`; null: none, or one that is not passed on. */
  readonly upgrade: string | null;
  /** What the path may hold beyond the usual; left out: nothing. */
  readonly pathForm?: PathForm;
}

/** What the TLS handshake told of the client. */
export interface TlsFacts {
  readonly serverName: string;
  readonly version: string;
  /** As IANA names it; empty where the platform does not tell. */
  readonly cipher?: string;
  /** Certificates that the client proved itself by, in DER, its own first. Left out where it sent none. */
  readonly clientCertificates?: readonly Uint8Array[];
}

export interface ResponseHead {
  status: number;
  readonly headers: HeaderList;
}

/**
 * Where an answer goes, step by step. A middleware that changes answers wraps the sink it was given.
 * Order: any `informational`, one `head`, any `write`, one `end`; or `abort` at any time.
 */
export interface ResponseSink {
  /** A 1xx answer other than 101, such as 103 Early Hints. */
  informational(status: number, headers: HeaderList): void;
  head(head: ResponseHead): void;
  /** Returns false where the reader is slow; `onDrain` tells when to go on. */
  write(chunk: Uint8Array): boolean;
  onDrain(listener: () => void): void;
  /** Chunks of up to so many bytes are copied before {@link write} returns; left out: none. */
  readonly copiesBytes?: number;
  /** True where nothing that was written is held any more, so that the memory of all chunks may be used again. */
  readonly isFlushed?: boolean;
  end(trailers?: HeaderList): void;
  /** Breaks the answer off in a way that the client can tell from a complete one. */
  abort(error: Error): void;
}

/** One request, its answer's way out, and what is noted about it. */
export interface Exchange {
  readonly request: ProxyRequest;
  readonly sink: ResponseSink;
  readonly notes: ExchangeNotes;
  /** Aborted when the client is gone or the exchange is over. */
  readonly signal: AbortSignal;
}

/** What a request counts for once a router below another has taken it. */
export interface InnerRoute {
  readonly router: string;
  /** Null where it leads to further routers. */
  readonly service: string | null;
  readonly counter: TrafficCounter;
}

/** Gathered for the request record while the exchange goes on. */
export interface ExchangeNotes {
  username: string | null;
  serverUrl: string | null;
  originStatus: number | null;
  originStartedAt: number | null;
  originEndedAt: number | null;
  /** Bytes of the server's answer, without its head. */
  originBytes?: number;
  /** Told the server's fields; set only where the access log keeps any. */
  onOriginHead?: (headers: HeaderList) => void;
  /** How far the last try to reach a server came: `sent` once its first byte was on the way. Null before any. */
  originAttempt?: 'connecting' | 'sent' | null;
  /** How often the request was sent again after the first time. */
  retryAttempts?: number;
  readonly middlewares: MiddlewareStep[];
  /** The router below the entry point's own that took the request; left out where there is none. */
  innerRoute?: InnerRoute;
  error: { code: ProxyErrorCode; detail: string } | null;
}

/** Notes of an exchange of which nothing is known yet. */
export function blankNotes(): ExchangeNotes {
  return {
    username: null,
    serverUrl: null,
    originStatus: null,
    originStartedAt: null,
    originEndedAt: null,
    middlewares: [],
    error: null,
  };
}

/** Handles an exchange to its end. It answers through the sink and never throws for what a client or server did. */
export type Handler = (exchange: Exchange) => void | Promise<void>;

/** Wraps a handler: may change the request, answer instead, or wrap the sink. */
export type Middleware = (next: Handler) => Handler;

/** Answers with a short body and ends. */
export function answer(exchange: Exchange, status: number, headers: HeaderList, body: string | Uint8Array = ''): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  headers.set('Content-Length', String(bytes.byteLength));
  exchange.sink.head({ status, headers });
  if (bytes.byteLength > 0 && exchange.request.method !== 'HEAD') exchange.sink.write(bytes);
  exchange.sink.end();
}
