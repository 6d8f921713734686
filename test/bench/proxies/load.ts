import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { WebSocket } from 'ws';
import { host, user } from './peer.ts';

/** What one run of load saw. */
export interface Seen {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds; null where the load does not tell. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

interface WrkOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: readonly string[];
}

/** As many requests as it takes, each connection waiting for its answer. Throws where one of them is not a success. */
export async function wrk({ url, connections, seconds, headers = [] }: WrkOptions): Promise<Seen> {
  const fields = [`Host: ${host}`, ...headers].flatMap((field) => ['-H', field]);
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '30s', ...fields, url];
  const text = await output('wrk', args);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const errors = /Non-2xx[^\n]*|Socket errors: (?!connect 0, read 0, write 0, timeout 0)[^\n]*/.exec(text)?.[0];
  // A connection that ends after each answer is told as a read error by wrk.
  const isWrong = errors !== undefined && !(headers.includes('Connection: close') && errors.startsWith('Socket'));
  if (!(requests > 0) || isWrong) throw new Error(`wrk saw bad answers: ${errors ?? ''}\n${text}`);
  const at = (percent: number): number | null => milliseconds(new RegExp(`${percent}%\\s+([\\d.]+)(\\w+)`).exec(text));
  return {
    requests,
    seconds: Number(/requests in ([\d.]+)s/.exec(text)?.[1] ?? seconds),
    p50Ms: at(50),
    p99Ms: at(99),
  };
}

function milliseconds(found: RegExpExecArray | null): number | null {
  if (found === null) return null;
  const factors: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
  return Number(found[1]) * (factors[found[2] ?? ''] ?? Number.NaN);
}

interface H2loadOptions {
  readonly url: string;
  readonly port: number;
  readonly clients: number;
  readonly streams?: number;
  readonly seconds: number;
  readonly http1?: boolean;
  /** Of all clients together; left out: as many as it takes. */
  readonly requestsPerSecond?: number;
  readonly dir: string;
}

export async function h2load(options: H2loadOptions): Promise<Seen> {
  const { url, port, clients, streams = 1, seconds, http1 = false, requestsPerSecond } = options;
  const log = path.join(options.dir, 'h2load.log');
  rmSync(log, { force: true });
  const args = [
    ...['-t1', `-c${clients}`, `-m${streams}`, `-D${seconds}`, '--log-file', log],
    ...(http1 ? ['--h1'] : []),
    ...(requestsPerSecond === undefined ? [] : [`--rps=${requestsPerSecond / clients}`]),
    ...[`--connect-to=127.0.0.1:${port}`, url],
  ];
  const text = await output('h2load', args);
  const statuses = /status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(text)?.slice(1).map(Number) ?? [];
  const [good = 0, ...bad] = statuses;
  if (good === 0 || bad.some((count) => count > 0)) throw new Error(`h2load saw bad answers:\n${text}`);
  const took = readFileSync(log, 'utf8')
    .split('\n')
    .map((line) => Number(line.split('\t')[2]) / 1000)
    .filter((ms) => Number.isFinite(ms))
    .toSorted((a, b) => a - b);
  const at = (part: number): number | null => took[Math.min(took.length - 1, Math.floor(took.length * part))] ?? null;
  return { requests: good, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** So many new connections a second, each with a whole TLS handshake and one request. */
export async function handshakes(url: string, port: number, perSecond: number, seconds: number): Promise<Seen> {
  const count = perSecond * seconds;
  const text = await output('h2load', [
    ...['-t1', '--h1', `-c${count}`, `-n${count}`, `--rate=${perSecond}`, `--connect-to=127.0.0.1:${port}`, url],
  ]);
  const good = Number(/(\d+) 2xx/.exec(text)?.[1]);
  if (good !== count) throw new Error(`h2load saw ${good} good answers of ${count}:\n${text}`);
  return { requests: good, seconds, p50Ms: null, p99Ms: null };
}

/** One transfer after another, by curl. */
export async function transfers(url: string, count: number, upload: string | null): Promise<Seen> {
  const from = performance.now();
  for (let n = 0; n < count; n += 1) {
    const sent = upload === null ? [] : ['--expect100-timeout', '0', '-H', 'Expect:', '-T', upload];
    const status = await output('curl', [
      ...['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-H', `Host: ${host}`, ...sent, url],
    ]);
    if (status !== '200') throw new Error(`${url} answered ${status}`);
  }
  return { requests: count, seconds: (performance.now() - from) / 1000, p50Ms: null, p99Ms: null };
}

/** Each socket sends a message and waits for its echo, over and over. */
export async function echoes(port: number, sockets: number, seconds: number): Promise<Seen> {
  const message = Buffer.alloc(64, 'x');
  const took: number[] = [];
  const until = performance.now() + seconds * 1000;
  const one = async (): Promise<void> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`, { headers: { host }, perMessageDeflate: false });
    await once(socket, 'open');
    await new Promise<void>((resolve, reject) => {
      let sentAt = performance.now();
      socket.on('error', reject);
      socket.on('close', () => resolve());
      socket.on('message', () => {
        const now = performance.now();
        took.push(now - sentAt);
        if (now >= until) {
          socket.close();
          return;
        }
        sentAt = now;
        socket.send(message);
      });
      socket.send(message);
    });
  };
  await Promise.all(Array.from({ length: sockets }, one));
  took.sort((a, b) => a - b);
  const at = (part: number): number | null => took[Math.floor(took.length * part)] ?? null;
  return { requests: took.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** Connections that were used once each and are now idle. */
export async function openIdle(port: number, count: number): Promise<() => Promise<void>> {
  const open: net.Socket[] = [];
  const one = async (): Promise<void> => {
    const socket = net.connect({ host: '127.0.0.1', port });
    open.push(socket);
    await once(socket, 'connect');
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await once(socket, 'data');
  };
  while (open.length < count) await Promise.all(Array.from({ length: Math.min(100, count - open.length) }, one));
  return async () => {
    await Promise.all(
      open.map(async (socket) => {
        socket.destroy();
        if (!socket.closed) await once(socket, 'close');
      }),
    );
  };
}

/** The field by which bench's user proves itself. */
export const authorization = `Authorization: Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;

/** Standard output. Not synchronous: the sockets of this process must go on meanwhile. */
async function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${errors}${text}`);
  return text;
}

export function missingForLoad(): string | null {
  const missing = ['wrk', 'h2load', 'curl', 'nginx'].filter(
    (program) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status !== 0,
  );
  return missing.length === 0 ? null : `it needs ${missing.join(', ')} (apt-get install wrk nghttp2-client curl nginx)`;
}
