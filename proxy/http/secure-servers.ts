import https from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificateStore } from '../tls/certificates.ts';
import { createHandshakes } from '../tls/handshakes.ts';
import type { KeyedOptions } from '../tls/tls-policy.ts';
import { noteHandshake } from './connection.ts';
import type { EntryContext } from './entry-context.ts';
import { http1Options, serveHttp1 } from './http1.ts';
import { type Http2Connection, serveHttp2 } from './http2.ts';

/** Ends TLS on connections that somebody else accepted: one server of Node's for each set of TLS options. */
export interface SecureServers {
  /** Takes a connection whose first bytes are still to be read. */
  accept(socket: Socket, options: KeyedOptions): void;
  certificatesChanged(): void;
  closeIdleConnections(): void;
  close(): void;
}

export function createSecureServers(
  context: EntryContext,
  certificates: CertificateStore,
  sessions: Set<Http2Connection>,
): SecureServers {
  const servers = new Map<string, SecureServer>();
  const serverOf = ({ key, options }: KeyedOptions): SecureServer => {
    let server = servers.get(key);
    if (!server) {
      server = createSecureServer({ key, options }, context, certificates, sessions);
      servers.set(key, server);
    }
    return server;
  };
  return {
    accept: (socket, options) => serverOf(options).server.emit('connection', socket),
    certificatesChanged() {
      for (const server of servers.values()) server.certificatesChanged();
    },
    closeIdleConnections() {
      for (const { server } of servers.values()) server.closeIdleConnections();
    },
    close() {
      // They do not listen; this ends their timers and idle connections.
      for (const { server } of servers.values()) server.close(() => undefined);
    },
  };
}

interface SecureServer {
  readonly server: https.Server;
  certificatesChanged(): void;
}

function createSecureServer(
  { key, options }: KeyedOptions,
  context: EntryContext,
  certificates: CertificateStore,
  sessions: Set<Http2Connection>,
): SecureServer {
  const handshakes = createHandshakes(options, certificates);
  const server = https.createServer({ ...http1Options(context), ...handshakes.serverOptions });
  handshakes.takeDefault(server);
  // Node's own listener takes every connection for HTTP/1; ours gives it those that did not agree on h2.
  const [serveAsHttp1] = server.listeners('secureConnection') as ((this: https.Server, socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket) => {
    if (!handshakes.isWelcome(socket)) {
      socket.destroy();
      return;
    }
    noteHandshake(socket, key);
    if (socket.alpnProtocol !== 'h2') {
      serveAsHttp1?.call(server, socket);
      return;
    }
    if (context.isDraining) {
      socket.destroy();
      return;
    }
    const connection = serveHttp2(socket, context, () => sessions.delete(connection));
    sessions.add(connection);
  });
  // Port scanners and clients without a common protocol; the handshake has told them.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  serveHttp1(server, context);
  // It never listens itself, and Node starts the clocks of slow requests only then.
  server.emit('listening');
  return { server, certificatesChanged: () => handshakes.takeDefault(server) };
}
