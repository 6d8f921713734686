import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Transport } from '../http/transport.ts';
import { type Dial, Dialer, type ServerAddress } from './dial.ts';
import { ServerConnection } from './server-connection.ts';
import { mayRepeat, UpstreamError, type UpstreamHandler, type UpstreamRequest } from './upstream-call.ts';

/** Connections that one worker may open to one origin; further requests wait in line. */
const defaultMostConnections = 2048;
/** What may still be reached within this time of its removal is; a server that is gone is not waited for. */
const graceMs = 1000;
const http1 = ['http/1.1'];

interface PoolOptions {
  readonly address: ServerAddress;
  /** TLS server name; null: no TLS. */
  readonly serverName: string | null;
  readonly transport: Transport;
  /** Each connection serves one request. */
  readonly closesEach?: boolean;
  readonly mostConnections?: number;
}

interface Waiting {
  readonly request: UpstreamRequest;
  readonly handler: UpstreamHandler;
  /** It needs a connection of its own that carried nothing before. */
  readonly needsFresh: boolean;
}

/** Connections on HTTP/1.1 to one server. The one that was used last is used first, so that spare ones grow old. */
export class ConnectionPool {
  readonly headTimeoutMs: number;
  readonly closesEach: boolean;
  private readonly options: PoolOptions;
  private readonly mostConnections: number;
  private readonly dialer = new Dialer();
  private readonly connections = new Set<ServerConnection>();
  private readonly idle: ServerConnection[] = [];
  /** Idle connections that may be used on behalf of one client only. */
  private readonly bound = new Map<object, ServerConnection>();
  private readonly waiting: Waiting[] = [];
  private readonly dials = new Set<Dial>();
  /** Dials whose connection goes to whoever waits first. */
  private openDials = 0;
  private sweepTimer: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.headTimeoutMs = options.transport.responseHeaderTimeoutMs;
    this.closesEach = options.closesEach ?? false;
    this.mostConnections = options.mostConnections ?? defaultMostConnections;
  }

  send(request: UpstreamRequest, handler: UpstreamHandler): void {
    const connection = request.upgrade === null ? this.take(request) : null;
    if (connection === null) {
      this.waiting.push({ request, handler, needsFresh: request.upgrade !== null });
      this.dialForWaiting();
    } else if (mayRepeat(request)) this.hand(connection, request, handler);
    else this.lookFirst(connection, request, handler);
  }

  private hand(connection: ServerConnection, request: UpstreamRequest, handler: UpstreamHandler): void {
    if (handler.begins(connection)) connection.send(request, handler);
    else this.released(connection);
  }

  /**
   * What must not be sent twice is not sent at all on a connection that the server has closed already: between two turns
   * of the event loop everything is read that has come by now, an end or a reset among it.
   */
  private lookFirst(connection: ServerConnection, request: UpstreamRequest, handler: UpstreamHandler): void {
    const looked = (): void => {
      if (connection.isOpen) this.hand(connection, request, handler);
      else this.send(request, handler);
    };
    setImmediate(() => setImmediate(looked));
  }

  repeat(request: UpstreamRequest, handler: UpstreamHandler): void {
    this.waiting.push({ request, handler, needsFresh: true });
    this.dialForWaiting();
  }

  /** Takes a connection that is open already. */
  adopt(socket: Socket): void {
    const connection = new ServerConnection(this);
    this.connections.add(connection);
    connection.attach(socket);
    if (connection.isOpen) this.released(connection);
  }

  /** Lets requests under way come to their end and takes no connection into use again. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.closeIdle(Number.POSITIVE_INFINITY);
    for (const dial of this.dials) dial.hasten(graceMs, removed());
  }

  /** Breaks everything off. */
  destroy(): void {
    this.isClosed = true;
    for (const { handler } of this.waiting.splice(0)) handler.failed(removed());
    for (const dial of this.dials) dial.hasten(0, removed());
    for (const connection of [...this.connections]) connection.break(removed());
    this.rest();
  }

  released(connection: ServerConnection): void {
    if (connection.client === null && this.serveWaiting(connection)) return;
    if (this.isClosed) {
      connection.destroy();
      return;
    }
    this.keep(connection);
    if (this.waiting.length > 0) this.dialForWaiting();
  }

  gone(connection: ServerConnection): void {
    this.connections.delete(connection);
    const at = this.idle.lastIndexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    if (connection.client !== null && this.bound.get(connection.client) === connection) {
      this.bound.delete(connection.client);
    }
    if (this.waiting.length > 0) this.dialForWaiting();
  }

  private take(request: UpstreamRequest): ServerConnection | null {
    if (this.bound.size > 0 && request.client !== null) {
      const own = this.bound.get(request.client);
      if (own) {
        this.bound.delete(request.client);
        if (own.isOpen) return own;
      }
    }
    if (this.idle.length === 0) return null;
    const nowMs = performance.now();
    for (let connection = this.idle.pop(); connection; connection = this.idle.pop()) {
      if (connection.isOpen && connection.idleUntilMs > nowMs) return connection;
      connection.destroy();
    }
    return null;
  }

  /** Gives the connection to a request that waits. */
  private serveWaiting(connection: ServerConnection): boolean {
    for (let at = 0; at < this.waiting.length; ) {
      const { request, handler, needsFresh } = this.waiting[at] as Waiting;
      if (needsFresh) {
        at += 1;
        continue;
      }
      this.waiting.splice(at, 1);
      if (handler.begins(connection)) {
        connection.send(request, handler);
        return true;
      }
    }
    return false;
  }

  private keep(connection: ServerConnection): void {
    const { idleTimeoutMs, maxIdleConnections } = this.options.transport;
    // A second before the server, so that they do not meet.
    const keepMs = connection.keepMs === null ? idleTimeoutMs : Math.min(idleTimeoutMs, connection.keepMs - 1000);
    if (this.closesEach || keepMs <= 0 || (maxIdleConnections > 0 && this.idle.length >= maxIdleConnections)) {
      connection.destroy();
      return;
    }
    connection.idleUntilMs = performance.now() + keepMs;
    if (connection.client === null) this.idle.push(connection);
    else this.bound.set(connection.client, connection);
    if (!this.sweepTimer) {
      this.sweepTimer = setTimeout(() => this.sweep(), Math.min(10_000, Math.max(20, idleTimeoutMs / 8)));
      this.sweepTimer.unref();
    }
  }

  private sweep(): void {
    this.closeIdle(performance.now());
    if (this.idle.length > 0 || this.bound.size > 0) this.sweepTimer?.refresh();
    else this.sweepTimer = null;
  }

  private closeIdle(nowMs: number): void {
    for (const connection of [...this.idle, ...this.bound.values()]) {
      if (connection.idleUntilMs <= nowMs) connection.destroy();
    }
  }

  private rest(): void {
    if (this.sweepTimer) clearTimeout(this.sweepTimer);
    this.sweepTimer = null;
  }

  /** Opens as many connections as are missing and allowed. */
  private dialForWaiting(): void {
    for (let at = 0; at < this.waiting.length; ) {
      if (!this.hasRoom()) return;
      const entry = this.waiting[at] as Waiting;
      if (entry.needsFresh) {
        this.waiting.splice(at, 1);
        this.dialFor(entry);
      } else {
        at += 1;
      }
    }
    while (this.openDials < this.waiting.length && this.hasRoom()) this.dialOpen();
  }

  private hasRoom(): boolean {
    if (this.connections.size + this.dials.size < this.mostConnections) return true;
    const [oldest] = this.bound.values();
    if (!oldest) return false;
    oldest.destroy();
    return this.connections.size + this.dials.size < this.mostConnections;
  }

  private dialOpen(): void {
    this.openDials += 1;
    this.dial((error, connection) => {
      this.openDials -= 1;
      if (connection) {
        this.released(connection);
        return;
      }
      const at = this.waiting.findIndex(({ needsFresh }) => !needsFresh);
      const [entry] = at < 0 ? [] : this.waiting.splice(at, 1);
      if (entry) entry.handler.failed(error ?? removed());
      this.dialForWaiting();
    });
  }

  /** A connection for this request and no other. */
  private dialFor({ request, handler }: Waiting): void {
    this.dial((error, connection) => {
      if (!connection) {
        handler.failed(error ?? removed());
        this.dialForWaiting();
      } else if (handler.begins(connection)) connection.send(request, handler);
      else this.released(connection);
    });
  }

  private dial(done: (error: Error | null, connection: ServerConnection | null) => void): void {
    try {
      this.tryDial(done);
    } catch (error) {
      process.nextTick(done, error, null);
    }
  }

  private tryDial(done: (error: Error | null, connection: ServerConnection | null) => void): void {
    const dial = this.dialer.dial({ ...this.options, protocols: http1 }, (error, socket) => {
      this.dials.delete(dial);
      if (!socket) {
        done(error, null);
        return;
      }
      const connection = new ServerConnection(this);
      this.connections.add(connection);
      connection.attach(socket);
      if (connection.isOpen) done(null, connection);
      else done(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }), null);
    });
    this.dials.add(dial);
    if (this.isClosed) dial.hasten(graceMs, removed());
  }
}

function removed(): UpstreamError {
  return new UpstreamError('SERVER_REMOVED', 'the server was removed before it was reached');
}
