import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CertificateView } from '../../app/contract/certificates.ts';
import { type FakeCa, startFakeCa } from '../support/fake-ca.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { missingPeers } from '../support/peers.ts';
import { pollUntil } from '../support/poll.ts';

const absent = missingPeers({ unshare: 'util-linux', nsenter: 'util-linux', mount: 'mount' });
if (absent !== null && process.env['CI']) throw new Error(absent);
const isAllowed =
  absent === null && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const missing = absent ?? (isAllowed ? null : 'a small disk needs root and mount namespaces');

const command = path.resolve(import.meta.dirname, '../../bin/gatehouse.mjs');

let dir = '';
let ca: FakeCa;
let running: RunningGatehouse | null = null;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'gh-full-'));
  await mkdir(path.join(dir, 'data'));
  ca = await startFakeCa();
});
afterEach(async () => {
  await running?.end();
  running = null;
  await ca.stop();
  await rm(dir, { recursive: true, force: true });
});

/** The engine with its data folder on a disk of its own, of a few megabytes, which goes with the process. */
async function startOnSmallDisk(): Promise<void> {
  const dataDir = path.join(dir, 'data');
  await writeFile(
    path.join(dir, 'static.yml'),
    `entryPoints:
  web: { address: "127.0.0.1:0" }
  websecure: { address: "127.0.0.1:0", http: { tls: {} } }
providers: { file: { filename: "${path.join(dir, 'dynamic.yml')}" } }
certificatesResolvers:
  le:
    acme: { email: owner@example.org, storage: acme.json, caServer: "${ca.directoryUrl}", httpChallenge: { entryPoint: web } }
`,
  );
  await route([]);
  const mountAndGoOn = `mount -t tmpfs -o size=8m,mode=0700 none "${dataDir}" && exec "$@"`;
  running = await startGatehouse(['--config', path.join(dir, 'static.yml')], {
    dataDir,
    under: ['unshare', '--mount', 'sh', '-c', mountAndGoOn, 'sh'],
  });
}

async function route(hosts: readonly string[]): Promise<void> {
  const routers = hosts.map(
    (host, n) => `    r${n}: { rule: "Host(\`${host}\`)", service: whoami@internal, tls: { certResolver: le } }\n`,
  );
  await writeFile(path.join(dir, 'dynamic.yml'), hosts.length === 0 ? '' : `http:\n  routers:\n${routers.join('')}`);
}

const ballast = (): string => `/proc/${running?.pid}/root${path.join(dir, 'data', 'ballast')}`;

/** Leaves no byte. */
function fill(): void {
  const file = openSync(ballast(), 'a');
  try {
    for (const size of [65_536, 4096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Runs a command where the small disk can be seen. */
async function run(...args: string[]): Promise<string> {
  const all = ['-t', String(running?.pid), '--mount', process.execPath, command, ...args];
  const { stdout } = await promisify(execFile)('nsenter', [...all, '--data-dir', path.join(dir, 'data')]);
  return stdout;
}

async function certificateOf(host: string): Promise<CertificateView | undefined> {
  const all = JSON.parse(await run('certificates', 'list', '--json')) as CertificateView[];
  return all.find(({ names, source }) => source === 'acme' && names.includes(host));
}

const ordersFor = (host: string): number =>
  ca.questions.filter(({ kind, payload }) => kind === 'new-order' && JSON.stringify(payload).includes(`"${host}"`))
    .length;

describe.skipIf(missing !== null)(`a disk that is full${missing === null ? '' : ` (${missing})`}`, () => {
  test('at any step of an order costs no key and no second order, and the order goes on once there is space', async () => {
    await startOnSmallDisk();
    const hosts: string[] = [];
    // While the CA makes up its answer to the question, so that what it says cannot be kept.
    for (const fullAt of ['new-account', 'new-order', 'chall', 'finalize', 'cert']) {
      const host = `${fullAt}.example.org`;
      hosts.push(host);
      let isFilled = false;
      ca.lie = ({ kind }) => {
        if (kind === fullAt && !isFilled) {
          isFilled = true;
          fill();
        }
        return undefined;
      };
      await route(hosts);
      await pollUntil(async () => (await certificateOf(host))?.failure?.at !== undefined && isFilled, 120_000);
      const full = await certificateOf(host);
      expect([fullAt, full?.failure?.problem.code, full?.notAfter]).toEqual([fullAt, 'ACME_NOT_KEPT', null]);
      expect(full?.failure?.problem.fix).toContain('space');
      rmSync(ballast());
      await run('certificates', 'renew', host);
      await pollUntil(async () => (await certificateOf(host))?.status === 'valid', 120_000);
      expect([fullAt, ordersFor(host)]).toEqual([fullAt, 1]);
    }
    // The first answer about the account was lost; from then on it was known.
    expect(ca.count('new-account')).toBe(2);
  }, 600_000);
});
