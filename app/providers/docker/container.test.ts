import type { ContainerInspectInfo } from 'dockerode';
import { expect, test } from 'vitest';
import { testContainer } from '../../../test/support/container.ts';
import { containerFacts, inspectedContainer } from './container.ts';

const raw = {
  Id: 'abc',
  Name: '/shop-web-1',
  Created: '2026-01-02T03:04:05.678Z',
  State: { Status: 'running', StartedAt: '2026-01-02T03:04:06Z', ExitCode: 0, Health: { Status: 'healthy' } },
  Config: { Image: 'nginx:1', Labels: { a: 'b' }, ExposedPorts: { '443/tcp': {}, '80/tcp': {}, '53/udp': {} } },
  HostConfig: { NetworkMode: 'shop_default' },
  NetworkSettings: {
    Ports: {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8080' },
        { HostIp: '::', HostPort: '8080' },
        { HostIp: '0.0.0.0', HostPort: '8080' },
      ],
      '443/tcp': null,
    },
    Networks: {
      shop_default: { IPAddress: '172.18.0.2', GlobalIPv6Address: '' },
      front: { IPAddress: '172.19.0.2', GlobalIPv6Address: 'fd00::2' },
    },
  },
} as unknown as ContainerInspectInfo;

test('a container of an endpoint with a name of its own bears it', () => {
  expect(inspectedContainer(raw, 'nas')).toEqual({ ...inspectedContainer(raw), id: 'nas/abc', name: 'nas/shop-web-1' });
});

test('reads what docker inspect says', () => {
  expect(inspectedContainer(raw)).toEqual({
    id: 'abc',
    name: 'shop-web-1',
    image: 'nginx:1',
    state: 'running',
    health: 'healthy',
    exitCode: 0,
    createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 6),
    labels: { a: 'b' },
    networkMode: 'shop_default',
    networks: [
      { name: 'front', address: '172.19.0.2', address6: 'fd00::2' },
      { name: 'shop_default', address: '172.18.0.2', address6: '' },
    ],
    ports: [
      { port: 53, protocol: 'udp', published: [] },
      {
        port: 80,
        protocol: 'tcp',
        published: [
          { host: '0.0.0.0', port: 8080 },
          { host: '::', port: 8080 },
        ],
      },
      { port: 443, protocol: 'tcp', published: [] },
    ],
  });
});

test('what is missing counts as empty', () => {
  const bare = inspectedContainer({ Id: 'x', State: { StartedAt: '0001-01-01T00:00:00Z' } } as ContainerInspectInfo);
  expect(bare).toMatchObject({
    name: '',
    state: 'dead',
    health: 'none',
    startedAt: null,
    labels: {},
    networks: [],
    ports: [],
  });
});

test('facts for the list of containers', () => {
  const labels = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
  expect(containerFacts(testContainer({ labels }))).toMatchObject({
    name: 'app',
    composeProject: 'shop',
    composeService: 'web',
    networks: [{ name: 'bridge', address: '172.17.0.2' }],
    problems: [],
  });
});
