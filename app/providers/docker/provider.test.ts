import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { pollUntil } from '../../../test/support/poll.ts';
import type { ProviderView } from '../../contract/objects.ts';
import type { Publication } from '../provider.ts';
import { agreedApi } from './client.ts';
import type { EndpointSurroundings } from './endpoint.ts';
import { createDockerProvider, type DockerProvider } from './provider.ts';

/** Answers as Docker does, as far as the provider asks; what it cannot be made to do with a real daemon. */
class FakeDaemon {
  readonly containers = new Map<string, object>();
  readonly asked: string[] = [];
  readonly streams = new Set<ServerResponse>();
  version: Record<string, unknown> = { Version: '28.2.2', ApiVersion: '1.50', MinAPIVersion: '1.24' };
  refused = new Set<string>();
  server: Server | undefined;

  async listen(socketPath: string): Promise<void> {
    this.server = createServer((request, response) => this.#answer(request.url ?? '', response));
    const { server } = this;
    await new Promise<void>((resolve) => {
      server.listen(socketPath, resolve);
    });
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  send(event: object): void {
    for (const stream of this.streams) stream.write(`${JSON.stringify(event)}\n`);
  }

  #answer(url: string, response: ServerResponse): void {
    this.asked.push(url);
    const path = url.replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '');
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    if (this.refused.has(path)) return json(403, { message: 'Forbidden' });
    if (path === '/version') return json(200, this.version);
    if (path === '/info') return json(200, { OperatingSystem: 'Debian', SecurityOptions: [], Name: 'nuc' });
    if (path === '/networks') return json(200, [{ Name: 'bridge', Driver: 'bridge' }]);
    if (path === '/containers/json')
      return json(
        200,
        [...this.containers.keys()].map((Id) => ({ Id })),
      );
    if (path === '/events') {
      this.streams.add(response);
      response.on('close', () => this.streams.delete(response));
      response.writeHead(200).flushHeaders();
      return undefined;
    }
    const id = /^\/containers\/(\w+)\/json$/.exec(path)?.[1] ?? '';
    const container = this.containers.get(id);
    return container ? json(200, container) : json(404, { message: 'No such container' });
  }
}

const inspect = (id: string, address = '172.17.0.2') => ({
  Id: id,
  Name: `/${id}`,
  State: { Status: 'running' },
  Config: { Labels: { 'traefik.enable': 'true' }, ExposedPorts: { '80/tcp': {} } },
  HostConfig: { NetworkMode: 'bridge' },
  NetworkSettings: { Networks: { bridge: { IPAddress: address } } },
});

let dir: string;
let socketPath: string;
let daemon: FakeDaemon;
let provider: DockerProvider | undefined;
let publications: Publication[];
let views: ProviderView[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gatehouse-fake-docker-'));
  socketPath = join(dir, 'docker.sock');
  daemon = new FakeDaemon();
  publications = [];
  views = [];
});
afterEach(async () => {
  await provider?.stop();
  await daemon.close();
  await rm(dir, { recursive: true, force: true });
});

const nowhere: EndpointSurroundings = {
  env: {},
  homeDir: '/nowhere',
  platform: 'linux',
  uid: 1,
  hostname: 'nuc',
  exists: () => false,
  readText: () => null,
};

async function start(
  endpoint: string | null = `unix://${socketPath}`,
  over: { name?: string; surroundings?: EndpointSurroundings } = {},
): Promise<void> {
  provider = createDockerProvider({
    host: { publish: (publication) => publications.push(publication), report: (view) => views.push(view) },
    options: { endpoint, exposedByDefault: false, defaultRule: 'Host(`{{ .Name }}`)', network: null },
    onContainers: () => undefined,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    surroundings: nowhere,
    ...over,
  });
  await provider.start();
}
const problems = () => views.at(-1)?.problems.map(({ code }) => code);
const routers = () => Object.keys(publications.at(-1)?.configuration.http?.routers ?? {});

test('no Docker anywhere is said once, and is no publication', async () => {
  await start(null);
  expect(views.at(-1)).toMatchObject({ state: 'failed', problems: [{ code: 'DOCKER_ABSENT', severity: 'warning' }] });
  expect(publications).toEqual([]);
});

