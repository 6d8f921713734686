import type { HttpConfiguration } from '../../../proxy/model/dynamic.ts';
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
  const routers = mergeKind(ordered, 'routers', 'router', replicated);
  const services = mergeKind(ordered, 'services', 'service', mergedService);
  const middlewares = mergeKind(ordered, 'middlewares', 'middleware', replicated);
  const serversTransports = Object.assign({}, ...ordered.map((each) => each.serversTransports)) as NonNullable<
    HttpConfiguration['serversTransports']
  >;
  const http: HttpConfiguration = {
    ...filled('routers', routers.configs),
    ...filled('services', services.configs),
    ...filled('middlewares', middlewares.configs),
    ...filled('serversTransports', serversTransports),
  };
  return {
    publication: {
      provider: 'docker',
      configuration: Object.keys(http).length > 0 ? { http } : {},
      origins: { routers: routers.origins, services: services.origins, middlewares: middlewares.origins },
    },
    containers: configurations.map((each) => ({
      containerId: each.container.id,
      enabled: each.enabled,
      problems: each.problems,
      routers: Object.keys(each.routers),
      services: Object.keys(each.services),
      server: each.server,
      reach: each.reach,
    })),
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

type MergedKind = 'routers' | 'services' | 'middlewares';
type ConfigOf<Kind extends MergedKind> = ContainerConfiguration[Kind][string]['config'];

interface Claim<Config> {
  readonly element: Element<Config>;
  readonly container: InspectedContainer;
}

/** One configuration from several claims on a name, or null where they contradict each other. */
type Combine<Config> = (configs: readonly [Config, ...Config[]]) => Config | null;

function mergeKind<Kind extends MergedKind>(
  configurations: readonly ContainerConfiguration[],
  kind: Kind,
  word: string,
  combine: Combine<ConfigOf<Kind>>,
): { configs: Record<string, ConfigOf<Kind>>; origins: Record<string, ObjectOrigin> } {
  const claims = new Map<string, Claim<ConfigOf<Kind>>[]>();
  // What cannot answer now gives way to its replicas that can.
  for (const serving of [true, false]) {
    const before = new Set(claims.keys());
    for (const each of configurations) {
      if (each.serving !== serving) continue;
      for (const [name, element] of Object.entries(each[kind]) as [string, Element<ConfigOf<Kind>>][]) {
        if (!serving && before.has(name)) continue;
        const list = claims.get(name) ?? [];
        list.push({ element, container: each.container });
        claims.set(name, list);
      }
    }
  }
  const configs: Record<string, ConfigOf<Kind>> = {};
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

type ServiceConfig = ConfigOf<'services'>;

/** Services that are the same but for their servers are one, with all the servers. */
function mergedService(configs: readonly [ServiceConfig, ...ServiceConfig[]]): ServiceConfig | null {
  const [first] = configs;
  const options = replicated(configs.map(withoutServers) as [ServiceConfig, ...ServiceConfig[]]);
  if (options === null) return null;
  const servers = new Map(
    configs.flatMap(({ loadBalancer }) => loadBalancer?.servers ?? []).map((server) => [server.url ?? '', server]),
  );
  return { ...first, loadBalancer: { ...first.loadBalancer, servers: [...servers.values()] } };
}

function withoutServers(config: ServiceConfig): ServiceConfig {
  const { servers: _servers, ...rest } = config.loadBalancer ?? {};
  return { ...config, loadBalancer: rest };
}
