import { parseServerAddress } from '../../proxy/stream/address.ts';
import { tcpMiddlewareSummaries, tcpMiddlewareTypesOf } from '../../proxy/stream/admission.ts';
import type { MiddlewareView, Problem, RouterView, ServiceView } from '../contract/objects.ts';
import { viewKey } from '../contract/view-key.ts';
import { problem } from '../problem.ts';
import { tcpTransportOf, weightedOf } from './judge-stream-services.ts';
import { tlsOptionsOfTcp } from './judge-streams.ts';
import { statusOf } from './judgement.ts';
import { pausedServers, shownOverridden } from './override-view.ts';
import { type TlsOptionsByName, tlsSettingsView } from './router-tls-view.ts';
import { saidOfServer } from './server-reasons.ts';
import type { RuntimeObject } from './state.ts';
import type {
  RuntimeTcpMiddleware,
  RuntimeTcpRouter,
  RuntimeTcpService,
  RuntimeUdpRouter,
  RuntimeUdpService,
  StreamState,
} from './stream-state.ts';
import type { Health } from './views.ts';

type Protocol = 'tcp' | 'udp';

/** Views of TCP and UDP, in the shapes of those of HTTP. */
export function streamViews(
  { tcp, udp }: StreamState,
  health: Health,
  unbuilt: ReadonlyMap<string, string>,
  tlsOptions: TlsOptionsByName,
): {
  readonly routers: readonly RouterView[];
  readonly services: readonly ServiceView[];
  readonly middlewares: readonly MiddlewareView[];
} {
  return {
    routers: [
      ...[...tcp.routers.values()].map((router) => tcpRouterView(router, unbuilt, tlsOptions)),
      ...[...udp.routers.values()].map((router) => udpRouterView(router, unbuilt)),
    ],
    services: [
      ...[...tcp.services.values()].map((service) => serviceView('tcp', service, tcp.services, health)),
      ...[...udp.services.values()].map((service) => serviceView('udp', service, udp.services, health)),
    ],
    middlewares: [...tcp.middlewares.values()].map(middlewareView),
  };
}

function tcpRouterView(
  router: RuntimeTcpRouter,
  unbuilt: ReadonlyMap<string, string>,
  tlsOptions: TlsOptionsByName,
): RouterView {
  const { tls } = router.config;
  const names = [tlsOptionsOfTcp(router.config, router.provider) ?? 'default'];
  return {
    ...routerView('tcp', router, unbuilt),
    rule: router.rule,
    priority: router.priority,
    entryPoints: [...router.entryPoints],
    middlewares: [...router.middlewares],
    service: router.service,
    tls: router.tls !== 'none',
    ...(tls === undefined ? {} : { tlsSettings: tlsSettingsView(tls, names, tlsOptions) }),
    hosts: [...router.hosts],
    ...(router.closed === undefined ? {} : { closed: true }),
  };
}

function udpRouterView(router: RuntimeUdpRouter, unbuilt: ReadonlyMap<string, string>): RouterView {
  return {
    ...routerView('udp', router, unbuilt),
    rule: '',
    priority: 0,
    entryPoints: [...router.entryPoints],
    middlewares: [],
    service: router.service,
    tls: false,
    hosts: [],
  };
}

function routerView(protocol: Protocol, router: RuntimeObject, unbuilt: ReadonlyMap<string, string>) {
  const { name, provider, source } = router;
  const reason = unbuilt.get(viewKey({ protocol, name }));
  const problems: Problem[] = [...router.problems];
  if (reason !== undefined) {
    problems.push(problem('ROUTER_NOT_BUILT', 'error', `The router cannot be served: ${reason}`, null, { reason }));
  }
  const layer = router.overridden === undefined ? {} : { overridden: shownOverridden(router.overridden) };
  return { protocol, name, provider, source, status: statusOf(problems), problems, urls: [], ...layer };
}

