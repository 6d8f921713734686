import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cpuMicroseconds, freePort, type Running, residentMegabytes, start, until } from '../../bench/process.ts';
import { host } from '../../bench/proxies/peer.ts';
import { send } from '../../support/http-client.ts';
import { attackNamed, crowds } from './attacks.ts';
import type { AttackerSaw } from './connections.ts';
import { crowdOf, generous, grantedDescriptors } from './descriptors.ts';
import type { Target } from './target.ts';

/** What came of one attack. */
export interface FloodOutcome {
  readonly attack: string;
  readonly sent: number;
  readonly good: number;
  readonly p99Ms: number | null;
  /** What became of requests that were not served. */
  readonly faults: Readonly<Record<string, number>>;
  readonly attacker: AttackerSaw;
  /** Files and sockets that Gatehouse had open at once, more than before the attack. */
  readonly openAtOnce: number;
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number };
  /** Processor seconds of Gatehouse in each second of the attack. */
  readonly cpu: number;
  /** What the log named of the attack, and how often. */
  readonly named: readonly string[];
  /** Statuses of refusals and failures in the access log. */
  readonly statuses: readonly string[];
  readonly isAlive: boolean;
}

/** Of a crowd, at once: more than Gatehouse has to keep. */
export const crowdConnections = 24_000;

