import type { ProxyRequest } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { isForwardingName, isHopByHop } from '../http/header-names.ts';
import type { ForwardAuthConfig } from './forward-auth.ts';

type Options = Pick<ForwardAuthConfig, 'trustForwardHeader' | 'authRequestHeaders'>;

const ofTheMessage = new Set(['host', 'content-length', 'expect', 'trailer', 'trailers']);

/** Fields that concern the visitor's body or connection, which the question has none of. */
function isLeftBehind(name: string): boolean {
  return ofTheMessage.has(name) || (isHopByHop(name) && !name.startsWith('proxy-auth'));
}

/**
 * What an auth server is told of a request. `trustForwardHeader`: true keeps what a proxy before us said of its way;
 * false tells only what we know; not given, as Traefik has it, keeps the lesser of these fields.
 */
export function authRequestHeaders(request: ProxyRequest, options: Options): HeaderList {
  const { trustForwardHeader: trusts, authRequestHeaders: wanted = [] } = options;
  const all = request.headers.clone();
  all.deleteWhere((name) => isLeftBehind(name) || (trusts === false && isForwardingName(name) && name !== 'x-real-ip'));
  const headers = wanted.length === 0 ? all : chosen(all, wanted, trusts === true);
  const scheme = request.tls === null ? request.scheme : 'https';
  const uri = request.query === '' ? request.path : `${request.path}?${request.query}`;
  const peerIp = request.peerIp ?? request.clientIp;
  if (trusts === undefined) {
    if (peerIp !== '') headers.set('X-Forwarded-For', peerIp);
    headers.set('X-Forwarded-Proto', scheme);
    headers.set('X-Forwarded-Method', request.method);
    headers.set('X-Forwarded-Host', request.authority);
    headers.set('X-Forwarded-Uri', uri);
    return headers;
  }
  const before = headers.getAll('x-forwarded-for').join(', ');
  if (peerIp !== '') headers.set('X-Forwarded-For', before === '' ? peerIp : `${before}, ${peerIp}`);
  setMissing(headers, 'X-Forwarded-Method', request.method);
  setMissing(headers, 'X-Forwarded-Proto', scheme);
  setMissing(headers, 'X-Forwarded-Port', portOf(request.authority, headers.get('x-forwarded-proto') ?? scheme));
  setMissing(headers, 'X-Forwarded-Host', request.authority);
  setMissing(headers, 'X-Forwarded-Uri', uri);
  return headers;
}

const forwardedNames = ['Proto', 'For', 'Host', 'Port', 'Server', 'Uri', 'Method', 'Prefix', 'Tls-Client-Cert'].map(
  (name) => `X-Forwarded-${name}`,
);

function chosen(all: HeaderList, wanted: readonly string[], withForwarded: boolean): HeaderList {
  const names = withForwarded ? [...wanted, ...forwardedNames, 'X-Real-Ip'] : wanted;
  const headers = new HeaderList();
  for (const name of new Set(names.map((each) => each.toLowerCase()))) {
    for (const [candidate, value] of all) if (candidate.toLowerCase() === name) headers.append(candidate, value);
  }
  return headers;
}

function setMissing(headers: HeaderList, name: string, value: string): void {
  if (!headers.has(name)) headers.append(name, value);
}

function portOf(authority: string, scheme: string): string {
  const port = /:(\d+)$/.exec(authority)?.[1];
  return port ?? (scheme === 'https' || scheme === 'wss' ? '443' : '80');
}
