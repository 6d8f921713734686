import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Explanation } from '../../app/contract/explanation.ts';
import type { Override } from '../../app/contract/objects.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';

let dir = '';
let gatehouse: RunningGatehouse | null = null;
let app: Server | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-override-'));
});
afterEach(async () => {
  await gatehouse?.stop();
  await new Promise((resolve) => (app ? app.close(resolve) : resolve(null)));
  rmSync(dir, { recursive: true, force: true });
  gatehouse = null;
  app = null;
});

async function start(): Promise<{ url: string; run: RunningGatehouse['run'] }> {
  const server = createServer((_request, response) => response.end('the app'));
  app = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const file = join(dir, 'dynamic.yml');
  const config = join(dir, 'traefik.yml');
  const { port } = server.address() as AddressInfo;
  writeFileSync(
    file,
    `http:
  routers:
    wiki: { rule: "Host(\`wiki.test\`)", entryPoints: [web], service: wiki }
    other: { rule: "Host(\`much.test\`)", entryPoints: [web], service: wiki }
  services:
    wiki: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${port}" }] } }
`,
  );
  writeFileSync(config, `entryPoints:\n  web: { address: "127.0.0.1:0" }\nproviders:\n  file: { filename: ${file} }\n`);
  gatehouse = await startGatehouse(['--config', config]);
  const { run } = gatehouse;
  const { entryPoints } = JSON.parse((await run('status', '--json')).out) as {
    entryPoints: { name: string; listening: string }[];
  };
  return { url: `http://${entryPoints.find(({ name }) => name === 'web')?.listening ?? ''}`, run };
}

test('a router of a file is edited from the command line, and a visitor’s reference leads to why', async () => {
  const { url, run } = await start();
  const at = (host: string, headers: Record<string, string> = {}) =>
    send(url, '/page', { headers: { Host: host, ...headers } });
  expect((await at('wiki.test')).body).toBe('the app');

  const taken = await run('override', 'wiki', '--host', 'much.test');
  expect(taken.code).toBe(1);
  expect(taken.error).toMatch(/other@file has the same rule and priority already on web\.\n.*--allow-conflict/);
  const made = await run(
    'override',
    'wiki',
    '--host',
    'new.test',
    '--protect',
    'password',
    '--user',
    'anna',
    '--password',
    'a long password',
    '--json',
  );
  expect(made.error).toBe('');
  expect(JSON.parse(made.out) as Override).toMatchObject({ name: 'wiki@file', host: 'new.test', state: 'applied' });
  expect((await at('new.test')).status).toBe(401);
  const Authorization = `Basic ${Buffer.from('anna:a long password').toString('base64')}`;
  expect((await at('new.test', { Authorization })).body).toBe('the app');
  expect((await run('override')).out).toMatch(/wiki@file +http router +host new\.test; password +applied/);
  const exported = await run('override', 'wiki@file', '--export', 'file');
  expect(exported.out).toContain('Host(`new.test`)');
  expect(exported.out).toContain('basicAuth');
  // What is pasted is taken as it is.
  const pasted = join(dir, 'pasted.yml');
  const services = '  services:\n    wiki: { loadBalancer: { servers: [{ url: "http://127.0.0.1:9" }] } }\n';
  writeFileSync(pasted, `${exported.out}${services}`);
  expect(await run('check', pasted)).toMatchObject({ code: 0 });
  const compose = join(dir, 'compose.yml');
  const labels = (await run('override', 'wiki', '--export', 'compose')).out.replaceAll(/^/gm, '    ').trimEnd();
  writeFileSync(compose, `services:\n  wiki:\n    image: wiki\n${labels}\n`);
  const checked = await run('check', compose);
  expect(checked.out + checked.error).not.toMatch(/error/i);

  const page = await at('wiki.test', { Accept: 'text/html' });
  expect(page.status).toBe(404);
  const reference = /[0-9a-v]{16}/.exec(page.body)?.[0] ?? '';
  const explained = await run('explain', '--ref', reference, '--json');
  expect(explained.code).toBe(1);
  expect(JSON.parse(explained.out) as Explanation).toMatchObject({
    outcome: 'no-router',
    entryPoint: 'web',
    request: { method: 'GET', host: 'wiki.test', path: '/page', clientIp: '127.0.0.1' },
    recorded: { id: reference, status: 404, router: null, error: { code: 'NO_ROUTER' } },
  });
  expect((await run('explain', '--ref', reference)).out).toMatch(/It came +\d{4}-.*404/);
  expect((await run('explain', '--ref', '0'.repeat(16))).error).toContain('no request');

  expect((await run('override', 'wiki', '--remove')).code).toBe(0);
  expect((await at('wiki.test')).body).toBe('the app');
  await run('undo');
  expect((await at('new.test')).status).toBe(401);
  await run('override', 'wiki', '--pause');
  expect((await at('new.test')).status).toBe(404);
  expect((await run('explain', 'http://new.test/', '--json')).out).toContain('ROUTER_PAUSED');
}, 120_000);
