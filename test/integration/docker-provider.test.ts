import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ProviderView } from '../../app/contract/objects.ts';
import { type EndpointSurroundings, systemSurroundings } from '../../app/providers/docker/endpoint.ts';
import {
  createDockerProvider,
  type DockerObservation,
  type DockerProvider,
} from '../../app/providers/docker/provider.ts';
import type { Publication } from '../../app/providers/provider.ts';
import { bareImage, missingForDocker, startDocker, type TestDocker } from '../support/docker.ts';
import { pollUntil } from '../support/poll.ts';

const missing = missingForDocker();
// Where the tests count, a missing peer is a failure; on a contributor's machine it is a line that says what to install.
if (missing !== null && !process.env['CI']) console.warn(`docker-provider: left out, ${missing}`);

interface Watched {
  readonly provider: DockerProvider;
  readonly publications: Publication[];
  readonly views: ProviderView[];
  readonly seen: () => DockerObservation | undefined;
}

const routersOf = (watched: Watched) => Object.keys(watched.publications.at(-1)?.configuration.http?.routers ?? {});
const urlsOf = (watched: Watched, service: string) =>
  watched.publications
    .at(-1)
    ?.configuration.http?.services?.[service]?.loadBalancer?.servers?.map(({ url }) => url ?? '') ?? [];

/** A container runs a moment before what is in it listens. */
async function expectAnswer(url: string): Promise<void> {
  const ask = (): Promise<string> => fetch(url).then((answer) => answer.text(), String);
  await expect.poll(ask, { timeout: 10_000 }).toBe('hello from a container\n');
}

