import type { ServiceConfig } from '../../../proxy/model/dynamic.ts';
import type { Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import type { InspectedContainer } from './container.ts';
import { configOf, type LabelServer, type LabelService } from './label-service.ts';
import { type Reach, type ReachOptions, type ServerAddress, serverAt } from './reach.ts';

/** One service of one container, with the server that was found for it. */
export interface BuiltService {
  readonly config: ServiceConfig;
  readonly problems: readonly Problem[];
  /** Where requests go and the container's own port that was chosen; null where there is none, or a URL of its own. */
  readonly server: (ServerAddress & { readonly containerPort: number }) | null;
}

export interface ServiceContext {
  readonly container: InspectedContainer;
  readonly reach: Reach;
  readonly reachOptions: ReachOptions;
  readonly state: Problem | null;
  /** A container that is not healthy keeps its routers. */
  readonly allowEmpty: boolean;
}

export function buildServices(
  services: Readonly<Record<string, LabelService>>,
  context: ServiceContext,
): Map<string, BuiltService> {
  return new Map(Object.entries(services).map(([name, service]) => [name, buildService(name, service, context)]));
}

function buildService(name: string, service: LabelService, context: ServiceContext): BuiltService {
  const { container, reach, state, allowEmpty } = context;
  // Its own options could not be read, which is reported with them.
  if (!service.loadBalancer) return { config: {}, problems: [], server: null };
  const found: LabelServer = service.loadBalancer.server ?? {};
  const empty = { config: configOf(service, []), server: null };
  if (state) {
    // As in Traefik an unhealthy container gives way to other routers. The rest stays, and says that it is down.
    const severity = state.code === 'CONTAINER_UNHEALTHY' && !allowEmpty ? 'error' : 'warning';
    return { ...empty, problems: [{ ...state, severity }] };
  }
  const portLabel = `traefik.http.services.${name}.loadbalancer.server.port`;
  if (found.url !== undefined && found.url !== '') {
    if (found.port === undefined && (found.scheme ?? '') === '') {
      return { config: configOf(service, [found.url]), problems: [], server: null };
    }
    const message = `The service ${name} of ${container.name} has a server URL, and beside it a port or scheme.`;
    const fix = 'Keep the URL, or keep port and scheme.';
    return { ...empty, problems: [problem('SERVICE_INVALID', 'error', message, fix, { service: name })] };
  }
  const blocking = reach.problems.filter(
    ({ severity, code }) => severity === 'error' && code !== 'CONTAINER_UNREACHABLE',
  );
  const notes = reach.problems.filter(({ severity }) => severity !== 'error');
  const port = found.port ?? reach.ports[0]?.port;
  if (port === undefined) {
    const message = `${container.name} exposes no TCP port, so there is nothing to send requests to.`;
    const fix = `Say which port it listens on: ${portLabel}=PORT`;
    const problems = [...blocking, problem('CONTAINER_NO_PORT', 'error', message, fix, { container: container.name })];
    return { ...empty, problems };
  }
  const server = serverAt(container, port, context.reachOptions);
  if (!server) {
    const problems = blocking.length > 0 ? blocking : [notPublished(container, port)];
    return { ...empty, problems };
  }
  const problems = [...notes];
  if (found.port === undefined && reach.ports.length > 1) problems.push(portChosen(container, reach, port, portLabel));
  const scheme = found.scheme === undefined || found.scheme === '' ? 'http' : found.scheme;
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'h2c') {
    const message = `The service ${name} of ${container.name} asks for the scheme "${scheme}"; servers are reached by http, https or h2c.`;
    problems.push(problem('OPTION_UNSUPPORTED', 'error', message, null, { service: name, scheme }));
  }
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  return {
    config: configOf(service, [`${scheme}://${host}:${server.port}`]),
    problems,
    server: { ...server, containerPort: port },
  };
}

function portChosen(container: InspectedContainer, reach: Reach, port: number, label: string): Problem {
  const all = reach.ports.map((candidate) => candidate.port).join(', ');
  return problem(
    'CONTAINER_PORT_CHOSEN',
    'info',
    `${container.name} exposes several ports (${all}); the lowest, ${port}, is used.`,
    `Another one is chosen by the label ${label}=PORT.`,
    { container: container.name, port, label },
  );
}

function notPublished(container: InspectedContainer, port: number): Problem {
  return problem(
    'CONTAINER_UNREACHABLE',
    'error',
    `Port ${port} of ${container.name} is not published, and this Docker does not let the machine reach container addresses.`,
    `Publish it: start the container with -p 127.0.0.1:${port}:${port} (in Compose: ports: ["127.0.0.1:${port}:${port}"]).`,
    { container: container.name, port },
  );
}
