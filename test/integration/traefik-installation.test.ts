import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bcrypt from 'bcryptjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { EngineStatus, RouterView } from '../../app/contract/objects.ts';
import { makeCertificate } from '../support/certificates.ts';
import { missingForDocker, startDocker, type TestDocker } from '../support/docker.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const missing = missingForDocker();
if (missing !== null && !process.env['CI']) console.warn(`traefik-installation: left out, ${missing}`);

/** Installations as people have them after reading a tutorial. Only ports differ: a test may not take 80 and 443. */
describe.runIf(missing === null || process.env['CI'])('an installation of Traefik runs unchanged', () => {
  let docker: TestDocker;
  let dir: string | undefined;
  let nas: Server | undefined;
  let nasPort = 0;
  let running: RunningGatehouse | undefined;

  beforeAll(async () => {
    docker = await startDocker();
    dir = await mkdtemp(join(tmpdir(), 'gh-traefik-'));
    const { certificatePem, privateKeyPem } = await makeCertificate(['nas']);
    const server = createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
      response.end(`the NAS, asked for ${request.headers.host ?? ''}`);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    nas = server;
    nasPort = (server.address() as AddressInfo).port;
  }, 240_000);
  beforeEach(async () => {
    await docker.cli('network', 'create', 'web');
    await docker.cli('network', 'create', 'backend');
  });
  afterEach(async () => {
    await running?.stop();
    running = undefined;
    await docker.clear();
  });
  afterAll(async () => {
    await new Promise((resolve) => (nas ? nas.close(resolve) : resolve(undefined)));
    await docker?.stop();
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  async function listening(gatehouse: RunningGatehouse) {
    const { entryPoints } = JSON.parse((await gatehouse.run('status', '--json')).out) as EngineStatus;
    const addressOf = (name: string): string => entryPoints.find((each) => each.name === name)?.listening ?? '';
    const ca = (await gatehouse.run('ca', 'export')).out;
    return {
      http: (host: string, path = '/') => send(`http://${addressOf('web')}`, path, { headers: { Host: host } }),
      https: (host: string, path = '/', headers: Readonly<Record<string, string>> = {}) =>
        send(`https://${addressOf('websecure')}`, path, { ca, headers: { Host: host, ...headers } }),
      httpsPort: addressOf('websecure').split(':').at(-1) ?? '',
    };
  }

  test('by a static file, a folder of dynamic files, and labels', async () => {
    const root = dir ?? '';
    const dynamic = join(root, 'dynamic');
    await mkdir(dynamic, { recursive: true });
    await writeFile(
      join(root, 'traefik.yml'),
      `api:
  dashboard: true
entryPoints:
  web:
    address: ":80"
    http:
      redirections:
        entryPoint:
          to: websecure
          scheme: https
          permanent: true
  websecure:
    address: ":443"
    http:
      middlewares:
        - secure-headers@file
      tls:
        certResolver: letsencrypt
providers:
  docker:
    exposedByDefault: false
    network: web
  file:
    directory: ${dynamic}
    watch: true
certificatesResolvers:
  letsencrypt:
    acme:
      email: admin@example.org
      storage: acme.json
      caServer: https://127.0.0.1:1/directory
      httpChallenge:
        entryPoint: web
log:
  level: INFO
`,
    );
    await writeFile(
      join(dynamic, 'nas.yml'),
      `http:
  routers:
    nas:
      rule: "Host(\`nas.example.org\`)"
      entryPoints: [websecure]
      service: nas
      tls: {}
  services:
    nas:
      loadBalancer:
        passHostHeader: true
        serversTransport: self-signed
        servers:
          - url: "https://127.0.0.1:${nasPort}"
  serversTransports:
    self-signed:
      insecureSkipVerify: true
`,
    );
    await writeFile(
      join(dynamic, 'middlewares.toml'),
      '[http.middlewares.secure-headers.headers]\n  frameDeny = true\n  stsSeconds = 31536000\n',
    );
    await docker.run({
      name: 'shop',
      network: 'backend',
      labels: {
        'traefik.enable': 'true',
        'traefik.docker.network': 'web',
        'traefik.http.routers.shop.rule': 'Host(`shop.example.org`)',
        'traefik.http.routers.shop.entrypoints': 'websecure',
        'traefik.http.routers.shop.tls.certresolver': 'letsencrypt',
      },
    });
    await docker.cli('network', 'connect', 'web', 'shop');
    await docker.run({ name: 'private', network: 'web' });

    running = await startGatehouse(['--config', join(root, 'traefik.yml'), '--docker', docker.endpoint]);
    const { http, https, httpsPort } = await listening(running);
    const redirected = await http('shop.example.org', '/a?b=c');
    expect([redirected.status, redirected.headers.location]).toEqual([
      301,
      `https://shop.example.org:${httpsPort}/a?b=c`,
    ]);
    await pollUntil(async () => (await https('shop.example.org')).status === 200);
    const shop = await https('shop.example.org');
    expect(shop.body).toBe('hello from a container\n');
    expect(shop.headers).toMatchObject({ 'x-frame-options': 'DENY' });
    expect(shop.headers['strict-transport-security']).toContain('31536000');
    const answer = await https('nas.example.org');
    expect(answer.body).toBe('the NAS, asked for nas.example.org');
    expect((await https('private.example.org')).status).toBe(404);
    const routers = JSON.parse((await running.run('routers', '--json')).out) as RouterView[];
    expect(routers.find(({ name }) => name === 'shop@docker')).toMatchObject({ middlewares: ['secure-headers@file'] });
    expect(routers.filter(({ status }) => status === 'disabled')).toEqual([]);
    expect(routers.find(({ name }) => name === 'shop@docker')).toMatchObject({ status: 'enabled', problems: [] });
    expect(running.output().match(/^.*traefik\.yml:.*$/gm)).toBeNull();
  }, 120_000);

  test('by flags, with the dashboard behind a password', async () => {
    const user = `admin:${(await bcrypt.hash('s3cret', 5)).replace(/^\$2b\$/, '$2y$')}`;
    await docker.run({
      name: 'traefik',
      network: 'web',
      labels: {
        'traefik.enable': 'true',
        'traefik.http.routers.dashboard.rule': 'Host(`traefik.example.org`)',
        'traefik.http.routers.dashboard.entrypoints': 'websecure',
        'traefik.http.routers.dashboard.tls': 'true',
        'traefik.http.routers.dashboard.service': 'api@internal',
        'traefik.http.routers.dashboard.middlewares': 'auth',
        'traefik.http.routers.dashboard.priority': '100',
        'traefik.http.middlewares.auth.basicauth.users': user,
        'traefik.http.services.dummy.loadbalancer.server.port': '80',
      },
    });
    await docker.run({
      name: 'app',
      network: 'web',
      labels: {
        'traefik.enable': 'true',
        'traefik.http.routers.app.rule': 'Host(`app.example.org`)',
        'traefik.http.routers.app.entrypoints': 'websecure',
        'traefik.http.routers.app.tls': 'true',
        'traefik.http.services.app.loadbalancer.server.port': '80',
      },
    });
    running = await startGatehouse([
      '--docker',
      docker.endpoint,
      '--api=true',
      '--api.dashboard=true',
      '--providers.docker=true',
      '--providers.docker.exposedbydefault=false',
      '--providers.docker.network=web',
      '--entrypoints.web.address=:80',
      '--entrypoints.web.http.redirections.entrypoint.to=websecure',
      '--entryPoints.web.http.redirections.entryPoint.scheme=https',
      '--entrypoints.websecure.address=:443',
    ]);
    const { http, https } = await listening(running);
    await pollUntil(async () => (await https('app.example.org')).status === 200);
    expect((await http('app.example.org')).status).toBe(301);
    const host = 'traefik.example.org';
    const basic = (password: string) => ({
      Authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
    });
    expect((await https(host, '/api/overview')).status).toBe(401);
    expect((await https(host, '/api/overview', basic('wrong'))).status).toBe(401);
    const overview = await https(host, '/api/overview', basic('s3cret'));
    expect(JSON.parse(overview.body)).toMatchObject({ http: { routers: { errors: 0 } } });
    const page = await https(host, '/dashboard/', basic('s3cret'));
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.body).toContain('src="/dashboard/assets/');
    // The router's password opens Traefik's API; what changes things asks for Gatehouse's own.
    expect((await https(host, '/api/gatehouse/openapi.json', basic('s3cret'))).status).toBe(401);
  }, 120_000);
});
