import { z } from 'zod';
import type { RouterConfig } from '../../../proxy/model/dynamic.ts';
import {
  type TcpMiddlewareConfig,
  type TcpRouterConfig,
  type TcpServersTransportConfig,
  type TcpServiceConfig,
  tcpLoadBalancerSchema,
  type UdpRouterConfig,
  type UdpServiceConfig,
} from '../../../proxy/model/stream.ts';
import type { ElementIssue, ElementKind } from '../../config/http-elements.ts';
import { decodeTcpElements, decodeUdpElements } from '../../config/stream-elements.ts';
import type { Problem, Source } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import type { Element } from './container-configuration.ts';
import type { ServiceContext } from './container-services.ts';
import type { LabelTree } from './labels.ts';
import { serverAt } from './reach.ts';

/** What one container's labels ask for in TCP and UDP. */
export interface ContainerStreams {
  readonly tcp: {
    readonly routers: Readonly<Record<string, Element<TcpRouterConfig>>>;
    readonly services: Readonly<Record<string, Element<TcpServiceConfig>>>;
    readonly middlewares: Readonly<Record<string, Element<TcpMiddlewareConfig>>>;
    readonly serversTransports: Readonly<Record<string, TcpServersTransportConfig>>;
  };
  readonly udp: {
    readonly routers: Readonly<Record<string, Element<UdpRouterConfig>>>;
    readonly services: Readonly<Record<string, Element<UdpServiceConfig>>>;
  };
  /** Whether it has routers or services of them. Then, as in Traefik, it gets no HTTP router unasked. */
  readonly named: boolean;
  /** That belong to no object. */
  readonly problems: readonly Problem[];
}

export const noStreams: ContainerStreams = {
  tcp: { routers: {}, services: {}, middlewares: {}, serversTransports: {} },
  udp: { routers: {}, services: {} },
  named: false,
  problems: [],
};

/** In labels a service has one server, the container: `loadbalancer.server.port=5432`. */
const port = z.int().min(1).max(65535).optional();
export const tcpLabelServiceSchema = z.strictObject({
  loadBalancer: tcpLoadBalancerSchema
    .omit({ servers: true })
    .extend({ server: z.strictObject({ port, tls: z.boolean().optional() }).optional() })
    .optional(),
});
export const udpLabelServiceSchema = z.strictObject({
  loadBalancer: z.strictObject({ server: z.strictObject({ port }).optional() }).optional(),
});

export interface StreamContext extends Omit<ServiceContext, 'reach'> {
  readonly tree: LabelTree;
  readonly reach: ServiceContext['reach'];
  /** Name of the service of routers that come without one, as Traefik makes it. */
  readonly defaultName: string;
  /** Labels that could not be read at all; they could have been what keeps a router closed. */
  readonly unreadable: readonly Problem[];
  readonly source: (protocol: 'tcp' | 'udp', kind: ElementKind, name: string, exists: boolean) => Source;
  readonly problemsOf: (issues: readonly ElementIssue[], element: ElementIssue['element']) => readonly Problem[];
}

export function buildStreams(context: StreamContext): ContainerStreams {
  const { tree, source, problemsOf, defaultName } = context;
  if (tree.tcp === null && tree.udp === null) return noStreams;
  const tcp = decodeTcpElements(tree.tcp, { strings: true, serviceSchema: tcpLabelServiceSchema });
  const udp = decodeUdpElements(tree.udp, { strings: true, serviceSchema: udpLabelServiceSchema });

  const tcpServices: Record<string, Element<TcpServiceConfig>> = {};
  for (const [name, service] of servicesOf(tcp, defaultName)) {
    const found = serverOf('tcp', name, service.loadBalancer?.server?.port, context);
    const { server, ...rest } = service.loadBalancer ?? {};
    const tls = server?.tls === undefined ? {} : { tls: server.tls };
    const servers = found.address === null ? [] : [{ address: found.address, ...tls }];
    const problems = [...problemsOf(tcp.issues, { kind: 'services', name }), ...found.problems];
    if (rest.serversTransport !== undefined) {
      problems.push(...problemsOf(tcp.issues, { kind: 'serversTransports', name: rest.serversTransport }));
    }
    const config = service.loadBalancer ? { loadBalancer: { ...rest, servers } } : {};
    tcpServices[name] = { config, source: source('tcp', 'services', name, name in tcp.services), problems };
  }
  const udpServices: Record<string, Element<UdpServiceConfig>> = {};
  for (const [name, service] of servicesOf(udp, defaultName)) {
    const found = serverOf('udp', name, service.loadBalancer?.server?.port, context);
    const servers = found.address === null ? [] : [{ address: found.address }];
    const problems = [...problemsOf(udp.issues, { kind: 'services', name }), ...found.problems];
    const config = service.loadBalancer ? { loadBalancer: { servers } } : {};
    udpServices[name] = { config, source: source('udp', 'services', name, name in udp.services), problems };
  }
  const routersOf = <Config extends { service?: string | undefined }>(
    protocol: 'tcp' | 'udp',
    { routers, issues }: { routers: Readonly<Record<string, Config>>; issues: readonly ElementIssue[] },
    services: Readonly<Record<string, unknown>>,
  ): Record<string, Element<Config>> =>
    Object.fromEntries(
      Object.entries(routers).map(([name, router]) => {
        const problems = [...problemsOf(issues, { kind: 'routers', name }), ...context.unreadable];
        const config = withService(protocol, name, router, Object.keys(services), context, problems);
        return [name, { config, source: source(protocol, 'routers', name, true), problems }];
      }),
    );
  return {
    tcp: {
      routers: routersOf('tcp', tcp, tcpServices),
      services: tcpServices,
      middlewares: Object.fromEntries(
        Object.entries(tcp.middlewares).map(([name, config]) => [
          name,
          {
            config,
            source: source('tcp', 'middlewares', name, true),
            problems: problemsOf(tcp.issues, { kind: 'middlewares', name }),
          },
        ]),
      ),
      serversTransports: tcp.serversTransports,
    },
    udp: { routers: routersOf('udp', udp, udpServices), services: udpServices },
    named: Object.keys(tcpServices).length + Object.keys(udpServices).length > 0,
    problems: [...problemsOf(tcp.issues, null), ...problemsOf(udp.issues, null)],
  };
}