describe.runIf(missing === null || process.env['CI'])('with a real daemon', () => {
  let docker: TestDocker;
  let watched: Watched;

  beforeAll(async () => {
    docker = await startDocker();
    // Another suite may hold the machine's one daemon for a while.
  }, 240_000);
  afterAll(async () => {
    await docker?.stop();
  });
  afterEach(async () => {
    await watched?.provider.stop();
    await docker.clear();
  });

  async function watch(
    options: { exposedByDefault?: boolean; network?: string; surroundings?: EndpointSurroundings } = {},
  ): Promise<Watched> {
    const publications: Publication[] = [];
    const views: ProviderView[] = [];
    let seen: DockerObservation | undefined;
    const provider = createDockerProvider({
      host: { publish: (publication) => publications.push(publication), report: (view) => views.push(view) },
      options: {
        endpoint: docker.endpoint,
        exposedByDefault: options.exposedByDefault ?? false,
        defaultRule: 'Host(`{{ normalize .Name }}.localhost`)',
        network: options.network ?? null,
      },
      onContainers: (observation) => {
        seen = observation;
      },
      ...(options.surroundings ? { surroundings: options.surroundings } : {}),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    watched = { provider, publications, views, seen: () => seen };
    await provider.start();
    return watched;
  }

  const enabled = { 'traefik.enable': 'true' };

  test('publishes what is there at the start, and the address answers', async () => {
    await docker.run({ name: 'photos', labels: { ...enabled, 'traefik.http.routers.p.rule': 'Host(`p.localhost`)' } });
    await docker.run({ name: 'quiet' });
    const { publications, views, seen } = await watch();
    expect(publications).toHaveLength(1);
    expect(publications[0]?.configuration.http?.routers).toEqual({
      p: { rule: 'Host(`p.localhost`)', service: 'photos' },
    });
    const [url] = urlsOf(watched, 'photos');
    await expectAnswer(`${url}/`);
    expect(views.at(-1)).toMatchObject({ state: 'connected', problems: [], where: docker.endpoint });
    expect(views.at(-1)?.version).toMatch(/^Docker \d+.* \(API 1\.\d+\)$/);
    expect(seen()?.containers.map(({ name }) => name)).toEqual(['photos', 'quiet']);
    expect(seen()?.decisions[1]?.problems.map(({ code }) => code)).toEqual(['CONTAINER_NOT_ENABLED']);
  });

  test('follows start, stop, pause, rename and removal', async () => {
    await watch();
    await docker.run({ name: 'app', labels: enabled });
    await pollUntil(() => routersOf(watched).includes('app'));
    await docker.cli('pause', 'app');
    await pollUntil(() => problemCodes(watched, 'app').includes('CONTAINER_PAUSED'));
    await docker.cli('unpause', 'app');
    await pollUntil(() => problemCodes(watched, 'app').length === 0);
    await docker.cli('rename', 'app', 'renamed');
    await pollUntil(() => routersOf(watched).join() === 'renamed');
    await docker.cli('stop', '-t', '0', 'renamed');
    await pollUntil(() => routersOf(watched).length === 0);
    expect(watched.seen()?.decisions[0]?.problems.map(({ code }) => code)).toEqual(['CONTAINER_NOT_RUNNING']);
    await docker.cli('rm', 'renamed');
    await pollUntil(() => watched.seen()?.containers.length === 0);
    expect(watched.publications.at(-1)?.configuration).toEqual({});
  });

  test('publishes within milliseconds of the daemon saying that a container runs', async () => {
    await docker.run({ name: 'fast', labels: enabled, start: false });
    await watch();
    const delays: number[] = [];
    for (let round = 0; round < 5; round++) {
      const before = watched.publications.length;
      expect((await docker.api('POST', '/containers/fast/start')).status).toBe(204);
      const startedAt = performance.now();
      await pollUntil(() => watched.publications.length > before && routersOf(watched).includes('fast'));
      delays.push(performance.now() - startedAt);
      await docker.api('POST', '/containers/fast/kill');
      await pollUntil(() => routersOf(watched).length === 0);
    }
    const median = delays.toSorted((a, b) => a - b)[2] ?? Number.NaN;
    expect(median).toBeLessThan(50);
  });

  test('a container that is made anew under its name takes its routes over', async () => {
    await docker.run({ name: 'db', labels: enabled });
    await watch();
    const [before] = urlsOf(watched, 'db');
    await docker.run({ name: 'other' });
    await docker.cli('rm', '-f', 'db');
    await docker.run({ name: 'third' });
    await docker.run({ name: 'db', labels: enabled });
    await pollUntil(() => urlsOf(watched, 'db').some((url) => url !== before));
    await expectAnswer(`${urlsOf(watched, 'db')[0]}/`);
  });

  test('replicas are one service', async () => {
    const labels = { ...enabled, 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };
    await docker.run({ name: 'shop-web-1', labels });
    await docker.run({ name: 'shop-web-2', labels });
    await watch();
    expect(routersOf(watched)).toEqual(['web-shop']);
    expect(urlsOf(watched, 'web-shop')).toHaveLength(2);
    await docker.cli('rm', '-f', 'shop-web-1');
    await pollUntil(() => urlsOf(watched, 'web-shop').length === 1);
  });

  test('networks: connected later, chosen by label, host network, none', async () => {
    await docker.cli('network', 'create', 'front');
    await docker.run({ name: 'two', labels: { ...enabled, 'traefik.docker.network': 'front' } });
    await docker.run({
      name: 'onhost',
      network: 'host',
      labels: { ...enabled, 'traefik.http.services.onhost.loadbalancer.server.port': '8123' },
      command: ['/bin/busybox', 'sleep', '1000'],
    });
    await docker.run({ name: 'alone', network: 'none', labels: enabled });
    await watch();
    expect(problemCodes(watched, 'two')).toEqual([]);
    expect(watched.publications.at(-1)?.origins.services['two']?.problems.map(({ code }) => code)).toEqual([
      'CONTAINER_NETWORK_UNKNOWN',
    ]);
    expect(urlsOf(watched, 'onhost')).toEqual(['http://127.0.0.1:8123']);
    expect(problemCodes(watched, 'alone')).toEqual(['CONTAINER_NO_NETWORK']);
    await docker.cli('network', 'connect', 'front', 'two');
    await pollUntil(() => urlsOf(watched, 'two')[0]?.startsWith('http://10.214.') ?? false);
    await expectAnswer(`${urlsOf(watched, 'two')[0]}/`);
    await docker.cli('network', 'disconnect', 'front', 'two');
    await pollUntil(() => urlsOf(watched, 'two')[0]?.startsWith('http://10.213.') ?? false);
  });

  test('a container on another one’s network is reached there', async () => {
    await docker.run({ name: 'vpn', image: bareImage });
    await docker.run({
      name: 'behind',
      network: 'container:vpn',
      labels: { ...enabled, 'traefik.http.services.behind.loadbalancer.server.port': '80' },
      command: ['/bin/busybox', 'sleep', '1000'],
    });
    await watch();
    await expectAnswer(`${urlsOf(watched, 'behind')[0]}/`);
    await docker.cli('stop', '-t', '0', 'vpn');
    await pollUntil(() => problemCodes(watched, 'behind').includes('CONTAINER_NO_NETWORK'));
  });

  test('no exposed port is a reason, not a route', async () => {
    await docker.run({ name: 'silent', image: bareImage, labels: enabled });
    await watch();
    expect(problemCodes(watched, 'silent')).toEqual(['CONTAINER_NO_PORT']);
    expect(urlsOf(watched, 'silent')).toEqual([]);
  });

  test('a health check decides: starting, healthy, unhealthy', async () => {
    const health = ['--health-cmd', 'test -f /tmp/well', '--health-interval', '300ms', '--health-retries', '1'];
    await docker.run({
      name: 'sick',
      labels: enabled,
      args: ['--tmpfs', '/tmp', '--health-start-period', '60s', ...health],
    });
    await watch();
    expect(routersOf(watched)).toEqual([]);
    expect(watched.seen()?.decisions[0]?.problems.map(({ code }) => code)).toEqual(['CONTAINER_STARTING']);
    await docker.cli('exec', 'sick', '/bin/busybox', 'touch', '/tmp/well');
    await pollUntil(() => urlsOf(watched, 'sick').length === 1);
    expect(problemCodes(watched, 'sick')).toEqual([]);
    await docker.cli('exec', 'sick', '/bin/busybox', 'rm', '/tmp/well');
    await pollUntil(() => problemCodes(watched, 'sick').includes('CONTAINER_UNHEALTHY'));
    expect(urlsOf(watched, 'sick')).toEqual([]);
  });

  test('where container addresses do not answer, published ports do', async () => {
    await docker.run({ name: 'open', labels: enabled, publish: ['127.0.0.1::80'] });
    await docker.run({ name: 'shut', labels: enabled });
    await watch({ surroundings: { ...systemSurroundings(), platform: 'darwin' } });
    const [url] = urlsOf(watched, 'open');
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await expectAnswer(`${url}/`);
    expect(problemCodes(watched, 'shut')).toEqual(['CONTAINER_UNREACHABLE']);
  });

  test('new options count at once', async () => {
    await docker.run({ name: 'plain' });
    await watch();
    expect(routersOf(watched)).toEqual([]);
    watched.provider.update({
      endpoint: docker.endpoint,
      exposedByDefault: true,
      defaultRule: 'Host(`{{ .Name }}.home`)',
      network: null,
    });
    expect(watched.publications.at(-1)?.configuration.http?.routers).toEqual({
      plain: { rule: 'Host(`plain.home`)', service: 'plain' },
    });
  });

  test('the last routes stay while the daemon is away, and everything is read anew when it is back', async () => {
    await docker.run({ name: 'stays', labels: enabled, args: ['--restart', 'always'] });
    await docker.run({ name: 'goes', labels: enabled });
    await watch();
    await docker.stopDaemon();
    await pollUntil(() => watched.views.at(-1)?.state === 'lost');
    expect(watched.views.at(-1)?.problems.map(({ code }) => code)).toEqual(['DOCKER_LOST']);
    const whileAway = watched.publications.length;
    await docker.startDaemon();
    await pollUntil(() => watched.views.at(-1)?.state === 'connected');
    expect(watched.views.at(-1)?.problems).toEqual([]);
    await pollUntil(() => watched.publications.length > whileAway && routersOf(watched).join() === 'stays');
    await docker.cli('start', 'goes');
    await pollUntil(() => routersOf(watched).length === 2);
  });
});

function problemCodes(watched: Watched, router: string): string[] {
  return (watched.publications.at(-1)?.origins.routers[router]?.problems ?? []).map(({ code }) => code);
}
