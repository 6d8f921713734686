import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectControl } from '../../app/operations/client.ts';

/** `npm start` on a machine without a screen. */

const rootDir = path.resolve(import.meta.dirname, '../..');
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'gatehouse-start-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

function start(...flags: string[]) {
  const { DISPLAY: _x11, WAYLAND_DISPLAY: _wayland, ...env } = process.env;
  const child: ChildProcess = spawn(
    process.execPath,
    ['scripts/start.mjs', '--data-dir', dataDir, '--docker', 'off', ...flags],
    { cwd: rootDir, env: { ...env, GATEHOUSE_WORKERS: '1' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, ended, output: () => output };
}

describe('npm start without a display', () => {
  it('runs the engine with its flags, prints where the dashboard is, and ends with it', async () => {
    const addresses = ['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--dashboard', '127.0.0.1:0'];
    const { child, ended, output } = start(...addresses);
    try {
      await expect.poll(output, { timeout: 60_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d+\/sign-in\?code=/);
      const engine = await connectControl(dataDir);
      const { entryPoints } = await engine.client.status();
      engine.close();
      expect(entryPoints.map((entryPoint) => entryPoint.address)).toEqual(['127.0.0.1:0', '127.0.0.1:0']);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await ended).toBe(0);
    await expect(connectControl(dataDir)).rejects.toThrow(/not running/);
  }, 90_000);

  it('keeps the exit code of an engine that was called wrongly', async () => {
    const { ended, output } = start('--no-such-flag');
    expect(await ended).toBe(2);
    expect(output()).toContain('no-such-flag');
  }, 60_000);
});
