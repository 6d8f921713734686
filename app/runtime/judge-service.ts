import { socketPathOf } from '../../proxy/http/socket-url.ts';
import type { LoadBalancerConfig, ServersTransportConfig, ServiceConfig } from '../../proxy/model/dynamic.ts';
import { qualify } from '../../proxy/model/names.ts';
import type { ServerSnapshot } from '../../proxy/model/snapshot.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import { composedProblems, kindsOf } from './judge-composed.ts';
import { isPaused, type Published } from './judgement.ts';

/** Traefik's name for the transport that holds where nothing is said. */
export const defaultTransportName = 'default@internal';

/** Qualified name of the transport a load balancer asks for; null for the default one. */
export function transportOf(loadBalancer: LoadBalancerConfig, provider: string): string | null {
  const name = loadBalancer.serversTransport;
  if (name === undefined || name === '' || name === defaultTransportName) return null;
  return qualify(name, provider);
}

/** The servers that requests of a provider's service can go to; those without a usable address are left out. */
export function usableServers(loadBalancer: LoadBalancerConfig, provider: string): readonly ServerSnapshot[] {
  const servers: ServerSnapshot[] = [];
  for (const server of loadBalancer.servers ?? []) {
    if (server.url === undefined || serverUrlFault(server.url, provider) !== null) continue;
    servers.push({ url: server.url, weight: server.weight ?? 1, preservePath: server.preservePath ?? false });
  }
  return servers;
}

export function serviceProblems(
  item: Published<ServiceConfig>,
  transports: ReadonlyMap<string, ServersTransportConfig>,
  suggestTransport: (name: string) => string | null,
): readonly Problem[] {
  const { loadBalancer } = item.config;
  const kinds = kindsOf(item.config);
  if (kinds.length > 1) {
    return [
      problem(
        'SERVICE_INVALID',
        'error',
        `The service has ${kinds.length} kinds (${kinds.join(', ')}), but it can be only one.`,
        'Define one service for each kind, and let one name the others.',
        { kinds: kinds.join(', ') },
      ),
    ];
  }
  if (kinds.length === 0) {
    return [
      problem(
        'SERVICE_INVALID',
        'error',
        'The service has no load balancer, so it says nothing of where requests go.',
        'Give it a loadBalancer with at least one server.',
      ),
    ];
  }
  if (loadBalancer === undefined) return composedProblems(item.config);
  const problems: Problem[] = [];
  for (const { url } of loadBalancer.servers ?? []) {
    const fault = url === undefined ? 'it has no address' : serverUrlFault(url, item.provider);
    if (fault !== null) {
      problems.push(
        problem(
          'SERVICE_INVALID',
          'warning',
          `The server ${url ?? ''} is left out: ${fault}.`,
          'Write its address as http://HOST:PORT or https://HOST:PORT.',
          { url: url ?? '', reason: fault },
        ),
      );
    }
  }
  if (isPaused(item)) problems.push(servicePaused(item.name));
  else if (usableServers(loadBalancer, item.provider).length === 0) problems.push(noServers(item.name));
  const transport = transportOf(loadBalancer, item.provider);
  if (transport !== null && !transports.has(transport)) {
    const nearest = suggestTransport(transport);
    problems.push(
      problem(
        'TRANSPORT_UNKNOWN',
        'error',
        `The serversTransport ${transport} does not exist.`,
        nearest === null ? 'Define it, or take the option out.' : `Did you mean ${nearest}?`,
        nearest === null ? { transport } : { transport, nearest },
      ),
    );
  }
  return problems;
}

export function noServers(service: string): Problem {
  return problem(
    'SERVICE_NO_SERVERS',
    'warning',
    `The service ${service} has no server, so visitors are told that it is down.`,
    'Start its container, or give it a server.',
    { service },
  );
}

export function servicePaused(service: string): Problem {
  return problem(
    'SERVICE_PAUSED',
    'info',
    `${service} is paused by an override, so visitors are told that it is down.`,
    'End the pause where it is edited, or with gatehouse override NAME --service --resume.',
    { service },
  );
}

/**
 * Providers whose services may name Unix sockets: what the owner of the machine writes. A container's labels may not, or
 * one could have Docker's own socket, and with it the machine, brought to it.
 */
const namingSockets = new Set(['file', 'gatehouse']);

/** Why an address cannot be a server's in a service of this provider, or null where it can. */
export function serverUrlFault(text: string, provider: string): string | null {
  if (socketPathOf(text) !== null) {
    return namingSockets.has(provider) ? null : 'a Unix socket can be named only in a file';
  }
  // gRPC without TLS; otherwise written like http.
  const url = URL.parse(text.replace(/^h2c:/i, 'http:'));
  if (url === null) return 'that is no address';
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return `its scheme ${url.protocol.slice(0, -1)} is not http, https or h2c`;
  if (url.hostname === '') return 'it names no host';
  return null;
}
