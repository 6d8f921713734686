import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { remoteKey } from '../http/connection.ts';
import type { CertificateStore } from '../tls/certificates.ts';
import { createHandshakes } from '../tls/handshakes.ts';
import type { KeyedOptions } from '../tls/tls-policy.ts';

/** Ends TLS on connections of TCP routers, by one server of Node's for each set of options. */
export interface Terminator {
  /** Calls back once the hands are shaken; a connection that cannot is closed, and nothing is called. */
  terminate(socket: Socket, options: KeyedOptions, done: (secure: TLSSocket) => void): void;
  certificatesChanged(): void;
}

export function createTerminator(certificates: CertificateStore, handshakeMs: number): Terminator {
  const servers = new Map<string, { readonly server: Server; readonly takeDefault: () => void }>();
  const waiting = new Map<string, (secure: TLSSocket) => void>();
  const make = ({ options }: KeyedOptions) => {
    const handshakes = createHandshakes(options, certificates, handshakeMs);
    const server = createServer({ ...handshakes.serverOptions, allowHalfOpen: true });
    const takeDefault = (): void => handshakes.takeDefault(server);
    takeDefault();
    server.on('secureConnection', (secure) => {
      const key = remoteKey(secure);
      const done = waiting.get(key);
      waiting.delete(key);
      if (done && handshakes.isWelcome(secure)) done(secure);
      else secure.destroy();
    });
    server.on('tlsClientError', (_error, secure) => secure.destroy());
    return { server, takeDefault };
  };
  return {
    terminate(socket, options, done) {
      let made = servers.get(options.key);
      if (!made) {
        made = make(options);
        servers.set(options.key, made);
      }
      // Two connections with one remote end cannot be open at once on one listener.
      const key = remoteKey(socket);
      waiting.set(key, done);
      socket.once('close', () => waiting.delete(key));
      made.server.emit('connection', socket);
    },
    certificatesChanged() {
      for (const { takeDefault } of servers.values()) takeDefault();
    },
  };
}
