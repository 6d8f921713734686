import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { freePorts } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** So many that it takes a while to judge them and to hand them to the workers. */
const others = Array.from(
  { length: 500 },
  (_, n) => `    other${n}: { rule: "Host(\`other${n}.localhost\`)", service: app }`,
);
/** From the last version's coming until the engine is killed: before it is read, while it is judged, handed on, or after. */
const momentsMs = [0, 20, 60];

/** One version of a whole: two middlewares and a router that say the same number. */
const version = (n: number): string => `http:
  routers:
${others.join('\n')}
    app: { rule: "Host(\`app.localhost\`)", service: app, middlewares: [head, move], entryPoints: [web] }
  middlewares:
    head: { headers: { customResponseHeaders: { X-Version: "${n}" } } }
    move: { redirectRegex: { regex: ".*", replacement: "https://moved.localhost/${n}" } }
  services: { app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:9" }] } } }
`;

it('an engine that is killed while it publishes serves the whole last state when it is back', {
  timeout: 180_000,
}, async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'gh-killed-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const file = path.join(dir, 'dynamic.yml');
  const [port = 0] = await freePorts(1);
  const configuration = path.join(dir, 'gatehouse.yml');
  await writeFile(
    configuration,
    `entryPoints: { web: { address: "127.0.0.1:${port}" } }\nproviders: { file: { filename: "${file}" } }\n`,
  );
  let written = 0;
  const write = async (): Promise<void> => {
    written += 1;
    await writeFile(`${file}.new`, version(written));
    await rename(`${file}.new`, file);
  };
  const start = () =>
    startGatehouse(['--config', configuration, '--http', `127.0.0.1:${port}`], {
      dataDir: path.join(dir, 'data'),
      env: { GATEHOUSE_WORKERS: '2' },
    });
  /** The version that is served; null where none is. Fails where an answer holds two. */
  const served = async (): Promise<number | null> => {
    const answer = await send(`http://127.0.0.1:${port}`, '/', { headers: { Host: 'app.localhost' } }).catch(
      () => null,
    );
    if (answer === null || answer.status === 404) return null;
    const moved = /\/(\d+)$/.exec(String(answer.headers.location))?.[1];
    expect(answer.headers['x-version']).toBe(moved);
    return Number(moved);
  };

  await write();
  for (const momentMs of momentsMs) {
    const engine = await start();
    closers.push(() => engine.stop());
    await pollUntil(async () => (await served()) === written, 30_000);
    const before = written;
    // Versions come faster than they are published, and one of them is under way when the engine is killed.
    while (written < before + 30) {
      await write();
      await served();
    }
    await pollUntil(async () => ((await served()) ?? 0) > before, 30_000);
    await write();
    await delay(momentMs);
    await engine.end('SIGKILL');
    expect(await served()).toBeNull();
  }
  const engine = await start();
  closers.push(() => engine.stop());
  await pollUntil(async () => (await served()) === written, 30_000);
});
