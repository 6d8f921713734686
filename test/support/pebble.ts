import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueAuthority, issueLeaf, signerOf } from '../../app/certificates/issue.ts';
import { findProgram, isExecutable } from './go-program.ts';
import { pollUntil } from './poll.ts';

/** A real CA of the tests' own, with the DNS server that it asks. */
export interface TestPebble {
  readonly directoryUrl: string;
  /** PEM file of the authority that signed Pebble's own HTTPS certificate. */
  readonly trustPath: string;
  /** Where its DNS server answers: `127.0.0.1:PORT`. */
  readonly dnsServer: string;
  /** Ports at which it looks for challenges; nobody listens there yet. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Whether it has ARI and profiles. */
  readonly isNew: boolean;
  /** PEM of the root that its certificates end at. */
  readonly root: () => Promise<string>;
  /** `{ Status: 'Valid' | 'Revoked' }` and more. */
  readonly statusOf: (serialNumber: string) => Promise<unknown>;
  /** Lets it ask for a certificate to be renewed in this time (newest Pebble). */
  readonly renewBetween: (certificatePem: string, from: number, until: number) => Promise<void>;
  /** Tells the DNS server, such as `add-a`, `set-txt` or `add-caa`. */
  readonly dns: (command: string, body: object) => Promise<void>;
  readonly output: () => string;
  /** Ends Pebble alone, or starts it again without any memory. */
  readonly stopCa: () => Promise<void>;
  readonly startCa: () => Promise<void>;
  /** May be called twice. */
  readonly stop: () => Promise<void>;
}

