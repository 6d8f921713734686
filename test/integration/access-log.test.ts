import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

let dir = '';
const running: RunningGatehouse[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-access-log-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  rmSync(dir, { recursive: true, force: true });
});

const dynamic = `http:
  routers:
    app: { rule: "Host(\`app.test\`)", entryPoints: [web], service: nobody, middlewares: [auth] }
    quiet:
      rule: Host(\`quiet.test\`)
      entryPoints: [web]
      service: nobody
      observability: { accessLogs: false }
    noted:
      rule: Host(\`noted.test\`)
      entryPoints: [web]
      service: nobody
      observability: { accessLogs: true }
    open: { rule: "Host(\`open.test\`)", entryPoints: [web], service: nobody }
  middlewares:
    auth: { basicAuth: { users: ["anna:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/"] } }
  services:
    nobody: { loadBalancer: { servers: [{ url: "http://127.0.0.1:9" }] } }
`;

interface Started {
  readonly url: string;
  readonly gatehouse: RunningGatehouse;
}

async function start(options: string, entryPoint = ''): Promise<Started> {
  const file = join(dir, 'dynamic.yml');
  const config = join(dir, 'traefik.yml');
  writeFileSync(file, dynamic);
  writeFileSync(
    config,
    `entryPoints:\n  web: { address: "127.0.0.1:0"${entryPoint} }\nproviders:\n  file: { filename: ${file} }\n${options}`,
  );
  const gatehouse = await startGatehouse(['--config', config]);
  running.push(gatehouse);
  const status = JSON.parse((await gatehouse.run('status', '--json')).out) as {
    entryPoints: { name: string; listening: string }[];
  };
  const listening = status.entryPoints.find(({ name }) => name === 'web')?.listening ?? '';
  return { url: `http://${listening}`, gatehouse };
}

const credentials = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

/** A guessed password, a forbidden look around, and names that try to forge a line. */
async function attack(url: string): Promise<void> {
  const ask = (host: string, path: string, headers: Record<string, string> = {}) =>
    send(url, path, { headers: { Host: host, ...headers } });
  await ask('app.test', '/', { Authorization: credentials('admin:1234') });
  await ask('app.test', '/', { Authorization: credentials('a b\n127.0.0.2 - x [] "GET / HTTP/1.1" 401:1') });
  await ask('app.test', '/', { 'User-Agent': '","ClientHost":"127.0.0.3' });
  await ask('nowhere.test', '/wp-login.php?"%20404', { 'User-Agent': 'bad" "agent\\' });
  await ask('open.test', '/');
}

async function linesOf(path: string, count: number): Promise<string[]> {
  const lines = (): string[] => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
  await pollUntil(() => lines().length >= count, 5000);
  return lines();
}

describe('filters of fail2ban for Traefik read it', () => {
  beforeEach(({ skip }) => {
    const isMissing = !existsSync('/usr/bin/fail2ban-regex') && process.env['CI'] === undefined;
    skip(isMissing, 'fail2ban is not installed: apt-get install fail2ban');
  });

  /** Addresses and lines that a filter finds, by the real program. */
  const matched = (log: string, filter: string): { lines: number; of: number } => {
    const out = execFileSync('/usr/bin/fail2ban-regex', [log, filter], { encoding: 'utf8' });
    const [, total, found] = /Lines: (\d+) lines, \d+ ignored, (\d+) matched/.exec(out) ?? [];
    return { lines: Number(found), of: Number(total) };
  };

  test('common: wrong passwords by its own traefik-auth, 404s by a filter that people share', async () => {
    const log = join(dir, 'access.log');
    const { url } = await start(`accessLog: { filePath: ${log} }\n`);
    await attack(url);
    expect(await linesOf(log, 5)).toHaveLength(5);
    // Of the two names that were tried, the second holds a space and a line.
    expect(matched(log, '/etc/fail2ban/filter.d/traefik-auth.conf')).toEqual({ lines: 2, of: 5 });
    const botsearch = join(dir, 'botsearch.conf');
    writeFileSync(
      botsearch,
      String.raw`[Definition]
failregex = ^<HOST> \- \S+ \[\] \"(GET|POST|HEAD) [^\"]+\" 404 .+$
`,
    );
    expect(matched(log, botsearch)).toEqual({ lines: 1, of: 5 });
  });

  test('json: 401, 403 and 404 by filters over its keys in their order', async () => {
    const log = join(dir, 'access.json');
    const { url } = await start(
      `accessLog:\n  filePath: ${log}\n  format: json\n  fields: { headers: { names: { User-Agent: keep } } }\n`,
    );
    await attack(url);
    expect(await linesOf(log, 5)).toHaveLength(5);
    const filter = join(dir, 'json.conf');
    writeFileSync(
      filter,
      String.raw`[Definition]
failregex = ^\{"ClientAddr":"[^"]*","ClientHost":"<HOST>","ClientPort":"\d*","ClientUsername":"<F-USER>.*</F-USER>","DownstreamContentSize":\d+,"DownstreamStatus":(401|403|404),"Duration":\d+,.*"OriginStatus":\d+,"Overhead":\d+,"RequestAddr":".*","RequestContentSize":\d+,"RequestCount":\d+,"RequestHost":".*","RequestMethod":"\w+","RequestPath":".*","RequestPort":".*","RequestProtocol":"[^"]*","RequestScheme":"https?","RetryAttempts":\d+,.*"StartLocal":"","StartUTC":"[^"]*",.*"entryPointName":"[^"]*","level":"info","msg":"",("request_User-Agent":".*",)?"time":"[^"]*"\}$
datepattern = "StartLocal"\s*:\s*"%%Y-%%m-%%d[T]%%H:%%M:%%S\.%%f\d*(%%z)?",
`.replace('"StartLocal":"",', '.*'),
    );
    expect(matched(log, filter)).toEqual({ lines: 4, of: 5 });
    const forged = join(dir, 'forged.conf');
    writeFileSync(
      forged,
      String.raw`[Definition]
failregex = "ClientHost":"(?!127\.0\.0\.1")<HOST>"
`,
    );
    expect(matched(log, forged).lines).toBe(0);
  });
});

