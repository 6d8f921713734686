import { hostname } from 'node:os';
import { parseAuthority } from './authority.ts';
import type { HeadFacts } from './canonical.ts';
import { clientBehindProxies, type TrustedPeers } from './client-address.ts';
import type { LiveRequest, Peer } from './live-request.ts';

const serverName = hostname();

/**
 * Sets what the server behind is told of the request's way here. The client's own copies are gone by now unless it is a
 * trusted proxy; what such a proxy left out is added. `X-Forwarded-For` is appended when the request is forwarded, so
 * that middlewares count its entries as Traefik's do. `addSchemeFields`: what `X-Forwarded-Proto` says is said again in
 * two fields that other proxies use.
 */
export function setForwardingFields(
  request: LiveRequest,
  peer: Peer,
  facts: HeadFacts,
  peers: TrustedPeers,
  addSchemeFields = false,
): void {
  setUsualFields(request, peer, facts, peers);
  if (!addSchemeFields) return;
  const scheme = request.headers.get('x-forwarded-proto') ?? '';
  for (const name of ['X-Forwarded-Scheme', 'X-Scheme']) request.headers.set(name, scheme);
}

function setUsualFields(request: LiveRequest, peer: Peer, facts: HeadFacts, peers: TrustedPeers): void {
  const { headers } = request;
  if (peer.isKnownProxy && facts.forwardedFor !== '') {
    request.clientIp = clientBehindProxies(facts.forwardedFor, peer.address, peers);
  }
  const scheme = request.upgrade !== 'websocket' ? request.scheme : request.scheme === 'https' ? 'wss' : 'ws';
  if (!peer.trusted) {
    const port = publicPort(request, scheme);
    headers.raw.push('X-Forwarded-Proto', scheme);
    if (request.authority !== '') headers.raw.push('X-Forwarded-Host', request.authority);
    headers.raw.push('X-Forwarded-Port', port, 'X-Forwarded-Server', serverName, 'X-Real-Ip', request.clientIp);
    return;
  }
  setMissing(request, 'X-Forwarded-Proto', scheme);
  if (request.authority !== '') setMissing(request, 'X-Forwarded-Host', request.authority);
  setMissing(request, 'X-Forwarded-Port', publicPort(request, headers.get('x-forwarded-proto') ?? scheme));
  headers.set('X-Forwarded-Server', serverName);
  setMissing(request, 'X-Real-Ip', request.clientIp);
}

/** The port that the visitor asked: the one in the host, else the one of the scheme that they came by. */
function publicPort(request: LiveRequest, scheme: string): string {
  const written = parseAuthority(request.authority)?.port;
  if (written) return written;
  return /^(?:https|wss)$/i.test(scheme) ? '443' : '80';
}

function setMissing(request: LiveRequest, name: string, value: string): void {
  if (!request.headers.has(name)) request.headers.append(name, value);
}
