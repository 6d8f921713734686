import path from 'node:path';
import { Menu, type MenuItemConstructorOptions, nativeImage, Tray } from 'electron';
import type { MenuAction, MenuEntry, TrayIcon } from './menu.ts';

export interface TrayView {
  readonly show: (icon: TrayIcon, entries: readonly MenuEntry[]) => void;
  destroy(): void;
}

export interface TrayOptions {
  readonly iconsDir: string;
  readonly perform: (action: MenuAction) => void;
}

/** Draws the menu; it is drawn anew only when it says something else, as an open menu would close. */
export function createTray({ iconsDir, perform }: TrayOptions): TrayView {
  const tray = new Tray(iconImage(iconsDir, 'dim'));
  tray.setToolTip('Gatehouse');
  tray.on('click', () => perform({ do: 'openDashboard' }));
  let shownIcon: TrayIcon = 'dim';
  let shownMenu = '';
  return {
    show: (icon, entries) => {
      if (icon !== shownIcon) tray.setImage(iconImage(iconsDir, icon));
      shownIcon = icon;
      const menu = JSON.stringify(entries);
      if (menu === shownMenu) return;
      shownMenu = menu;
      tray.setContextMenu(Menu.buildFromTemplate(entries.map((entry) => menuItem(entry, perform))));
      const first = entries[0];
      if (first?.kind === 'text') tray.setToolTip(`Gatehouse: ${first.label}`);
    },
    destroy: () => tray.destroy(),
  };
}

/** macOS recolours template images by itself; elsewhere panels are dark or light, and the icon carries its own edge. */
function iconImage(iconsDir: string, icon: TrayIcon): Electron.NativeImage {
  const name = process.platform === 'darwin' ? `${icon}Template.png` : `${icon}.png`;
  return nativeImage.createFromPath(path.join(iconsDir, name));
}

function menuItem(entry: MenuEntry, perform: (action: MenuAction) => void): MenuItemConstructorOptions {
  switch (entry.kind) {
    case 'text':
      return { label: entry.label, enabled: false };
    case 'line':
      return { type: 'separator' };
    case 'action':
      return { label: entry.label, enabled: entry.enabled, click: () => perform(entry.action) };
    case 'switch':
      return { label: entry.label, type: 'checkbox', checked: entry.on, click: () => perform(entry.action) };
    case 'group':
      return { label: entry.label, submenu: entry.entries.map((inner) => menuItem(inner, perform)) };
    default:
      return entry satisfies never;
  }
}
