import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A real Docker daemon of the tests' own, with its own bridge, folders and socket. */
export interface TestDocker {
  readonly socketPath: string;
  /** As `gatehouse serve --docker` takes it. */
  readonly endpoint: string;
  /** Runs `docker ARGS` against it; returns what it printed, trimmed. */
  readonly cli: (...args: string[]) => Promise<string>;
  /** Starts a container and returns its id. */
  readonly run: (container: TestContainer) => Promise<string>;
  /** One call of the Engine API, without the CLI's start-up time. */
  readonly api: (method: string, path: string) => Promise<{ readonly status: number; readonly body: string }>;
  /** Removes every container and every network that was made. */
  readonly clear: () => Promise<void>;
  readonly stopDaemon: () => Promise<void>;
  readonly startDaemon: () => Promise<void>;
  /** Stops the daemon and removes every trace of it. May be called twice. */
  readonly stop: () => Promise<void>;
}

export interface TestContainer {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly network?: string;
  /** Ports that the container says it listens on; the image itself exposes 80 and serves there. */
  readonly expose?: readonly number[];
  /** `HOST:PORT:CONTAINERPORT`, as `docker run -p` takes it. */
  readonly publish?: readonly string[];
  readonly image?: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  /** False: only created. */
  readonly start?: boolean;
}

/** Serves the text of /www/index.html on port 80. */
const webImage = 'web:1';
/** The same without any exposed port. */
export const bareImage = 'bare:1';

const bridge = 'gh-test0';

/** Why there can be no Docker daemon here, with what to do about it; null where there can. */
export function missingForDocker(): string | null {
  for (const [command, debianPackage] of [
    ['dockerd', 'docker.io'],
    ['docker', 'docker.io'],
    ['busybox', 'busybox-static'],
    ['ip', 'iproute2'],
  ] as const) {
    if (!onPath(command)) return `${command} is not installed: apt-get install ${debianPackage}`;
  }
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a Docker daemon needs Linux and root';
  return null;
}

function onPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Starts a daemon; waits while another one of these runs on the machine. It touches no firewall rule and no bridge but
 * its own. It ends with the process that started it, however that ends.
 */
export async function startDocker(): Promise<TestDocker> {
  const missing = missingForDocker();
  if (missing !== null) throw new Error(missing);
  const lock = await takeLock();
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-docker-'));
  const socketPath = join(dir, 'docker.sock');
  const endpoint = `unix://${socketPath}`;
  const logFile = join(dir, 'dockerd.log');
  let daemon: ChildProcess | undefined;
  let stopped = false;

  const cli = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute('docker', ['-H', endpoint, ...args], {
      env: { PATH: process.env['PATH'], HOME: dir },
    });
    return stdout.trim();
  };

  async function startDaemon(): Promise<void> {
    const log = openSync(logFile, 'a');
    daemon = spawn(
      'setpriv',
      [
        '--pdeathsig=TERM',
        'dockerd',
        `--host=${endpoint}`,
        `--data-root=${join(dir, 'data')}`,
        `--exec-root=${join(dir, 'exec')}`,
        `--pidfile=${join(dir, 'pid')}`,
        `--bridge=${bridge}`,
        '--default-address-pool=base=10.214.0.0/16,size=24',
        '--iptables=false',
        '--ip-forward=false',
        '--ip-masq=false',
      ],
      { stdio: ['ignore', log, log] },
    );
    closeSync(log);
    const deadline = Date.now() + 30_000;
    for (;;) {
      try {
        if ((await api('GET', '/_ping')).status === 200) return;
      } catch (error) {
        if (daemon.exitCode !== null || Date.now() > deadline) {
          throw new Error(`dockerd did not start:\n${(await readFile(logFile, 'utf8')).slice(-2000)}`, {
            cause: error,
          });
        }
      }
      await delay(25);
    }
  }

  async function stopDaemon(): Promise<void> {
    const ending = daemon;
    daemon = undefined;
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return;
    const exited = once(ending, 'exit');
    ending.kill('SIGTERM');
    const killer = setTimeout(() => ending.kill('SIGKILL'), 20_000);
    await exited;
    clearTimeout(killer);
  }

  function api(method: string, path: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const call = request({ socketPath, method, path, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      });
      call.on('error', reject);
      call.end();
    });
  }

  async function clear(): Promise<void> {
    const containers = (await cli('ps', '-aq')).split('\n').filter(Boolean);
    if (containers.length > 0) await cli('rm', '-f', ...containers);
    const networks = (await cli('network', 'ls', '-q', '--filter', 'type=custom')).split('\n').filter(Boolean);
    if (networks.length > 0) await cli('network', 'rm', ...networks);
  }

  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    try {
      if (daemon) await clear();
    } finally {
      await stopDaemon();
      await removeTraces(dir);
      lock.release();
    }
  }

  try {
    await removeBridge();
    await execute('ip', ['link', 'add', bridge, 'type', 'bridge']);
    await execute('ip', ['addr', 'add', '10.213.0.1/24', 'dev', bridge]);
    await execute('ip', ['link', 'set', bridge, 'up']);
    await startDaemon();
    await importImages(dir, endpoint);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    socketPath,
    endpoint,
    cli,
    api,
    clear,
    startDaemon,
    stopDaemon,
    stop,
    run: async ({ name, labels = {}, network, expose = [], publish = [], image = webImage, ...rest }) =>
      cli(
        ...(rest.start === false ? ['create'] : ['run', '-d']),
        `--name=${name}`,
        ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
        ...(network === undefined ? [] : ['--network', network]),
        ...expose.flatMap((port) => ['--expose', String(port)]),
        ...publish.flatMap((port) => ['-p', port]),
        ...(rest.args ?? []),
        image,
        ...(rest.command ?? []),
      ),
  };
}

/** Held by a child whose input is ours: the kernel lets go of it however this process ends. */
async function takeLock(): Promise<{ release: () => void }> {
  const holder = spawn('flock', [join(tmpdir(), 'gatehouse-dockerd.lock'), 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  return { release: () => holder.stdin.end() };
}

async function importImages(dir: string, endpoint: string): Promise<void> {
  const root = join(dir, 'image');
  await mkdir(join(root, 'bin'), { recursive: true });
  await mkdir(join(root, 'www'));
  const { stdout: busybox } = await execute('sh', ['-c', 'command -v busybox']);
  await copyFile(busybox.trim(), join(root, 'bin/busybox'));
  await execute('ln', ['-s', 'busybox', join(root, 'bin/sh')]);
  await writeFile(join(root, 'www/index.html'), 'hello from a container\n');
  const archive = join(dir, 'image.tar');
  await execute('tar', ['-C', root, '-cf', archive, '.']);
  const command = 'CMD ["/bin/busybox","httpd","-f","-p","80","-h","/www"]';
  await execute('docker', ['-H', endpoint, 'import', '-c', 'EXPOSE 80', '-c', command, archive, webImage]);
  await execute('docker', ['-H', endpoint, 'import', '-c', command, archive, bareImage]);
}

async function removeBridge(): Promise<void> {
  if (existsSync(`/sys/class/net/${bridge}`)) await execute('ip', ['link', 'delete', bridge]);
}

/** Mounts of containers that ended badly would keep their folders busy. */
async function removeTraces(dir: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${dir}/`))
    .toSorted((a, b) => b.length - a.length);
  for (const path of mounts) await execute('umount', ['-l', path]);
  await removeBridge();
  await rm(dir, { recursive: true, force: true });
}