interface Files {
  readonly dir: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

const here = import.meta.dirname;
const root = path.resolve(here, '../../..');

/** So that limits on time are met while an attack lasts. */
export const shortSeconds = 5;
const short = `${shortSeconds}s`;
const shortLimits = { headTimeout: short, handshakeTimeout: short, answerTimeout: short };

/** The built program in front of the server that answers badly where it is asked to. */
export async function startAttacked(
  files: Files,
  workers: number,
  limits: Readonly<Record<string, string | number>> = {},
): Promise<Target & { readonly running: Running; readonly stop: () => Promise<void> }> {
  const [httpPort, httpsPort, originPort, dashboardPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const { dir } = files;
  const name = path.join(dir, `flood-${httpPort}`);
  const router = (entryPoint: string, more: string): string =>
    `    ${entryPoint}: { rule: "Host(\`${host}\`)", service: app, entryPoints: [${entryPoint}]${more} }`;
  writeFileSync(
    `${name}.yml`,
    `http:
  routers:
${router('web', '')}
${router('websecure', ', tls: {}')}
  services: { app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${originPort}" }] } } }
tls: { certificates: [{ certFile: "${files.certificateFile}", keyFile: "${files.keyFile}" }] }
`,
  );
  writeFileSync(
    `${name}-static.yml`,
    `entryPoints:
  web: { address: "127.0.0.1:${httpPort}" }
  websecure: { address: "127.0.0.1:${httpsPort}" }
accessLog: { filePath: ${name}-access.log }
gatehouse: { limits: ${JSON.stringify({ ...shortLimits, ...limits })} }
serversTransport: { forwardingTimeouts: { responseHeaderTimeout: ${shortSeconds}s } }
providers: { file: { filename: "${name}.yml" } }
`,
  );
  const [shell, ...shellArgs] = generous;
  const under = [...shellArgs, process.execPath];
  const origin = start(shell, [...under, path.join(here, 'origin.ts'), String(originPort)]);
  const running = start(
    shell,
    [
      ...under,
      path.join(root, 'bin/gatehouse.mjs'),
      ...['serve', '--config', `${name}-static.yml`, '--data-dir', `${name}-data`],
      ...['--dashboard', `127.0.0.1:${dashboardPort}`],
    ],
    { env: { GATEHOUSE_WORKERS: String(workers), GATEHOUSE_SECRETS: 'files' } },
  );
  const stop = async (): Promise<void> => {
    await running.stop();
    await origin.stop();
  };
  const target = { host, httpPort, httpsPort, untilMs: 0 };
  try {
    await until('Gatehouse to answer', async () => ((await isAlive(target)) ? true : undefined), 60_000);
  } catch (error) {
    await stop();
    throw new Error(`Gatehouse does not answer: ${running.output()}`, { cause: error });
  }
  return { ...target, running, stop };
}

async function isAlive({ httpPort }: Target): Promise<boolean> {
  const { status } = await send(`http://127.0.0.1:${httpPort}`, '/', { headers: { Host: host } });
  return status === 200;
}

/** One attack on a Gatehouse of its own, for so long, in the same time as well-behaved clients. */
export async function flood(attack: string, files: Files, secondsEach: number): Promise<FloodOutcome> {
  const { limits, leastSeconds = 0 } = attackNamed(attack, host, 0);
  const seconds = Math.max(secondsEach, leastSeconds);
  const attacked = await startAttacked(files, 2, limits);
  const { pid } = attacked.running;
  const openFiles = (): number => readdirSync(`/proc/${pid}/fd`).length;
  const openBefore = openFiles();
  let peak = 0;
  let mostOpen = openBefore;
  const look = setInterval(() => {
    peak = Math.max(peak, residentMegabytes(pid));
    mostOpen = Math.max(mostOpen, openFiles());
  }, 200);
  try {
    const target: Target = {
      host,
      httpPort: attacked.httpPort,
      httpsPort: attacked.httpsPort,
      untilMs: Date.now() + seconds * 1000,
    };
    const before = residentMegabytes(pid);
    const cpuBefore = cpuMicroseconds(pid);
    const text = JSON.stringify(target);
    const isCrowd = crowds.includes(attack);
    const { processes, each } = isCrowd ? crowdOf(crowdConnections, grantedDescriptors()) : { processes: 1, each: 0 };
    const attackers = Array.from({ length: processes }, () =>
      child<AttackerSaw>('attacker.ts', [attack, text, String(each)], 5),
    );
    const seen = await child<Pick<FloodOutcome, 'sent' | 'good' | 'p99Ms' | 'faults'>>('good-clients.ts', [text], 0);
    const attacker = (await Promise.all(attackers)).reduce((sum, one) => ({
      tried: sum.tried + one.tried,
      opened: sum.opened + one.opened,
      lost: sum.lost + one.lost,
      most: sum.most + one.most,
    }));
    const cpu = (cpuMicroseconds(pid) - cpuBefore) / 1e6 / seconds;
    const alive = await isAlive(target).catch(() => false);
    // Limits are told of together, every few seconds; Gatehouse tells the rest as it ends.
    await new Promise((resolve) => {
      setTimeout(resolve, 1000);
    });
    const after = residentMegabytes(pid);
    clearInterval(look);
    await attacked.stop();
    return {
      attack,
      ...seen,
      attacker,
      cpu,
      memory: { before, peak: Math.max(peak, after), after },
      openAtOnce: mostOpen - openBefore,
      named: namedIn(path.join(files.dir, `flood-${attacked.httpPort}-data`, 'engine.log')),
      statuses: statusesIn(path.join(files.dir, `flood-${attacked.httpPort}-access.log`)),
      isAlive: alive,
    };
  } finally {
    clearInterval(look);
    await attacked.stop();
  }
}

/** What the log names, and how many there were: what limits held off, and what servers did wrong. */
function namedIn(log: string): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    if (!line.includes('"limit"')) continue;
    const { limit, count } = JSON.parse(line) as { readonly limit: string; readonly count: number };
    counts.set(limit, (counts.get(limit) ?? 0) + count);
  }
  return textsOf(counts);
}

function statusesIn(accessLog: string): readonly string[] {
  const counts = new Map<string, number>();
  for (const [, status = ''] of readFileSync(accessLog, 'utf8').matchAll(/ HTTP\/[\d.]+" (5\d\d|499|408|431|400) /g)) {
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return textsOf(counts);
}

function textsOf(counts: ReadonlyMap<string, number>): readonly string[] {
  return [...counts].map(([what, times]) => `${what} × ${times}`);
}

async function child<Result>(file: string, args: readonly string[], niceness: number): Promise<Result> {
  const started = spawn(
    'nice',
    ['-n', String(niceness), ...generous, process.execPath, path.join(here, file), ...args],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  started.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(started, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
  return JSON.parse(text) as Result;
}
