import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from './store.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-cut-off-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const storeUrl = new URL('./store.ts', import.meta.url).href;

/** Writes an exposure and its change together, logs requests between, and says each number once it is written. */
const writer = (dataDir: string, from: number): string => `
  const { openStore } = await import(${JSON.stringify(storeUrl)});
  const store = openStore(${JSON.stringify(dataDir)});
  const record = { at: 1, entryPoint: 'web', clientIp: '::1', host: 'a', target: '/', router: null, service: null, status: 200 };
  for (let number = ${from}; ; number++) {
    store.transaction(() => {
      store.exposures.put({
        id: 'e-' + number, name: 'app-' + number, target: { container: 'c', composeProject: null, composeService: null },
        host: 'h-' + number, port: 80, scheme: 'http', protection: { kind: 'none' }, paused: false,
        createdAt: number, updatedAt: number,
      });
      store.changes.add({
        id: 'c-' + number, at: number, actor: 'cli', kind: 'exposure.created', subject: 'app-' + number, details: {},
        undo: { kind: 'exposure.remove', exposureId: 'e-' + number }, undoneAt: null,
      });
    });
    store.requests.insert(Array.from({ length: 20 }, (_, index) => ({ ...record, id: number + '-' + index })));
    process.stdout.write(number + '\\n');
    await new Promise((resolve) => setImmediate(resolve));
  }`;

test('killed while it writes, it loses nothing that it had confirmed', async () => {
  let confirmed = 0;
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer(dir, confirmed + 2)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const enough = confirmed + 25 + round * 7;
    for await (const line of createInterface(child.stdout)) {
      confirmed = Number(line);
      if (confirmed === enough) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');

    const store = openStore(dir);
    expect(store.problems).toEqual([]);
    const written = store.exposures.list().map(({ createdAt }) => createdAt);
    const noted = store.changes.list(10_000).map(({ at }) => at);
    expect(noted.toSorted((a, b) => a - b)).toEqual(written);
    // One more may have been written before it could say so.
    expect([confirmed, confirmed + 1]).toContain(written.at(-1));
    expect(store.requests.count() % 20).toBe(0);
    store.close();
  }
});
