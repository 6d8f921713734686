import path from 'node:path';

/** What the choice of a data folder depends on. */
export interface DataDirSources {
  /** `--data-dir`. */
  readonly flag?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly homeDir: string;
}

/**
 * The data folder, absolute: the flag, else GATEHOUSE_DATA_DIR, else the system's convention for a person's data. It is
 * one rule for everybody, root included; a service names its folder by the variable.
 */
export function resolveDataDir({ flag, env, platform, homeDir }: DataDirSources): string {
  return path.resolve(flag || env['GATEHOUSE_DATA_DIR'] || conventionalDir(env, platform, homeDir));
}

function conventionalDir(env: DataDirSources['env'], platform: NodeJS.Platform, homeDir: string): string {
  if (platform === 'darwin') return path.join(homeDir, 'Library', 'Application Support', 'Gatehouse');
  if (platform === 'win32')
    return path.join(env['LOCALAPPDATA'] || path.join(homeDir, 'AppData', 'Local'), 'Gatehouse');
  const shared = env['XDG_DATA_HOME'];
  // The XDG specification says that relative paths are to be ignored.
  const dataHome = shared && path.isAbsolute(shared) ? shared : path.join(homeDir, '.local', 'share');
  return path.join(dataHome, 'gatehouse');
}
