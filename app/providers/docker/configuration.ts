import type { DynamicConfiguration, HttpConfiguration, ServiceConfig } from '../../../proxy/model/dynamic.ts';
import type {
  TcpConfiguration,
  TcpServiceConfig,
  UdpConfiguration,
  UdpServiceConfig,
} from '../../../proxy/model/stream.ts';
import type { Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import { same } from '../../runtime/same.ts';
import type { ObjectOrigin, Publication } from '../provider.ts';
import type { InspectedContainer } from './container.ts';
import {
  type ConfigurationContext,
  type ContainerConfiguration,
  containerConfiguration,
  type DockerLabelOptions,
  type Element,
} from './container-configuration.ts';
import { noStreams } from './container-streams.ts';
import type { Reach } from './reach.ts';

export { containerFacts, type InspectedContainer } from './container.ts';

/** What was decided for one container. */
export interface ContainerDecision {
  readonly containerId: string;
  /** Whether its labels, or the default, ask for it to be exposed. */
  readonly enabled: boolean;
  /** Why it yields nothing, what is wrong with its labels, and what was chosen for it. */
  readonly problems: readonly Problem[];
  /** Names of the routers and services that its labels yield, without provider. */
  readonly routers: readonly string[];
  readonly services: readonly string[];
  /** Names of its TCP and UDP routers, without provider. */
  readonly tcpRouters: readonly string[];
  readonly udpRouters: readonly string[];
  /** Where its requests go, and its own port; null where its labels lead nowhere, or to a URL of their own. */
  readonly server: ContainerConfiguration['server'];
  readonly reach: Reach;
}

/** The whole Docker provider as a function: what stands on the containers → what is routed, and why the rest is not. */
export function configurationOf(
  containers: readonly InspectedContainer[],
  options: DockerLabelOptions,
  context: ConfigurationContext,
): { publication: Publication; containers: readonly ContainerDecision[] } {
  return mergeConfigurations(
    containers.map((container) => containerConfiguration(container, options, context, containers)),
  );
}

/** Puts what each container asks for together: replicas become one service, contradictions disable what they concern. */
export function mergeConfigurations(configurations: readonly ContainerConfiguration[]): {
  publication: Publication;
  containers: readonly ContainerDecision[];
} {
  const ordered = configurations.toSorted((a, b) => compare(a.container, b.container));
  const routers = mergeKind(ordered, (each) => each.routers, 'router', replicated);
  const byUrl = servicesMerged<{ url?: string | undefined }, ServiceConfig>(({ url }) => url);
  const services = mergeKind(ordered, (each) => each.services, 'service', byUrl);
  const middlewares = mergeKind(ordered, (each) => each.middlewares, 'middleware', replicated);
  const serversTransports = Object.assign({}, ...ordered.map((each) => each.serversTransports)) as NonNullable<
    HttpConfiguration['serversTransports']
  >;
  const http: HttpConfiguration = {
    ...filled('routers', routers.configs),
    ...filled('services', services.configs),
    ...filled('middlewares', middlewares.configs),
    ...filled('serversTransports', serversTransports),
  };
  const streams = mergeStreams(ordered);
  return {
    publication: {
      provider: 'docker',
      configuration: { ...(Object.keys(http).length > 0 ? { http } : {}), ...streams?.configuration },
      origins: { routers: routers.origins, services: services.origins, middlewares: middlewares.origins },
      ...(streams === null ? {} : { streamOrigins: streams.origins }),
    },
    containers: configurations.map((each) => ({
      containerId: each.container.id,
      enabled: each.enabled,
      problems: each.problems,
      routers: Object.keys(each.routers),
      services: Object.keys(each.services),
      tcpRouters: Object.keys(each.streams.tcp.routers),
      udpRouters: Object.keys(each.streams.udp.routers),
      server: each.server,
      reach: each.reach,
    })),
  };
}

/** TCP and UDP; null where no container asks for either. */
function mergeStreams(configurations: readonly ContainerConfiguration[]): {
  readonly configuration: Pick<DynamicConfiguration, 'tcp' | 'udp'>;
  readonly origins: NonNullable<Publication['streamOrigins']>;
} | null {
  const own = configurations.filter(({ streams }) => streams !== noStreams);
  if (own.length === 0) return null;
  const tcpByAddress = servicesMerged<{ address?: string | undefined }, TcpServiceConfig>(({ address }) => address);
  const udpByAddress = servicesMerged<{ address?: string | undefined }, UdpServiceConfig>(({ address }) => address);
  const tcpRouters = mergeKind(own, ({ streams }) => streams.tcp.routers, 'TCP router', replicated);
  const tcpServices = mergeKind(own, ({ streams }) => streams.tcp.services, 'TCP service', tcpByAddress);
  const tcpMiddlewares = mergeKind(own, ({ streams }) => streams.tcp.middlewares, 'TCP middleware', replicated);
  const udpRouters = mergeKind(own, ({ streams }) => streams.udp.routers, 'UDP router', replicated);
  const udpServices = mergeKind(own, ({ streams }) => streams.udp.services, 'UDP service', udpByAddress);
  const transports = Object.assign({}, ...own.map(({ streams }) => streams.tcp.serversTransports)) as NonNullable<
    TcpConfiguration['serversTransports']
  >;
  const tcp: TcpConfiguration = {
    ...filled('routers', tcpRouters.configs),
    ...filled('services', tcpServices.configs),
    ...filled('middlewares', tcpMiddlewares.configs),
    ...filled('serversTransports', transports),
  };
  const udp: UdpConfiguration = {
    ...filled('routers', udpRouters.configs),
    ...filled('services', udpServices.configs),
  };
  return {
    configuration: {
      ...(Object.keys(tcp).length > 0 ? { tcp } : {}),
      ...(Object.keys(udp).length > 0 ? { udp } : {}),
    },
    origins: {
      tcp: { routers: tcpRouters.origins, services: tcpServices.origins, middlewares: tcpMiddlewares.origins },
      udp: { routers: udpRouters.origins, services: udpServices.origins, middlewares: {} },
    },
  };
}

function compare(a: InspectedContainer, b: InspectedContainer): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function filled<Kind extends string, Config>(
  kind: Kind,
  members: Readonly<Record<string, Config>>,
): Partial<Record<Kind, Readonly<Record<string, Config>>>> {
  return Object.keys(members).length > 0 ? ({ [kind]: members } as Record<Kind, typeof members>) : {};
}

interface Claim<Config> {
  readonly element: Element<Config>;
  readonly container: InspectedContainer;
}

/** One configuration from several claims on a name, or null where they contradict each other. */
type Combine<Config> = (configs: readonly [Config, ...Config[]]) => Config | null;

function mergeKind<Config>(
  configurations: readonly ContainerConfiguration[],
  elementsOf: (configuration: ContainerConfiguration) => Readonly<Record<string, Element<Config>>>,
  word: string,
  combine: Combine<Config>,
): { configs: Record<string, Config>; origins: Record<string, ObjectOrigin> } {
  const claims = new Map<string, Claim<Config>[]>();
  // What cannot answer now gives way to its replicas that can.
  for (const serving of [true, false]) {
    const before = new Set(claims.keys());
    for (const each of configurations) {
      if (each.serving !== serving) continue;
      for (const [name, element] of Object.entries(elementsOf(each))) {
        if (!serving && before.has(name)) continue;
        const list = claims.get(name) ?? [];
        list.push({ element, container: each.container });
        claims.set(name, list);
      }
    }
  }
  const configs: Record<string, Config> = {};
  const origins: Record<string, ObjectOrigin> = {};
  for (const [name, list] of claims) {
    const [first, ...others] = list;
    if (!first) continue;
    const combined =
      others.length === 0
        ? first.element.config
        : combine([first.element.config, ...others.map(({ element }) => element.config)]);
    configs[name] = combined ?? first.element.config;
    origins[name] =
      others.length === 0
        ? first.element
        : { source: first.element.source, problems: problemsOf(list, combined === null ? word : null, name) };
  }
  return { configs, origins };
}

function problemsOf<Config>(claims: readonly Claim<Config>[], contradicted: string | null, name: string): Problem[] {
  // One replica that serves is enough: what keeps another from serving stands with that container.
  const sound = claims.filter(({ element }) => element.problems.every(({ severity }) => severity !== 'error'));
  const heard = sound.length > 0 ? sound : claims;
  const byMessage = new Map(heard.flatMap(({ element }) => element.problems).map((item) => [item.message, item]));
  const problems = [...byMessage.values()];
  if (contradicted === null) return problems;
  const containers = claims.map(({ container }) => container.name).join(', ');
  const message = `The ${contradicted} ${name} is defined differently by several containers: ${containers}.`;
  const fix = `Give one of them another name, or make the labels the same.`;
  return [...problems, problem('DEFINED_TWICE', 'error', message, fix, { name, containers })];
}

function replicated<Config>(configs: readonly [Config, ...Config[]]): Config | null {
  const [first, ...others] = configs;
  return others.every((other) => same(first, other)) ? first : null;
}

interface BalancedService<Server> {
  readonly loadBalancer?: { readonly servers?: readonly Server[] | undefined } | undefined;
}

/** Services that are the same but for their servers are one, with all the servers. */
function servicesMerged<Server, Config extends BalancedService<Server>>(
  addressOf: (server: Server) => string | undefined,
): Combine<Config> {
  return (configs) => {
    const [first] = configs;
    const options = replicated(configs.map(withoutServers) as [object, ...object[]]);
    if (options === null) return null;
    const servers = new Map(
      configs
        .flatMap(({ loadBalancer }) => loadBalancer?.servers ?? [])
        .map((server) => [addressOf(server) ?? '', server]),
    );
    return { ...first, loadBalancer: { ...first.loadBalancer, servers: [...servers.values()] } };
  };
}

function withoutServers(config: BalancedService<unknown>): object {
  const { servers: _servers, ...rest } = config.loadBalancer ?? {};
  return { ...config, loadBalancer: rest };
}
