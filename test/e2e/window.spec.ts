import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication, expect, type Page, test } from '@playwright/test';
import { connectControl } from '../../app/operations/client.ts';
import { commandFor, findTestElectron, hasDisplay } from '../../scripts/electron-runtime.mjs';
import { engineNodePath, rootDir } from '../../scripts/setup.mjs';
import { connected, showsEngine } from './engine-on-page.ts';

/** The desktop shell in a real Electron, on a real engine. */

const nodePath: string = engineNodePath();
const runtime = await findTestElectron(nodePath);

test.skip(runtime.programPath === null, runtime.reason ?? '');
test.skip(!hasDisplay(), 'no display: apt-get install xvfb, and run the tests under xvfb-run');
test.describe.configure({ mode: 'serial' });

const anywhere = ['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--dashboard', '127.0.0.1:0'];
const engineFlags = [...anywhere, '--docker', 'unix:///nonexistent/docker.sock'];

async function launchShell(dataDir: string): Promise<ElectronApplication> {
  const { program, args } = commandFor(runtime);
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return _electron.launch({
    executablePath: program,
    args: [...args, ...sandbox, '--lang=en', '--', '--data-dir', dataDir, ...engineFlags],
    env: { ...process.env, GATEHOUSE_ENGINE_NODE: nodePath, GATEHOUSE_WORKERS: '1', LANGUAGE: 'en', LC_ALL: 'C.UTF-8' },
  });
}

/** An engine of somebody else's, as `gatehouse serve` in a terminal. */
function serve(dataDir: string): ChildProcess {
  const enginePath = path.join(rootDir, 'out/engine/gatehouse.js');
  return spawn(nodePath, [enginePath, 'serve', '--data-dir', dataDir, ...engineFlags], {
    stdio: 'ignore',
    env: { ...process.env, GATEHOUSE_WORKERS: '1' },
  });
}

/** When the engine of the data folder was started; changes when there is another one. */
async function startedAt(dataDir: string): Promise<number> {
  const engine = await connected(dataDir);
  const status = await engine.client.status();
  engine.close();
  return status.startedAt;
}

/** Keeps what would leave the app, in the shell's process. */
async function catchOutside(app: ElectronApplication): Promise<() => Promise<string[]>> {
  await app.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { openedOutside: opened });
    shell.openExternal = async (url: string) => void opened.push(url);
  });
  return () => app.evaluate(() => (globalThis as unknown as { openedOutside: string[] }).openedOutside);
}

