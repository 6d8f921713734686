import { create } from 'zustand';

export type ThemeChoice = 'system' | 'light' | 'dark';

const storageKey = 'gatehouse.theme';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

function storedChoice(): ThemeChoice {
  const stored = localStorage.getItem(storageKey);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export const useTheme = create<{ readonly choice: ThemeChoice; readonly dark: boolean }>(() => ({
  choice: storedChoice(),
  dark: false,
}));

function apply(): void {
  const { choice } = useTheme.getState();
  const dark = choice === 'dark' || (choice === 'system' && systemDark.matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  useTheme.setState({ dark });
}

export function chooseTheme(choice: ThemeChoice): void {
  if (choice === 'system') localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, choice);
  useTheme.setState({ choice });
  apply();
}

/** Before the first paint. */
export function startTheme(): void {
  systemDark.addEventListener('change', apply);
  apply();
}
