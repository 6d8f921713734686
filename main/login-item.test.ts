import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { autostartEntry } from './login-item.ts';

const configDir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-login-'));
afterAll(() => rmSync(configDir, { recursive: true, force: true }));

describe('autostartEntry', () => {
  it('writes an entry that starts hidden, and takes it away again', () => {
    const item = autostartEntry(configDir, ['/opt/Gate house/gatehouse-app', '--hidden']);
    expect(item.isOn()).toBe(false);
    item.set(true);
    expect(item.isOn()).toBe(true);
    const entry = readFileSync(path.join(configDir, 'autostart/gatehouse.desktop'), 'utf8');
    expect(entry).toContain('Exec="/opt/Gate house/gatehouse-app" "--hidden"\n');
    item.set(false);
    item.set(false);
    expect(item.isOn()).toBe(false);
  });

  it('escapes what the desktop would take for its own', () => {
    const item = autostartEntry(configDir, ['/opt/100% "mine" $HOME/app']);
    item.set(true);
    const entry = readFileSync(path.join(configDir, 'autostart/gatehouse.desktop'), 'utf8');
    expect(entry).toContain('Exec="/opt/100%% \\\\"mine\\\\" \\\\$HOME/app"');
  });
});
