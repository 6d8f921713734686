import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { utilityProcess } from 'electron';
import type { EngineProcess } from './engine-link.ts';

export interface EngineProcessOptions {
  /** The built engine, `gatehouse.js`. */
  readonly enginePath: string;
  readonly args: readonly string[];
  /** Node to run it with, instead of the one inside Electron. */
  readonly nodePath: string | undefined;
  /** Folder for the engine's last words. */
  readonly outputDir: string;
}

/** Time for requests under way to finish and for the database to close; then it is ended by force. */
const stopTimeoutMs = 12_000;
/** The end of an engine's output that may hold the reason of its end. */
const lastWordsLength = 600;

export function startEngineProcess(options: EngineProcessOptions): EngineProcess {
  return options.nodePath === undefined ? forkInElectron(options) : spawnNode(options, options.nodePath);
}

function forkInElectron({ enginePath, args }: EngineProcessOptions): EngineProcess {
  const child = utilityProcess.fork(enginePath, [...args], {
    serviceName: 'Gatehouse engine',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-lastWordsLength);
  });
  const exited = new Promise<{ lastWords: string }>((resolve) => {
    child.once('exit', () => resolve({ lastWords: words.trim() }));
  });
  const kill = (force: boolean): void => {
    if (force && child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
    else child.kill();
  };
  return { exited, stop: () => stopChild(exited, kill) };
}

function spawnNode({ enginePath, args, outputDir }: EngineProcessOptions, nodePath: string): EngineProcess {
  mkdirSync(outputDir, { recursive: true, mode: 0o700 });
  const wordsPath = path.join(outputDir, 'engine-output.txt');
  // A file, not a pipe: the engine outlives a shell that crashed, and must not end by writing to nobody.
  const words = openSync(wordsPath, 'w', 0o600);
  const child = spawn(nodePath, [enginePath, ...args], { stdio: ['ignore', 'ignore', words] });
  closeSync(words);
  const exited = new Promise<{ lastWords: string }>((resolve) => {
    child.once('error', (error) => resolve({ lastWords: error.message }));
    child.once('exit', () => resolve({ lastWords: readFileSync(wordsPath, 'utf8').slice(-lastWordsLength).trim() }));
  });
  return { exited, stop: () => stopChild(exited, (force) => child.kill(force ? 'SIGKILL' : 'SIGTERM')) };
}

async function stopChild(exited: Promise<unknown>, kill: (force: boolean) => void): Promise<void> {
  kill(false);
  const timer = setTimeout(() => kill(true), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}
