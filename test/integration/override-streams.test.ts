import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Explanation } from '../../app/contract/explanation.ts';
import type { Override } from '../../app/contract/objects.ts';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { pollUntil } from '../support/poll.ts';
import { sendRaw, startRawServer } from '../support/proxy-harness.ts';

let dir = '';
let gatehouse: RunningGatehouse | null = null;
const closers: (() => unknown)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-override-streams-'));
});
afterEach(async () => {
  await gatehouse?.stop();
  gatehouse = null;
  for (const close of closers.splice(0).toReversed()) await close();
  rmSync(dir, { recursive: true, force: true });
});

const answer = (name: string) =>
  startRawServer((socket, text) => {
    socket.write(`${name}:${text}`);
  });

test('connections and servers are edited and explained from the command line', async () => {
  const [one, two] = [await answer('one'), await answer('two')];
  closers.push(
    () => one.close(),
    () => two.close(),
  );
  const datagrams = createSocket('udp4').bind(0, '127.0.0.1');
  await once(datagrams, 'listening');
  closers.push(() => datagrams.close());
  datagrams.on('message', (message, { port, address }) => datagrams.send(message, port, address));
  const file = join(dir, 'dynamic.yml');
  const config = join(dir, 'traefik.yml');
  writeFileSync(
    file,
    `tcp:
  routers:
    db: { rule: "HostSNI(\`*\`)", entryPoints: [postgres], service: db }
  services:
    db: { loadBalancer: { servers: [{ address: "127.0.0.1:${one.port}" }] } }
udp:
  routers:
    echo: { entryPoints: [echo], service: echo }
  services:
    echo: { loadBalancer: { servers: [{ address: "127.0.0.1:${datagrams.address().port}" }] } }
`,
  );
  writeFileSync(
    config,
    `entryPoints:
  web: { address: "127.0.0.1:0" }
  postgres: { address: "127.0.0.1:0" }
  echo: { address: "127.0.0.1:0/udp" }
providers:
  file: { filename: ${file} }
`,
  );
  const running = await startGatehouse(['--config', config]);
  gatehouse = running;
  const { run } = running;
  const { entryPoints } = JSON.parse((await run('status', '--json')).out) as {
    entryPoints: { name: string; listening: string }[];
  };
  const portOf = (name: string): number =>
    Number(/:(\d+)$/.exec(entryPoints.find((each) => each.name === name)?.listening ?? '')?.[1]);
  const port = portOf('postgres');
  const ask = () => sendRaw(port, 'hi', (text) => text !== '');
  await pollUntil(async () => (await ask()) === 'one:hi');

  // The server of the service is another, though the file says what it did.
  const moved = await run('override', 'db', '--tcp', '--service', '--server', `127.0.0.1:${two.port}`, '--json');
  expect(moved.error).toBe('');
  expect(JSON.parse(moved.out) as Override).toMatchObject({
    protocol: 'tcp',
    servers: [{ server: `127.0.0.1:${one.port}`, address: `127.0.0.1:${two.port}` }],
  });
  expect(await ask()).toBe('two:hi');
  expect((await run('override')).out).toMatch(
    /db@file +tcp service +server 127\.0\.0\.1:\d+ at 127\.0\.0\.1:\d+ +applied/,
  );
  expect((await run('override', 'db', '--tcp', '--service', '--export', 'file')).out).toContain(
    `address: 127.0.0.1:${two.port}`,
  );

  // Only the neighbours are let in, and the record of the one that was not leads to why.
  expect((await run('override', 'db', '--tcp', '--protect', 'allow-list', '--allow', '10.9.0.0/16')).error).toBe('');
  expect(await ask()).toBe('');
  const refused = async (): Promise<RequestRecord | undefined> => {
    const { out } = await run('logs', '--json', '--router', 'db@file');
    const records = out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as RequestRecord);
    return records.find(({ middlewares }) => middlewares.some(({ verdict }) => verdict === 'refused'));
  };
  let record: RequestRecord | undefined;
  await pollUntil(async () => {
    record = await refused();
    return record !== undefined;
  }, 30_000);
  const explained = await run('explain', '--ref', record?.id ?? '', '--json');
  expect(explained.code).toBe(1);
  expect(JSON.parse(explained.out) as Explanation).toMatchObject({
    protocol: 'tcp',
    entryPoint: 'postgres',
    outcome: 'refused',
    router: 'db@file',
    said: { code: 'MIDDLEWARE_REFUSES' },
    recorded: { id: record?.id, status: 0 },
  });
  const neighbour = await run('explain', `tcp://:${port}`, '--client-ip', '10.9.1.1');
  expect(neighbour.code).toBe(0);
  expect(neighbour.out).toContain(`db@file matches, so it goes to 127.0.0.1:${two.port} (db@file).`);
  expect(neighbour.out).toMatch(/A connection without TLS from 10\.9\.1\.1/);
  expect((await run('explain', `tcp://:${port}`, '--client-ip', 'nobody')).error).toContain('is not the address');

  // A paused UDP router says so, and is taken back.
  const udp = `udp://:${portOf('echo')}`;
  expect((await run('explain', udp)).code).toBe(0);
  await run('override', 'echo', '--udp', '--pause');
  const paused = await run('explain', udp, '--json');
  expect(paused.code).toBe(1);
  expect(JSON.parse(paused.out) as Explanation).toMatchObject({
    protocol: 'udp',
    outcome: 'no-router',
    said: { code: 'ROUTER_PAUSED', details: { router: 'echo@file' } },
  });
  await run('undo');
  expect((await run('explain', udp)).code).toBe(0);
  // A name without protocol says where it is.
  expect((await run('override', 'echo', '--pause')).error).toContain('--udp');
}, 180_000);