export interface PebbleOptions {
  /** Of 100 good nonces so many are refused. */
  readonly nonceReject?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Another DNS server for it to ask, `host:port`. */
  readonly dnsServer?: string;
  /** Fields of Pebble's configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Where the newest Pebble is looked for before the system's own. */
const newestDirs = [process.env['GATEHOUSE_PEBBLE'] ?? '', join(tmpdir(), 'gatehouse-pebble')].filter(Boolean);

/** Why there can be no Pebble here, with what to do about it; null where there can. */
export function missingForPebble(): string | null {
  const missing = ['pebble', 'pebble-challtestsrv'].find((name) => find(name) === null);
  return missing === undefined ? null : `${missing} is not installed: apt-get install pebble`;
}

/** Whether the Pebble that is found has ARI and profiles, which that of Debian 12 has not. */
export function isNewestPebble(): boolean {
  return newestDirs.some((dir) => isExecutable(join(dir, 'pebble')));
}

function find(name: string): string | null {
  return findProgram(name, newestDirs);
}

/** Below the ports that systems give to outgoing connections, so that none of those takes one in between. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  while (found.size < count) {
    const port = 15_000 + Math.floor(Math.random() * 16_000);
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

export async function startPebble(options: PebbleOptions = {}): Promise<TestPebble> {
  const missing = missingForPebble();
  if (missing !== null) throw new Error(missing);
  for (let tries = 1; ; tries += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      // Another program may have taken a port between the look and the start.
      if (tries === 3) throw error;
    }
  }
}

async function startOnce(options: PebbleOptions): Promise<TestPebble> {
  const dir = await mkdtemp(join(tmpdir(), 'gh-pebble-'));
  const trustPath = join(dir, 'trust.pem');
  const [acmePort = 0, managementPort = 0, dnsPort = 0, dnsManagementPort = 0, httpPort = 0, tlsPort = 0] =
    await freePorts(6);
  const validity = { notBefore: Date.now() - 3_600_000, notAfter: Date.now() + 86_400_000 };
  const authority = issueAuthority('Tests of Gatehouse', validity);
  const leaf = issueLeaf(signerOf(authority), ['localhost', '127.0.0.1'], validity);
  await writeFile(trustPath, authority.certificatePem);
  await writeFile(join(dir, 'cert.pem'), leaf.certificatePem);
  await writeFile(join(dir, 'key.pem'), leaf.privateKeyPem);
  const configPath = join(dir, 'pebble.json');
  const pebble = {
    listenAddress: `127.0.0.1:${acmePort}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: join(dir, 'cert.pem'),
    privateKey: join(dir, 'key.pem'),
    httpPort,
    tlsPort,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: 'ecdsa',
    profiles: {
      default: { description: 'as usual', validityPeriod: 7_776_000 },
      shortlived: { description: 'six days', validityPeriod: 518_400 },
    },
    ...options.config,
  };
  await writeFile(configPath, JSON.stringify({ pebble }));

  let output = '';
  const keep = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  const run = (name: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess => {
    const child = spawn('setpriv', ['--pdeathsig=KILL', find(name) ?? name, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...env },
    });
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    return child;
  };
  const end = async (child: ChildProcess | null): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const ask = (port: number, path: string, body?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { 'User-Agent': 'tests' };
      const method = body === undefined ? 'GET' : 'POST';
      const to = { host: '127.0.0.1', port, path, method, headers, ca: authority.certificatePem, agent: false };
      const call = https.request(to, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('end', () => resolve(text));
        answer.on('error', reject);
      });
      call.on('error', reject);
      call.end(body);
    });

  let ca: ChildProcess | null = null;
  const startCa = async (): Promise<void> => {
    ca = run('pebble', ['-config', configPath, '-strict', '-dnsserver', options.dnsServer ?? `127.0.0.1:${dnsPort}`], {
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_WFE_NONCEREJECT: String(options.nonceReject ?? 5),
      ...options.env,
    });
    const child = ca;
    await pollUntil(async () => {
      if (child.exitCode !== null) throw new Error(`pebble ended with ${child.exitCode}:\n${output}`);
      return ask(acmePort, '/dir').then(
        (body) => body.includes('newOrder'),
        () => false,
      );
    }, 20_000);
  };
  const dns = async (command: string, body: object): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${dnsManagementPort}/${command}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${command}: ${answer.status} ${await answer.text()}`);
    await answer.text();
  };
  const server = run(
    'pebble-challtestsrv',
    [
      // That of Debian 12 has another name for it.
      ...[
        isNewestPebble() ? '-dnsserver' : '-dns01',
        `127.0.0.1:${dnsPort}`,
        '-management',
        `127.0.0.1:${dnsManagementPort}`,
      ],
      ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', ''],
      ...['-http01', '', '-https01', '', '-tlsalpn01', ''],
      ...(isNewestPebble() ? ['-doh', ''] : []),
    ],
    {},
  );
  const stop = async (): Promise<void> => {
    await Promise.all([end(ca), end(server)]);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await pollUntil(
      () =>
        dns('set-default-ipv4', { ip: '127.0.0.1' }).then(
          () => true,
          () => false,
        ),
      20_000,
    );
    await startCa();
  } catch (error) {
    await stop();
    throw new Error(`Pebble did not start:\n${output.slice(-2000)}`, { cause: error });
  }
  return {
    directoryUrl: `https://127.0.0.1:${acmePort}/dir`,
    trustPath,
    dnsServer: `127.0.0.1:${dnsPort}`,
    httpPort,
    tlsPort,
    isNew: isNewestPebble(),
    root: () => ask(managementPort, '/roots/0'),
    statusOf: async (serialNumber) =>
      JSON.parse(await ask(managementPort, `/cert-status-by-serial/${serialNumber.toLowerCase()}`)) as unknown,
    renewBetween: async (certificate, from, until) => {
      const suggestedWindow = { start: new Date(from).toISOString(), end: new Date(until).toISOString() };
      const ariResponse = JSON.stringify({ suggestedWindow });
      const said = await ask(managementPort, '/set-renewal-info/', JSON.stringify({ certificate, ariResponse }));
      if (said !== '') throw new Error(said);
    },
    dns,
    output: () => output,
    stopCa: () => end(ca),
    startCa,
    stop,
  };
}