/** Those that the labels name; where there are only routers, one under the container's own name. */
function servicesOf<Service>(
  { routers, services }: { routers: object; services: Readonly<Record<string, Service>> },
  defaultName: string,
): [string, Service | { readonly loadBalancer: Record<string, never> }][] {
  if (Object.keys(services).length > 0) return Object.entries(services);
  return Object.keys(routers).length > 0 ? [[defaultName, { loadBalancer: {} }]] : [];
}

function withService<Config extends Pick<RouterConfig, 'service'>>(
  protocol: 'tcp' | 'udp',
  name: string,
  router: Config,
  services: readonly string[],
  { container }: StreamContext,
  problems: Problem[],
): Config {
  if (router.service !== undefined && router.service !== '') return router;
  const [first, second] = services;
  if (second === undefined) return first === undefined ? router : { ...router, service: first };
  const all = services.join(', ');
  problems.push(
    problem(
      'SERVICE_AMBIGUOUS',
      'error',
      `The router ${name} of ${container.name} does not say which of the services ${all} it sends to.`,
      `Add the label traefik.${protocol}.routers.${name}.service=${first ?? 'NAME'}.`,
      { container: container.name, router: name },
    ),
  );
  return router;
}

function serverOf(
  protocol: 'tcp' | 'udp',
  service: string,
  asked: number | undefined,
  { container, reach, reachOptions, state, allowEmpty }: StreamContext,
): { readonly address: string | null; readonly problems: readonly Problem[] } {
  if (state) {
    const severity = state.code === 'CONTAINER_UNHEALTHY' && !allowEmpty ? 'error' : 'warning';
    return { address: null, problems: [{ ...state, severity }] };
  }
  const label = `traefik.${protocol}.services.${service}.loadbalancer.server.port`;
  // Traefik takes the lowest port of either protocol; a port of the right one is the better guess.
  const ports = container.ports.filter((each) => each.protocol === protocol).map((each) => each.port);
  const chosen = asked ?? ports[0] ?? container.ports[0]?.port;
  const blocking = reach.problems.filter(
    ({ severity, code }) => severity === 'error' && code !== 'CONTAINER_UNREACHABLE',
  );
  if (chosen === undefined) {
    const message = `${container.name} exposes no port, so there is nothing to send connections to.`;
    const fix = `Say which port it listens on: ${label}=PORT`;
    const missing = problem('CONTAINER_NO_PORT', 'error', message, fix, { container: container.name });
    return { address: null, problems: [...blocking, missing] };
  }
  const server = serverAt(container, chosen, reachOptions, protocol);
  if (server === null) {
    const message = `Port ${chosen}/${protocol} of ${container.name} is not published, and this Docker does not let the machine reach container addresses.`;
    const suffix = protocol === 'udp' ? '/udp' : '';
    const fix = `Publish it: start the container with -p 127.0.0.1:${chosen}:${chosen}${suffix}.`;
    const unreachable = problem('CONTAINER_UNREACHABLE', 'error', message, fix, {
      container: container.name,
      port: chosen,
    });
    return { address: null, problems: blocking.length > 0 ? blocking : [unreachable] };
  }
  const problems = reach.problems.filter(({ severity }) => severity !== 'error');
  if (asked === undefined && ports.length > 1) {
    problems.push(
      problem(
        'CONTAINER_PORT_CHOSEN',
        'info',
        `${container.name} exposes several ports (${ports.join(', ')}); the lowest, ${chosen}, is used.`,
        `Another one is chosen by the label ${label}=PORT.`,
        { container: container.name, port: chosen, label },
      ),
    );
  }
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return { address: `${host}:${server.port}`, problems };
}
