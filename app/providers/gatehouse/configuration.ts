import type {
  MiddlewareConfig,
  RouterConfig,
  ServersTransportConfig,
  ServiceConfig,
} from '../../../proxy/model/dynamic.ts';
import type { StaticEntryPoint } from '../../config/static.ts';
import { endpointOfContainer } from '../../contract/docker-name.ts';
import type { Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import type { StoredExposure, StoredProtection } from '../../store/exposures.ts';
import type { InspectedContainer } from '../docker/container.ts';
import { type ReachOptions, reachOf, type ServerAddress, serverAt } from '../docker/reach.ts';
import type { ObjectOrigin, Publication } from '../provider.ts';
import { type ContainerIndex, containersOf, indexContainers } from './target.ts';

/** What exposures depend on besides themselves. */
export interface Surroundings {
  /** Of all endpoints that have answered. */
  readonly containers: readonly InspectedContainer[];
  /** How the containers of the endpoint are reached; null: of the first. */
  readonly reach: (endpoint: string | null) => ReachOptions;
  /** Whether it can be told what is at the endpoint. */
  readonly hasAnswered: (endpoint: string | null) => boolean;
  /** The entry point that apps are exposed on. */
  readonly entryPoint: string;
}

/** How one exposure stands with its containers. */
export interface Standing {
  readonly containerId: string | null;
  readonly serverUrls: readonly string[];
  readonly state: 'live' | 'waiting' | 'broken';
  readonly problems: readonly Problem[];
}

export interface ExposureConfiguration {
  readonly publication: Publication;
  /** By exposure id, paused ones too. */
  readonly standings: ReadonlyMap<string, Standing>;
}

/** The entry point for apps: `websecure`, else the first with TLS, else the first. */
export function exposureEntryPoint(entryPoints: readonly StaticEntryPoint[]): string {
  const chosen =
    entryPoints.find(({ name }) => name === 'websecure') ?? entryPoints.find(({ tls }) => tls) ?? entryPoints[0];
  return chosen?.name ?? 'websecure';
}

export function ruleOf(host: string): string {
  return `Host(\`${host}\`)`;
}

/** What the `gatehouse` provider publishes. A container that is away leaves its route: visitors learn that it is down. */
export function exposureConfiguration(
  exposures: readonly StoredExposure[],
  surroundings: Surroundings,
): ExposureConfiguration {
  const routers: Record<string, RouterConfig> = {};
  const services: Record<string, ServiceConfig> = {};
  const middlewares: Record<string, MiddlewareConfig> = {};
  const serversTransports: Record<string, ServersTransportConfig> = {};
  const origins = {
    routers: {} as Record<string, ObjectOrigin>,
    services: {} as Record<string, ObjectOrigin>,
    middlewares: {} as Record<string, ObjectOrigin>,
  };
  const standings = new Map<string, Standing>();
  const index = indexContainers(surroundings.containers);
  for (const exposure of exposures) {
    const { id, name } = exposure;
    const standing = standingOf(exposure, index, surroundings);
    standings.set(id, standing);
    if (exposure.paused) continue;
    const source = { kind: 'exposure', exposureId: id } as const;
    const protection = middlewareOf(name, exposure.protection);
    routers[name] = {
      rule: ruleOf(exposure.host),
      entryPoints: [surroundings.entryPoint],
      middlewares: protection ? [protection.name] : [],
      service: name,
      tls: {},
    };
    services[name] = {
      loadBalancer: {
        servers: standing.serverUrls.map((url) => ({ url })),
        passHostHeader: true,
        ...(exposure.scheme === 'https' ? { serversTransport: name } : {}),
      },
    };
    // A container's own certificate is self-signed and names no address; on the machine's own bridge nobody listens.
    if (exposure.scheme === 'https') serversTransports[name] = { insecureSkipVerify: true };
    if (protection) {
      middlewares[protection.name] = protection.config;
      origins.middlewares[protection.name] = { source, problems: [] };
    }
    origins.routers[name] = { source, problems: [] };
    origins.services[name] = { source, problems: standing.problems };
  }
  return {
    publication: {
      provider: 'gatehouse',
      configuration: { http: { routers, services, middlewares, serversTransports } },
      origins,
    },
    standings,
  };
}

/** The middleware that a protection makes, by its name without provider; undefined where everybody may come. */
export function middlewareOf(
  exposureName: string,
  protection: StoredProtection,
): { readonly name: string; readonly config: MiddlewareConfig } | undefined {
  switch (protection.kind) {
    case 'none':
      return undefined;
    case 'password':
      return {
        name: middlewareName(exposureName, 'password'),
        config: {
          // The password is for Gatehouse; many apps trip over a sign-in that they do not know.
          basicAuth: { users: [`${protection.username}:${protection.passwordHash}`], removeHeader: true },
        },
      };
    case 'allowList':
      break;
  }
  return {
    name: middlewareName(exposureName, 'allowList'),
    config: { ipAllowList: { sourceRange: [...protection.sourceRange] } },
  };
}

export function middlewareName(exposureName: string, kind: Exclude<StoredProtection['kind'], 'none'>): string {
  return kind === 'password' ? `${exposureName}-password` : `${exposureName}-allow-list`;
}

function standingOf(exposure: StoredExposure, index: ContainerIndex, surroundings: Surroundings): Standing {
  const name = exposure.target.container;
  const endpoint = endpointOfContainer(name);
  if (!surroundings.hasAnswered(endpoint)) {
    const waiting = problem(
      'CONTAINER_MISSING',
      'warning',
      `Docker has not answered yet, so it cannot be told whether ${name} runs.`,
      'See Settings › Providers for what Docker says.',
      { container: name },
    );
    return { containerId: null, serverUrls: [], state: 'waiting', problems: [waiting] };
  }
  const reach = surroundings.reach(endpoint);
  const found = containersOf(exposure.target, index);
  const [first] = found;
  if (!first) return { containerId: null, serverUrls: [], state: 'waiting', problems: [missing(exposure)] };

  const running = found.filter(({ state }) => state === 'running');
  const serverUrls: string[] = [];
  const problems: Problem[] = [];
  for (const container of running.length > 0 ? running : [first]) {
    const server = serverAt(container, exposure.port, reach);
    if (server) serverUrls.push(urlOf(exposure.scheme, server));
    // That none of its ports can be reached is said below of the port that was chosen.
    const known = reachOf(container, reach).problems.filter(
      ({ code, severity }) => !(code === 'CONTAINER_UNREACHABLE' && severity === 'error'),
    );
    problems.push(...known.map(asWarning));
    if (container.state === 'running' && !server && !known.some(({ code }) => code === 'CONTAINER_NO_NETWORK')) {
      problems.push(unreachable(container, exposure.port));
    }
  }
  const state = serverUrls.length > 0 ? 'live' : running.length > 0 ? 'broken' : 'waiting';
  return { containerId: first.id, serverUrls, state, problems };
}

/** An error would take the route away; visitors should hear that the app is down, not that it does not exist. */
function asWarning(found: Problem): Problem {
  return found.severity === 'error' ? { ...found, severity: 'warning' } : found;
}

export function urlOf(scheme: 'http' | 'https', { host, port }: ServerAddress): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function missing({ target }: StoredExposure): Problem {
  const { container, composeProject, composeService } = target;
  const what =
    composeProject === null || composeService === null
      ? `The container ${container}`
      : `The container of service ${composeService} in Compose project ${composeProject}`;
  return problem(
    'CONTAINER_MISSING',
    'warning',
    `${what} is not there. The route is kept, and serves again as soon as it is started.`,
    'Start it, or remove the exposure.',
    { container },
  );
}

function unreachable({ name }: InspectedContainer, port: number): Problem {
  return problem(
    'CONTAINER_UNREACHABLE',
    'warning',
    `Port ${port} of ${name} cannot be reached from here.`,
    `Publish it (-p 127.0.0.1:${port}:${port}), or choose another port.`,
    { container: name, port },
  );
}
