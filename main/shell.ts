import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { app, type BrowserWindow, dialog, session } from 'electron';
import { languageOf } from '../app/contract/sentence.ts';
import { connectControl, EngineNotRunningError, openControlSocket } from '../app/operations/client.ts';
import { resolveDataDir } from '../app/operations/data-dir.ts';
import { shellArguments } from './arguments.ts';
import { type EnginePicture, startEngineLink } from './engine-link.ts';
import { startEngineProcess } from './engine-process.ts';
import { autostartEntry, type LoginItem } from './login-item.ts';
import { type MenuAction, trayIcon, trayMenu } from './menu.ts';
import { bridgePage } from './page-bridge.ts';
import { createTray } from './tray.ts';
import { closeSession, openOutside, openWindow, windowPaths } from './window.ts';

/** Called once, by the entry. Electron may be ready by then or not. */
export function startShell(): void {
  const { hidden, dataDir: flag, engineFlags } = shellArguments(process.argv);
  const dataDir = resolveDataDir({ flag, env: process.env, platform: process.platform, homeDir: os.homedir() });
  app.setName('Gatehouse');
  try {
    // The shell may come before the engine, and the folder is for its owner alone.
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    // One shell for one data folder: the lock lives in the folder that Electron keeps its own things in.
    app.setPath('userData', path.join(dataDir, 'window'));
  } catch (error) {
    dialog.showErrorBox('Gatehouse', `The data folder ${dataDir} cannot be used: ${String(error)}`);
    app.exit(1);
    return;
  }
  if (app.requestSingleInstanceLock()) {
    // Not awaited: Electron may become ready only after the entry has been read to its end.
    void app.whenReady().then(() => run({ dataDir, hidden, engineFlags }));
  } else {
    // The other instance opens its window.
    app.exit(0);
  }
}

interface RunOptions {
  readonly dataDir: string;
  readonly hidden: boolean;
  readonly engineFlags: readonly string[];
}

function run({ dataDir, hidden, engineFlags }: RunOptions): void {
  const appDir = app.getAppPath();
  const paths = windowPaths(appDir);
  const language = languageOf(app.getLocale());
  const loginItem = systemLoginItem();
  let window: BrowserWindow | null = null;
  let picture: EnginePicture = { status: 'starting', apps: [], failure: null };

  closeSession(session.defaultSession, paths.rendererDir);

  const tray = createTray({ iconsDir: path.join(appDir, 'build/icons/tray'), perform });
  const link = startEngineLink({
    connect: () => connectControl(dataDir, 'window').catch(nullIfNotRunning),
    startProcess: () =>
      startEngineProcess({
        enginePath: path.join(appDir, 'out/engine/gatehouse.js'),
        args: ['serve', '--data-dir', dataDir, ...engineFlags],
        nodePath: process.env['GATEHOUSE_ENGINE_NODE'],
        outputDir: app.getPath('userData'),
      }),
    onPicture: (next) => {
      picture = next;
      draw();
    },
    onError: (error) => process.stderr.write(`The line to the engine broke: ${String(error)}\n`),
    delay: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
  });

  function draw(): void {
    tray.show(trayIcon(picture), trayMenu(picture, { language, startAtLogin: loginItem.isOn() }));
  }

  function showWindow(): void {
    if (window === null) {
      window = openWindow(paths);
      const cut = bridgePage(window.webContents, () => openControlSocket(dataDir, 'window'));
      window.once('closed', () => {
        cut();
        window = null;
      });
    }
    if (window.isMinimized()) window.restore();
    if (window.isVisible()) window.focus();
  }

  function perform(action: MenuAction): void {
    switch (action.do) {
      case 'openDashboard':
        showWindow();
        return;
      case 'openUrl':
        openOutside(action.url);
        return;
      case 'pauseAll':
      case 'resumeAll':
        void link.client()?.exposures[action.do]().catch(showFailure);
        return;
      case 'toggleStartAtLogin':
        loginItem.set(!loginItem.isOn());
        draw();
        return;
      case 'quit':
        app.quit();
        return;
      default:
        action satisfies never;
    }
  }

  draw();
  if (!hidden) showWindow();
  app.on('second-instance', showWindow);
  app.on('activate', showWindow);
  // Closing the window keeps the tray.
  app.on('window-all-closed', () => undefined);
  // Electron's own handling leaves no time for the engine to end.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => app.quit());
  let stopped = false;
  app.on('before-quit', (event) => {
    if (stopped) return;
    event.preventDefault();
    void link.stop().finally(() => {
      stopped = true;
      tray.destroy();
      app.quit();
    });
  });
}

function nullIfNotRunning(error: unknown): null {
  if (error instanceof EngineNotRunningError) return null;
  throw error;
}

function showFailure(error: unknown): void {
  void dialog.showMessageBox({ type: 'error', message: error instanceof Error ? error.message : String(error) });
}

function systemLoginItem(): LoginItem {
  const program = process.env['APPIMAGE'] ?? process.execPath;
  const args = app.isPackaged ? ['--hidden'] : [app.getAppPath(), '--hidden'];
  if (process.platform === 'linux') {
    const configDir = process.env['XDG_CONFIG_HOME'] ?? path.join(os.homedir(), '.config');
    return autostartEntry(configDir, [program, ...args]);
  }
  return {
    isOn: () => app.getLoginItemSettings({ path: program, args }).openAtLogin,
    set: (openAtLogin) => app.setLoginItemSettings({ openAtLogin, path: program, args }),
  };
}
