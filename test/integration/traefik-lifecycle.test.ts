import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { EngineStatus } from '../../app/contract/objects.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function started(text: (dir: string) => string) {
  const dir = await mkdtemp(join(tmpdir(), 'gh-life-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'traefik.yml'), text(dir));
  const running = await startGatehouse(['--config', join(dir, 'traefik.yml')]);
  closers.push(() => running.stop());
  return { dir, running, addressOf: await addressesOf(running) };
}

async function addressesOf(running: RunningGatehouse) {
  const { entryPoints } = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  return (name: string): string => `http://${entryPoints.find((each) => each.name === name)?.listening}`;
}

test('after the signal it serves on for the grace, ping says that it stops, and only then it ends', async () => {
  const { running, addressOf } = await started(
    () => `entryPoints:
  web: { address: "127.0.0.1:0", transport: { lifeCycle: { requestAcceptGraceTimeout: 1h } } }
  short: { address: "127.0.0.1:0", transport: { lifeCycle: { graceTimeOut: 0 } } }
ping: { entryPoint: web, terminatingStatusCode: 410 }
`,
  );
  const ping = () => send(addressOf('web'), '/ping');
  expect((await ping()).status).toBe(200);
  process.kill(running.pid, 'SIGTERM');
  await pollUntil(async () => (await ping()).status === 410);
  expect((await ping()).body).toBe('Gone');
  // Those that did not ask for it close at once.
  await pollUntil(() =>
    send(addressOf('short'), '/').then(
      () => false,
      () => true,
    ),
  );
  expect((await send(addressOf('web'), '/', { headers: { Host: 'whoami.localhost' } })).status).toBe(200);
  // A second signal, later than one that is passed on, ends it at once.
  let ended = false;
  const end = running.end().then(() => {
    ended = true;
  });
  await pollUntil(() => {
    if (!ended) void running.end();
    return ended;
  }, 20_000);
  await end;
}, 60_000);

test('the log goes where Traefik’s log goes, in its formats', async () => {
  const { dir } = await started(
    (at) => `log: { level: INFO, filePath: ${join(at, 'traefik.log')} }
entryPoints: { web: { address: "127.0.0.1:0" } }
`,
  );
  const lines = (await readFile(join(dir, 'traefik.log'), 'utf8')).trim().split('\n');
  expect(lines.filter((line) => !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (?:INF|WRN|ERR) /.test(line))).toEqual([]);
  expect(lines[0]).toMatch(/ INF Gatehouse starts /);

  const { running } = await started(
    () => `log: { level: INFO, format: json }\nentryPoints: { web: { address: "127.0.0.1:0" } }\n`,
  );
  const told = running
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as object);
  expect(told).toContainEqual(expect.objectContaining({ level: 'info', message: 'Gatehouse starts' }));
}, 60_000);

test.runIf(process.platform === 'linux')(
  'reusePort lets it share a port with another program',
  async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen({ host: '127.0.0.1', port: 0, reusePort: true }, resolve));
    const { port } = other.address() as AddressInfo;
    closers.push(() => new Promise((resolve) => other.close(resolve)));
    const text = (reusePort: boolean) =>
      `entryPoints:\n  web: { address: "127.0.0.1:0" }\n  both: { address: "127.0.0.1:${port}", reusePort: ${reusePort} }\n`;
    expect((await started(() => text(true))).addressOf('both')).toBe(`http://127.0.0.1:${port}`);
    expect((await started(() => text(false))).addressOf('both')).toBe('http://null');
  },
  60_000,
);
