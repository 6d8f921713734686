import { same } from '../../runtime/same.ts';
import type { Publication } from '../provider.ts';
import { type ContainerDecision, mergeConfigurations } from './configuration.ts';
import type { InspectedContainer } from './container.ts';
import {
  type ConfigurationContext,
  type ContainerConfiguration,
  containerConfiguration,
  type DockerLabelOptions,
} from './container-configuration.ts';
import type { ReachOptions } from './reach.ts';

/** What the Docker provider sees and decided: for the list of containers, and for exposing one by a click. */
export interface DockerObservation {
  readonly containers: readonly InspectedContainer[];
  /** One for each container, in the same order. */
  readonly decisions: readonly ContainerDecision[];
  /** How these containers are reached: the options for `reachOf` and `serverAt`. */
  readonly reach: ReachOptions;
}

/**
 * The containers as last seen, and what follows from them. What did not change is not worked out again, and keeps its
 * identity, so that one change among a thousand containers costs little here and further on.
 */
export interface Observed {
  /** Null: it is gone. Returns whether anything changed that is looked at. */
  readonly set: (id: string, container: InspectedContainer | null) => boolean;
  readonly ids: () => readonly string[];
  /** Forgets every conclusion, for new options or a new connection. */
  readonly conclude: (options: DockerLabelOptions, context: ConfigurationContext) => void;
  readonly result: () => { readonly publication: Publication; readonly observation: DockerObservation };
}

export function createObserved(options: DockerLabelOptions, context: ConfigurationContext): Observed {
  const containers = new Map<string, InspectedContainer>();
  let concluded = new Map<InspectedContainer, ContainerConfiguration>();
  let rules = { options, context };

  return {
    set: (id, container) => {
      const known = containers.get(id);
      if (container === null) return containers.delete(id);
      if (known && same(known, container)) return false;
      containers.set(id, container);
      return true;
    },
    ids: () => [...containers.keys()],
    conclude: (nextOptions, nextContext) => {
      rules = { options: nextOptions, context: nextContext };
      concluded = new Map();
    },
    result: () => {
      const all = [...containers.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const next = new Map<InspectedContainer, ContainerConfiguration>();
      for (const container of all) {
        // A container on another's network depends on that other one.
        const kept = container.networkMode.startsWith('container:') ? undefined : concluded.get(container);
        next.set(container, kept ?? containerConfiguration(container, rules.options, rules.context, all));
      }
      concluded = next;
      const merged = mergeConfigurations([...next.values()]);
      return {
        publication: merged.publication,
        observation: {
          containers: all,
          decisions: merged.containers,
          reach: {
            network: rules.options.network,
            addresses: rules.context.addresses,
            networkDrivers: rules.context.networkDrivers,
            containers: all,
          },
        },
      };
    },
  };
}
