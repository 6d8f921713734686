import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { EngineStatus } from '../../app/contract/objects.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function app(answer: string): Promise<string> {
  const server = createServer((_request, response) => response.end(answer));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A site with a part that is meant to be behind a middleware, whose name is as it is given. */
async function installed(compatibility: 'secure' | 'traefik') {
  const dir = await mkdtemp(join(tmpdir(), 'gh-closed-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const [site, admin] = [await app('site'), await app('admin')];
  const guardBy = (middleware: string): Promise<void> =>
    writeFile(
      join(dir, 'dynamic.yml'),
      `http:
  routers:
    site: { rule: "Host(\`a.test\`)", service: site }
    admin: { rule: "Host(\`a.test\`) && PathPrefix(\`/admin\`)", service: admin, middlewares: [${middleware}] }
  middlewares:
    only-here: { ipAllowList: { sourceRange: [127.0.0.1] } }
  services:
    site: { loadBalancer: { servers: [{ url: "${site}" }] } }
    admin: { loadBalancer: { servers: [{ url: "${admin}" }] } }
`,
    );
  await guardBy('only-her');
  await writeFile(
    join(dir, 'traefik.yml'),
    `gatehouse: { compatibility: ${compatibility} }
entryPoints: { web: { address: "127.0.0.1:0" } }
providers: { file: { filename: ${join(dir, 'dynamic.yml')} } }
`,
  );
  const running = await startGatehouse(['--config', join(dir, 'traefik.yml')]);
  closers.push(() => running.stop());
  const { entryPoints } = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  const url = `http://${entryPoints.find(({ name }) => name === 'web')?.listening}`;
  const ask = async (path: string): Promise<string> => {
    const { status, body } = await send(url, path, { headers: { Host: 'a.test' } });
    return status === 200 ? body : String(status);
  };
  await pollUntil(async () => (await ask('/')) === 'site', 30_000);
  return { ask, guardBy };
}

it('a mistyped middleware closes the part that it guards, until it is mended', { timeout: 120_000 }, async () => {
  const { ask, guardBy } = await installed('secure');
  expect(await ask('/admin/users')).toBe('503');
  expect(await ask('/about')).toBe('site');
  await guardBy('only-here');
  await pollUntil(async () => (await ask('/admin/users')) === 'admin', 30_000);
  await guardBy('none');
  await pollUntil(async () => (await ask('/admin/users')) === '503', 30_000);
});

it('as Traefik, the router is not there, and the one below it answers', { timeout: 120_000 }, async () => {
  const { ask } = await installed('traefik');
  expect(await ask('/admin/users')).toBe('site');
});
