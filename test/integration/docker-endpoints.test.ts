import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerView, EngineStatus, Exposure, ProviderView } from '../../app/contract/objects.ts';
import { missingForDocker, startDocker, type TestDocker } from '../support/docker.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const missing = missingForDocker();
if (missing !== null && !process.env['CI']) console.warn(`docker-endpoints: left out, ${missing}`);

interface Listener {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** The daemon's socket as a TCP listener on this machine, which can go away by itself. */
async function listenFor(socketPath: string, port = 0): Promise<Listener> {
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    const daemon = connect(socketPath);
    for (const each of [socket, daemon]) {
      open.add(each);
      each.on('error', () => undefined);
      each.on('close', () => {
        open.delete(each);
        socket.destroy();
        daemon.destroy();
      });
    }
    socket.pipe(daemon).pipe(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

const labelled = (at: string, host: string) => ({
  at,
  'traefik.enable': 'true',
  [`traefik.http.routers.${host}.rule`]: `Host(\`${host}.localhost\`)`,
});

describe.runIf(missing === null || process.env['CI'])('one daemon under two names', () => {
  let docker: TestDocker;
  let listener: Listener;
  let dir: string;
  let running: RunningGatehouse;
  let https: string;
  let ca: string;

  beforeAll(async () => {
    docker = await startDocker();
    listener = await listenFor(docker.socketPath);
    dir = await mkdtemp(join(tmpdir(), 'gh-endpoints-'));
    await docker.run({ name: 'shop', labels: labelled('here', 'shop') });
    await docker.run({ name: 'photos', labels: labelled('nas', 'photos') });
    await docker.run({ name: 'plain' });
    const file = join(dir, 'traefik.yml');
    await writeFile(
      file,
      `providers:
  docker:
    exposedByDefault: false
    constraints: Label(\`at\`, \`here\`)
    endpoints:
      nas:
        endpoint: tcp://127.0.0.1:${listener.port}
        constraints: Label(\`at\`, \`nas\`)
`,
    );
    running = await startGatehouse(['--config', file, '--docker', docker.endpoint]);
    https = `https://${(await status()).entryPoints.find(({ protocol }) => protocol === 'https')?.listening ?? ''}`;
    ca = (await running.run('ca', 'export')).out;
  }, 240_000);
  afterAll(async () => {
    await running?.stop();
    await listener?.close();
    await docker?.stop();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  const status = async () => JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  const nas = async (): Promise<ProviderView | undefined> =>
    (await status()).providers.find(({ name }) => name === 'docker-nas');
  const visit = async (host: string) => (await send(https, '/', { ca, headers: { Host: host } })).status;
  const containers = async () =>
    new Map(
      (JSON.parse((await running.run('containers', '--json')).out) as ContainerView[]).map((view) => [view.name, view]),
    );

  it('shows the containers of each, and routes them under its name', async () => {
    const views = await containers();
    expect([...views.keys()].toSorted()).toEqual(['nas/photos', 'nas/plain', 'nas/shop', 'photos', 'plain', 'shop']);
    expect(views.get('shop')).toMatchObject({ exposure: 'exposed', routers: ['shop@docker'] });
    expect(views.get('photos')).toMatchObject({ exposure: 'none', routers: [] });
    expect(views.get('nas/photos')).toMatchObject({ exposure: 'exposed', routers: ['photos@docker-nas'] });
    expect(views.get('nas/shop')).toMatchObject({ exposure: 'none', routers: [] });
    expect(await Promise.all([visit('shop.localhost'), visit('photos.localhost')])).toEqual([200, 200]);
    expect(await nas()).toMatchObject({ state: 'connected', where: `tcp://127.0.0.1:${listener.port}`, problems: [] });
  });

  it('exposes a container of either by a command', async () => {
    const exposure = JSON.parse((await running.run('expose', 'nas/plain', '--json')).out) as Exposure;
    expect(exposure).toMatchObject({ name: 'plain', host: 'plain.localhost', target: { container: 'nas/plain' } });
    expect(await visit('plain.localhost')).toBe(200);
    const views = await containers();
    expect(views.get('nas/plain')).toMatchObject({ exposure: 'exposed', exposureId: exposure.id });
    expect(views.get('plain')).toMatchObject({ exposure: 'none', exposureId: null });
  });

  it('overrides what labels of the other say', async () => {
    expect(await running.run('override', 'photos@docker-nas', '--host', 'pictures.localhost')).toMatchObject({
      code: 0,
    });
    expect(await visit('pictures.localhost')).toBe(200);
    expect(await visit('photos.localhost')).toBe(404);
  });

  it('keeps the last routes of one that is lost, and follows the other', async () => {
    await listener.close();
    await pollUntil(async () => (await nas())?.state === 'lost');
    expect((await nas())?.problems[0]?.code).toBe('DOCKER_LOST');
    expect((await status()).providers.find(({ name }) => name === 'docker')).toMatchObject({ state: 'connected' });
    await docker.run({ name: 'later', labels: labelled('here', 'later') });
    await docker.run({ name: 'unseen', labels: labelled('nas', 'unseen') });
    await pollUntil(async () => (await visit('later.localhost')) === 200);
    const hosts = ['shop.localhost', 'pictures.localhost', 'plain.localhost'];
    expect(await Promise.all(hosts.map(visit))).toEqual([200, 200, 200]);
    expect(await visit('unseen.localhost')).toBe(404);

    listener = await listenFor(docker.socketPath, listener.port);
    await pollUntil(async () => (await visit('unseen.localhost')) === 200);
    expect(await nas()).toMatchObject({ state: 'connected', problems: [] });
  }, 60_000);
});
