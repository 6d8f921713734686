import type { Duplex, Readable } from 'node:stream';

/** A request to a server. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Alternately names and values, Host among them, without fields that concern one connection only. */
  readonly fields: readonly string[];
  readonly body: Readable | Buffer | null;
  /** Protocol to switch to, as the Upgrade field names it. */
  readonly upgrade: string | null;
  /** What follows the body; asked for once it has ended. Null: nothing. */
  readonly trailers: (() => readonly string[]) | null;
  /**
   * The client's connection on whose behalf it is sent; null: nobody's. A connection to a server that came to stand for
   * one client (NTLM) carries requests of no other.
   */
  readonly client: object | null;
}

/** A request under way on a connection. */
export interface UpstreamCall {
  /** Gives the request up without another word to its handler. */
  abort(): void;
  /** Stops reading the answer until `resume`. */
  pause(): void;
  resume(): void;
}

/** Is told of a request's fate. What it throws breaks off the request and comes back to it as `failed`. */
export interface UpstreamHandler {
  /** The first byte is about to leave. False: nobody wants it any more. Called again where it is sent again. */
  begins(call: UpstreamCall): boolean;
  /** A 1xx answer other than 100 and 101. */
  informational(status: number, fields: string[]): void;
  /** `fields` are for the client; `connectionFields` concern the connection they came on, and are mostly none. */
  head(status: number, fields: string[], connectionFields: readonly string[]): void;
  data(chunk: Buffer): void;
  /** Chunks of up to so many bytes are copied before {@link data} returns. */
  readonly copiesBytes: number;
  /** True where nothing of the chunks is held any more, so that their memory may be used again. */
  readonly isFlushed: boolean;
  /** `hasMore`: the server sent bytes behind the answer that nothing had asked for. Nobody gets them. */
  ended(trailers: string[], hasMore?: boolean): void;
  /** The server agreed to the upgrade that was asked for; the connection is the handler's. */
  upgraded(fields: string[], connectionFields: readonly string[], socket: Duplex): void;
  /** Where it did not begin, nobody has read from the request's body. */
  failed(error: Error): void;
}

type UpstreamErrorCode =
  | 'SERVER_DIAL_TIMEOUT'
  | 'SERVER_HEAD_TIMEOUT'
  /** It closed the connection before or in the middle of an answer. */
  | 'SERVER_CLOSED'
  /** What it sent is no HTTP, or could be read in two ways. */
  | 'SERVER_MALFORMED'
  /** It was taken out of the configuration before it was reached. */
  | 'SERVER_REMOVED'
  /** The request itself cannot be written as HTTP. */
  | 'REQUEST_UNSENDABLE';

/** Why a server gave no proper answer, where the system has no error of its own for it. */
export class UpstreamError extends Error {
  readonly code: UpstreamErrorCode;

  constructor(code: UpstreamErrorCode, message: string) {
    super(message);
    this.name = 'UpstreamError';
    this.code = code;
  }
}

/** True where a request that was perhaps, but probably not, looked at may be sent again (RFC 9110 §9.2.2). */
export function mayRepeat({ method, body, upgrade }: UpstreamRequest): boolean {
  return body === null && upgrade === null && (method === 'GET' || method === 'HEAD' || method === 'OPTIONS');
}
