import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, expect, test } from '@playwright/test';
import { connectControl } from '../../app/operations/client.ts';
import { findTestElectron, hasDisplay } from '../../scripts/electron-runtime.mjs';
import { engineNodePath, rootDir } from '../../scripts/setup.mjs';
import { showsEngine } from './engine-on-page.ts';

/** The packed app, as `npm run dist:dir` makes it. */

const nodePath: string = engineNodePath();
const runtime = await findTestElectron(nodePath);

test.skip(runtime.programPath === null, runtime.reason ?? '');
test.skip(!hasDisplay(), 'no display: apt-get install xvfb, and run the tests under xvfb-run');
test.skip(process.platform !== 'linux', 'the packed app is tested on Linux');
test.describe.configure({ mode: 'serial', timeout: 180_000 });

const run = promisify(execFile);
const appDir = path.join(rootDir, 'dist/linux-unpacked');
const program = path.join(appDir, 'gatehouse-app');
const packedDir = path.join(appDir, 'resources/app');

test.beforeAll(async () => {
  await run(nodePath, ['scripts/dist-dir.mjs'], { cwd: rootDir });
});

test('holds what it needs, and no sources, tests or packages that only the dashboard is built from', async () => {
  const manifest = JSON.parse(await readFile(path.join(packedDir, 'package.json'), 'utf8'));
  expect(manifest.main).toBe('out/main/index.js');
  for (const file of [
    'out/engine/gatehouse.js',
    'out/engine/worker.js',
    'out/engine/password-thread.js',
    'out/renderer/index.html',
    'LICENSE',
  ]) {
    expect(existsSync(path.join(packedDir, file)), file).toBe(true);
  }
  const top = await readdir(packedDir);
  for (const name of ['app', 'proxy', 'renderer', 'test', 'scripts']) expect(top).not.toContain(name);
  const packages = await readdir(path.join(packedDir, 'node_modules'));
  for (const name of ['react', 'electron', 'vite', 'typescript']) expect(packages).not.toContain(name);
  for (const name of Object.keys(manifest.dependencies)) {
    expect(existsSync(path.join(packedDir, 'node_modules', name)), name).toBe(true);
  }
});

test('runs the command in its own Node', async () => {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const { stdout } = await run(program, [path.join(packedDir, 'out/engine/gatehouse.js'), '--help'], { env });
  expect(stdout).toContain('gatehouse COMMAND');
});

test('starts, shows the dashboard of its engine, and ends both', async () => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'gatehouse-packed-'));
  const debugPortPath = path.join(dataDir, 'window/DevToolsActivePort');
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const flags = ['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--dashboard', '127.0.0.1:0'];
  const shell: ChildProcess = spawn(
    program,
    [...sandbox, '--lang=en', '--remote-debugging-port=0', '--', '--data-dir', dataDir, ...flags],
    { stdio: 'ignore', env: { ...process.env, GATEHOUSE_ENGINE_NODE: nodePath, GATEHOUSE_WORKERS: '1' } },
  );
  const ended = new Promise((resolve) => shell.once('exit', (code) => resolve(code)));
  try {
    await expect.poll(() => existsSync(debugPortPath), { timeout: 30_000 }).toBe(true);
    const [port] = (await readFile(debugPortPath, 'utf8')).split('\n');
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    await expect.poll(() => browser.contexts()[0]?.pages().length ?? 0).toBe(1);
    const page = browser.contexts()[0]!.pages()[0]!;
    await showsEngine(page, dataDir);
    expect(page.url()).toBe('app://gatehouse/');
    await browser.close();
  } finally {
    shell.kill('SIGTERM');
    expect(await ended).toBe(0);
    await expect(connectControl(dataDir)).rejects.toThrow(/not running/);
    await rm(dataDir, { recursive: true, force: true });
  }
});
