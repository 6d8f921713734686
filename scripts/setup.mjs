// Set-up that every command of a checkout shares. Plain JavaScript: it runs under Node 20, before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const rootDir = path.resolve(import.meta.dirname, '..');

/** Node's major version that the engine needs; a copy of it comes with `npm ci` on Linux and Windows. */
const engineNodeMajor = 24;

/** Runs `npm ci` where what is installed is not what the lockfile says. Throws after three failures. */
export async function ensureDependencies() {
  if (dependenciesAreCurrent()) return;
  console.log('Installing dependencies (this is done once) …');
  const waitsMs = [2000, 5000];
  for (let attempt = 0; ; attempt += 1) {
    const code = await runToEnd(...npmCommand(['ci', '--no-audit', '--no-fund', '--loglevel=error']));
    if (code === 0) return;
    const waitMs = waitsMs[attempt];
    if (waitMs === undefined) throw new Error('`npm ci` failed three times; its last message is above.');
    console.log(`npm ci failed with code ${code}; trying again in ${waitMs / 1000} s.`);
    await delay(waitMs);
  }
}

/** npm keeps a copy of what it installed; it is compared by content, as times of files mean little after a checkout. */
function dependenciesAreCurrent() {
  const installedPath = path.join(rootDir, 'node_modules/.package-lock.json');
  if (!existsSync(installedPath)) return false;
  const wanted = JSON.parse(readFileSync(path.join(rootDir, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages;
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '' || entry.link || !name.startsWith('node_modules/')) return true;
    const found = installed[name];
    return found === undefined ? Boolean(entry.optional || entry.devOptional) : found.version === entry.version;
  });
}

function npmCommand(args) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) return [process.execPath, [cli, ...args]];
  return process.platform === 'win32' ? ['cmd.exe', ['/d', '/s', '/c', 'npm', ...args]] : ['npm', args];
}

/** The Node that runs the engine: the copy in node_modules, else this one if it is new enough. */
export function engineNodePath() {
  const windows = process.platform === 'win32';
  const packageName = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  const file = path.join(rootDir, 'node_modules', packageName, 'bin', windows ? 'node.exe' : 'node');
  if (existsSync(file)) return file;
  if (Number(process.versions.node.split('.')[0]) >= engineNodeMajor) return process.execPath;
  throw new Error(
    `Gatehouse needs Node ${engineNodeMajor}. No copy comes with npm for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}. Install Node ${engineNodeMajor} or later and start again.`,
  );
}

/** Runs a child on this terminal and gives its exit code. */
export async function runToEnd(command, args, options = {}) {
  const child = spawn(command, args, { cwd: rootDir, stdio: 'inherit', ...options });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

/**
 * Becomes the child, as far as a parent can: signals pass through, and its end is this process's end.
 * Ctrl-C reaches the child from the terminal itself, so it is passed on only where there is none.
 */
export function becomeChild(command, args, options = {}) {
  const child = spawn(command, args, { cwd: rootDir, stdio: 'inherit', ...options });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  // npm passes a signal on to its shell, which dies of it and tells nobody: the parent's end counts as one, too.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 250);
  child.once('error', (error) => {
    clearInterval(watch);
    console.error(`${command} could not be started: ${error.message}`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** True where a program of this name answers on the PATH. */
export function hasCommand(name) {
  const looked = spawnSync(process.platform === 'win32' ? 'where' : 'which', [name], { stdio: 'ignore' });
  return looked.status === 0;
}
