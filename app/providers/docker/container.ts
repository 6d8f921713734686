import type { ContainerInspectInfo } from 'dockerode';
import { nameAtEndpoint } from '../../contract/docker-name.ts';
import type { ContainerView, Problem } from '../../contract/objects.ts';

/** What Gatehouse keeps of `docker inspect`. */
export interface InspectedContainer {
  /** With its endpoint's name before it, as the name, where that has one. */
  readonly id: string;
  /** Without the leading slash. `nas/photos` of the endpoint `nas`; see docker-name.ts. */
  readonly name: string;
  readonly image: string;
  readonly state: ContainerView['state'];
  readonly health: ContainerView['health'];
  /** Exit code of the last run; 0 while it runs. */
  readonly exitCode: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly labels: Readonly<Record<string, string>>;
  /** As Docker has it: `bridge`, `host`, `none`, `container:ID` or the first network's name. */
  readonly networkMode: string;
  /** Networks it is attached to, sorted by name; addresses are empty while it does not run. */
  readonly networks: readonly { readonly name: string; readonly address: string; readonly address6: string }[];
  /** Ports that the image or container exposes, or that are published; sorted by number, then protocol. */
  readonly ports: readonly ContainerPort[];
}

export type ContainerPort = ContainerView['ports'][number];

const states: readonly string[] = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const healths: readonly string[] = ['starting', 'healthy', 'unhealthy'];

/** Reads the answer of `GET /containers/ID/json`, of Docker 20.10 to 29 or Podman; absent parts count as empty. */
export function inspectedContainer(raw: ContainerInspectInfo, endpoint: string | null = null): InspectedContainer {
  const state = raw.State?.Status ?? '';
  const health = raw.State?.Health?.Status ?? '';
  return {
    id: nameAtEndpoint(endpoint, raw.Id),
    name: nameAtEndpoint(endpoint, (raw.Name ?? '').replace(/^\//, '')),
    image: raw.Config?.Image ?? raw.Image ?? '',
    state: states.includes(state) ? (state as InspectedContainer['state']) : 'dead',
    health: healths.includes(health) ? (health as InspectedContainer['health']) : 'none',
    exitCode: raw.State?.ExitCode ?? 0,
    createdAt: timeOf(raw.Created) ?? 0,
    startedAt: timeOf(raw.State?.StartedAt),
    labels: raw.Config?.Labels ?? {},
    networkMode: raw.HostConfig?.NetworkMode ?? '',
    networks: networksOf(raw),
    ports: portsOf(raw),
  };
}

/** Docker writes a time that never was as year 1. */
function timeOf(text: string | undefined): number | null {
  const time = Date.parse(text ?? '');
  return Number.isFinite(time) && time > 0 ? time : null;
}

function networksOf(raw: ContainerInspectInfo): InspectedContainer['networks'] {
  return Object.entries(raw.NetworkSettings?.Networks ?? {})
    .map(([name, network]) => ({
      name,
      address: network?.IPAddress ?? '',
      address6: network?.GlobalIPv6Address ?? '',
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function portsOf(raw: ContainerInspectInfo): readonly ContainerPort[] {
  const published = raw.NetworkSettings?.Ports ?? {};
  const keys = new Set([...Object.keys(raw.Config?.ExposedPorts ?? {}), ...Object.keys(published)]);
  const ports: ContainerPort[] = [];
  for (const key of keys) {
    const match = /^(\d+)(?:\/(tcp|udp|sctp))?$/.exec(key);
    if (!match) continue;
    const bindings = new Map<string, { host: string; port: number }>();
    for (const binding of published[key] ?? []) {
      const port = Number(binding.HostPort);
      if (port > 0) bindings.set(`${binding.HostIp} ${port}`, { host: binding.HostIp, port });
    }
    ports.push({
      port: Number(match[1]),
      protocol: (match[2] ?? 'tcp') as ContainerPort['protocol'],
      published: [...bindings.values()],
    });
  }
  return ports.toSorted((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

/** Compose project and service, or nulls where Compose did not start it. Podman's own labels count too. */
export function composeOf(container: InspectedContainer): { project: string | null; service: string | null } {
  const { labels } = container;
  const project = labels['com.docker.compose.project'] ?? labels['io.podman.compose.project'] ?? null;
  const service = labels['com.docker.compose.service'] ?? labels['io.podman.compose.service'] ?? null;
  return { project, service };
}

/** Everything of a container's view that Docker and its labels tell; the runtime knows the rest. */
export function containerFacts(
  container: InspectedContainer,
  problems: readonly Problem[] = [],
): Omit<ContainerView, 'exposure' | 'routers' | 'urls' | 'exposureId'> {
  const compose = composeOf(container);
  return {
    id: container.id,
    name: container.name,
    image: container.image,
    state: container.state,
    health: container.health,
    createdAt: container.createdAt,
    startedAt: container.startedAt,
    composeProject: compose.project,
    composeService: compose.service,
    networkMode: container.networkMode,
    networks: container.networks.map(({ name, address, address6 }) => ({ name, address: address || address6 })),
    ports: [...container.ports],
    problems: [...problems],
  };
}
