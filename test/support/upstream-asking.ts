import { once } from 'node:events';
import net from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { type OriginPool, readOrigin, UpstreamPools } from '../../proxy/http/pools.ts';
import { readTransport } from '../../proxy/http/transport.ts';
import type { UpstreamCall, UpstreamHandler } from '../../proxy/http1/upstream-call.ts';
import type { ServersTransportConfig } from '../../proxy/model/dynamic.ts';

/** How a request to a server came out. */
export interface Outcome {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly informational: readonly number[];
  /** Code of the error that ended it; null: it was answered. */
  readonly error: string | null;
  readonly message: string;
  readonly socket: Duplex | null;
}

export interface Asking {
  readonly method?: string;
  readonly target?: string;
  readonly fields?: readonly string[];
  readonly body?: Readable | Buffer | null;
  readonly upgrade?: string;
  readonly trailers?: readonly string[];
  readonly client?: object;
  /** Told of each piece; false: stop reading until `call.resume`. */
  readonly onData?: (chunk: Buffer, call: UpstreamCall) => boolean;
  readonly onBegin?: (call: UpstreamCall) => boolean;
}

/** Connections to one server, and the pools that they stand in. */
export function connectionsTo(url: string, transport?: ServersTransportConfig) {
  const pools = new UpstreamPools();
  const pool = pools.of(readOrigin(url, readTransport(transport)));
  return { pools, pool, ask: (asking: Asking = {}) => ask(pool, asking), close: () => pools.destroy() };
}

/** Sends a request and waits for its outcome. */
export function ask(pool: OriginPool, asking: Asking): Promise<Outcome> {
  const { method = 'GET', target = '/', fields = [], body = null, upgrade = null, trailers, client = null } = asking;
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const informational: number[] = [];
    let head = { status: 0, fields: [] as readonly string[] };
    let call: UpstreamCall | null = null;
    const finish = (more: Partial<Outcome>): void =>
      resolve({
        ...head,
        body: Buffer.concat(chunks).toString('latin1'),
        trailers: [],
        informational,
        error: null,
        message: '',
        socket: null,
        ...more,
      });
    const handler: UpstreamHandler = {
      begins(begun) {
        call = begun;
        return asking.onBegin?.(begun) ?? true;
      },
      informational: (status) => informational.push(status),
      head: (status, answerFields) => {
        head = { status, fields: answerFields };
      },
      data(chunk) {
        chunks.push(chunk);
        if (call && asking.onData?.(chunk, call) === false) call.pause();
      },
      copiesBytes: 0,
      isFlushed: false,
      ended: (last) => finish({ trailers: last }),
      upgraded: (answerFields, _connectionFields, socket) => finish({ status: 101, fields: answerFields, socket }),
      failed: (error) => finish({ error: (error as NodeJS.ErrnoException).code ?? error.name, message: error.message }),
    };
    pool.send(
      {
        ...{ method, target, body, upgrade, client },
        fields: ['Host', 'app.test', ...fields],
        trailers: trailers ? () => trailers : null,
      },
      handler,
    );
  });
}

/** A server that tells each request's text to `onRequest`, with the number of its connection, counted from 1. */
export async function scriptedServer(
  onRequest: (request: { readonly text: string; readonly connection: number; readonly socket: net.Socket }) => void,
) {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    connections += 1;
    const connection = connections;
    sockets.add(socket);
    let pending = '';
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (let end = requestEnd(pending); end > 0; end = requestEnd(pending)) {
        const text = pending.slice(0, end);
        pending = pending.slice(end);
        onRequest({ text, connection, socket });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    sockets,
    connections: () => connections,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Where the first request in the text ends; 0 while it is incomplete. */
function requestEnd(text: string): number {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return 0;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, headEnd + 2))?.[1];
  if (length !== undefined) {
    const end = headEnd + 4 + Number(length);
    return text.length >= end ? end : 0;
  }
  if (!/\r\ntransfer-encoding: chunked\r\n/i.test(text.slice(0, headEnd + 2))) return headEnd + 4;
  const last = text.indexOf('0\r\n', headEnd + 4);
  const end = last < 0 ? -1 : text.indexOf('\r\n\r\n', last);
  return end < 0 ? 0 : end + 4;
}

export function answerOf(body: string, more = ''): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}
