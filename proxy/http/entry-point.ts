import { createServer, type Server, type Socket } from 'node:net';
import type { Front, HttpSides } from '../stream/front.ts';
import type { CertificateStore } from '../tls/certificates.ts';
import type { Challenges } from '../tls/challenges.ts';
import { peekClientHello } from '../tls/client-hello.ts';
import type { TlsPolicy } from '../tls/tls-policy.ts';
import { createTrustedPeers } from './client-address.ts';
import type { EntryContext } from './entry-context.ts';
import { createHttp1Side, type Http1Side } from './http1.ts';
import { createSecureServers, type SecureServers } from './secure-servers.ts';

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

const sweepMs = 100;
const highWaterMark = 64 * 1024;

export interface EntryPointParts {
  readonly context: EntryContext;
  /** For what comes with TLS to a listener that speaks none by itself, or without it to one that does. */
  readonly otherContext: EntryContext;
  readonly certificates: CertificateStore;
  /** Asked at each handshake. */
  readonly policy: () => TlsPolicy;
  readonly challenges: Challenges;
  /** What looks into connections before they come here, if anything does. */
  readonly front: (sides: HttpSides) => Front;
}

export function createEntryPoint(parts: EntryPointParts): EntryPoint {
  const { context, otherContext, certificates, policy, front } = parts;
  const connections = new Set<Socket>();
  const { options } = context;
  const own = createHttp1Side(context);
  const other = createHttp1Side(otherContext);
  const plain = options.tls ? other : own;
  let secure: SecureServers | null = null;
  const secureSide = (): SecureServers => {
    secure ??= options.tls
      ? createSecureServers(context, own, certificates)
      : createSecureServers(otherContext, other, certificates);
    return secure;
  };
  const gate = front({
    http: plain.accept,
    https: (socket, serverName) => secureSide().accept(socket, policy().optionsFor(options.name, serverName)),
  });
  const isTrusted = trustedAddresses(context);
  const take = options.tls ? secureListener(secureSide(), parts, gate) : plainListener(plain, gate);
  const server = createServer({ allowHalfOpen: !options.tls, noDelay: true, highWaterMark }, (socket) => {
    if (!context.gate.admit(socket, options.name, isTrusted)) return;
    connections.add(socket);
    context.recorder.connectionOpened();
    socket.on('close', () => {
      connections.delete(socket);
      context.recorder.connectionClosed();
    });
    take(socket);
  });
  const closeIdleConnections = (): void => {
    own.closeIdleConnections();
    other.closeIdleConnections();
    secure?.closeGently();
  };

  return {
    context,
    listen: () => listen(server, context),
    certificatesChanged() {
      secure?.certificatesChanged();
      gate.certificatesChanged();
    },
    close(graceMs) {
      context.isDraining = true;
      otherContext.isDraining = true;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      closeIdleConnections();
      // Connections whose answer had begun before the end was known stay open after it; they are idle then.
      const sweep = setInterval(() => {
        closeIdleConnections();
        context.gate.closeUnused(options.name);
      }, sweepMs);
      const deadline = setTimeout(() => {
        secure?.destroy();
        for (const socket of connections) socket.destroy();
      }, graceMs);
      return closed.finally(() => {
        clearInterval(sweep);
        clearTimeout(deadline);
      });
    },
  };
}

type Listener = (socket: Socket) => void;

/** Proxies of ours: many clients may come from each of their addresses. */
function trustedAddresses({ options, peers }: EntryContext): (address: string) => boolean {
  const proxies = createTrustedPeers(options.proxyProtocol?.trustedIPs ?? []);
  return (address) => peers.trusts(address) || proxies.trusts(address);
}

function plainListener(plain: Http1Side, gate: Front): Listener {
  return (socket) => (gate.isActive() ? gate.accept(socket) : plain.accept(socket));
}

/** Only where hosts have TLS options of their own, or a CA may ask, is a connection's first message read beforehand. */
function secureListener(
  secure: SecureServers,
  { policy, challenges, context }: Pick<EntryPointParts, 'policy' | 'challenges' | 'context'>,
  gate: Front,
): Listener {
  const { name: entryPoint } = context.options;
  const { handshakeMs } = context.clientLimits;
  return (socket) => {
    if (gate.isActive()) {
      gate.accept(socket);
      return;
    }
    const now = policy();
    if (!now.differs(entryPoint) && !challenges.watchesTls) {
      secure.accept(socket, now.optionsFor(entryPoint, ''));
      return;
    }
    socket.on('error', () => socket.destroy());
    peekClientHello(socket, handshakeMs, (hello) => {
      if (hello && challenges.wants(hello)) {
        challenges.overTls(socket, hello);
        return;
      }
      secure.accept(socket, policy().optionsFor(entryPoint, hello?.serverName ?? ''));
    });
  };
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
