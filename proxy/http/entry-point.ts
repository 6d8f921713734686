import http from 'node:http';
import https from 'node:https';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { CertificateStore } from '../tls/certificates.ts';
import type { EntryContext } from './entry-context.ts';
import { http1Options, serveHttp1 } from './http1.ts';
import { type Http2Connection, serveHttp2 } from './http2.ts';

/** An entry point's listener and its connections. */
export interface EntryPoint {
  readonly context: EntryContext;
  /** Resolves with the bound port. Rejects with Node's error, such as EADDRINUSE or EACCES. */
  listen(): Promise<number>;
  /** The default certificate has changed. */
  certificatesChanged(): void;
  /** Stops accepting, lets requests under way finish, and breaks off what is left after the time. */
  close(graceMs: number): Promise<void>;
}

const handshakeTimeoutMs = 10_000;
const sweepMs = 100;

export function createEntryPoint(context: EntryContext, certificates: CertificateStore): EntryPoint {
  const connections = new Set<Socket>();
  const sessions = new Set<Http2Connection>();
  const { options } = context;
  const server = options.tls
    ? createTlsServer(context, certificates, sessions)
    : http.createServer(http1Options(context));
  serveHttp1(server, context);
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    context.recorder.connectionOpened();
    socket.on('close', () => {
      connections.delete(socket);
      context.recorder.connectionClosed();
    });
  });

  return {
    context,
    listen: () => listen(server, context),
    certificatesChanged() {
      if (server instanceof https.Server) setDefault(server, certificates);
    },
    close(graceMs) {
      context.isDraining = true;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeIdleConnections();
      for (const session of sessions) session.close();
      // Connections whose answer had begun before the end was known stay open after it; they are idle then.
      const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
      const deadline = setTimeout(() => {
        for (const session of sessions) session.destroy();
        for (const socket of connections) socket.destroy();
      }, graceMs);
      return closed.finally(() => {
        clearInterval(sweep);
        clearTimeout(deadline);
      });
    },
  };
}

function createTlsServer(
  context: EntryContext,
  certificates: CertificateStore,
  sessions: Set<Http2Connection>,
): ReturnType<typeof https.createServer> {
  const server = https.createServer({
    ...http1Options(context),
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: handshakeTimeoutMs,
    SNICallback: (serverName, done) => done(null, certificates.select(serverName)),
  });
  setDefault(server, certificates);
  // Node's own listener takes every connection for HTTP/1; ours gives it those that did not agree on h2.
  const [serveAsHttp1] = server.listeners('secureConnection') as ((this: https.Server, socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket) => {
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
  return server;
}

function setDefault(server: https.Server, certificates: CertificateStore): void {
  const pem = certificates.defaultPem();
  if (pem) server.setSecureContext({ ...pem, minVersion: 'TLSv1.2' });
}

async function listen(server: Server, context: EntryContext): Promise<number> {
  const { host, port, reusePort } = context.options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, reusePort, exclusive: true, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) =>
    context.warn('A listener failed', { entryPoint: context.options.name, error: error.message }),
  );
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}
