#!/usr/bin/env node
// The gatehouse command. Plain JavaScript: it may be started by an older Node than the engine needs.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const neededMajor = 24;
const rootDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bundle = path.join(rootDir, 'out', 'engine', 'gatehouse.js');
const source = path.join(rootDir, 'app', 'cli', 'gatehouse.ts');

if (Number(process.versions.node.split('.')[0]) >= neededMajor) await import(pathToFileURL(entry()).href);
else runUnderNewerNode();

/** The bundle, unless this is a checkout whose source has changed since. */
function entry() {
  if (!existsSync(bundle)) return source;
  if (!existsSync(source)) return bundle;
  const builtAt = statSync(bundle).mtimeMs;
  return ['app', 'proxy'].some((name) => changedAfter(path.join(rootDir, name), builtAt)) ? source : bundle;
}

function changedAfter(dir, timeMs) {
  return readdirSync(dir, { withFileTypes: true }).some((found) => {
    const file = path.join(dir, found.name);
    if (found.isDirectory()) return changedAfter(file, timeMs);
    return file.endsWith('.ts') && !file.endsWith('.test.ts') && statSync(file).mtimeMs > timeMs;
  });
}

function runUnderNewerNode() {
  const windows = process.platform === 'win32';
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`;
  const node = path.join(rootDir, 'node_modules', name, 'bin', windows ? 'node.exe' : 'node');
  if (!existsSync(node)) {
    console.error(`Gatehouse needs Node ${neededMajor}; this is Node ${process.versions.node}.`);
    console.error(`Install Node ${neededMajor}, or run "npm ci" in ${rootDir}, which brings a copy for most systems.`);
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) {
    // From a terminal the child gets Ctrl-C by itself.
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once('error', (error) => {
    console.error(`${node} could not be started: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
