import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Transport } from '../http/transport.ts';
import { UpstreamError } from './upstream-call.ts';

/** Where a server listens. */
export type ServerAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly socketPath: string };

interface DialOptions {
  readonly address: ServerAddress;
  /** TLS server name; null: no TLS. */
  readonly serverName: string | null;
  readonly transport: Transport;
  /** Protocols to offer, the preferred one first; without TLS nobody asks. */
  readonly protocols: readonly string[];
}

/** A connection that is being made. */
export interface Dial {
  /** From now on it may take at most so long, and then fails with this error. */
  hasten(limitMs: number, error: Error): void;
}

/** Connects to servers of one origin, and remembers their TLS session for the next time. */
export class Dialer {
  private session: Buffer | undefined;

  /** `done` is called once, in a later turn. Throws where the transport's certificates cannot be used. */
  dial(options: DialOptions, done: (error: Error | null, socket: Socket | null) => void): Dial {
    const { transport, serverName } = options;
    const socket = this.open(options);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    let timer: NodeJS.Timeout | undefined;
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      clearTimeout(timer);
      socket.off('error', fail).off('close', onClose);
    };
    const fail = (error: Error): void => {
      settle();
      // Whatever else happens to it concerns nobody.
      socket.on('error', () => undefined);
      socket.destroy();
      done(error, null);
    };
    const onClose = (): void => fail(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    const limit = (limitMs: number, error: Error): void => {
      clearTimeout(timer);
      timer = setTimeout(() => fail(error), limitMs);
    };
    socket.on('error', fail).on('close', onClose);
    const { dialTimeoutMs } = transport;
    if (dialTimeoutMs > 0) {
      limit(dialTimeoutMs, new UpstreamError('SERVER_DIAL_TIMEOUT', `no connection within ${dialTimeoutMs / 1000} s`));
    }
    if (serverName !== null) this.rememberSession(socket, () => isSettled && !socket.destroyed);
    socket.once(serverName === null ? 'connect' : 'secureConnect', () => {
      settle();
      done(null, socket);
    });
    return {
      hasten: (limitMs, error) => {
        if (!isSettled) limit(limitMs, error);
      },
    };
  }

  private open({ address, serverName, transport, protocols }: DialOptions): Socket {
    const target = address.kind === 'unix' ? { path: address.socketPath } : { host: address.host, port: address.port };
    const more = { allowHalfOpen: true };
    if (serverName === null) return connectTcp({ ...target, ...more });
    return connectTls({
      ...target,
      ...more,
      ...transport.tls,
      // An address is no name for SNI (RFC 6066 §3); the certificate is then checked against the address itself.
      servername: isIP(serverName) === 0 ? serverName : '',
      ALPNProtocols: [...protocols],
      ...(this.session ? { session: this.session } : {}),
    });
  }

  /**
   * A resumed session's certificate is not looked at again, so only those of servers that were let through are kept.
   * With TLS 1.2 it comes before the server is judged.
   */
  private rememberSession(socket: Socket, isTrusted: () => boolean): void {
    let early: Buffer | undefined;
    socket.on('session', (session: Buffer) => {
      if (isTrusted()) this.session = session;
      else early = session;
    });
    socket.once('secureConnect', () => {
      if (early) this.session = early;
    });
    socket.once('error', () => {
      this.session = undefined;
    });
  }
}
