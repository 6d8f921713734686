import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { _electron, expect, type Page, test } from '@playwright/test';
import { type ControlConnection, connectControl } from '../../app/operations/client.ts';
import { commandFor, findTestElectron, hasDisplay } from '../../scripts/electron-runtime.mjs';
import { engineNodePath, rootDir } from '../../scripts/setup.mjs';
import { missingForDocker, startDocker, type TestDocker } from '../support/docker.ts';

/** What the product is for, with nothing replaced: a container answers on HTTPS, by its labels and by a click. */

const missing = missingForDocker();
test.skip(missing !== null && process.env['CI'] === undefined, missing ?? '');
test.describe.configure({ mode: 'serial' });

let docker: TestDocker;
let engine: ChildProcess;
let connection: ControlConnection;
let dataDir: string;
let signInUrl: string;
let httpsPort: number;
let ca: string;

test.beforeAll(async () => {
  docker = await startDocker();
  const labels = (name: string, rule: string) => ({
    'traefik.enable': 'true',
    [`traefik.http.routers.${name}.rule`]: rule,
  });
  await docker.run({ name: 'labelled', labels: labels('labelled', 'Host(`labelled.localhost`)') });
  await docker.run({ name: 'broken', labels: labels('broken', 'Hots(`broken.localhost`)') });
  await docker.run({ name: 'photos' });
  await docker.run({ name: 'music' });
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'gatehouse-first-light-'));
  const flags = ['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--dashboard', '127.0.0.1:0'];
  engine = spawn(
    engineNodePath(),
    ['out/engine/gatehouse.js', 'serve', '--data-dir', dataDir, '--docker', docker.endpoint, ...flags],
    { cwd: rootDir, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  signInUrl = await new Promise<string>((resolve, reject) => {
    let output = '';
    engine.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const link = /http:\S+\/sign-in\?code=\S+/.exec(output)?.[0];
      if (link !== undefined) resolve(link);
    });
    engine.once('exit', () => reject(new Error(`the engine ended:\n${output}`)));
  });
  connection = await connectControl(dataDir);
  const { entryPoints } = await connection.client.status();
  httpsPort = Number(
    entryPoints
      .find(({ name }) => name === 'websecure')
      ?.listening?.split(':')
      .at(-1),
  );
  ca = (await connection.client.certificateAuthority.export()).certificatePem;
});

test.afterAll(async () => {
  connection?.close();
  if (engine?.exitCode === null) {
    const exited = new Promise((resolve) => {
      engine.once('exit', resolve);
    });
    engine.kill('SIGTERM');
    await exited;
  }
  await docker?.stop();
  if (dataDir) await rm(dataDir, { recursive: true, force: true });
});

/** Body of the app's first page; the chain must lead to the internal CA, and the name must be the host's. */
function fetchApp(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(
      { host: '127.0.0.1', port: httpsPort, servername: host, headers: { host }, ca, agent: false, timeout: 2000 },
      (response) => {
        let body = `${response.statusCode} `;
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve(body));
      },
    );
    request.once('timeout', () => request.destroy(new Error('no answer within 2 s')));
    request.once('error', reject);
  });
}

async function exposeByClicking(page: Page, container: string): Promise<void> {
  await page.getByRole('link', { name: 'Containers' }).first().click();
  await page.getByRole('button', { name: `Expose ${container}` }).click();
  const form = page.getByRole('dialog', { name: `Expose ${container}` });
  await expect(form.getByLabel('Host')).toHaveValue(`${container}.localhost`);
  await expect(form.getByLabel('Port')).toHaveValue('80');
  await expect(form.getByRole('list', { name: 'The road of a request' })).toContainText('10.213.0.');
  await form.getByRole('button', { name: 'Expose' }).click();
  await expect(form).toBeHidden();
  const link = page.getByRole('link', { name: `https://${container}.localhost:${httpsPort}/` }).first();
  await expect(link).toBeVisible();
  expect(await fetchApp(`${container}.localhost`)).toBe('200 hello from a container\n');
}

test('a labelled container answers on HTTPS, with a chain to the internal CA', async () => {
  await expect.poll(() => fetchApp('labelled.localhost').catch(String)).toBe('200 hello from a container\n');
});

test('a broken label has its reason in the API and on the page', async ({ page }) => {
  await page.goto(signInUrl);
  const routers = (await page.request.get(new URL('/api/http/routers', signInUrl).href).then((it) => it.json())) as {
    name: string;
    status: string;
    error?: string[];
  }[];
  const broken = routers.find(({ name }) => name === 'broken@docker');
  expect(broken?.status).toBe('disabled');
  expect(broken?.error?.join()).toContain('Hots');
  await page.goto(new URL('/routers/broken@docker', signInUrl).href);
  await expect(page.getByText(/There is no matcher .Hots./).first()).toBeVisible();
});

test('a click exposes a container; another takes it back; the engine remembers', async ({ page }) => {
  const { url } = await connection.client.access.signInLink();
  await page.goto(url);
  await exposeByClicking(page, 'photos');
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect(page.getByRole('button', { name: 'Expose photos' })).toBeVisible();
  await expect.poll(() => fetchApp('photos.localhost').catch(() => 'refused')).not.toContain('hello');
  await exposeByClicking(page, 'photos');
  const { address } = JSON.parse(
    await docker.cli('inspect', '-f', '{"address":"{{.NetworkSettings.IPAddress}}"}', 'photos'),
  ) as {
    address: string;
  };
  // Made anew under the same name, at another address: the route follows.
  await docker.cli('rm', '-f', 'photos');
  await docker.run({ name: 'takes-the-address' });
  await docker.run({ name: 'photos' });
  expect(await docker.cli('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'photos')).not.toBe(address);
  await expect.poll(() => fetchApp('photos.localhost').catch(String)).toBe('200 hello from a container\n');
});

test('the same click works in the window', async () => {
  const runtime = await findTestElectron(engineNodePath());
  test.skip(runtime.programPath === null, runtime.reason ?? '');
  test.skip(!hasDisplay(), 'no display: apt-get install xvfb, and run the tests under xvfb-run');
  const { program, args } = commandFor(runtime);
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const shell = await _electron.launch({
    executablePath: program,
    args: [...args, ...sandbox, '--lang=en', '--', '--data-dir', dataDir],
    env: { ...process.env, LANGUAGE: 'en', LC_ALL: 'C.UTF-8' },
  });
  try {
    const window = await shell.firstWindow();
    await exposeByClicking(window, 'music');
  } finally {
    await shell.close();
  }
  expect((await connection.client.status()).counts.openApps).toBeGreaterThan(1);
});
