import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { askServer, overTcp } from '../../app/dns/message/exchange.ts';
import { encodeMessage } from '../../app/dns/message/message.ts';
import { dnsType } from '../../app/dns/message/wire.ts';
import { freePorts } from './pebble.ts';

/** A real name server, Debian's knot, of the test's own. */
export interface TestKnot {
  /** On this port at every one of its addresses, by UDP and TCP. */
  readonly port: number;
  /** The name and secret (Base64) of the key that may update; another one is known and may not. */
  readonly key: { readonly name: string; readonly secret: string };
  readonly powerlessKey: { readonly name: string; readonly secret: string };
  /** The texts of a name, as the server gives them. */
  readonly texts: (name: string) => Promise<readonly string[]>;
  readonly values: (name: string, type: 'A' | 'AAAA' | 'CNAME') => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

interface TestKnotSettings {
  /** By zone: lines of its file after SOA and NS; `@` is the zone. */
  readonly zones: Readonly<Record<string, readonly string[]>>;
  /** On Linux, all of 127.0.0.0/8 is this machine. 127.0.0.1 where nothing is said. */
  readonly addresses?: readonly string[];
  readonly algorithm?: string;
  /** The only names that may be updated. */
  readonly updatable?: readonly string[];
  /** A free one where nothing is said. */
  readonly port?: number;
}

/** Why there can be no knot here, with what to do about it; null where there can. */
export function missingForKnot(): string | null {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .concat('/usr/sbin')
    .some((dir) => {
      try {
        accessSync(join(dir, 'knotd'), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  return found ? null : 'knotd is not installed: apt-get install knot';
}

/** Starts a server. It ends with the process that started it, however that ends. */
export async function startKnot({
  zones,
  addresses = ['127.0.0.1'],
  algorithm = 'hmac-sha256',
  updatable = [],
  port: wantedPort,
}: TestKnotSettings): Promise<TestKnot> {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-knot-'));
  const key = { name: 'gatehouse.key', secret: Buffer.alloc(32, 7).toString('base64') };
  const powerlessKey = { name: 'powerless.key', secret: Buffer.alloc(32, 9).toString('base64') };
  await mkdir(join(dir, 'zones'));
  for (const [zone, lines] of Object.entries(zones)) {
    const text = ['$TTL 60', '@ SOA ns1 hostmaster 1 3600 600 86400 60', '@ NS ns1', ...lines, ''].join('\n');
    await writeFile(join(dir, 'zones', `${zone}.zone`), text.replaceAll(/^@ NS ns1$/gm, '@ NS ns1\nns1 A 127.0.0.1'));
  }
  const failures: string[] = [];
  // Ports are asked of the system and may be gone a moment later.
  for (let attempt = 1; attempt <= (wantedPort === undefined ? 5 : 1); attempt += 1) {
    const [port = 0] = wantedPort === undefined ? await freePorts(1) : [wantedPort];
    await writeFile(
      join(dir, 'knot.conf'),
      configuration({
        dir,
        port,
        addresses,
        algorithm,
        updatable,
        keys: [key, powerlessKey],
        zones: Object.keys(zones),
      }),
    );
    const child = spawn('setpriv', ['--pdeathsig=KILL', 'knotd', '-c', join(dir, 'knot.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin` },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    const ask = async (name: string, type: number) => {
      const server = { address: addresses[0] ?? '127.0.0.1', port };
      const query = { server, name, type, wantsRecursion: false, timeoutMs: 5000 };
      return askServer(query, new AbortController().signal);
    };
    const isUp = await answers(child, async () => {
      for (const zone of Object.keys(zones)) if ((await ask(zone, dnsType.SOA)).answers.length === 0) return false;
      // By TCP as well: the port was found free for one of the two.
      const probe = encodeMessage({ id: 1, questions: [{ name: Object.keys(zones)[0] ?? '', type: dnsType.SOA }] });
      for (const address of addresses) await overTcp({ address, port }, probe, AbortSignal.timeout(5000));
      return true;
    });
    if (!isUp) {
      await ended(child);
      failures.push(output);
      continue;
    }
    const read = async (name: string, type: number): Promise<readonly string[]> =>
      (await ask(name, type)).answers
        .filter((record) => record.type === type)
        .map(({ text }) => text)
        .toSorted();
    return {
      port,
      key,
      powerlessKey,
      texts: (name) => read(name, dnsType.TXT),
      values: (name, type) => read(name, dnsType[type]),
      stop: async () => {
        await ended(child);
        await rm(dir, { recursive: true, force: true });
      },
    };
  }
  await rm(dir, { recursive: true, force: true });
  throw new Error(`knotd did not start:\n${failures.join('\n').slice(-4000)}`);
}

interface ConfigurationParts {
  readonly dir: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly algorithm: string;
  readonly updatable: readonly string[];
  readonly keys: readonly { readonly name: string; readonly secret: string }[];
  readonly zones: readonly string[];
}

function configuration({ dir, port, addresses, algorithm, updatable, keys, zones }: ConfigurationParts): string {
  return [
    'server:',
    `  rundir: ${dir}`,
    `  listen: [${addresses.map((address) => `${address}@${port}`).join(', ')}]`,
    '  background-workers: 1',
    '  udp-workers: 1',
    '  tcp-workers: 1',
    'log:',
    '  - target: stderr',
    '    any: info',
    'database:',
    `  storage: ${dir}`,
    '  journal-db-max-size: 20M',
    '  kasp-db-max-size: 20M',
    '  timer-db-max-size: 10M',
    'key:',
    ...keys.flatMap(({ name, secret }) => [`  - id: ${name}`, `    algorithm: ${algorithm}`, `    secret: ${secret}`]),
    'acl:',
    '  - id: may-update',
    `    key: ${keys[0]?.name ?? ''}`,
    '    action: update',
    ...(updatable.length === 0
      ? []
      : [
          '    update-owner: name',
          '    update-owner-match: equal',
          `    update-owner-name: [${updatable.join(', ')}]`,
        ]),
    'template:',
    '  - id: default',
    `    storage: ${dir}/zones`,
    '    file: "%s.zone"',
    '    zonefile-sync: -1',
    '    journal-content: changes',
    '    acl: may-update',
    'zone:',
    ...zones.map((zone) => `  - domain: ${zone}`),
    '',
  ].join('\n');
}

async function answers(child: ChildProcess, isUp: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + 20_000;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    if (await isUp().catch(() => false)) return true;
    await delay(20);
  }
  return false;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(killer);
}
