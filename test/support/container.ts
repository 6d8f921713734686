import type { InspectedContainer } from '../../app/providers/docker/container.ts';

/** A running container on the bridge that exposes port 80; whatever else is told. */
export function testContainer(told: Partial<InspectedContainer> = {}): InspectedContainer {
  const name = told.name ?? 'app';
  return {
    id: `id-of-${name}`,
    name,
    image: 'app:1',
    state: 'running',
    health: 'none',
    exitCode: 0,
    createdAt: 1000,
    startedAt: 2000,
    labels: {},
    networkMode: 'bridge',
    networks: [{ name: 'bridge', address: '172.17.0.2', address6: '' }],
    ports: [tcp(80)],
    ...told,
  };
}

export function tcp(
  port: number,
  ...published: readonly { host: string; port: number }[]
): InspectedContainer['ports'][number] {
  return { port, protocol: 'tcp', published: [...published] };
}
