import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Dispatcher } from 'undici';
import { Http2Call } from './http2-call.ts';
import type { Transport } from './transport.ts';

/** Connections on which a server may be asked at once, where one does not take more. */
const streamsWithoutWord = 100;
/** A server that spoke HTTP/1 is asked again after this time: it may have been replaced. */
const askAgainMs = 60_000;

interface Upstream {
  readonly origin: string;
  /** Without TLS nobody can be asked what they speak: such a server is known to speak HTTP/2. */
  readonly isSecure: boolean;
  readonly transport: Transport;
  /** Opens a connection that offers HTTP/2 first. */
  readonly connect: (done: (error: Error | null, socket: Socket | null) => void) => void;
  /** Takes what goes by HTTP/1. `socket`: a connection that is open already, to be used for it. */
  readonly http1: Pick<Dispatcher, 'dispatch'> & { readonly lend: (socket: Socket) => void };
}

type Waiting = (result: ClientHttp2Session | 'http1' | Error) => void;

/** Asks a server on HTTP/2 where it speaks that, else on HTTP/1; which one, it says itself at its first handshake. */
export class Http2Upstream {
  private readonly upstream: Upstream;
  private readonly sessions = new Map<ClientHttp2Session, { streams: number }>();
  private waiting: Waiting[] | null = null;
  private http1Until = 0;
  private isClosed = false;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    // An upgrade is a thing of HTTP/1.
    if (options.upgrade || (this.http1Until > 0 && performance.now() < this.http1Until)) {
      this.upstream.http1.dispatch(options, handler);
      return;
    }
    const session = this.free();
    if (session) {
      this.send(session, options, handler);
      return;
    }
    this.open((result) => {
      if (result === 'http1') this.upstream.http1.dispatch(options, handler);
      else if (result instanceof Error) fail(handler, result);
      else this.send(result, options, handler);
    });
  }

  close(): void {
    this.isClosed = true;
    for (const session of this.sessions.keys()) session.close();
  }

  destroy(): void {
    this.isClosed = true;
    for (const session of this.sessions.keys()) session.destroy();
  }

  private free(): ClientHttp2Session | null {
    for (const [session, { streams }] of this.sessions) {
      const most = session.remoteSettings?.maxConcurrentStreams ?? streamsWithoutWord;
      if (!session.closed && !session.destroyed && streams < most) return session;
    }
    return null;
  }

  private send(
    session: ClientHttp2Session,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): void {
    const state = this.sessions.get(session);
    if (session.closed || session.destroyed || !state) {
      fail(handler, Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
      return;
    }
    const { method, path, headers, body } = options;
    try {
      const call = new Http2Call(
        session,
        {
          method,
          path,
          scheme: this.upstream.isSecure ? 'https' : 'http',
          headers: headers as string[],
          body: (body ?? null) as Readable | Buffer | null,
          headersTimeoutMs: this.upstream.transport.responseHeaderTimeoutMs,
        },
        handler,
      );
      state.streams += 1;
      call.onClosed(() => {
        state.streams -= 1;
      });
    } catch (error) {
      // A field that HTTP/2 forbids.
      fail(handler, error instanceof Error ? error : new Error(String(error)));
    }
  }

  private open(waiting: Waiting): void {
    if (this.waiting) {
      this.waiting.push(waiting);
      return;
    }
    const all = [waiting];
    this.waiting = all;
    this.upstream.connect((error, socket) => {
      this.waiting = null;
      const result = error ?? (socket ? this.greet(socket) : new Error('there is no connection'));
      for (const each of all) each(result);
    });
  }

  private greet(socket: Socket): ClientHttp2Session | 'http1' {
    if (this.upstream.isSecure && (socket as TLSSocket).alpnProtocol !== 'h2') {
      this.http1Until = performance.now() + askAgainMs;
      this.upstream.http1.lend(socket);
      return 'http1';
    }
    const session = connectHttp2(this.upstream.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: 256 * 1024, maxHeaderListSize: 256 * 1024 },
      maxSessionMemory: 64,
    });
    this.sessions.set(session, { streams: 0 });
    const { idleTimeoutMs } = this.upstream.transport;
    session.on('error', () => undefined);
    session.on('goaway', () => session.close());
    session.on('close', () => {
      this.sessions.delete(session);
      socket.destroy();
    });
    session.on('connect', () => session.setLocalWindowSize(1024 * 1024));
    session.setTimeout(Math.max(1, idleTimeoutMs), () => {
      if (this.sessions.get(session)?.streams === 0) session.close();
    });
    this.keepAwake(session, socket);
    if (this.isClosed) session.close();
    return session;
  }

  /** Finds out connections that died without a word, where the transport asks for that. */
  private keepAwake(session: ClientHttp2Session, socket: Socket): void {
    const { readIdleTimeoutMs, pingTimeoutMs } = this.upstream.transport;
    if (readIdleTimeoutMs === 0) return;
    let before = socket.bytesRead;
    const look = setInterval(() => {
      const { bytesRead } = socket;
      if (bytesRead === before && !session.destroyed) {
        const deadline = setTimeout(
          () => session.destroy(new Error('the server does not answer pings')),
          pingTimeoutMs,
        );
        session.ping(() => clearTimeout(deadline));
        session.once('close', () => clearTimeout(deadline));
      }
      before = bytesRead;
    }, readIdleTimeoutMs);
    look.unref();
    session.once('close', () => clearInterval(look));
  }
}

function fail(handler: Dispatcher.DispatchHandler, error: Error): void {
  const controller = {
    rawHeaders: [],
    rawTrailers: [],
    abort: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
  handler.onResponseError?.(controller as unknown as Dispatcher.DispatchController, error);
}