test('without being asked there is one in the data folder, as JSON', async () => {
  const { url, gatehouse } = await start('');
  await send(url, '/a?b=c', { headers: { Host: 'open.test', 'User-Agent': 'tester', Cookie: 'secret=1' } });
  await send(url, '/', { headers: { Host: 'quiet.test' } });
  await send(url, '/', { headers: { Host: 'nowhere.test' } });
  const lines = await linesOf(join(gatehouse.dataDir, 'access.log'), 2);
  const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({
    ClientHost: '127.0.0.1',
    DownstreamStatus: 502,
    RequestPath: '/a?b=c',
    RouterName: 'open@file',
    entryPointName: 'web',
    'request_User-Agent': 'tester',
  });
  // The router that wants no line has none.
  expect(second).toMatchObject({ RequestHost: 'nowhere.test', DownstreamStatus: 404 });
  expect(lines.join('')).not.toContain('secret');
});

test('filters, header fields of both sides, and a file that was moved away', async () => {
  const log = join(dir, 'deep', 'access.log');
  const { url, gatehouse } = await start(
    `accessLog:
  filePath: ${log}
  format: json
  bufferingSize: 100
  filters: { statusCodes: ["401"] }
  fields: { headers: { defaultMode: keep, names: { Authorization: redact } } }
`,
  );
  await send(url, '/', { headers: { Host: 'nowhere.test' } });
  await send(url, '/', { headers: { Host: 'app.test', Authorization: credentials('a:b'), 'X-Own': 'yes' } });
  const [line = ''] = await linesOf(log, 1);
  expect(JSON.parse(line)).toMatchObject({
    ClientUsername: 'a',
    DownstreamStatus: 401,
    'downstream_Www-Authenticate': expect.stringContaining('Basic') as string,
    request_Authorization: 'REDACTED',
    'request_X-Own': 'yes',
  });
  expect(line).not.toContain(credentials('a:b'));

  renameSync(log, `${log}.moved`);
  process.kill(gatehouse.pid, 'SIGUSR1');
  await pollUntil(() => existsSync(log), 5000);
  await send(url, '/', { headers: { Host: 'app.test' } });
  expect(await linesOf(log, 1)).toHaveLength(1);
  expect(readFileSync(`${log}.moved`, 'utf8').trim().split('\n')).toHaveLength(1);
});

test('to standard output where no file is named', async () => {
  const { url, gatehouse } = await start('accessLog: {}\n');
  await send(url, '/out', { headers: { Host: 'nowhere.test' } });
  await pollUntil(() => /^127\.0\.0\.1 - - \[.*\] "GET \/out HTTP\/1\.1" 404 /m.test(gatehouse.output()), 5000);
  expect(existsSync(join(gatehouse.dataDir, 'access.log'))).toBe(false);
});

test('a log that cannot be written is said, and nobody is left outside', async () => {
  writeFileSync(join(dir, 'file'), '');
  const { url, gatehouse } = await start(`accessLog: { filePath: ${join(dir, 'file', 'access.log')} }\n`);
  expect((await send(url, '/', { headers: { Host: 'open.test' } })).status).toBe(502);
  expect((await gatehouse.run('status')).out).toMatch(/not written to the access log/);
});

test('an entry point that wants no lines has none, though it is asked for elsewhere', async () => {
  const log = join(dir, 'access.log');
  const { url, gatehouse } = await start(`accessLog: { filePath: ${log} }\n`, ', observability: { accessLogs: false }');
  expect((await send(url, '/', { headers: { Host: 'open.test' } })).status).toBe(502);
  // The record has come, so that a line would have been written by now.
  await pollUntil(async () => (await gatehouse.run('logs', '--json')).out.includes('open.test'), 5000);
  expect(readFileSync(log, 'utf8')).toBe('');
});

test('a router that wants lines has them where its entry point wants none', async () => {
  const log = join(dir, 'access.log');
  const { url } = await start(`accessLog: { filePath: ${log} }\n`, ', observability: { accessLogs: false }');
  for (const host of ['open.test', 'nowhere.test', 'noted.test']) await send(url, '/', { headers: { Host: host } });
  const lines = await linesOf(log, 1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('noted@file');
});
