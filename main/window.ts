import path from 'node:path';
import { BrowserWindow, type Session, shell } from 'electron';
import { answerPage, pageOrigin, pageScheme } from './page-files.ts';

export interface WindowPaths {
  readonly rendererDir: string;
  readonly preloadPath: string;
  readonly iconPath: string;
}

/** The dashboard's window. Its page can reach its own files and the port it is given, nothing else. */
export function openWindow({ preloadPath, iconPath }: WindowPaths): BrowserWindow {
  const window = new BrowserWindow({
    width: 1240,
    height: 860,
    minWidth: 360,
    minHeight: 480,
    title: 'Gatehouse',
    icon: iconPath,
    autoHideMenuBar: true,
    show: false,
    webPreferences: {
      preload: preloadPath,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      spellcheck: false,
    },
  });
  const { webContents } = window;
  webContents.on('will-frame-navigate', (event) => {
    event.preventDefault();
    openOutside(event.url);
  });
  webContents.on('will-redirect', (event) => event.preventDefault());
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  webContents.setWindowOpenHandler(({ url }) => {
    openOutside(url);
    return { action: 'deny' };
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(`${pageOrigin}/`);
  return window;
}

/** Web addresses open in the system's browser; every other scheme could start a program. */
export function openOutside(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) void shell.openExternal(url);
}

/** Serves the page's files, refuses every permission but copying, and lets no request leave. */
export function closeSession(session: Session, rendererDir: string): void {
  session.protocol.handle(pageScheme, (request) => answerPage(rendererDir, request));
  session.setPermissionRequestHandler((_contents, permission, answer, details) => {
    answer(isCopying(permission, details.requestingUrl));
  });
  session.setPermissionCheckHandler((_contents, permission, origin) => isCopying(permission, `${origin}/`));
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isOwnRequest(url) }));
}

function isCopying(permission: string, url: string | undefined): boolean {
  return permission === 'clipboard-sanitized-write' && url?.startsWith(`${pageOrigin}/`) === true;
}

function isOwnRequest(url: string): boolean {
  const own = [`${pageOrigin}/`, `blob:${pageOrigin}/`, 'data:image/', 'devtools://'];
  return own.some((prefix) => url.startsWith(prefix));
}

export function windowPaths(appDir: string): WindowPaths {
  return {
    rendererDir: path.join(appDir, 'out/renderer'),
    preloadPath: path.join(appDir, 'out/preload/preload.cjs'),
    iconPath: path.join(appDir, 'build/icons/icon.png'),
  };
}
