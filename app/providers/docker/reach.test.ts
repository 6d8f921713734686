import { describe, expect, test } from 'vitest';
import { tcp, testContainer } from '../../../test/support/container.ts';
import { type ReachOptions, reachOf, serverAt } from './reach.ts';

const direct: ReachOptions = { network: null, addresses: { kind: 'direct' } };
const published: ReachOptions = { network: null, addresses: { kind: 'published', host: '127.0.0.1' } };
const codes = (...args: Parameters<typeof reachOf>) => reachOf(...args).problems.map(({ code }) => code);
const onNetworks = (...names: string[]) =>
  names.map((name, index) => ({ name, address: `10.0.${index}.2`, address6: '' }));

test('one network, one port', () => {
  expect(reachOf(testContainer(), direct)).toEqual({
    address: '172.17.0.2',
    ports: [{ port: 80, reason: 'exposed by the container', server: { host: '172.17.0.2', port: 80 } }],
    problems: [],
  });
});

test('an address of IPv6 alone', () => {
  const container = testContainer({ networks: [{ name: 'six', address: '', address6: 'fd00::2' }] });
  expect(serverAt(container, 80, direct)).toEqual({ host: 'fd00::2', port: 80 });
});

test('UDP ports are no candidates', () => {
  const container = testContainer({ ports: [{ port: 53, protocol: 'udp', published: [] }, tcp(8080)] });
  expect(reachOf(container, direct).ports.map(({ port }) => port)).toEqual([8080]);
});

describe('several networks', () => {
  const container = testContainer({ networks: onNetworks('back', 'front') });
  test('the first is chosen, and said', () => {
    expect(reachOf(container, direct)).toMatchObject({
      address: '10.0.0.2',
      problems: [{ code: 'CONTAINER_NETWORK_CHOSEN', severity: 'info' }],
    });
  });
  test('the provider’s network is preferred', () => {
    expect(reachOf(container, { ...direct, network: 'front' })).toMatchObject({ address: '10.0.1.2', problems: [] });
  });
  test('the label decides', () => {
    const labels = { 'traefik.docker.Network': 'front' };
    expect(reachOf({ ...container, labels }, { ...direct, network: 'back' })).toMatchObject({
      address: '10.0.1.2',
      problems: [],
    });
  });
  test('Compose’s prefix may be left out', () => {
    const labels = { 'traefik.docker.network': 'front', 'com.docker.compose.project': 'shop' };
    const networks = onNetworks('other', 'shop_front');
    expect(reachOf({ ...container, networks, labels }, direct)).toMatchObject({ address: '10.0.1.2', problems: [] });
  });
  test('a network that it is not on is reported, and another used', () => {
    const labels = { 'traefik.docker.network': 'none' };
    expect(reachOf({ ...container, labels }, direct)).toMatchObject({
      address: '10.0.0.2',
      problems: [{ code: 'CONTAINER_NETWORK_UNKNOWN', severity: 'warning' }],
    });
  });
  test('macvlan is avoided: the machine cannot reach it', () => {
    const networkDrivers = { back: 'macvlan', front: 'bridge' };
    expect(reachOf(container, { ...direct, networkDrivers })).toMatchObject({ address: '10.0.1.2', problems: [] });
    const alone = testContainer({ networks: onNetworks('back') });
    expect(codes(alone, { ...direct, networkDrivers })).toEqual(['CONTAINER_UNREACHABLE']);
  });
});

test('the host’s network', () => {
  const container = testContainer({ networkMode: 'host', networks: [{ name: 'host', address: '', address6: '' }] });
  expect(serverAt(container, 8123, direct)).toEqual({ host: '127.0.0.1', port: 8123 });
  expect(serverAt(container, 8123, { ...direct, addresses: { kind: 'published', host: 'nas.lan' } })).toEqual({
    host: 'nas.lan',
    port: 8123,
  });
});

