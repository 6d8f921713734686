import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { afterEach, expect, test } from 'vitest';
import type { EngineStatus } from '../../app/contract/objects.ts';
import { gatehouse, type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'gh-static-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function start(flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningGatehouse> {
  const running = await startGatehouse(flags, { env });
  closers.push(() => running.stop());
  return running;
}

async function listening(running: RunningGatehouse) {
  const { entryPoints } = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  const addressOf = (name: string): string => entryPoints.find((each) => each.name === name)?.listening ?? '';
  const ca = (await running.run('ca', 'export')).out;
  return {
    addressOf,
    http: (path: string, headers: Readonly<Record<string, string>>) =>
      send(`http://${addressOf('web')}`, path, { headers }),
    https: (path: string, headers: Readonly<Record<string, string>>) =>
      send(`https://${addressOf('websecure')}`, path, { ca, headers }),
  };
}

async function dynamicFile(dir: string): Promise<string> {
  const hash = (await bcrypt.hash('s3cret', 5)).replace(/^\$2b\$/, '$2y$');
  const file = join(dir, 'dynamic.yml');
  await writeFile(
    file,
    `http:
  routers:
{{- range splitList "," (env "NAMES") }}
    {{ . }}: { rule: "Host(\`{{ . }}.localhost\`)", service: whoami@internal, tls: {} }
{{- end }}
    dashboard:
      rule: "Host(\`traefik.localhost\`) && (PathPrefix(\`/api\`) || PathPrefix(\`/dashboard\`))"
      service: api@internal
      middlewares: [auth]
      priority: 100
      tls: {}
    only-redirect: { rule: "Host(\`old.localhost\`)", service: noop@internal, tls: {} }
  middlewares:
    auth: { basicAuth: { users: ["admin:${hash}"] } }
    marked: { headers: { customResponseHeaders: { X-Marked: "yes" } } }
`,
  );
  return file;
}

const basic = (password: string) => `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;

test('flags, default middlewares, a template, and the API behind a password', async () => {
  const file = await dynamicFile(await folder());
  const running = await start(
    [
      '--api',
      '--entryPoints.web.address=:80',
      '--entrypoints.web.http.redirections.entrypoint.to',
      'websecure',
      '--entrypoints.websecure.address=:443',
      '--entrypoints.websecure.http.middlewares=marked@file',
      `--providers.file.filename=${file}`,
    ],
    { NAMES: 'one,two' },
  );
  const { http, https } = await listening(running);
  expect((await http('/', { Host: 'one.localhost' })).status).toBe(301);
  for (const name of ['one', 'two']) {
    const answer = await https('/', { Host: `${name}.localhost` });
    expect([answer.status, answer.headers['x-marked']]).toEqual([200, 'yes']);
  }
  const Host = 'traefik.localhost';
  expect((await https('/api/overview', { Host })).status).toBe(401);
  const overview = await https('/api/overview', { Host, Authorization: basic('s3cret') });
  expect(JSON.parse(overview.body)).toMatchObject({ http: { routers: { errors: 0 } } });
  expect((await https('/dashboard/', { Host, Authorization: basic('s3cret') })).status).not.toBe(401);
  expect((await https('/api/gatehouse/openapi.json', { Host, Authorization: basic('s3cret') })).status).toBe(401);
  expect((await https('/', { Host: 'old.localhost' })).status).toBe(418);
}, 60_000);

test('variables, ping on an entry point, and one warning for what is left out', async () => {
  const running = await start([], {
    TRAEFIK_PING: 'true',
    TRAEFIK_PING_ENTRYPOINT: 'web',
    TRAEFIK_ENTRYPOINTS_WEB_ADDRESS: ':80',
    TRAEFIK_METRICS_DATADOG: 'true',
  });
  const { http } = await listening(running);
  const ping = await http('/ping', { Host: 'anything' });
  expect([ping.status, ping.body]).toEqual([200, 'OK']);
  expect(running.output().match(/^TRAEFIK_.*warning.*$/gm)).toEqual([
    expect.stringContaining('TRAEFIK_METRICS_DATADOG is for surroundings') as string,
  ]);
}, 60_000);

test('the API on an entry point of its own, as with api.insecure, signs nobody in', async () => {
  const dir = await folder();
  const config = join(dir, 'traefik.toml');
  await writeFile(
    config,
    '[api]\n  insecure = true\n[entryPoints.web]\n  address = ":80"\n[entryPoints.traefik]\n  address = "127.0.0.1:0"\n',
  );
  const { addressOf } = await listening(await start(['--configFile', config]));
  const origin = `http://${addressOf('traefik')}`;
  expect((await send(origin, '/api/version')).status).toBe(200);
  expect((await send(origin, '/api/gatehouse/openapi.json')).status).toBe(401);
}, 60_000);

test('what cannot be used is said before anything starts', async () => {
  const dir = await folder();
  const config = join(dir, 'traefik.yml');
  await writeFile(config, 'entryPoints:\n  web:\n    adress: ":80"\n');
  const byFile = await gatehouse(['serve', '--data-dir', join(dir, 'data'), '--config', config]);
  expect(byFile.code).toBe(2);
  expect(byFile.error).toContain(`${config}:3:5: There is no option "entryPoints.web.adress". Did you mean "address"?`);
  const byFlag = await gatehouse(['serve', '--data-dir', join(dir, 'data'), '--entrypoints.web.adress=:80']);
  expect([byFlag.code, byFlag.error]).toEqual([2, expect.stringContaining('--entrypoints.web.adress: There is no')]);
  const checked = await gatehouse(['check', dir]);
  expect([checked.code, checked.out]).toEqual([1, expect.stringContaining('traefik.yml:3:5: error')]);
}, 60_000);