test('an endpoint with a name of its own is a provider of its own, and heeds nothing meant for DOCKER_HOST', async () => {
  daemon.containers.set('a', inspect('a'));
  daemon.containers.set('b', { ...inspect('b'), HostConfig: { NetworkMode: 'container:a' } });
  await daemon.listen(socketPath);
  const env = { DOCKER_HOST: 'tcp://elsewhere:2376', DOCKER_TLS_VERIFY: '1' };
  await start(`unix://${socketPath}`, { name: 'nas', surroundings: { ...nowhere, env } });
  expect(views.at(-1)).toMatchObject({ name: 'docker-nas', state: 'connected', where: `unix://${socketPath}` });
  expect(publications.map((each) => each.provider)).toEqual(['docker-nas']);
  expect(publications[0]?.configuration.http?.routers?.['a']?.rule).toBe('Host(`a`)');
  expect(publications[0]?.configuration.http?.services?.['b']?.loadBalancer?.servers).toEqual([
    { url: 'http://172.17.0.2:80' },
  ]);
  expect(publications[0]?.origins.routers['a']?.source).toMatchObject({ containerId: 'nas/a', container: 'nas/a' });
});

test('a socket that nobody answers at; then somebody does', async () => {
  await start();
  expect(views.at(-1)).toMatchObject({ state: 'failed', problems: [{ code: 'DOCKER_ABSENT', severity: 'error' }] });
  daemon.containers.set('a', inspect('a'));
  await daemon.listen(socketPath);
  await pollUntil(() => routers().includes('a'));
  expect(views.at(-1)).toMatchObject({ state: 'connected', version: 'Docker 28.2.2 (API 1.50)', problems: [] });
});

test('a daemon that hangs holds nothing up, and is named when its time is over', async () => {
  const hanging = createServer(() => undefined);
  await new Promise<void>((resolve) => {
    hanging.listen(socketPath, resolve);
  });
  try {
    const before = performance.now();
    await start();
    expect(performance.now() - before).toBeLessThan(4000);
    expect(views.at(-1)?.state).toBe('connecting');
    await pollUntil(() => views.at(-1)?.state === 'failed');
    expect(views.at(-1)?.problems[0]?.message).toContain('it did not answer in time');
  } finally {
    await provider?.stop();
    hanging.closeAllConnections();
    await new Promise((resolve) => hanging.close(resolve));
  }
});

test('the environment of Docker’s own tools does not count beside what was named', async () => {
  vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
  vi.stubEnv('DOCKER_CLIENT_TIMEOUT', '1');
  vi.stubEnv('DOCKER_PATH_PREFIX', '/elsewhere/');
  try {
    daemon.containers.set('a', inspect('a'));
    await daemon.listen(socketPath);
    await start();
    expect(routers()).toEqual(['a']);
  } finally {
    vi.unstubAllEnvs();
  }
});

test('asks in the version that both know', async () => {
  daemon.version = { Version: '29.0.1', ApiVersion: '1.99', MinAPIVersion: '1.44' };
  await daemon.listen(socketPath);
  await start();
  expect(daemon.asked[0]).toBe('/version');
  expect(daemon.asked.slice(1).every((url) => url.startsWith('/v1.52/'))).toBe(true);
});

test.each([
  ['1.41', '1.12', '1.41'],
  ['1.50', '1.24', '1.50'],
  ['1.60', '1.44', '1.52'],
  ['1.90', '1.80', '1.80'],
])('API %s with oldest %s: %s', (api, oldestApi, expected) => {
  const endpoint = { url: 'unix:///x', why: '', tls: null };
  expect(agreedApi({ engine: 'Docker', version: '1', api, oldestApi }, endpoint)).toBe(expected);
});

test('a daemon that is too old, and something that is not Docker', async () => {
  daemon.version = { Version: '19.03', ApiVersion: '1.40', MinAPIVersion: '1.12' };
  await daemon.listen(socketPath);
  await start();
  expect(problems()).toEqual(['DOCKER_UNSUPPORTED']);
  expect(views.at(-1)?.problems[0]?.message).toContain('20.10');
  daemon.version = { hello: 'world' };
  await pollUntil(() => views.at(-1)?.problems[0]?.message === 'What answers there is not Docker.');
});

test.each(['ssh://ann@nas', 'ftp://x'])('%s is refused in words', async (endpoint) => {
  await start(endpoint);
  expect(problems()).toEqual(['DOCKER_UNSUPPORTED']);
  expect(views.at(-1)?.problems[0]?.message).toContain('unix:///PATH');
});

