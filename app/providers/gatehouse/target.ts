import { endpointOfContainer, nameAtDaemon } from '../../contract/docker-name.ts';
import type { Exposure } from '../../contract/objects.ts';
import { OperationError } from '../../operations/error.ts';
import { composeOf, type InspectedContainer } from '../docker/container.ts';

type Target = Readonly<Exposure['target']>;

/** What an exposure of this container follows. Never its id: that is another one after the next `docker compose up`. */
export function targetOf(container: InspectedContainer): Target {
  const compose = composeOf(container);
  return { container: container.name, composeProject: compose.project, composeService: compose.service };
}

/** Containers by what targets name. Built once for all exposures: there may be hundreds of both. */
export interface ContainerIndex {
  readonly byName: ReadonlyMap<string, InspectedContainer>;
  /** By endpoint, project and service, as JSON; without one-off runs. */
  readonly byService: ReadonlyMap<string, readonly InspectedContainer[]>;
}

export function indexContainers(containers: readonly InspectedContainer[]): ContainerIndex {
  const byService = new Map<string, InspectedContainer[]>();
  for (const container of containers) {
    const { project, service } = composeOf(container);
    if (project === null || service === null || isOneOff(container)) continue;
    const key = JSON.stringify([endpointOfContainer(container.name), project, service]);
    const own = byService.get(key);
    if (own) own.push(container);
    else byService.set(key, [container]);
  }
  return { byName: new Map(containers.map((container) => [container.name, container])), byService };
}

/**
 * The containers that a target means now: all that run the Compose service, else the one with the name. Those that run
 * come first.
 */
export function containersOf(target: Target, index: ContainerIndex): readonly InspectedContainer[] {
  const key = [endpointOfContainer(target.container), target.composeProject, target.composeService];
  const ofService = index.byService.get(JSON.stringify(key));
  const named = index.byName.get(target.container);
  const found = ofService ?? (named ? [named] : []);
  return found.toSorted((a, b) => Number(b.state === 'running') - Number(a.state === 'running') || compare(a, b));
}

/** `docker compose run` makes containers that bear the service's labels and do not serve. */
function isOneOff(container: InspectedContainer): boolean {
  return container.labels['com.docker.compose.oneoff']?.toLowerCase() === 'true';
}

function compare(a: InspectedContainer, b: InspectedContainer): number {
  return a.name < b.name ? -1 : 1;
}

/** By name, by id, or by a beginning that only one id has; without its endpoint where that is clear. Throws OperationError. */
export function findContainer(wanted: string, containers: readonly InspectedContainer[]): InspectedContainer {
  const name = wanted.replace(/^\//, '');
  const exact = containers.find((container) => container.name === name || container.id === wanted);
  if (exact) return exact;
  const elsewhere = containers.filter((container) => nameAtDaemon(container.name) === name);
  const [there] = elsewhere;
  if (there && elsewhere.length === 1) return there;
  if (there) {
    const candidates = elsewhere.map((container) => container.name).join(', ');
    throw new OperationError('INVALID', `There are several containers ${name}: ${candidates}.`, {
      reason: 'CONTAINER_AMBIGUOUS',
      container: wanted,
      candidates,
    });
  }
  const beginning =
    wanted.length === 0
      ? []
      : containers.filter(({ id }) => id.startsWith(wanted) || nameAtDaemon(id).startsWith(wanted));
  const [only] = beginning;
  if (only && beginning.length === 1) return only;
  if (only) {
    const names = beginning.map((container) => container.name).join(', ');
    throw new OperationError(
      'INVALID',
      `${beginning.length} containers have an id that begins with ${wanted}: ${names}.`,
      {
        reason: 'CONTAINER_AMBIGUOUS',
        container: wanted,
        candidates: names,
      },
    );
  }
  throw new OperationError('NOT_FOUND', `There is no container with the name or id ${wanted}.`, {
    reason: 'CONTAINER_UNKNOWN',
    container: wanted,
  });
}
