import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { EngineStatus } from '../../app/contract/objects.ts';
import { startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

test('routes come from the address that providers.http names, and follow it', async () => {
  let host = 'first.test';
  const source = createServer((_, response) => {
    const routers = { app: { rule: `Host(\`${host}\`)`, service: 'whoami@internal' } };
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ http: { routers } }));
  });
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    source.closeAllConnections();
    source.close();
  });
  const endpoint = `http://127.0.0.1:${(source.address() as AddressInfo).port}/`;
  const dir = await mkdtemp(join(tmpdir(), 'gh-http-provider-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const config = join(dir, 'traefik.yml');
  await writeFile(
    config,
    `entryPoints: { web: { address: "127.0.0.1:0" } }\nproviders: { http: { endpoint: "${endpoint}", pollInterval: 100ms } }\n`,
  );
  const running = await startGatehouse(['--config', config]);
  closers.push(() => running.stop());
  const { entryPoints } = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  const url = `http://${entryPoints.find(({ name }) => name === 'web')?.listening}`;
  const statusOf = async (name: string): Promise<number> => (await send(url, '/', { headers: { Host: name } })).status;
  await pollUntil(async () => (await statusOf('first.test')) === 200);
  host = 'second.test';
  await pollUntil(async () => (await statusOf('second.test')) === 200);
  expect(await statusOf('first.test')).toBe(404);
}, 60_000);
