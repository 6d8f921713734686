import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { ConnectionPool } from '../http1/connection-pool.ts';
import { type Dial, Dialer } from '../http1/dial.ts';
import { UpstreamError, type UpstreamHandler, type UpstreamRequest } from '../http1/upstream-call.ts';
import { Http2Call } from './http2-call.ts';
import type { Origin, OriginPool } from './pools.ts';

/** Connections on which a server may be asked at once, where one does not take more. */
const streamsWithoutWord = 100;
/** A server that spoke HTTP/1 is asked again after this time: it may have been replaced. */
const askAgainMs = 60_000;
/** What may still be reached within this time of its removal is; a server that is gone is not waited for. */
const graceMs = 1000;

type Waiting = (result: ClientHttp2Session | 'http1' | Error) => void;

/** Asks a server on HTTP/2 where it speaks that, else on HTTP/1; which one, it says itself at its first handshake. */
export class Http2Upstream implements OriginPool {
  private readonly origin: Origin;
  private readonly http1: ConnectionPool;
  private readonly dialer = new Dialer();
  private readonly sessions = new Map<ClientHttp2Session, { streams: number }>();
  private waiting: Waiting[] | null = null;
  private dial: Dial | null = null;
  private http1Until = 0;
  private isClosed = false;

  /** `http1`: takes what goes by HTTP/1. */
  constructor(origin: Origin, http1: ConnectionPool) {
    this.origin = origin;
    this.http1 = http1;
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): void {
    this.start(request, handler, false);
  }

  close(): void {
    this.isClosed = true;
    this.http1.close();
    this.dial?.hasten(graceMs, removed());
    for (const session of this.sessions.keys()) session.close();
  }

  destroy(): void {
    this.isClosed = true;
    this.http1.destroy();
    this.dial?.hasten(0, removed());
    for (const session of this.sessions.keys()) session.destroy();
  }

  private start(request: UpstreamRequest, handler: UpstreamHandler, isRepeated: boolean): void {
    // An upgrade is a thing of HTTP/1.
    if (request.upgrade !== null || (this.http1Until > 0 && performance.now() < this.http1Until)) {
      this.http1.send(request, handler);
      return;
    }
    const session = this.free();
    if (session) {
      this.sendOn(session, request, handler, isRepeated);
      return;
    }
    this.open((result) => {
      if (result === 'http1') this.http1.send(request, handler);
      else if (result instanceof Error) handler.failed(result);
      else this.sendOn(result, request, handler, isRepeated);
    });
  }

  private free(): ClientHttp2Session | null {
    for (const [session, { streams }] of this.sessions) {
      const most = session.remoteSettings?.maxConcurrentStreams ?? streamsWithoutWord;
      if (!session.closed && !session.destroyed && streams < most) return session;
    }
    return null;
  }

  private sendOn(
    session: ClientHttp2Session,
    request: UpstreamRequest,
    handler: UpstreamHandler,
    isRepeated: boolean,
  ): void {
    const state = this.sessions.get(session);
    if (session.closed || session.destroyed || !state) {
      handler.failed(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
      return;
    }
    const { isSecure, transport } = this.origin;
    try {
      const call = new Http2Call(session, request, {
        handler,
        scheme: isSecure ? 'https' : 'http',
        headTimeoutMs: transport.responseHeaderTimeoutMs,
        repeat: isRepeated ? null : () => this.start(request, handler, true),
      });
      state.streams += 1;
      call.onClosed(() => {
        state.streams -= 1;
      });
    } catch (error) {
      // A field that HTTP/2 forbids.
      handler.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private open(waiting: Waiting): void {
    if (this.waiting) {
      this.waiting.push(waiting);
      return;
    }
    const all = [waiting];
    this.waiting = all;
    const { address, isSecure, serverName, transport } = this.origin;
    const done = (error: Error | null, socket: Socket | null): void => {
      this.dial = null;
      this.waiting = null;
      const result = error ?? (socket ? this.greet(socket) : removed());
      for (const each of all) each(result);
    };
    try {
      this.dial = this.dialer.dial(
        { address, serverName: isSecure ? serverName : null, transport, protocols: ['h2', 'http/1.1'] },
        done,
      );
      if (this.isClosed) this.dial.hasten(graceMs, removed());
    } catch (error) {
      process.nextTick(done, error, null);
    }
  }

  private greet(socket: Socket): ClientHttp2Session | 'http1' {
    const { isSecure, origin, transport } = this.origin;
    if (isSecure && (socket as TLSSocket).alpnProtocol !== 'h2') {
      this.http1Until = performance.now() + askAgainMs;
      this.http1.adopt(socket);
      return 'http1';
    }
    const session = connectHttp2(origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: 256 * 1024, maxHeaderListSize: 256 * 1024 },
      maxSessionMemory: 64,
    });
    this.sessions.set(session, { streams: 0 });
    const { idleTimeoutMs } = transport;
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
    const { readIdleTimeoutMs, pingTimeoutMs } = this.origin.transport;
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

function removed(): UpstreamError {
  return new UpstreamError('SERVER_REMOVED', 'the server was removed before it was reached');
}
