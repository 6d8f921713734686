import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Starting at login on Linux: an entry of the desktop's autostart folder. (macOS and Windows have calls of their own.) */
export interface LoginItem {
  readonly isOn: () => boolean;
  readonly set: (on: boolean) => void;
}

/** `command` is the program and its arguments; `configDir` is XDG_CONFIG_HOME or ~/.config. */
export function autostartEntry(configDir: string, command: readonly string[]): LoginItem {
  const file = path.join(configDir, 'autostart', 'gatehouse.desktop');
  return {
    isOn: () => existsSync(file),
    set: (on) => {
      if (!on) {
        rmSync(file, { force: true });
        return;
      }
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, desktopEntry(command));
    },
  };
}

function desktopEntry(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Gatehouse',
    `Exec=${command.map(quoted).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** Quoting of the Desktop Entry Specification, "The Exec key": once for the shell-like words, once for the string. */
function quoted(argument: string): string {
  const word = `"${argument.replaceAll(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}"`;
  return word.replaceAll('\\', '\\\\');
}
