import type { Socket } from 'node:net';
import { createTrustedPeers, plainAddress } from '../http/client-address.ts';
import { remoteKey } from '../http/connection.ts';
import type { Recorder } from '../http/recorder.ts';
import type { EntryPointOptions } from '../model/snapshot.ts';
import type { CertificateStore } from '../tls/certificates.ts';
import type { Challenges } from '../tls/challenges.ts';
import { type ClientHello, peekClientHello } from '../tls/client-hello.ts';
import type { TlsPolicy } from '../tls/tls-policy.ts';
import { passOn, type TcpClient } from './connection.ts';
import { takeProxyHeader } from './peek.ts';
import { isPostgresRequest, passPostgresOn } from './postgres.ts';
import type { Endpoint } from './proxy-protocol.ts';
import type { TcpEntry, TcpRoute } from './stream-routing.ts';
import { createTerminator } from './terminate.ts';

/** Stands before an entry point's HTTP servers where connections have to be looked into first. */
export interface Front {
  /** False: connections go to the listener's own server, and nothing is read here. */
  isActive(): boolean;
  accept(socket: Socket): void;
  certificatesChanged(): void;
}

/** Take connections whose first bytes are still to be read. */
export interface HttpSides {
  readonly http: (socket: Socket) => void;
  readonly https: (socket: Socket, serverName: string) => void;
}

export interface FrontOptions {
  readonly options: EntryPointOptions;
  readonly recorder: Recorder;
  readonly certificates: CertificateStore;
  readonly policy: () => TlsPolicy;
  readonly challenges: Challenges;
  /** Of the newest snapshot; undefined where nothing but the listener's own protocol is served. */
  readonly entry: () => TcpEntry | undefined;
  /** Where the PROXY protocol's clients are noted, by {@link remoteKey}, for the HTTP servers. */
  readonly announced: Map<string, Endpoint>;
  readonly handshakeMs: number;
  /** The connection goes to a server as it is. */
  readonly passesOn: (socket: Socket) => void;
}

/** A client that connects ahead of need has this long to say something. */
const firstBytesMs = 60_000;
const proxyHeaderMs = 10_000;

export function createFront(front: FrontOptions, sides: HttpSides): Front {
  const { options, recorder, announced } = front;
  const proxyProtocol = options.proxyProtocol ?? null;
  const proxies = createTrustedPeers(proxyProtocol?.trustedIPs ?? []);
  const terminator = createTerminator(front.certificates, front.handshakeMs);

  const peerOf = (socket: Socket): Endpoint =>
    announced.get(remoteKey(socket)) ?? {
      address: plainAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
    };
  const defaultSide = (socket: Socket): void => {
    if (!options.tls) {
      sides.http(socket);
      return;
    }
    peekClientHello(socket, firstBytesMs, (hello) => {
      if (hello && front.challenges.wants(hello)) front.challenges.overTls(socket, hello);
      else sides.https(socket, hello?.serverName ?? '');
    });
  };
  const take = (socket: Socket, at: number): void => {
    const entry = front.entry();
    if (!entry) {
      defaultSide(socket);
      return;
    }
    const peer = peerOf(socket);
    const early = entry.beforeReading(peer.address);
    if (early) {
      toTcp(socket, early, null, peer, at);
      return;
    }
    peekClientHello(socket, firstBytesMs, (hello) => {
      if (hello && front.challenges.wants(hello)) {
        front.challenges.overTls(socket, hello);
        return;
      }
      if (hello === null && entry.hasTlsRouters && isPostgresRequest(socket)) {
        takePostgres(socket, entry, peer, at);
        return;
      }
      const way = entry.choose(hello, peer.address);
      if (way.kind === 'http') sides.http(socket);
      else if (way.kind === 'https') sides.https(socket, hello?.serverName ?? '');
      else toTcp(socket, way.route, hello, peer, at);
    });
  };
  const clientOf = (socket: Socket, hello: ClientHello | null, peer: Endpoint, at: number): TcpClient => ({
    socket,
    peer,
    local: { address: plainAddress(socket.localAddress ?? ''), port: socket.localPort ?? 0 },
    serverName: hello?.serverName ?? '',
    tlsVersion: null,
    hasTls: hello !== null,
    at,
  });
  const toTcp = (socket: Socket, route: TcpRoute, hello: ClientHello | null, peer: Endpoint, at: number): void => {
    socket.allowHalfOpen = true;
    const client = clientOf(socket, hello, peer, at);
    if (route.tls === 'terminate') {
      terminate(client, route);
      return;
    }
    front.passesOn(socket);
    void passOn(client, route, options.name, recorder);
  };
  const terminate = (client: TcpClient, route: TcpRoute): void => {
    // The options of HTTPS hosts are not those of TCP routers, even for one name.
    const tls = front.policy().named(route.tlsOptions ?? 'default');
    terminator.terminate(client.socket, tls, (secure) => {
      front.passesOn(client.socket);
      void passOn({ ...client, socket: secure, tlsVersion: secure.getProtocol() }, route, options.name, recorder);
    });
  };
  /** Clients of PostgreSQL ask in clear text whether they may speak TLS, before they do. */
  const takePostgres = (socket: Socket, entry: TcpEntry, peer: Endpoint, at: number): void => {
    socket.write('S');
    peekClientHello(socket, firstBytesMs, (hello) => {
      const route = hello && entry.chooseTls({ ...hello, clientIp: peer.address });
      if (!route) {
        socket.destroy();
        return;
      }
      socket.allowHalfOpen = true;
      const client = clientOf(socket, hello, peer, at);
      if (route.tls === 'terminate') {
        terminate(client, route);
        return;
      }
      front.passesOn(socket);
      void passPostgresOn(client, route, options.name, recorder);
    });
  };

  return {
    isActive: () => proxyProtocol !== null || front.entry() !== undefined,
    accept(socket) {
      const at = Date.now();
      socket.on('error', () => socket.destroy());
      if (proxyProtocol === null) {
        take(socket, at);
        return;
      }
      const isProxy = proxyProtocol.insecure || proxies.trusts(plainAddress(socket.remoteAddress ?? ''));
      takeProxyHeader(socket, proxyHeaderMs, (header) => {
        if (header.kind === 'malformed') return;
        // A header from somebody else is taken off, and not believed.
        if (header.kind === 'header' && header.source !== null && isProxy) {
          const key = remoteKey(socket);
          announced.set(key, header.source);
          socket.once('close', () => announced.delete(key));
        }
        take(socket, at);
      });
    },
    certificatesChanged: terminator.certificatesChanged,
  };
}
