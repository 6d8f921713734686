import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { plainAddress } from './client-address.ts';
import type { EntryContext } from './entry-context.ts';
import type { TlsFacts } from './exchange.ts';
import type { Peer } from './live-request.ts';

const peers = new WeakMap<Socket, Peer>();
const handshakes = new WeakMap<Socket, string>();

/** Remembers by which TLS options a connection was let in: their key. */
export function noteHandshake(socket: Socket, optionsKey: string): void {
  handshakes.set(socket, optionsKey);
}

/** What tells a listener's connections apart while they are open, with TLS or below it. */
export function remoteKey({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Facts about a connection's other end, gathered once. */
export function peerOf(socket: Socket, context: EntryContext): Peer {
  const known = peers.get(socket);
  if (known) return known;
  context.gate.proves(socket, context.options.name);
  const announced = context.announced.size === 0 ? undefined : context.announced.get(remoteKey(socket));
  const address = announced?.address ?? plainAddress(socket.remoteAddress ?? '');
  const isKnownProxy = context.peers.trusts(address);
  const peer: Peer = {
    address,
    port: announced?.port ?? socket.remotePort ?? 0,
    tls: socket instanceof TLSSocket ? tlsFacts(socket) : null,
    trusted: isKnownProxy || context.options.insecureForwardedHeaders,
    isKnownProxy,
    tlsOptions: handshakes.get(socket) ?? '',
  };
  peers.set(socket, peer);
  return peer;
}

function tlsFacts(socket: TLSSocket): TlsFacts {
  const { servername } = socket as TLSSocket & { servername?: string | false };
  const facts = {
    serverName: (servername || '').toLowerCase(),
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.standardName ?? '',
  };
  const certificates = clientCertificates(socket);
  return certificates.length === 0 ? facts : { ...facts, clientCertificates: certificates };
}

/** The client's own certificate and those between it and the authority, whose own is known to whoever trusts it. */
function clientCertificates(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate = socket.getPeerCertificate(true);
  // Nothing was asked for, or nothing was sent: an object without fields.
  while (certificate?.raw !== undefined) {
    const issuer = certificate.issuerCertificate;
    const isOwnIssuer = issuer === certificate || issuer?.fingerprint256 === certificate.fingerprint256;
    if (!isOwnIssuer || chain.length === 0) chain.push(certificate.raw);
    if (isOwnIssuer || issuer === undefined) break;
    certificate = issuer;
  }
  return chain;
}
