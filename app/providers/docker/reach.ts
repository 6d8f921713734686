import { nameAtDaemon } from '../../contract/docker-name.ts';
import type { Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import { composeOf, type InspectedContainer } from './container.ts';

/** How containers of one Docker endpoint are reached from here. */
export interface ReachOptions {
  /** Network preferred where a container is on several (`providers.docker.network`). */
  readonly network: string | null;
  /** Where a port is published on one address of the machine, that is where requests go (`useBindPortIP`). */
  readonly useBindPortIP?: boolean | undefined;
  /**
   * `direct`: container addresses answer from here. `published`: only published ports do (Docker Desktop, rootless,
   * a remote endpoint), on this host.
   */
  readonly addresses: { readonly kind: 'direct' } | { readonly kind: 'published'; readonly host: string };
  /** All containers, to follow the network mode `container:ID`. */
  readonly containers?: readonly InspectedContainer[] | undefined;
  /** Network name → driver: on `macvlan` and `ipvlan` the machine itself cannot reach the container. */
  readonly networkDrivers?: Readonly<Record<string, string>> | undefined;
}

export interface ReachPort {
  /** The container's own port. */
  readonly port: number;
  /** Why it is a candidate, a phrase in English such as "exposed by the container". */
  readonly reason: string;
  /** Where a request for it goes; null where it cannot be reached from here. */
  readonly server: ServerAddress | null;
}

export interface ServerAddress {
  /** IPv6 addresses without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface Reach {
  /** Null: it cannot be reached now, and `problems` say why. */
  readonly address: string | null;
  /** TCP ports, the lowest first. */
  readonly ports: readonly ReachPort[];
  readonly problems: readonly Problem[];
}

/** How a container can be reached: its address, the ports it could be meant by, and what is in the way. */
export function reachOf(container: InspectedContainer, options: ReachOptions): Reach {
  const problems: Problem[] = [];
  const state = stateProblem(container);
  if (state) problems.push(state);
  const address = isServing(container) ? addressOf(container, options, problems) : null;
  const ports: ReachPort[] = [];
  for (const port of container.ports) {
    if (port.protocol !== 'tcp') continue;
    const server = address === null ? null : serverAddress(container, port.port, options, address);
    const first = port.published[0];
    const reason = first ? `published on port ${first.port} of the machine` : 'exposed by the container';
    ports.push({ port: port.port, reason, server });
  }
  if (address !== null && ports.length > 0 && ports.every(({ server }) => server === null)) {
    problems.push(unreachable(container, ports[0]?.port ?? 0));
  }
  return { address, ports, problems };
}

/** Where requests for one port go, whether Docker knows the port or not; null where it cannot be reached from here. */
export function serverAt(
  container: InspectedContainer,
  port: number,
  options: ReachOptions,
  protocol: 'tcp' | 'udp' = 'tcp',
): ServerAddress | null {
  if (!isServing(container)) return null;
  const address = addressOf(container, options, []);
  return address === null ? null : serverAddress(container, port, options, address, protocol);
}

/** Whether a container in this state could answer. A paused one accepts connections and never answers. */
function isServing(container: InspectedContainer): boolean {
  return container.state === 'running';
}

function serverAddress(
  container: InspectedContainer,
  port: number,
  options: ReachOptions,
  address: string,
  protocol: 'tcp' | 'udp' = 'tcp',
): ServerAddress | null {
  const owner = networkOwner(container, options) ?? container;
  const bound = options.useBindPortIP === true ? boundAddress(owner, port) : null;
  if (bound) return bound;
  if (options.addresses.kind === 'direct' || owner.networkMode === 'host') return { host: address, port };
  const candidates = owner.ports.find((candidate) => candidate.protocol === protocol && candidate.port === port);
  const binding =
    candidates?.published.find(({ host }) => isWildcard(host)) ??
    candidates?.published.find(({ host }) => !isLoopback(host) || isLoopback(address));
  return binding ? { host: isWildcard(binding.host) ? address : binding.host, port: binding.port } : null;
}

/** The first address on which the port is published; one that stands for all addresses is none. */
function boundAddress(owner: InspectedContainer, port: number): ServerAddress | null {
  const own = owner.ports.find((each) => each.protocol === 'tcp' && each.port === port);
  const binding = own?.published.find(({ host }) => !isWildcard(host));
  return binding ? { host: binding.host, port: binding.port } : null;
}

/** A container that shares another's network has that one's address and published ports. Null: the other is gone. */
function networkOwner(container: InspectedContainer, options: ReachOptions): InspectedContainer | null {
  let owner = container;
  for (let step = 0; step < 5; step++) {
    const match = /^container:(.+)$/.exec(owner.networkMode);
    if (!match) return owner;
    const wanted = match[1] ?? '';
    const next = options.containers?.find(
      ({ id, name }) => nameAtDaemon(name) === wanted || nameAtDaemon(id).startsWith(wanted),
    );
    if (!next || !isServing(next)) return null;
    owner = next;
  }
  return null;
}

function addressOf(container: InspectedContainer, options: ReachOptions, problems: Problem[]): string | null {
  const owner = networkOwner(container, options);
  if (!owner) {
    problems.push(
      problem(
        'CONTAINER_NO_NETWORK',
        'error',
        `${container.name} shares the network of another container, which is not running.`,
        'Start the other container.',
        { container: container.name },
      ),
    );
    return null;
  }
  if (options.addresses.kind === 'published') {
    if (owner.networkMode === 'none') return noNetwork(container, problems);
    return options.addresses.host;
  }
  const network = chosenNetwork(container, owner, options, problems);
  if (network) return network.address || network.address6;
  if (owner.networkMode === 'host') return '127.0.0.1';
  return noNetwork(container, problems);
}

function noNetwork(container: InspectedContainer, problems: Problem[]): null {
  problems.push(
    problem(
      'CONTAINER_NO_NETWORK',
      'error',
      `${container.name} is on no network, so nothing can reach it.`,
      `Attach it to one: docker network connect bridge ${nameAtDaemon(container.name)}`,
      { container: container.name },
    ),
  );
  return null;
}

function chosenNetwork(
  container: InspectedContainer,
  owner: InspectedContainer,
  options: ReachOptions,
  problems: Problem[],
): InspectedContainer['networks'][number] | null {
  const usable = owner.networks.filter(({ address, address6 }) => address !== '' || address6 !== '');
  const asked = networkLabel(owner) ?? networkLabel(container);
  if (asked !== null) {
    const { project } = composeOf(owner);
    const named =
      usable.find(({ name }) => name === asked) ??
      // Compose prefixes network names with the project's; people write the short name in the label.
      (project === null ? undefined : usable.find(({ name }) => name === `${project}_${asked}`));
    if (named) return named;
    if (owner.networkMode !== 'host') {
      problems.push(
        problem(
          'CONTAINER_NETWORK_UNKNOWN',
          'warning',
          `${container.name} is not on the network "${asked}" that its label traefik.docker.network names${
            usable[0] ? `; "${usable[0].name}" is used instead` : ''
          }.`,
          usable.length > 0
            ? `Networks it is on: ${usable.map(({ name }) => name).join(', ')}. Compose puts the project's name before a network's.`
            : null,
          { container: container.name, network: asked },
        ),
      );
    }
  }
  // Docker gives a host-network container the network "host" without an address.
  if (owner.networkMode === 'host' || usable.length === 0) return null;
  const preferred = usable.find(({ name }) => name === options.network);
  if (preferred) return preferred;
  const reachable = usable.filter(({ name }) => !/^(mac|ip)vlan$/.test(options.networkDrivers?.[name] ?? ''));
  const chosen = reachable[0] ?? usable[0] ?? null;
  if (chosen && reachable.length === 0) {
    problems.push(
      problem(
        'CONTAINER_UNREACHABLE',
        'warning',
        `${container.name} is only on the ${options.networkDrivers?.[chosen.name] ?? ''} network "${chosen.name}", which this machine itself usually cannot reach.`,
        `Attach it to a bridge network as well: docker network connect bridge ${nameAtDaemon(container.name)}`,
        { container: container.name, network: chosen.name },
      ),
    );
  } else if (chosen && reachable.length > 1 && asked === null) {
    problems.push(
      problem(
        'CONTAINER_NETWORK_CHOSEN',
        'info',
        `${container.name} is on ${reachable.length} networks (${reachable.map(({ name }) => name).join(', ')}); "${chosen.name}" is used.`,
        'The label traefik.docker.network=NAME chooses another.',
        { container: container.name, network: chosen.name },
      ),
    );
  }
  return chosen;
}

function networkLabel(container: InspectedContainer): string | null {
  for (const [label, value] of Object.entries(container.labels)) {
    if (label.toLowerCase() === 'traefik.docker.network' && value.trim() !== '') return value.trim();
  }
  return null;
}

function unreachable(container: InspectedContainer, port: number): Problem {
  return problem(
    'CONTAINER_UNREACHABLE',
    'error',
    `${container.name} publishes no port, and this Docker does not let the machine reach container addresses.`,
    `Publish its port: start it with -p 127.0.0.1:${port}:${port} (in Compose: ports: ["127.0.0.1:${port}:${port}"]).`,
    { container: container.name, port },
  );
}

/** What a container's state keeps it from, in words; null where it runs and nothing is known against it. */
export function stateProblem(container: InspectedContainer): Problem | null {
  const { name } = container;
  const details = { container: name };
  switch (container.state) {
    case 'created':
    case 'exited':
    case 'dead':
    case 'removing': {
      const how =
        container.state === 'created'
          ? 'has not been started'
          : container.exitCode === 0
            ? 'is stopped'
            : `has stopped with exit code ${container.exitCode}`;
      return problem(
        'CONTAINER_NOT_RUNNING',
        'warning',
        `${name} ${how}.`,
        `Start it: docker start ${nameAtDaemon(name)}`,
        details,
      );
    }
    case 'paused':
      return problem(
        'CONTAINER_PAUSED',
        'warning',
        `${name} is paused, so it would never answer.`,
        `Resume it: docker unpause ${nameAtDaemon(name)}`,
        details,
      );
    case 'restarting':
      return problem(
        'CONTAINER_RESTARTING',
        'warning',
        `${name} stops right after its start (exit code ${container.exitCode}), and Docker keeps restarting it.`,
        `Its log says why: docker logs --tail 50 ${nameAtDaemon(name)}`,
        details,
      );
    case 'running':
      break;
  }
  if (container.health === 'unhealthy') {
    return problem(
      'CONTAINER_UNHEALTHY',
      'warning',
      `${name} runs, but its own health check fails.`,
      `See what the check says: docker inspect --format '{{json .State.Health}}' ${nameAtDaemon(name)}`,
      details,
    );
  }
  if (container.health === 'starting') {
    const message = `${name} is starting; its health check has not passed yet.`;
    return problem('CONTAINER_STARTING', 'info', message, null, details);
  }
  return null;
}

function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