describe('a socket proxy', () => {
  test('that refuses containers is named as what it is', async () => {
    daemon.refused.add('/containers/json');
    await daemon.listen(socketPath);
    await start();
    expect(problems()).toEqual(['DOCKER_DENIED']);
    expect(publications).toEqual([]);
  });
  test('that refuses info and networks does', async () => {
    daemon.refused = new Set(['/info', '/networks']);
    daemon.containers.set('a', inspect('a'));
    await daemon.listen(socketPath);
    await start();
    expect(routers()).toEqual(['a']);
  });
});

test('only what an event names is looked at again', async () => {
  daemon.containers.set('a', inspect('a'));
  daemon.containers.set('b', inspect('b', '172.17.0.3'));
  await daemon.listen(socketPath);
  await start();
  daemon.asked.length = 0;
  daemon.containers.set('b', inspect('b', '172.17.0.9'));
  daemon.send({ Type: 'container', Action: 'start', Actor: { ID: 'b' } });
  await pollUntil(() => publications.length === 2);
  expect(daemon.asked).toEqual(['/v1.50/containers/b/json']);
  expect(publications[1]?.configuration.http?.services?.['a']).toBe(
    publications[0]?.configuration.http?.services?.['a'],
  );
  // The same once more changes nothing, so nothing is published.
  daemon.send({ Type: 'container', Action: 'start', Actor: { ID: 'b' } });
  await pollUntil(() => daemon.asked.length === 2);
  daemon.containers.delete('a');
  daemon.send({ Type: 'container', Action: 'destroy', Actor: { ID: 'a' } });
  await pollUntil(() => routers().join() === 'b');
  expect(publications).toHaveLength(3);
});

test('a burst of events is few publications, and the last state wins', async () => {
  await daemon.listen(socketPath);
  await start();
  for (let index = 0; index < 100; index++) {
    daemon.containers.set(`c${index}`, inspect(`c${index}`));
    daemon.send({ Type: 'container', Action: 'start', Actor: { ID: `c${index}` } });
  }
  await pollUntil(() => routers().length === 100);
  expect(publications.length).toBeLessThan(50);
});

test('a lost connection keeps the routes; what changed meanwhile is seen after it', async () => {
  daemon.containers.set('a', inspect('a'));
  await daemon.listen(socketPath);
  await start();
  await daemon.close();
  await pollUntil(() => views.at(-1)?.state === 'lost');
  expect(problems()).toEqual(['DOCKER_LOST']);
  expect(publications).toHaveLength(1);
  daemon.containers.clear();
  daemon.containers.set('new', inspect('new'));
  await rm(socketPath, { force: true });
  await daemon.listen(socketPath);
  await pollUntil(() => views.at(-1)?.state === 'connected');
  expect(routers()).toEqual(['new']);
});

test('a stream that breaks in the middle of a line', async () => {
  await daemon.listen(socketPath);
  await start();
  const [stream] = daemon.streams;
  stream?.write('{"Type":"contai');
  stream?.destroy();
  await pollUntil(() => views.some(({ state }) => state === 'lost'));
  await pollUntil(() => views.at(-1)?.state === 'connected' && daemon.streams.size === 1);
  expect(problems()).toEqual([]);
});

test('a new endpoint is moved to at once', async () => {
  await daemon.listen(socketPath);
  await start();
  const other = new FakeDaemon();
  try {
    other.containers.set('there', inspect('there'));
    await other.listen(join(dir, 'other.sock'));
    provider?.update({
      endpoint: `unix://${join(dir, 'other.sock')}`,
      exposedByDefault: false,
      defaultRule: 'Host(`{{ .Name }}`)',
      network: null,
    });
    await pollUntil(() => routers().includes('there'));
    expect(views.at(-1)?.where).toBe(`unix://${join(dir, 'other.sock')}`);
    await pollUntil(() => daemon.streams.size === 0);
  } finally {
    await provider?.stop();
    await other.close();
  }
});

test('stopping ends the connection, also twice, and before anything was found', async () => {
  await daemon.listen(socketPath);
  await start();
  await provider?.stop();
  await provider?.stop();
  await pollUntil(() => daemon.streams.size === 0);
  await start(null);
  await provider?.stop();
  expect(views.at(-1)?.state).toBe('failed');
});
