import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from './store.ts';
import { StoreError } from './store-error.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-no-room-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const storeUrl = new URL('./store.ts', import.meta.url).href;

/**
 * Runs a script with a small file system of its own on the folder, in its own mount namespace: it is gone with the
 * process, however that ends.
 */
function withFileSystem(size: string, prepare: string, script: string): unknown {
  const node = [process.execPath, '--input-type=module', '-e', script].map(quoted).join(' ');
  const mount = `mount -t tmpfs -o size=${size} tmpfs ${quoted(dir)}`;
  const ran = spawnSync('unshare', ['-rm', 'sh', '-ec', `${mount}; ${prepare}; exec ${node}`], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`the script failed: ${ran.stderr}`);
  return JSON.parse(ran.stdout);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']).status === 0;
if (!canMount) console.log('Not run: full and read-only disks. They need "unshare -rm" (util-linux, user namespaces).');

const exposure = `{
  id: 'e-' + number, name: 'app-' + number, target: { container: 'c', composeProject: null, composeService: null },
  host: 'h', port: 80, scheme: 'http', protection: { kind: 'none' }, paused: false, createdAt: 1, updatedAt: 1 }`;

test.runIf(canMount)('on a full disk writes fail with one clear error, reading goes on, and writing returns', () => {
  const result = withFileSystem(
    '2m',
    ':',
    `
    const { rmSync, writeFileSync } = await import('node:fs');
    const { openStore } = await import(${JSON.stringify(storeUrl)});
    const dir = ${JSON.stringify(dir)};
    const store = openStore(dir);
    const put = (number) => store.exposures.put(${exposure});
    put(1);
    try { writeFileSync(dir + '/filler', Buffer.alloc(4_000_000)); } catch {}
    const found = [];
    let number = 2;
    for (; number < 5000; number++) {
      try { put(number); } catch (error) { found.push([error.name, error.code, error.details?.reason]); break; }
    }
    try {
      store.requests.insert(Array.from({ length: 500 }, (_, index) => ({
        id: 'r' + index, entryPoint: 'web', host: 'h'.repeat(200), target: '/', clientIp: '::1', router: null, service: null, status: 200,
      })));
    } catch (error) { found.push([error.name, error.code, error.details?.reason]); }
    const whileFull = { problems: store.problems.map(({ code }) => code), kept: store.exposures.list().length === number - 1 };
    rmSync(dir + '/filler');
    put(number);
    const after = { problems: store.problems, kept: store.exposures.list().length === number };
    store.close();
    const again = openStore(dir);
    console.log(JSON.stringify({ found, whileFull, after, again: [again.problems, again.exposures.list().length === number] }));
  `,
  );
  expect(result).toEqual({
    found: [
      ['OperationError', 'UNAVAILABLE', 'DISK_FULL'],
      ['OperationError', 'UNAVAILABLE', 'DISK_FULL'],
    ],
    whileFull: { problems: ['DISK_FULL'], kept: true },
    after: { problems: [], kept: true },
    again: [[], true],
  });
});

const tryToOpen = `
  const { openStore } = await import(${JSON.stringify(storeUrl)});
  const outcome = (work) => {
    try { work(); return null; } catch ({ name, code, message, fix }) { return { name, code, message, fix }; }
  };`;

test.runIf(canMount)('a start on a full disk says so', () => {
  const result = withFileSystem(
    '64k',
    `dd if=/dev/zero of=${quoted(dir)}/filler bs=4k count=99 2>/dev/null || true`,
    `${tryToOpen} console.log(JSON.stringify(outcome(() => openStore(${JSON.stringify(dir)}))));`,
  );
  expect(result).toMatchObject({ name: 'StoreError', code: 'DISK_FULL' });
});

test.runIf(canMount)('a start in a read-only folder says so, with or without a database in it', () => {
  const result = withFileSystem(
    '1m',
    ':',
    `${tryToOpen}
    const { execFileSync } = await import('node:child_process');
    const { mkdirSync } = await import('node:fs');
    const dir = ${JSON.stringify(dir)};
    openStore(dir + '/old').close();
    mkdirSync(dir + '/empty');
    execFileSync('mount', ['-o', 'remount,ro', dir]);
    console.log(JSON.stringify(['/old', '/empty', '/none'].map((name) => outcome(() => openStore(dir + name))?.code)));
  `,
  );
  expect(result).toEqual(['DATA_DIR_READ_ONLY', 'DATA_DIR_READ_ONLY', 'DATA_DIR_READ_ONLY']);
});

test.runIf(process.platform === 'linux')('a folder that cannot be made says so, and does not try forever', () => {
  expect(() => openStore('/proc/gatehouse/data')).toThrow('/proc/gatehouse/data');
});

test('a data folder that is a file says so, and what to do', () => {
  const file = join(dir, 'file');
  writeFileSync(file, 'x');
  for (const dataDir of [file, join(file, 'below')]) {
    try {
      openStore(dataDir);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ code: 'DATA_DIR_UNUSABLE', message: expect.stringContaining(dataDir) });
      expect((error as StoreError).fix).toContain('--data-dir');
    }
  }
});
