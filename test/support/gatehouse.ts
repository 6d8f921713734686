import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pollUntil } from './poll.ts';

const command = path.resolve(import.meta.dirname, '../../bin/gatehouse.mjs');

export interface CommandResult {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs `gatehouse` to its end. */
export function gatehouse(
  args: readonly string[],
  options: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, ...options.env } });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    error += chunk.toString();
  });
  child.stdin.end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, error }));
  });
}

export interface RunningGatehouse {
  readonly dataDir: string;
  readonly pid: number;
  readonly output: () => string;
  /** Runs another command on the same data folder. */
  readonly run: (...args: readonly string[]) => Promise<CommandResult>;
  /** Sends a signal and gives the exit code. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
  /** Ends it and removes its data folder. May be called twice. */
  readonly stop: () => Promise<void>;
}

/** Starts `gatehouse serve` as people do, on free loopback ports, without Docker unless the flags name one. */
export async function startGatehouse(
  flags: readonly string[] = [],
  options: {
    readonly dataDir?: string;
    readonly env?: NodeJS.ProcessEnv;
    /** A program with its arguments that becomes what is written after it, as `unshare` and `env` do. */
    readonly under?: readonly string[];
  } = {},
): Promise<RunningGatehouse> {
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'gh-serve-')));
  const usual = ['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--dashboard', '127.0.0.1:0', '--docker', 'off'];
  const defaults = usual.flatMap((flag, i) => (i % 2 === 0 && !flags.includes(flag) ? [flag, usual[i + 1] ?? ''] : []));
  const [program = process.execPath, ...rest] = [
    ...(options.under ?? []),
    ...[process.execPath, command, 'serve', '--data-dir', dataDir, ...defaults, ...flags],
  ];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A test must not write into the keychain of whoever runs it.
    env: { ...process.env, GATEHOUSE_WORKERS: '1', GATEHOUSE_SECRETS: 'files', ...options.env },
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  const stop = async (): Promise<void> => {
    await end();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await pollUntil(() => output.includes('/sign-in?code=') || child.exitCode !== null, 20_000);
    if (child.exitCode !== null) throw new Error(`gatehouse serve ended with ${child.exitCode}:\n${output}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    dataDir,
    pid: child.pid ?? -1,
    output: () => output,
    run: (...args) => gatehouse([...args, '--data-dir', dataDir]),
    end,
    stop,
  };
}
