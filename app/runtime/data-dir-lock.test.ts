import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDataDir } from './data-dir-lock.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('one at a time, and free again when it is let go', () => {
  const release = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow(`is in use by Gatehouse (pid ${process.pid})`);
  release();
  lockDataDir(dir)();
});

test('a second try in the same process does not open the folder to others', () => {
  const release = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow('is in use');
  const moduleUrl = new URL('./data-dir-lock.ts', import.meta.url).href;
  const script = `
    const { lockDataDir } = await import(${JSON.stringify(moduleUrl)});
    lockDataDir(${JSON.stringify(dir)});`;
  const other = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  release();
  expect(other.stderr).toContain(`in use by Gatehouse (pid ${process.pid})`);
});

test('the lock of a process that was killed is free', async () => {
  const moduleUrl = new URL('./data-dir-lock.ts', import.meta.url).href;
  const script = `
    const { lockDataDir } = await import(${JSON.stringify(moduleUrl)});
    lockDataDir(${JSON.stringify(dir)});
    process.stdout.write('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(() => lockDataDir(dir)).toThrow(`(pid ${child.pid})`);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  lockDataDir(dir)();
});
