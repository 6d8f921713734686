import { type Language, sentenceOf, sentenceText } from '../app/contract/sentence.ts';
import type { EnginePicture } from './engine-link.ts';

/** The tray's menu as values: what it says is decided here, Electron only draws it. */
export type MenuEntry =
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'line' }
  | { readonly kind: 'action'; readonly label: string; readonly action: MenuAction; readonly enabled: boolean }
  | { readonly kind: 'switch'; readonly label: string; readonly action: MenuAction; readonly on: boolean }
  | { readonly kind: 'group'; readonly label: string; readonly entries: readonly MenuEntry[] };

export type MenuAction =
  | { readonly do: 'openDashboard' | 'pauseAll' | 'resumeAll' | 'toggleStartAtLogin' | 'quit' }
  | { readonly do: 'openUrl'; readonly url: string };

export type TrayIcon = 'lit' | 'dim' | 'dot' | 'cross';

/** A menu longer than a screen cannot be read; the rest is in the dashboard. */
const appsListed = 15;

export function trayIcon({ status }: EnginePicture): TrayIcon {
  const { tone } = sentenceOf(status, 'en');
  switch (tone) {
    case 'well':
      return 'lit';
    case 'starting':
    case 'paused':
      return 'dim';
    case 'attention':
      return 'dot';
    case 'down':
      return 'cross';
    default:
      return tone satisfies never;
  }
}

export function trayMenu(
  picture: EnginePicture,
  { language, startAtLogin }: { readonly language: Language; readonly startAtLogin: boolean },
): MenuEntry[] {
  const words = dictionary[language];
  const { status, apps, failure } = picture;
  const engine = status === null || status === 'starting' ? null : status;
  const entries: MenuEntry[] = [{ kind: 'text', label: sentenceText(sentenceOf(status, language)) }];
  if (failure) entries.push({ kind: 'text', label: shortened(failure) });
  entries.push({ kind: 'line' });
  entries.push({ kind: 'action', label: words.openDashboard, action: { do: 'openDashboard' }, enabled: true });
  if (apps.length > 0)
    entries.push({ kind: 'group', label: words.apps(apps.length), entries: appEntries(picture, words) });
  entries.push({ kind: 'line' });
  const paused = engine?.pausedAll === true;
  entries.push({
    kind: 'action',
    label: paused ? words.resumeAll : words.pauseAll,
    action: { do: paused ? 'resumeAll' : 'pauseAll' },
    enabled: engine !== null,
  });
  const login = { do: 'toggleStartAtLogin' } as const;
  entries.push({ kind: 'switch', label: words.startAtLogin, action: login, on: startAtLogin });
  entries.push({ kind: 'line' });
  entries.push({ kind: 'action', label: words.quit, action: { do: 'quit' }, enabled: true });
  return entries;
}

function appEntries({ apps }: EnginePicture, words: Words): MenuEntry[] {
  const entries: MenuEntry[] = apps
    .slice(0, appsListed)
    .map(({ host, url }) => ({ kind: 'action', label: host, action: { do: 'openUrl', url }, enabled: true }));
  const rest = apps.length - appsListed;
  if (rest > 0) {
    entries.push({ kind: 'line' });
    entries.push({ kind: 'action', label: words.more(rest), action: { do: 'openDashboard' }, enabled: true });
  }
  return entries;
}

/** The last line says most; menus are narrow. */
function shortened(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

type Words = (typeof dictionary)[Language];

const dictionary = {
  en: {
    openDashboard: 'Open dashboard',
    apps: (count: number) => `Open apps (${count})`,
    more: (count: number) => `${count} more in the dashboard`,
    pauseAll: 'Pause all',
    resumeAll: 'Resume all',
    startAtLogin: 'Start at login',
    quit: 'Quit Gatehouse',
  },
  fr: {
    openDashboard: 'Ouvrir le tableau de bord',
    apps: (count: number) => `Applications ouvertes (${count})`,
    more: (count: number) => `${count} de plus dans le tableau de bord`,
    pauseAll: 'Tout mettre en pause',
    resumeAll: 'Tout reprendre',
    startAtLogin: 'Lancer à l’ouverture de session',
    quit: 'Quitter Gatehouse',
  },
};
