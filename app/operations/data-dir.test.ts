import { describe, expect, it } from 'vitest';
import { resolveDataDir } from './data-dir.ts';

const linux = { env: {}, platform: 'linux', homeDir: '/home/ada' } as const;

describe('resolveDataDir', () => {
  it('takes the flag before the variable and the variable before the convention', () => {
    const env = { GATEHOUSE_DATA_DIR: '/srv/gatehouse', XDG_DATA_HOME: '/xdg' };
    expect(resolveDataDir({ ...linux, env, flag: '/flag' })).toBe('/flag');
    expect(resolveDataDir({ ...linux, env })).toBe('/srv/gatehouse');
    expect(resolveDataDir({ ...linux, env: { XDG_DATA_HOME: '/xdg' } })).toBe('/xdg/gatehouse');
    expect(resolveDataDir(linux)).toBe('/home/ada/.local/share/gatehouse');
  });

  it('ignores empty values and a relative XDG_DATA_HOME', () => {
    const env = { GATEHOUSE_DATA_DIR: '', XDG_DATA_HOME: 'here' };
    expect(resolveDataDir({ ...linux, env, flag: '' })).toBe('/home/ada/.local/share/gatehouse');
  });

  it('follows the conventions of macOS and Windows', () => {
    expect(resolveDataDir({ ...linux, platform: 'darwin', homeDir: '/Users/ada' })).toBe(
      '/Users/ada/Library/Application Support/Gatehouse',
    );
    const windows = resolveDataDir({ ...linux, platform: 'win32', env: { LOCALAPPDATA: '/local' } });
    expect(windows).toBe('/local/Gatehouse');
  });
});
