import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerView, EngineStatus, Exposure, ExposurePlan } from '../../app/contract/objects.ts';
import { missingForDocker, startDocker, type TestDocker } from '../support/docker.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const missing = missingForDocker();
if (missing !== null && !process.env['CI']) console.warn(`expose: left out, ${missing}`);

describe.runIf(missing === null || process.env['CI'])('containers on HTTPS, by labels and by command', () => {
  let docker: TestDocker;
  let running: RunningGatehouse;
  let https: string;
  let dashboard: string;
  let ca: string;

  beforeAll(async () => {
    docker = await startDocker();
    await docker.run({
      name: 'labelled',
      labels: { 'traefik.enable': 'true', 'traefik.http.routers.shop.rule': 'Host(`shop.localhost`)' },
    });
    await docker.run({ name: 'photos' });
    await docker.run({
      name: 'broken',
      labels: { 'traefik.enable': 'true', 'traefik.http.routers.broken.rule': 'Hots(`broken.localhost`)' },
    });
    running = await startGatehouse(['--docker', docker.endpoint]);
    const status = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
    https = `https://${status.entryPoints.find(({ protocol }) => protocol === 'https')?.listening ?? ''}`;
    dashboard = status.dashboard.url;
    ca = (await running.run('ca', 'export')).out;
  }, 120_000);
  afterAll(async () => {
    await running?.stop();
    await docker?.stop();
  });

  const visit = async (host: string, headers: Readonly<Record<string, string>> = {}) =>
    (await send(https, '/', { ca, headers: { Host: host, ...headers } })).status;
  const containers = async () =>
    Object.fromEntries(
      (JSON.parse((await running.run('containers', '--json')).out) as ContainerView[]).map((view) => [view.name, view]),
    );

  it('serves what is labelled, and says what is wrong with what is not served', async () => {
    expect(await visit('shop.localhost')).toBe(200);
    expect(await visit('broken.localhost')).toBe(404);
    const views = await containers();
    expect(views['labelled']).toMatchObject({ exposure: 'exposed', routers: ['shop@docker'] });
    expect(views['photos']).toMatchObject({ exposure: 'none' });
    expect(views['broken']).toMatchObject({ exposure: 'broken' });
    expect((await running.run('containers')).out).toMatch(/error: broken: .*Hots/s);
    const token = (await running.run('token', 'create', 'test')).out.trim();
    const { body } = await send(dashboard, '/api/http/routers/broken@docker', {
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(JSON.parse(body)).toMatchObject({ status: 'disabled', error: [expect.stringContaining('Host')] });
  });

  it('exposes a container at once, and takes it off again, and back', async () => {
    const plan = JSON.parse((await running.run('expose', 'photos', '--dry-run', '--json')).out) as ExposurePlan;
    expect(plan).toMatchObject({ name: 'photos', host: 'photos.localhost', port: 80 });
    expect(await visit('photos.localhost')).toBe(404);

    const { code, out } = await running.run('expose', 'photos');
    expect([code, out]).toEqual([0, expect.stringMatching(/^photos answers at https:\/\/photos\.localhost:\d+/)]);
    expect(await visit('photos.localhost')).toBe(200);

    expect((await running.run('pause', 'photos')).code).toBe(0);
    expect(await visit('photos.localhost')).toBe(404);
    expect((await running.run('resume', 'photos')).code).toBe(0);
    expect(await visit('photos.localhost')).toBe(200);
    expect((await running.run('unexpose', 'photos')).code).toBe(0);
    expect(await visit('photos.localhost')).toBe(404);
    expect((await running.run('undo')).code).toBe(0);
    expect(await visit('photos.localhost')).toBe(200);
  });

  it('refuses what would not work, with a next step', async () => {
    expect(await running.run('expose', 'labelled', '--host', 'shop.localhost')).toMatchObject({ code: 1 });
    const unknown = await running.run('expose', 'nobody');
    expect([unknown.code, unknown.error]).toEqual([1, expect.stringContaining('gatehouse containers')]);
    expect(await running.run('expose', 'labelled', '--host', 'not a host')).toMatchObject({ code: 1 });
    expect(await running.run('expose', 'labelled', '--port', '99999')).toMatchObject({ code: 2 });
  });

  it('protects with a password, which nobody gets to see', async () => {
    const target = ['labelled', '--host', 'private.localhost', '--name', 'private'];
    const protect = ['--protect', 'password', '--user', 'ada', '--password', 'correct horse'];
    const made = await running.run('expose', ...target, ...protect, '--json');
    expect(JSON.parse(made.out) as Exposure).toMatchObject({ protection: { kind: 'password', username: 'ada' } });
    expect(await visit('private.localhost')).toBe(401);
    const basic = (password: string) => ({
      Authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`,
    });
    expect(await visit('private.localhost', basic('wrong'))).toBe(401);
    expect(await visit('private.localhost', basic('correct horse'))).toBe(200);
    const seen = await Promise.all(
      [
        ['middlewares', '--json'],
        ['status', '--json'],
        ['routers', '--json'],
      ].map((args) => running.run(...args)),
    );
    const text = [made, ...seen].map(({ out }) => out).join('');
    expect(text).not.toMatch(/correct horse|\$2[aby]\$/);
  });

  it('follows a container that is made anew', async () => {
    const before = (await containers())['photos']?.id;
    await docker.cli('rm', '-f', 'photos');
    // A visit that set out for the old address while it went away may wait long for a connection.
    const visitSoon = () => Promise.race([visit('photos.localhost'), delay(1000, 0)]);
    await pollUntil(async () => (await visitSoon()) !== 200);
    await docker.run({ name: 'photos' });
    await pollUntil(async () => (await visitSoon()) === 200);
    const after = (await containers())['photos'];
    expect(after?.id).not.toBe(before);
    expect(after).toMatchObject({ exposure: 'exposed', routers: ['photos@gatehouse'] });
  });
});