test('no network', () => {
  const container = testContainer({ networkMode: 'none', networks: [{ name: 'none', address: '', address6: '' }] });
  expect(reachOf(container, direct)).toMatchObject({ address: null, problems: [{ code: 'CONTAINER_NO_NETWORK' }] });
  expect(reachOf(container, published)).toMatchObject({ address: null, problems: [{ code: 'CONTAINER_NO_NETWORK' }] });
});

describe('the network of another container', () => {
  const vpn = testContainer({ name: 'vpn', ports: [tcp(8080, { host: '0.0.0.0', port: 18080 })] });
  const container = testContainer({ networkMode: `container:${vpn.id}`, networks: [], ports: [tcp(8080)] });
  test('has that one’s address', () => {
    expect(serverAt(container, 8080, { ...direct, containers: [vpn, container] })).toEqual({
      host: '172.17.0.2',
      port: 8080,
    });
  });
  test('has that one’s published ports', () => {
    expect(serverAt(container, 8080, { ...published, containers: [vpn, container] })).toEqual({
      host: '127.0.0.1',
      port: 18080,
    });
  });
  test('is lost with it', () => {
    expect(codes(container, { ...direct, containers: [container] })).toEqual(['CONTAINER_NO_NETWORK']);
    expect(codes(container, { ...direct, containers: [{ ...vpn, state: 'exited' }, container] })).toEqual([
      'CONTAINER_NO_NETWORK',
    ]);
  });
  test('a ring ends', () => {
    const ring = testContainer({ name: 'ring', networkMode: 'container:ring', networks: [] });
    expect(codes(ring, { ...direct, containers: [ring] })).toEqual(['CONTAINER_NO_NETWORK']);
  });
});

describe('where only published ports answer', () => {
  test('the published port of this machine', () => {
    const container = testContainer({ ports: [tcp(80, { host: '0.0.0.0', port: 8080 }, { host: '::', port: 8080 })] });
    expect(reachOf(container, published).ports).toEqual([
      { port: 80, reason: 'published on port 8080 of the machine', server: { host: '127.0.0.1', port: 8080 } },
    ]);
  });
  test('an address that it is published on', () => {
    const container = testContainer({ ports: [tcp(80, { host: '192.168.1.5', port: 8080 })] });
    expect(serverAt(container, 80, published)).toEqual({ host: '192.168.1.5', port: 8080 });
  });
  test('loopback of another machine is out of reach', () => {
    const container = testContainer({ ports: [tcp(80, { host: '127.0.0.1', port: 8080 })] });
    expect(serverAt(container, 80, published)).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(serverAt(container, 80, { ...direct, addresses: { kind: 'published', host: 'nas.lan' } })).toBeNull();
  });
  test('nothing published: how to publish', () => {
    const { problems } = reachOf(testContainer(), published);
    expect(problems).toMatchObject([{ code: 'CONTAINER_UNREACHABLE', severity: 'error' }]);
    expect(problems[0]?.fix).toContain('-p 127.0.0.1:80:80');
  });
});

test.each([
  [{ state: 'exited', exitCode: 137 }, 'CONTAINER_NOT_RUNNING', null],
  [{ state: 'created' }, 'CONTAINER_NOT_RUNNING', null],
  [{ state: 'dead' }, 'CONTAINER_NOT_RUNNING', null],
  [{ state: 'paused' }, 'CONTAINER_PAUSED', null],
  [{ state: 'restarting', exitCode: 1 }, 'CONTAINER_RESTARTING', null],
  [{ health: 'unhealthy' }, 'CONTAINER_UNHEALTHY', '172.17.0.2'],
  [{ health: 'starting' }, 'CONTAINER_STARTING', '172.17.0.2'],
  [{ health: 'healthy' }, undefined, '172.17.0.2'],
] as const)('%j: %s', (told, code, address) => {
  const reach = reachOf(testContainer(told), direct);
  expect(reach.address).toBe(address);
  expect(reach.problems.map((problem) => problem.code)).toEqual(code ? [code] : []);
});
