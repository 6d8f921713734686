import type { Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { CertificateStore } from '../tls/certificates.ts';
import { createHandshakes } from '../tls/handshakes.ts';
import type { KeyedOptions } from '../tls/tls-policy.ts';
import { plainAddress } from './client-address.ts';
import { noteHandshake } from './connection.ts';
import type { EntryContext } from './entry-context.ts';
import type { Http1Side } from './http1.ts';
import { createHttp2Side, type Http2Side } from './http2.ts';

/** Ends TLS on connections that somebody else accepted: one server of Node's for each set of TLS options. */
export interface SecureServers {
  /** Takes a connection whose first bytes are still to be read. */
  accept(socket: Socket, options: KeyedOptions): void;
  certificatesChanged(): void;
  /** Tells clients of HTTP/2 to send no more requests; those under way go on. */
  closeGently(): void;
  /** Closes the connections of HTTP/2 that are left. */
  destroy(): void;
}

/** Connections that agree on `h2` are served here; `http1` takes all others. */
export function createSecureServers(
  context: EntryContext,
  http1: Http1Side,
  certificates: CertificateStore,
): SecureServers {
  const http2 = createHttp2Side(context);
  const servers = new Map<string, SecureServer>();
  const serverOf = ({ key, options }: KeyedOptions): SecureServer => {
    let server = servers.get(key);
    if (!server) {
      server = createSecureServer({ key, options }, context, { http1, http2 }, certificates);
      servers.set(key, server);
    }
    return server;
  };
  return {
    accept: (socket, options) => serverOf(options).server.emit('connection', socket),
    certificatesChanged() {
      for (const server of servers.values()) server.certificatesChanged();
    },
    closeGently: () => http2.close(),
    destroy: () => http2.destroy(),
  };
}

interface SecureServer {
  readonly server: Server;
  certificatesChanged(): void;
}

function createSecureServer(
  { key, options }: KeyedOptions,
  context: EntryContext,
  { http1, http2 }: { readonly http1: Http1Side; readonly http2: Http2Side },
  certificates: CertificateStore,
): SecureServer {
  const handshakes = createHandshakes(options, certificates, context.clientLimits.handshakeMs);
  // It never listens itself: connections are handed to it.
  const server = createServer(handshakes.serverOptions);
  handshakes.takeDefault(server);
  server.on('secureConnection', (socket) => {
    if (!handshakes.isWelcome(socket)) {
      socket.destroy();
      return;
    }
    noteHandshake(socket, key);
    if (socket.alpnProtocol !== 'h2') {
      http1.accept(socket);
      return;
    }
    http2.accept(socket);
  });
  // Port scanners and clients without a common protocol; the handshake has told them.
  server.on('tlsClientError', (error, socket) => {
    if ((error as NodeJS.ErrnoException).code === 'ERR_TLS_HANDSHAKE_TIMEOUT') {
      context.held.note('slow-handshake', plainAddress(socket.remoteAddress ?? ''));
    }
    socket.destroy();
  });
  return { server, certificatesChanged: () => handshakes.takeDefault(server) };
}
