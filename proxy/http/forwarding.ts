import { hostname } from 'node:os';
import { parseAuthority } from './authority.ts';
import type { HeadFacts } from './canonical.ts';
import { clientBehindProxies, type TrustedPeers } from './client-address.ts';
import type { LiveRequest, Peer } from './live-request.ts';

const serverName = hostname();
const schemes = new Set(['http', 'https', 'ws', 'wss']);

/**
 * Sets what the server behind is told of the request's way here. The client's own copies are gone by now unless it is a
 * trusted proxy; what such a proxy left out is added. `X-Forwarded-For` is appended when the request is forwarded, so
 * that middlewares count its entries as Traefik's do.
 */
export function setForwardingFields(request: LiveRequest, peer: Peer, facts: HeadFacts, peers: TrustedPeers): void {
  const { headers } = request;
  if (peer.isKnownProxy && facts.forwardedFor !== '') {
    request.clientIp = clientBehindProxies(facts.forwardedFor, peer.address, peers);
  }
  const port = parseAuthority(request.authority)?.port || (request.scheme === 'https' ? '443' : '80');
  const scheme = request.upgrade === null ? request.scheme : request.scheme === 'https' ? 'wss' : 'ws';
  if (!peer.trusted) {
    headers.raw.push('X-Forwarded-Proto', scheme);
    if (request.authority !== '') headers.raw.push('X-Forwarded-Host', request.authority);
    headers.raw.push('X-Forwarded-Port', port, 'X-Forwarded-Server', serverName, 'X-Real-Ip', request.clientIp);
    return;
  }
  const proto = headers.get('x-forwarded-proto');
  if (proto === undefined || !schemes.has(proto.toLowerCase())) headers.set('X-Forwarded-Proto', scheme);
  if (request.authority !== '') setMissing(request, 'X-Forwarded-Host', request.authority);
  setMissing(request, 'X-Forwarded-Port', port);
  headers.set('X-Forwarded-Server', serverName);
  setMissing(request, 'X-Real-Ip', request.clientIp);
}

function setMissing(request: LiveRequest, name: string, value: string): void {
  if (!request.headers.has(name)) request.headers.append(name, value);
}
