import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { plainAddress } from './client-address.ts';
import type { EntryContext } from './entry-context.ts';
import type { Peer } from './live-request.ts';

const peers = new WeakMap<Socket, Peer>();

/** Facts about a connection's other end, gathered once. */
export function peerOf(socket: Socket, context: EntryContext): Peer {
  const known = peers.get(socket);
  if (known) return known;
  const address = plainAddress(socket.remoteAddress ?? '');
  const isKnownProxy = context.peers.trusts(address);
  const peer: Peer = {
    address,
    port: socket.remotePort ?? 0,
    tls: socket instanceof TLSSocket ? tlsFacts(socket) : null,
    trusted: isKnownProxy || context.options.insecureForwardedHeaders,
    isKnownProxy,
  };
  peers.set(socket, peer);
  return peer;
}

function tlsFacts(socket: TLSSocket): NonNullable<Peer['tls']> {
  const { servername } = socket as TLSSocket & { servername?: string | false };
  return { serverName: (servername || '').toLowerCase(), version: socket.getProtocol() ?? '' };
}
