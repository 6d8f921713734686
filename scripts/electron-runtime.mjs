// Finds an Electron runtime to open the tray app with, or says in one line why there is none.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { rootDir, runToEnd } from './setup.mjs';

/** A download may take this long at a first start; then the engine starts without a window. */
const downloadTimeoutMs = 75_000;
/** Whether the download's host answers at all is known much sooner. */
const probeTimeoutMs = 2_500;
/** After a download that failed, starts do not wait for another for this long. */
const retryAfterMs = 60 * 60 * 1000;

const binaryByPlatform = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
const binaryName = binaryByPlatform[process.platform] ?? 'electron';

/** True where a window can be shown. */
export function hasDisplay() {
  if (process.platform === 'darwin' || process.platform === 'win32') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/**
 * @typedef {{ programPath: string, version: string | null, reason: null }} Runtime
 * @typedef {{ programPath: null, version: null, reason: string }} NoRuntime
 */

/**
 * Path of Electron's program and its version, or the reason why there is none.
 * @returns {Promise<Runtime | NoRuntime>}
 */
export async function findElectron(nodePath) {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) return runtimeIn(override) ?? noRuntime(`ELECTRON_OVERRIDE_DIST_PATH (${override}) holds no Electron`);
  const packageDir = path.join(rootDir, 'node_modules/electron');
  const present = runtimeIn(path.join(packageDir, 'dist'));
  if (present) return present;
  const failed = recentFailure();
  if (failed) return noRuntime(failed);
  const host = downloadHost();
  const unreachable = await reasonNotReachable(host);
  if (unreachable === null) {
    console.log(`Downloading Electron from ${host} (this is done once) …`);
    const signal = AbortSignal.timeout(downloadTimeoutMs);
    await runToEnd(nodePath, [path.join(packageDir, 'install.js')], { stdio: 'ignore', signal }).catch(() => 1);
    const downloaded = runtimeIn(path.join(packageDir, 'dist'));
    if (downloaded) return downloaded;
  }
  const reason = `Electron could not be downloaded from ${host}${unreachable ? ` (${unreachable})` : ''}`;
  rememberFailure(reason);
  return noRuntime(reason);
}

function runtimeIn(distDir) {
  const programPath = path.join(distDir, binaryName);
  if (!existsSync(programPath)) return null;
  const versionPath = path.join(distDir, 'version');
  const version = existsSync(versionPath) ? readFileSync(versionPath, 'utf8').trim().replace(/^v/, '') : null;
  return { programPath, version, reason: null };
}

function noRuntime(reason) {
  return { programPath: null, version: null, reason };
}

function downloadHost() {
  const mirror = process.env.ELECTRON_MIRROR ?? process.env.npm_config_electron_mirror;
  return URL.canParse(mirror ?? '') ? new URL(mirror).origin : 'https://github.com';
}

async function reasonNotReachable(origin) {
  try {
    await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(probeTimeoutMs) });
    return null;
  } catch (error) {
    return error.cause?.code ?? error.cause?.message ?? `no answer in ${probeTimeoutMs / 1000} s`;
  }
}

const failurePath = path.join(rootDir, 'node_modules/.cache/gatehouse/electron-download-failed');

function recentFailure() {
  if (!existsSync(failurePath)) return null;
  const agoMs = Date.now() - statSync(failurePath).mtimeMs;
  return agoMs < retryAfterMs ? readFileSync(failurePath, 'utf8') : null;
}

function rememberFailure(reason) {
  mkdirSync(path.dirname(failurePath), { recursive: true });
  writeFileSync(failurePath, reason);
}

/** Electron's major version that the product ships with. */
export function shippedElectronMajor() {
  const { version } = createRequire(import.meta.url)('electron/package.json');
  return Number(version.split('.')[0]);
}

/**
 * A runtime for the tests of the window: the one in ELECTRON_TEST_DIST, else one that a machine for tests provides
 * beside the checkout, else the one that `npm start` would use.
 * @returns {Promise<Runtime | NoRuntime>}
 */
export async function findTestElectron(nodePath) {
  const named = process.env.ELECTRON_TEST_DIST;
  if (named) return runtimeIn(named) ?? noRuntime(`ELECTRON_TEST_DIST (${named}) holds no Electron`);
  const provider = path.join(rootDir, '../shared/electron/setup.sh');
  if (process.platform === 'linux' && existsSync(provider)) {
    const distDir = path.join(os.tmpdir(), 'gatehouse-test-electron');
    const provided = spawnSync('bash', [provider, distDir], {
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: 120_000,
    });
    const runtime = provided.status === 0 ? runtimeIn(distDir) : null;
    if (runtime) return runtime;
  }
  return findElectron(nodePath);
}

/**
 * How to start this checkout with a runtime: the program and its first arguments. Electron as it is published takes the
 * application's folder as an argument. A runtime that came with an application of its own is given this one in its
 * place, in a folder of links: only the application that a runtime starts by itself is read before it is ready.
 * @param {Runtime | NoRuntime} runtime
 * @returns {{ program: string, args: string[] }}
 */
export function commandFor({ programPath, version, reason }) {
  if (programPath === null) throw new Error(reason);
  const distDir = path.dirname(programPath);
  if (process.platform !== 'linux' || !existsSync(path.join(distDir, 'resources/app'))) {
    return { program: programPath, args: [rootDir] };
  }
  const linkedDir = path.join(rootDir, 'out', `electron-${version}`);
  const program = path.join(linkedDir, 'electron');
  // Whole from an earlier time: another shell may be running from it.
  const whole = existsSync(program) && existsSync(path.join(linkedDir, 'icudtl.dat'));
  if (whole && existsSync(path.join(linkedDir, 'resources/app/package.json'))) return { program, args: [] };
  rmSync(linkedDir, { recursive: true, force: true });
  mkdirSync(path.join(linkedDir, 'resources'), { recursive: true });
  symlinkSync(rootDir, path.join(linkedDir, 'resources/app'));
  for (const name of readdirSync(distDir)) {
    if (name !== 'resources' && name !== 'electron') symlinkSync(path.join(distDir, name), path.join(linkedDir, name));
  }
  // Electron looks for its files beside the program itself, wherever a symbolic link to it lies.
  try {
    linkSync(programPath, program);
  } catch {
    cpSync(programPath, program);
  }
  return { program, args: [] };
}