test.describe('the window', () => {
  let dataDir: string;
  let app: ElectronApplication;
  let page: Page;

  test.beforeAll(async () => {
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'gatehouse-window-'));
    app = await launchShell(dataDir);
    page = await app.firstWindow();
    await page.waitForLoadState('load');
  });

  test.afterAll(async () => {
    await app?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  test('shows the dashboard of the engine that the shell started', async () => {
    expect(page.url()).toBe('app://gatehouse/');
    await showsEngine(page, dataDir);
    await expect(page.getByRole('navigation').first()).toBeVisible();
  });

  test('gives the page no Node, no Electron and one line to the engine', async () => {
    const seen = await page.evaluate(() => ({
      node: ['require', 'process', 'module', 'Buffer', 'global', 'electron', 'ipcRenderer'].filter(
        (name) => name in window,
      ),
      bridge: Object.keys((window as unknown as { gatehouse: object }).gatehouse),
      opener: window.opener,
    }));
    expect(seen).toEqual({ node: [], bridge: ['shell'], opener: null });
    const preferences = await app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      const { contextIsolation, sandbox, nodeIntegration, webviewTag, webSecurity } = contents.getLastWebPreferences();
      return { contextIsolation, sandbox, nodeIntegration, webviewTag, webSecurity };
    });
    expect(preferences).toEqual({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
      webSecurity: true,
    });
  });

  test('runs no inline script and reaches no other origin', async () => {
    const policy = await page.evaluate(async () => (await fetch('/')).headers.get('content-security-policy'));
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const violated = await page.evaluate(async () => {
      const directives: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => directives.push(event.effectiveDirective));
      const inline = document.createElement('script');
      inline.textContent = 'window.inlineRan = true';
      document.head.append(inline);
      const foreign = document.createElement('script');
      foreign.src = 'https://gatehouse.invalid/evil.js';
      document.head.append(foreign);
      const frame = document.createElement('iframe');
      frame.src = 'https://gatehouse.invalid/';
      document.body.append(frame);
      const fetched = await fetch('https://gatehouse.invalid/').then(
        () => 'reached',
        () => 'blocked',
      );
      while (directives.length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
      for (const element of [inline, foreign, frame]) element.remove();
      return { ran: 'inlineRan' in window, fetched, directives: directives.toSorted() };
    });
    expect(violated).toEqual({
      ran: false,
      fetched: 'blocked',
      directives: ['connect-src', 'frame-src', 'script-src-elem', 'script-src-elem'],
    });
  });

  test('serves only the dashboard’s own files', async () => {
    const answers = await page.evaluate(async () => {
      const ways = ['..%2f..%2fpackage.json', '%2e%2e%2f%2e%2e%2fpackage.json', '..%5c..%5cpackage.json', 'nothing.js'];
      return Promise.all(ways.map(async (way) => (await fetch(`app://gatehouse/${way}`)).status));
    });
    expect(answers).toEqual([404, 404, 404, 404]);
    const file = await page.evaluate(() =>
      fetch('file:///etc/hostname').then(
        () => 'read',
        () => 'refused',
      ),
    );
    expect(file).toBe('refused');
  });

  test('never leaves its page; web links open in the system’s browser', async () => {
    const opened = await catchOutside(app);
    await page.evaluate(() => {
      location.href = 'https://example.org/by-navigation';
    });
    await expect.poll(opened).toContain('https://example.org/by-navigation');
    await page.evaluate(() => {
      const link = document.createElement('a');
      Object.assign(link, { href: 'http://example.org/by-click', target: '_blank' });
      document.body.append(link);
      link.click();
      link.remove();
      window.open('https://example.org/by-script');
      for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'smb://example.org/', 'app://gatehouse/'])
        window.open(url);
    });
    await expect
      .poll(opened)
      .toEqual(['https://example.org/by-navigation', 'http://example.org/by-click', 'https://example.org/by-script']);
    expect(page.url()).toBe('app://gatehouse/');
    expect(app.windows()).toHaveLength(1);
  });

  test('denies every permission but copying', async () => {
    const answers = await page.evaluate(async () => {
      const state = async (name: string) => (await navigator.permissions.query({ name: name as PermissionName })).state;
      const media = navigator.mediaDevices?.getUserMedia({ audio: true, video: true });
      return {
        geolocation: await state('geolocation'),
        camera: await state('camera'),
        notifications: await Notification.requestPermission(),
        media: await (media ?? Promise.reject(new Error('absent'))).then(
          () => 'granted',
          () => 'denied',
        ),
        reading: await navigator.clipboard.readText().then(
          () => 'granted',
          () => 'denied',
        ),
        copying: await state('clipboard-write'),
      };
    });
    expect(answers).toEqual({
      geolocation: 'denied',
      camera: 'denied',
      notifications: 'denied',
      media: 'denied',
      reading: 'denied',
      copying: 'granted',
    });
  });

  test('says in the tray how things are, and pauses from there', async () => {
    await app.evaluate(({ Tray }) => {
      const seen = { labels: [] as string[], pick: (_label: string): void => undefined };
      Object.assign(globalThis, { trayMenu: seen });
      Tray.prototype.setContextMenu = new Proxy(Reflect.get(Tray.prototype, 'setContextMenu'), {
        apply: (setContextMenu, tray, [menu]: [Electron.Menu]) => {
          seen.labels = menu.items.map((item) => item.label);
          seen.pick = (label) => menu.items.find((item) => item.label === label)?.click();
          Reflect.apply(setContextMenu, tray, [menu]);
        },
      });
    });
    const labels = () =>
      app.evaluate(() => (globalThis as unknown as { trayMenu: { labels: string[] } }).trayMenu.labels);
    const pick = (label: string) =>
      app.evaluate((_, name) => {
        (globalThis as unknown as { trayMenu: { pick(label: string): void } }).trayMenu.pick(name);
      }, label);
    const engine = await connected(dataDir);
    await engine.client.exposures.pauseAll();
    await expect.poll(labels).toContain('Resume all');
    expect((await labels())[0]).toContain('paused');
    await pick('Resume all');
    await expect.poll(async () => (await engine.client.status()).pausedAll).toBe(false);
    await expect.poll(labels).toContain('Pause all');
    engine.close();
  });

  test('keeps the tray and the engine when its window is closed; a second start opens it again', async () => {
    const before = await startedAt(dataDir);
    const closed = page.waitForEvent('close');
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
    await closed;
    expect(app.process().exitCode).toBeNull();
    expect(await startedAt(dataDir)).toBe(before);
    const reopened = app.waitForEvent('window');
    const { program, args } = commandFor(runtime);
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const second = spawn(program, [...args, ...sandbox, '--', '--data-dir', dataDir], { stdio: 'ignore' });
    const code = await new Promise((resolve) => second.once('exit', resolve));
    expect(code).toBe(0);
    page = await reopened;
    await showsEngine(page, dataDir);
  });

  test('starts the engine again when it dies, and the page comes back', async () => {
    const before = await startedAt(dataDir);
    const pid = await app.evaluate(() => {
      const children = process
        .getBuiltinModule('node:fs')
        .readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8');
      return children
        .trim()
        .split(' ')
        .map(Number)
        .find((child) =>
          process.getBuiltinModule('node:fs').readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('gatehouse.js'),
        );
    });
    process.kill(pid!, 'SIGKILL');
    await expect.poll(() => startedAt(dataDir), { timeout: 30_000 }).not.toBe(before);
    await showsEngine(page, dataDir);
  });

  test('ends the engine that it started when it quits', async () => {
    await app.close();
    await expect(connectControl(dataDir)).rejects.toThrow(/not running/);
  });
});

test('attaches to an engine that runs already, and leaves it running', async () => {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'gatehouse-attach-'));
  const engine = serve(dataDir);
  try {
    const before = await startedAt(dataDir);
    const app = await launchShell(dataDir);
    const page = await app.firstWindow();
    await showsEngine(page, dataDir);
    await app.close();
    expect(engine.exitCode).toBeNull();
    expect(await startedAt(dataDir)).toBe(before);
  } finally {
    engine.kill('SIGTERM');
    await new Promise((resolve) => engine.once('exit', resolve));
    await rm(dataDir, { recursive: true, force: true });
  }
});
