import { constants } from 'node:crypto';
import https from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { CertificateSnapshot } from '../model/snapshot.ts';
import type { TlsOptionsSnapshot } from '../model/tls.ts';
import type { CertificateStore } from '../tls/certificates.ts';
import type { KeyedOptions } from '../tls/tls-policy.ts';
import { noteHandshake } from './connection.ts';
import type { EntryContext } from './entry-context.ts';
import { http1Options, serveHttp1 } from './http1.ts';
import { type Http2Connection, serveHttp2 } from './http2.ts';

export const handshakeTimeoutMs = 10_000;

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
  const { clientAuth, sniStrict } = options;
  const shared = contextOptions(options);
  // Node takes the authorities for clients from the context of the name, so each certificate needs one of its own.
  let contexts = new WeakMap<CertificateSnapshot, SecureContext>();
  const contextFor = (serverName: string): SecureContext | undefined => {
    const found = certificates.find(serverName);
    if (!found || (sniStrict && found.isFallback)) return undefined;
    if (clientAuth === null) return found.context;
    let own = contexts.get(found.certificate);
    if (!own) {
      const { certificatePem: cert, privateKeyPem } = found.certificate;
      own = createSecureContext({ ...shared, cert, key: privateKeyPem });
      contexts.set(found.certificate, own);
    }
    return own;
  };
  const server = https.createServer({
    ...http1Options(context),
    ...shared,
    ALPNProtocols: [...options.alpn],
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: clientAuth !== null,
    rejectUnauthorized: clientAuth?.type === 'RequireAndVerifyClientCert',
    SNICallback: (serverName, done) => {
      const found = contextFor(serverName);
      if (!found && sniStrict) done(new Error(`there is no certificate for ${serverName}`));
      else done(null, found);
    },
  });
  const setDefault = (): void => {
    contexts = new WeakMap();
    const pem = certificates.defaultPem();
    // Without a context a client that sends no name gets no handshake.
    if (pem && !sniStrict) server.setSecureContext({ ...shared, ...pem });
  };
  setDefault();
  // Node's own listener takes every connection for HTTP/1; ours gives it those that did not agree on h2.
  const [serveAsHttp1] = server.listeners('secureConnection') as ((this: https.Server, socket: TLSSocket) => void)[];
  server.removeAllListeners('secureConnection');
  server.on('secureConnection', (socket) => {
    if (!isClientWelcome(socket, clientAuth)) {
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
  return { server, certificatesChanged: setDefault };
}

/** What Node leaves to us: certificates that must be there but may be anybody's, or may be missing but not wrong. */
function isClientWelcome(socket: TLSSocket, clientAuth: TlsOptionsSnapshot['clientAuth']): boolean {
  switch (clientAuth?.type) {
    case 'RequireAnyClientCert':
      return socket.getPeerCertificate().raw !== undefined;
    case 'VerifyClientCertIfGiven':
      return socket.authorized || socket.getPeerCertificate().raw === undefined;
    case 'RequireAndVerifyClientCert':
      return socket.authorized;
    case 'RequestClientCert':
    case undefined:
      return true;
  }
}

function contextOptions({ minVersion, maxVersion, ciphers, curves, clientAuth, sessionTickets }: TlsOptionsSnapshot) {
  const isOld = minVersion === 'TLSv1' || minVersion === 'TLSv1.1';
  // OpenSSL refuses the old versions at its own level of security, whatever the minimum says.
  const list = isOld ? `${ciphers ?? 'DEFAULT'}:@SECLEVEL=0` : ciphers;
  return {
    minVersion,
    ...(maxVersion === null ? {} : { maxVersion }),
    ...(list === null ? {} : { ciphers: list }),
    ...(curves === null ? {} : { ecdhCurve: curves }),
    ...(clientAuth === null || clientAuth.caPem.length === 0 ? {} : { ca: [...clientAuth.caPem] }),
    ...(sessionTickets ? {} : { secureOptions: constants.SSL_OP_NO_TICKET }),
  };
}
