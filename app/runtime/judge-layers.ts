import type { RouterConfig } from '../../proxy/model/dynamic.ts';
import { qualify } from '../../proxy/model/names.ts';
import type { Problem } from '../contract/objects.ts';
import { problem } from '../problem.ts';
import type { Published } from './judgement.ts';

/** A router's place among routers that stand above and below each other. All names are qualified. */
export interface Layer {
  /** Null: requests come to it from entry points. */
  readonly parents: readonly string[] | null;
  /** Sorted by name. Those that are disabled for reasons of their own stand here as well. */
  readonly children: readonly string[];
  readonly problems: readonly Problem[];
}

interface Growing {
  readonly parents: readonly string[] | null;
  children: string[];
  readonly problems: Problem[];
}

/**
 * Finds out which routers stand below which (`parentRefs`), for all that have one above or below them. As in Traefik, a
 * reference that closes a loop is cut, and a router to which no way leads from an entry point is disabled.
 */
export function judgeLayers(
  routers: ReadonlyMap<string, Published<RouterConfig>>,
  suggestRouter: (name: string) => string | null,
): ReadonlyMap<string, Layer> {
  const layers = new Map<string, Growing>();
  const layerOf = (name: string, parents: readonly string[] | null): Growing => {
    const layer = layers.get(name) ?? { parents, children: [], problems: [] };
    layers.set(name, layer);
    return layer;
  };
  for (const [name, { config, provider }] of routers) {
    const parents = parentsOf(config, provider);
    if (parents === null) continue;
    const { problems } = layerOf(name, parents);
    for (const parent of parents) {
      const above = routers.get(parent);
      if (above === undefined) problems.push(unknownParent(parent, suggestRouter(parent)));
      else layerOf(parent, parentsOf(above.config, above.provider)).children.push(name);
    }
    problems.push(...inheritedOptions(config));
  }
  for (const layer of layers.values()) layer.children.sort((a, b) => (a < b ? -1 : 1));
  const reached = reach(layers);
  for (const [name, layer] of layers) {
    if (!reached.has(name)) layer.problems.push(unreachable(name));
    const service = routers.get(name)?.config.service ?? '';
    if (service !== '' && layer.children.length > 0) layer.problems.push(ambiguousEnd(service, layer.children));
  }
  return layers;
}

/** An empty list says nothing. */
function parentsOf({ parentRefs = [] }: RouterConfig, provider: string): readonly string[] | null {
  return parentRefs.length === 0 ? null : [...new Set(parentRefs.map((name) => qualify(name, provider)))];
}

/** Walks down from the routers at entry points, cutting what leads back up. Returns the names that were met. */
function reach(layers: ReadonlyMap<string, Growing>): ReadonlySet<string> {
  const reached = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    const layer = layers.get(name);
    if (layer === undefined || reached.has(name)) return;
    reached.add(name);
    const way = [...above, name];
    layer.children = layer.children.filter((child) => {
      const start = way.indexOf(child);
      if (start < 0) return true;
      layer.problems.push(loop([...way.slice(start), child]));
      return false;
    });
    for (const child of layer.children) visit(child, way);
  };
  const roots = [...layers].filter(([, { parents }]) => parents === null).map(([name]) => name);
  for (const root of roots.toSorted()) visit(root, []);
  return reached;
}

function unknownParent(parent: string, nearest: string | null): Problem {
  return problem(
    'PARENT_UNKNOWN',
    'error',
    `The router ${parent}, which parentRefs names, does not exist.`,
    nearest === null ? 'Define it, or name another.' : `Did you mean ${nearest}?`,
    nearest === null ? { parent } : { parent, nearest },
  );
}

/** Options that only a router at an entry point has: a router below others is reached by what those accept. */
function inheritedOptions({ tls, observability, entryPoints = [] }: RouterConfig): Problem[] {
  const own = {
    tls: tls !== undefined,
    observability: observability !== undefined,
    entryPoints: entryPoints.length > 0,
  };
  return Object.entries(own)
    .filter(([, isSet]) => isSet)
    .map(([option]) =>
      problem(
        'CHILD_OPTION',
        'error',
        `A router with parentRefs cannot have ${option}: that of the router above it holds.`,
        `Move ${option} to the router at the entry point.`,
        { option },
      ),
    );
}

function unreachable(name: string): Problem {
  return problem(
    'ROUTER_UNREACHABLE',
    'error',
    `No way leads to ${name} from an entry point, so it takes no requests.`,
    'Name a router in parentRefs that has no parentRefs itself, or that is below such a one.',
    { router: name },
  );
}

function loop(way: readonly string[]): Problem {
  const written = way.join(' → ');
  return problem(
    'ROUTER_LOOP',
    'error',
    `Its parentRefs lead back to where they came from: ${written}.`,
    'Take one of these references out.',
    { way: written },
  );
}

function ambiguousEnd(service: string, children: readonly string[]): Problem {
  return problem(
    'SERVICE_AND_CHILDREN',
    'error',
    `The router has the service ${service}, and other routers name it in parentRefs: ${children.join(', ')}.`,
    'Take its service out, or the parentRefs.',
    { service, children: children.join(', ') },
  );
}
