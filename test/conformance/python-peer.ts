import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Debian's own, which its packages of modules are for. */
const python = '/usr/bin/python3';

/** Why peers in Python cannot run here, with what to do about it; null where all modules are there. By module: Debian's package. */
export function missingPython(modules: Readonly<Record<string, string>>): string | null {
  const isThere = (module: string): boolean => spawnSync(python, ['-c', `import ${module}`]).status === 0;
  const missing = Object.entries(modules).filter(([module]) => !isThere(module));
  if (missing.length === 0) return null;
  return `Python has no ${missing.map(([module]) => module).join(', ')}: apt-get install ${missing.map(([, name]) => name).join(' ')}`;
}

function scriptPath(script: string): string {
  return join(import.meta.dirname, 'peers', script);
}

/** Runs a client to its end; gives what it printed, as JSON. Rejects with what it complained of. */
export function askPython(script: string, args: readonly string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    execFile(python, [scriptPath(script), ...args], { timeout: 120_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${script} ${args.join(' ')}: ${error.message}\n${stderr}`));
      else resolve(JSON.parse(stdout) as unknown);
    });
  });
}

export interface PythonServer {
  readonly port: number;
  /** All that it has printed after its port. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts a server that prints its port first. */
export async function startPython(script: string, args: readonly string[]): Promise<PythonServer> {
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig=KILL', python, scriptPath(script), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('\n')) resolve(Number.parseInt(output, 10));
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}:\n${complaints}`)));
  });
  return {
    port,
    output: () => output.slice(output.indexOf('\n') + 1),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
