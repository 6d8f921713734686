import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import type { Log } from '../log.ts';
import { parseListenAddress } from '../runtime/address.ts';
import { ownNames } from './allowed-hosts.ts';
import type { DashboardApp } from './dashboard-app.ts';
import { sessionCookie } from './session-cookie.ts';

/** Whoever is on the local network must not take the descriptors that visitors need. */
export const mostConnections = 256;
/** Leaves are renewed long before they end; half a day late is early enough. */
const certificateKeptMs = 12 * 60 * 60_000;

export interface LanListener {
  /** As asked for. */
  readonly address: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * HTTPS on the local network. Browsers that open an address send no server name, so the certificate is chosen by the
 * address they came to: one small TLS server for each, behind one listening socket.
 */
export async function listenOnLan(options: {
  readonly address: string;
  readonly certificates: (hosts: readonly string[]) => Promise<readonly CertificateSnapshot[]>;
  readonly app: DashboardApp;
  readonly hostAllowed: (host: string, lan: boolean) => boolean;
  readonly log: Log;
}): Promise<LanListener> {
  const { address, certificates, app, hostAllowed, log } = options;
  const wanted = parseListenAddress(address);
  if (!wanted) throw new Error('it is not HOST:PORT or :PORT');
  const { host, port } = wanted;
  const servers = new Map<string, { readonly server: HttpsServer; readonly madeAt: number }>();
  const connections = new Set<Socket>();
  const contexts = new Map<string, { readonly context: SecureContext; readonly madeAt: number }>();

  async function contextFor(name: string): Promise<SecureContext> {
    const kept = contexts.get(name);
    if (kept && Date.now() - kept.madeAt < certificateKeptMs) return kept.context;
    const found = (await certificates([name])).find((certificate) => certificate.names.includes(name));
    if (!found) throw new Error(`no certificate for ${name}`);
    const context = createSecureContext({
      cert: found.certificatePem,
      key: found.privateKeyPem,
      minVersion: 'TLSv1.2',
    });
    contexts.set(name, { context, madeAt: Date.now() });
    return context;
  }

  /** Never throws: that would end the process. Where it gives no context the certificate of the address serves. */
  async function answerServerName(name: string, done: (error: null, context?: SecureContext) => void): Promise<void> {
    let context: SecureContext | undefined;
    // Certificates are made for our own names only: whoever connects does not decide what is signed.
    if (ownNames().includes(name)) {
      try {
        context = await contextFor(name);
      } catch (error) {
        log.warn('no certificate for the dashboard', { name, error });
      }
    }
    done(null, context);
  }

  async function serverFor(localAddress: string): Promise<HttpsServer> {
    const kept = servers.get(localAddress);
    if (kept && Date.now() - kept.madeAt < certificateKeptMs) return kept.server;
    const found = await certificates([localAddress]);
    const own = found.find(({ names }) => names.includes(localAddress)) ?? found.find(({ isDefault }) => isDefault);
    if (!own) throw new Error(`no certificate for ${localAddress}`);
    const server = createHttpsServer(
      {
        cert: own.certificatePem,
        key: own.privateKeyPem,
        minVersion: 'TLSv1.2',
        requestTimeout: 60_000,
        headersTimeout: 10_000,
        maxHeaderSize: 32 * 1024,
        SNICallback: (serverName, done) => {
          void answerServerName(serverName.toLowerCase(), done);
        },
      },
      app.onRequest(traits),
    );
    server.on('upgrade', app.onUpgrade(traits));
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    // Its connections come from the listener below. Node starts its watch over slow clients on this event.
    server.emit('listening');
    // Connections of the one before live on; only its watch ends with it.
    kept?.server.close();
    servers.set(localAddress, { server, madeAt: Date.now() });
    return server;
  }

  async function hand(socket: Socket, localAddress: string): Promise<void> {
    try {
      const server = await serverFor(localAddress);
      server.emit('connection', socket);
      socket.resume();
    } catch (error) {
      log.error('the dashboard has no certificate for its address', { localAddress, error });
      socket.destroy();
    }
  }

  const listener = createNetServer({ pauseOnConnect: true }, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => socket.destroy());
    const localAddress = (socket.localAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    void hand(socket, localAddress);
  });
  listener.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ ...(host === null ? {} : { host }), port, exclusive: true }, () => {
      listener.off('error', reject);
      resolve();
    });
  });
  const listeningPort = (listener.address() as AddressInfo).port;
  const traits = { scheme: 'https', lan: true, hostAllowed, cookie: sessionCookie(listeningPort, true) } as const;

  return {
    address,
    port: listeningPort,
    async close() {
      for (const connection of connections) connection.destroy();
      for (const { server } of servers.values()) server.close();
      await new Promise<void>((resolve) => {
        listener.close(() => resolve());
      });
    },
  };
}