function serviceView(
  protocol: Protocol,
  service: RuntimeTcpService | RuntimeUdpService,
  services: ReadonlyMap<string, RuntimeTcpService | RuntimeUdpService>,
  health: Health,
): ServiceView {
  const { name, provider, source, usedBy, config } = service;
  const { loadBalancer, weighted } = config;
  const key = viewKey({ protocol, name });
  const down = health.down[key] ?? [];
  const check = loadBalancer && 'healthCheck' in loadBalancer ? loadBalancer.healthCheck : undefined;
  const serving = (loadBalancer?.servers ?? [])
    .map(({ address = '' }) => address)
    .filter((address) => parseServerAddress(address) !== null)
    .map((url) => {
      const isDown = down.includes(url);
      const reason = isDown ? (health.reasons[key]?.[url] ?? null) : null;
      const state = isDown ? ('down' as const) : check === undefined ? ('unchecked' as const) : ('up' as const);
      return { url, weight: 1, health: state, reason, ...saidOfServer(reason) };
    });
  const servers = [...serving, ...pausedServers(service)];
  const children = weightedOf(config, provider).map((child) => ({
    name: child.name,
    role: 'weighted' as const,
    share: child.weight,
    health: childHealth(protocol, child.name, services, health, new Set()),
  }));
  const problems: Problem[] = [...service.problems];
  if (service.status !== 'disabled' && serving.length > 0 && serving.every((each) => each.health === 'down')) {
    const details = { service: name, servers: servers.length };
    const message = `No server of ${name} passes its health check, so visitors are told that it is down.`;
    problems.push(problem('SERVERS_DOWN', 'warning', message, 'See what the check says of each server.', details));
  }
  return {
    protocol,
    name,
    provider,
    status: statusOf(problems),
    problems,
    type: loadBalancer ? 'loadBalancer' : weighted ? 'weighted' : 'unknown',
    strategy: loadBalancer || weighted ? 'wrr' : null,
    ...(children.length > 0 ? { children } : {}),
    servers,
    passHostHeader: false,
    sticky: false,
    healthCheck: check === undefined ? null : (check.send ?? ''),
    serversTransport: tcpTransportOf(config, provider),
    usedBy: [...usedBy],
    source,
    ...(service.overridden === undefined ? {} : { overridden: shownOverridden(service.overridden) }),
  };
}

function childHealth(
  protocol: Protocol,
  name: string,
  services: ReadonlyMap<string, RuntimeTcpService | RuntimeUdpService>,
  health: Health,
  seen: Set<string>,
): 'up' | 'down' | 'unchecked' {
  const service = services.get(name);
  if (service === undefined || seen.has(name)) return 'unchecked';
  seen.add(name);
  const { loadBalancer } = service.config;
  if (loadBalancer) {
    if (!('healthCheck' in loadBalancer) || loadBalancer.healthCheck === undefined) return 'unchecked';
    const down = health.down[viewKey({ protocol, name })] ?? [];
    return (loadBalancer.servers ?? []).every(({ address = '' }) => down.includes(address)) ? 'down' : 'up';
  }
  const below = weightedOf(service.config, service.provider).map((child) =>
    childHealth(protocol, child.name, services, health, seen),
  );
  if (below.length > 0 && below.every((each) => each === 'down')) return 'down';
  return below.includes('up') ? 'up' : 'unchecked';
}

function middlewareView(middleware: RuntimeTcpMiddleware): MiddlewareView {
  const { name, provider, status, problems, source, config, type, usedBy } = middleware;
  const [known] = tcpMiddlewareTypesOf(config);
  return {
    protocol: 'tcp',
    name,
    provider,
    type,
    status,
    problems: [...problems],
    summary: known === undefined ? '' : tcpMiddlewareSummaries[known],
    options: known === undefined ? {} : { ...config[known] },
    usedBy: [...usedBy],
    source,
  };
}
