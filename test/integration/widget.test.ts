import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';

/**
 * The Traefik widget of the start page "Homepage" asks for `{url}/api/overview`, with a user name and password where it
 * was given them (Basic), and shows three of its numbers.
 */
async function widget(url: string, username: string, password: string) {
  const Authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const { status, headers, body } = await send(url, '/api/overview', { headers: { Authorization } });
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('application/json')]);
  const data = JSON.parse(body) as Record<'http', Record<'routers' | 'services' | 'middlewares', { total: number }>>;
  const { routers, services, middlewares } = data.http;
  return { routers: routers.total, services: services.total, middleware: middlewares.total };
}

let folder: string;
let running: RunningGatehouse;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gh-widget-'));
  const file = path.join(folder, 'routes.yml');
  await writeFile(
    file,
    `http:
  routers:
    nas: { rule: "Host(\`nas.localhost\`)", service: nas, middlewares: [lan] }
    broken: { rule: "Hots(\`x\`)", service: nas }
  middlewares:
    lan: { ipAllowList: { sourceRange: [127.0.0.0/8] } }
  services:
    nas: { loadBalancer: { servers: [{ url: "http://127.0.0.1:9" }] } }
`,
  );
  running = await startGatehouse(['--file', file]);
});

afterAll(async () => {
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
});

it('a widget made for Traefik shows the numbers', async () => {
  const token = (await running.run('token', 'create', 'homepage')).out.trim();
  const url = new URL((await running.run('open')).out.trim()).origin;
  // Beside those of the file: whoami@internal, as a router and as a service.
  expect(await widget(url, 'homepage', token)).toEqual({ routers: 3, services: 2, middleware: 1 });
});
