import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { statusOf } from './ask.ts';
import { cpuMicroseconds, freePort, type Running, start, until } from './process.ts';
import { median, type Row } from './report.ts';

const seconds = 6;
const connections = 64;

export function has(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}

interface Proxy {
  readonly program: string;
  readonly port: number;
  readonly running: Running;
}

/**
 * Processor time of the proxy alone for one small GET over HTTP/1.1 keep-alive, one worker each, access log on.
 * Needs wrk and nginx (as the origin); peers that are not installed are left out.
 */
export async function measureRequestCost(): Promise<Row[]> {
  if (!has('wrk') || !has('nginx')) return [];
  const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-cost-'));
  const started: Running[] = [];
  try {
    const origin = await freePort();
    started.push(nginx(dir, 'origin', `server { listen 127.0.0.1:${origin}; location / { return 200 "hello\\n"; } }`));
    const proxies: Proxy[] = [await gatehouseProxy(dir, origin, started), await nginxProxy(dir, origin, started)];
    if (has('traefik')) proxies.push(await traefikProxy(dir, origin, started));
    const rows: Row[] = [];
    for (const proxy of proxies) {
      await warm(proxy);
      const { used, requests } = costOf(proxy, seconds);
      const common = { scenario: 'small GET, HTTP/1.1', program: proxy.program };
      rows.push({ ...common, figure: 'processor time per request', value: used / requests, unit: 'µs' });
      rows.push({ ...common, figure: 'requests per second', value: requests / seconds, unit: '/s' });
    }
    return rows;
  } finally {
    for (const running of started.toReversed()) await running.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What a request costs Gatehouse among few and among many routers, in turn, five times each. */
export async function measureManyRouters(): Promise<Row[]> {
  if (!has('wrk') || !has('nginx')) return [];
  const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-bench-routers-'));
  const started: Running[] = [];
  try {
    const origin = await freePort();
    started.push(nginx(dir, 'origin', `server { listen 127.0.0.1:${origin}; location / { return 200 "hello\\n"; } }`));
    const few = await gatehouseProxy(dir, origin, started, 10);
    const many = await gatehouseProxy(dir, origin, started, 10_000);
    for (const proxy of [few, many]) await warm(proxy);
    const costs = { few: [] as number[], many: [] as number[] };
    for (let n = 0; n < 5; n++) {
      for (const [name, proxy] of [['few', few] as const, ['many', many] as const]) {
        const { used, requests } = costOf(proxy, 3);
        costs[name].push(used / requests);
      }
    }
    const common = { scenario: 'many routers', program: 'gatehouse' };
    return [
      { ...common, figure: 'time per request, 10 routers', value: median(costs.few), unit: 'µs' },
      { ...common, figure: 'time per request, 10,000 routers', value: median(costs.many), unit: 'µs' },
      {
        ...common,
        figure: '10,000 routers to 10, pair by pair',
        value: median(costs.many.map((cost, n) => (cost / (costs.few[n] ?? Number.NaN)) * 100)),
        unit: '%',
        goal: { atMost: 105 },
      },
    ];
  } finally {
    for (const running of started.toReversed()) await running.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function warm(proxy: Proxy): Promise<void> {
  await until(`${proxy.program} to answer`, async () =>
    (await statusOf({ port: proxy.port, host: 'app.localhost', tls: false })) === 200 ? true : undefined,
  );
  load(proxy.port, 1);
}

function costOf(proxy: Proxy, durationSeconds: number): { used: number; requests: number } {
  const before = cpuMicroseconds(proxy.running.pid);
  const requests = load(proxy.port, durationSeconds);
  return { used: cpuMicroseconds(proxy.running.pid) - before, requests };
}

function load(port: number, durationSeconds: number): number {
  const run = spawnSync(
    'wrk',
    ['-t1', `-c${connections}`, `-d${durationSeconds}s`, '-H', 'Host: app.localhost', `http://127.0.0.1:${port}/`],
    { encoding: 'utf8' },
  );
  const requests = Number(/(\d+) requests in/.exec(run.stdout)?.[1]);
  if (!(requests > 0) || /Non-2xx/.test(run.stdout))
    throw new Error(`wrk saw bad answers:\n${run.stdout}${run.stderr}`);
  return requests;
}

function nginx(dir: string, name: string, servers: string): Running {
  const file = path.join(dir, `${name}.conf`);
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${dir}/${name}.pid; error_log ${dir}/${name}.err;
events { worker_connections 4096; }
http { access_log ${dir}/${name}.log; keepalive_requests 1000000; client_body_temp_path ${dir}/${name}-body;
proxy_temp_path ${dir}/${name}-proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
${servers} }`,
  );
  return start('nginx', ['-c', file]);
}

async function nginxProxy(dir: string, origin: number, started: Running[]): Promise<Proxy> {
  const port = await freePort();
  const running = nginx(
    dir,
    'proxy',
    `upstream origin { server 127.0.0.1:${origin}; keepalive 64; keepalive_requests 1000000; }
server { listen 127.0.0.1:${port}; server_name app.localhost; location / { proxy_pass http://origin;
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; } }`,
  );
  started.push(running);
  return { program: 'nginx', port, running };
}

/** The router that is asked for, among others until there are as many. */
function routes(origin: number, count = 1): string {
  const others = Array.from(
    { length: count - 1 },
    (_, n) => `    other${n}: { rule: "Host(\`other${n}.localhost\`)", service: app, entryPoints: [web] }\n`,
  );
  return `http:
  routers:
${others.join('')}    app: { rule: "Host(\`app.localhost\`)", service: app, entryPoints: [web] }
  services:
    app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${origin}" }] } }
`;
}

async function gatehouseProxy(dir: string, origin: number, started: Running[], routers = 1): Promise<Proxy> {
  const port = await freePort();
  const staticFile = path.join(dir, `gatehouse-${routers}.yml`);
  const dynamicFile = path.join(dir, `gatehouse-${routers}-routes.yml`);
  writeFileSync(dynamicFile, routes(origin, routers));
  writeFileSync(
    staticFile,
    `entryPoints: { web: { address: "127.0.0.1:${port}" } }\nproviders: { file: { filename: "${dynamicFile}" } }\n`,
  );
  const dataDir = path.join(dir, `data-${routers}`);
  const gatehouse = start(
    process.execPath,
    [
      path.resolve(import.meta.dirname, '../../bin/gatehouse.mjs'),
      'serve',
      ...['--config', staticFile, '--data-dir', dataDir, '--dashboard', `127.0.0.1:${await freePort()}`],
    ],
    { env: { GATEHOUSE_WORKERS: '1' } },
  );
  started.push(gatehouse);
  return { program: 'gatehouse', port, running: gatehouse };
}

async function traefikProxy(dir: string, origin: number, started: Running[]): Promise<Proxy> {
  const port = await freePort();
  const file = path.join(dir, 'traefik-routes.yml');
  writeFileSync(file, routes(origin));
  const running = start(
    'traefik',
    [
      `--entrypoints.web.address=127.0.0.1:${port}`,
      `--providers.file.filename=${file}`,
      `--accesslog.filepath=${dir}/traefik.log`,
    ],
    { env: { GOMAXPROCS: '1' } },
  );
  started.push(running);
  return { program: 'traefik', port, running };
}
