import { Readable } from 'node:stream';
import type { ProxyRequest } from './exchange.ts';
import { trailersBeside } from './request-trailers.ts';

/** A body that was read: all of it, or, where it is longer than asked for, as it was before it was read. */
export type WholeBody = { readonly bytes: Buffer } | { readonly tooLong: Readable };

/**
 * Reads a body into memory, at most `maxBytes` of it (below 0: any number). Rejects where the client breaks off.
 */
export async function readWhole(body: Readable, maxBytes: number): Promise<WholeBody> {
  const chunks: Buffer[] = [];
  let length = 0;
  const rest: AsyncIterator<Buffer> = body[Symbol.asyncIterator]();
  for (let next = await rest.next(); !next.done; next = await rest.next()) {
    chunks.push(next.value);
    length += next.value.byteLength;
    if (maxBytes >= 0 && length > maxBytes)
      return { tooLong: Readable.from(again(chunks, rest), { objectMode: false }) };
  }
  return { bytes: Buffer.concat(chunks) };
}

async function* again(chunks: readonly Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}

/** The same request with another body and its trailers, for whoever sends it more than once. Changes to it do not touch the first. */
export function requestWithBody(request: ProxyRequest, body: Readable | null): ProxyRequest {
  const { id, entryPoint, method, scheme, protocol, host, authority, path, query, clientIp, clientPort, tls } = request;
  const headers = request.headers.clone();
  if (body === null) headers.deleteWhere((name) => name === 'content-length' || name === 'transfer-encoding');
  // From now on: what is removed of these is no trailer either.
  headers.removals = [];
  return {
    ...{ id, entryPoint, method, scheme, protocol, host, authority, path, query, clientIp, clientPort, tls },
    ...(request.peerIp === undefined ? {} : { peerIp: request.peerIp }),
    ...(request.target === undefined ? {} : { target: request.target }),
    ...(request.pathForm === undefined ? {} : { pathForm: request.pathForm }),
    ...(body === null || request.trailers === undefined
      ? {}
      : { trailers: () => trailersBeside(headers, request.trailers?.() ?? []) }),
    headers,
    body,
    upgrade: null,
  };
}

/** A body of bytes that are in memory; null where there are none. */
export function bodyOf(bytes: Buffer | null): Readable | null {
  return bytes === null || bytes.byteLength === 0 ? null : Readable.from([bytes], { objectMode: false });
}
