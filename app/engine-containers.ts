import { nameIn } from '../proxy/model/names.ts';
import { type DockerProviderName, dockerProviderName } from './contract/docker-name.ts';
import type { Problem } from './contract/objects.ts';
import { viewKey } from './contract/view-key.ts';
import { containerFacts, type InspectedContainer } from './providers/docker/configuration.ts';
import type { DockerObservation } from './providers/docker/provider.ts';
import type { Surroundings } from './providers/gatehouse/configuration.ts';
import { same } from './runtime/same.ts';
import type { ContainerFacts, ViewSources } from './runtime/views.ts';

/** What is known of containers, from each Docker that has answered. */
export interface EngineContainers {
  /** Null: that Docker is not looked at any more. */
  readonly observe: (provider: DockerProviderName, observation: DockerObservation | null) => void;
  /** For apps that are exposed by a click. */
  readonly surroundings: () => Omit<Surroundings, 'entryPoint'>;
  /** For the list of containers. */
  readonly sources: () => ViewSources['containers'];
}

export function createEngineContainers(): EngineContainers {
  const observations = new Map<DockerProviderName, DockerObservation>();
  const facts = new WeakMap<
    InspectedContainer,
    { readonly problems: readonly Problem[]; readonly facts: ContainerFacts }
  >();
  const factsOf = (container: InspectedContainer, problems: readonly Problem[]): ContainerFacts => {
    const known = facts.get(container);
    if (known !== undefined && same(known.problems, problems)) return known.facts;
    const made = containerFacts(container, problems);
    facts.set(container, { problems, facts: made });
    return made;
  };

  return {
    observe: (provider, observation) => {
      if (observation === null) observations.delete(provider);
      else observations.set(provider, observation);
    },
    surroundings: () => ({
      containers: [...observations.values()].flatMap(({ containers }) => containers),
      reach: (endpoint) =>
        observations.get(dockerProviderName(endpoint))?.reach ?? { network: null, addresses: { kind: 'direct' } },
      hasAnswered: (endpoint) => observations.has(dockerProviderName(endpoint)),
    }),
    sources: () =>
      [...observations].flatMap(([provider, { containers, decisions }]) =>
        containers.map((container, index) => {
          const decision = decisions[index];
          return {
            facts: factsOf(container, decision?.problems ?? []),
            routers: [
              ...(decision?.routers ?? []).map((name) => nameIn(provider, name)),
              ...(decision?.tcpRouters ?? []).map((name) => viewKey({ protocol: 'tcp', name: nameIn(provider, name) })),
              ...(decision?.udpRouters ?? []).map((name) => viewKey({ protocol: 'udp', name: nameIn(provider, name) })),
            ],
          };
        }),
      ),
  };
}
