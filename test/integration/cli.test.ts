import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../app/cli/commands.ts';
import type { Explanation } from '../../app/contract/explanation.ts';
import type { EngineStatus, RouterView } from '../../app/contract/objects.ts';
import type { RequestRecord } from '../../proxy/model/request-record.ts';
import { gatehouse, type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { pollUntil } from '../support/poll.ts';

const command = path.resolve(import.meta.dirname, '../../bin/gatehouse.mjs');
let running: RunningGatehouse;
let folder: string;
let https: string;
let ca: string;
const upstream = createServer((request, response) => response.end(`nas ${request.url ?? ''}`));

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'gh-cli-'));
  await new Promise<void>((resolve) => {
    upstream.listen(0, '127.0.0.1', () => resolve());
  });
  const { port } = upstream.address() as AddressInfo;
  await writeFile(
    path.join(folder, 'dynamic.yml'),
    `http:
  routers:
    nas:
      rule: Host(\`nas.localhost\`)
      service: nas
      middlewares: [lan]
    broken:
      rule: Host(\`broken.localhost\`)
      service: nobody
  middlewares:
    lan:
      ipAllowList:
        sourceRange: [127.0.0.0/8]
  services:
    nas:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${port}
`,
  );
  running = await startGatehouse(['--file', path.join(folder, 'dynamic.yml')]);
  const status = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
  https = `https://${status.entryPoints.find(({ protocol }) => protocol === 'https')?.listening ?? ''}`;
  ca = (await running.run('ca', 'export')).out;
});
afterAll(async () => {
  await running.stop();
  upstream.closeAllConnections();
  await new Promise((resolve) => {
    upstream.close(resolve);
  });
  await rm(folder, { recursive: true, force: true });
});

function visit(host: string, target = '/') {
  return send(https, target, { ca, headers: { Host: host } });
}

describe('gatehouse serve', () => {
  it('says where to look, what is exposed, and what is wrong', () => {
    expect(running.output()).toMatch(/^Gatehouse \d/);
    expect(running.output()).toMatch(/Dashboard {2}http:\/\/127\.0\.0\.1:\d+\/sign-in\?code=[\w-]{43}\n/);
    expect(running.output()).toMatch(/https:\/\/nas\.localhost:\d+\/? +nas@file/);
    expect(running.output()).toContain('1 of 3 routers are disabled: gatehouse routers');
    // No terminal: no colour codes.
    expect(running.output()).not.toContain('\u001b');
  });

  it('does not start twice on one data folder', async () => {
    const { code, error } = await gatehouse(['serve', '--data-dir', running.dataDir, '--docker', 'off']);
    expect(code).toBe(1);
    expect(error).toContain('in use');
    expect(error).toContain(String(running.pid));
  });

  it('stops cleanly on SIGTERM and on SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const short = await startGatehouse();
      expect(await short.end(signal)).toBe(0);
      expect(short.output()).toContain('Stopping');
      const { code, error } = await short.run('status');
      expect([code, error.split('\n')[0]]).toEqual([
        1,
        `Gatehouse is not running with the data folder ${short.dataDir}.`,
      ]);
      await short.stop();
    }
  });

  it.each([
    [['--http', 'nowhere'], '--http nowhere: write :PORT'],
    [['--config', '/nowhere/traefik.yml'], 'cannot be read'],
    [['--hptt', ':80'], "Unknown option '--hptt'"],
    [['extra'], 'Too much: extra.'],
  ])('refuses %j in a sentence', async (flags, message) => {
    const { code, error } = await gatehouse(['serve', '--data-dir', folder, ...flags]);
    expect(error).toContain(message);
    expect(error.split('\n').length).toBeLessThan(6);
    expect(code).toBe(flags[0] === '--config' ? 1 : 2);
  });

  it('names the line of a wrong static file', async () => {
    const file = path.join(folder, 'traefik.yml');
    await writeFile(file, 'entryPoints:\n  web:\n    adress: ":80"\n');
    const { code, error } = await gatehouse(['serve', '--data-dir', folder, '--config', file]);
    expect([code, error]).toEqual([
      2,
      expect.stringContaining(`${file}:3:5: There is no option "entryPoints.web.adress"`),
    ]);
  });
});

describe('looking', () => {
  it('lists with --json what the contract says, and tables for people', async () => {
    const routers = JSON.parse((await running.run('routers', '--json')).out) as RouterView[];
    expect(Object.fromEntries(routers.map(({ name, status }) => [name, status]))).toEqual({
      'broken@file': 'disabled',
      'nas@file': 'enabled',
      'whoami@internal': 'enabled',
    });
    const { out, code } = await running.run('routers');
    expect(code).toBe(0);
    expect(out).toMatch(/^ROUTER +PROTOCOL +STATUS +RULE/);
    expect(out).toMatch(/\nerror: broken@file: /);
    expect((await running.run('services')).out).toMatch(
      /nas@file +http +enabled +http:\/\/127\.0\.0\.1:\d+ +unchecked/,
    );
    expect((await running.run('middlewares')).out).toMatch(/lan@file +ipAllowList +enabled +nas@file/);
    expect((await running.run('containers')).out).toContain('No containers.');
    expect((await running.run('status')).out).toContain(`Data folder  ${running.dataDir}`);
  });

  it('explains, with an exit code for scripts', async () => {
    const good = await running.run('explain', `${https.replace('127.0.0.1', 'nas.localhost')}/x`, '--json');
    expect(good.code).toBe(0);
    expect(JSON.parse(good.out) as Explanation).toMatchObject({ outcome: 'forwarded', router: 'nas@file' });
    const refused = await running.run('explain', 'nas.localhost', '--from', '203.0.113.7');
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('lan@file refuses')]);
    const broken = await running.run('explain', 'broken.localhost');
    expect([broken.code, broken.out]).toEqual([1, expect.stringContaining('broken@file would, but it is disabled')]);
    expect(await running.run('explain', 'ftp://x')).toMatchObject({
      code: 1,
      error: expect.stringContaining('is not an address') as string,
    });
  });

  it('exports the CA that signs what it serves', async () => {
    expect(await visit('nas.localhost', '/photo')).toMatchObject({ status: 200, body: 'nas /photo' });
    const file = path.join(folder, 'ca.pem');
    const { out } = await running.run('ca', 'export', '--out', file);
    expect(out).toContain(new X509Certificate(await readFile(file)).fingerprint256);
  });

  it('shows the log, filters it, and follows it', async () => {
    await visit('nas.localhost', '/first');
    await visit('nobody.localhost', '/nothing');
    const lines = async (...args: string[]) => (await running.run('logs', ...args)).out;
    await pollUntil(async () => (await lines()).includes('/nothing'));
    expect(await lines('--status', '4xx')).toMatch(/ 404 .*nobody\.localhost\/nothing.*no router/);
    expect(await lines('--status', '4xx')).not.toContain('/first');
    expect(await lines('FIRST')).toMatch(/nas\.localhost\/first.*nas@file/);
    const [record] = (await lines('--json', '--router', 'nas@file', '--lines', '1')).trim().split('\n');
    expect(JSON.parse(record ?? '') as RequestRecord).toMatchObject({ target: '/first', status: 200 });

    const follow = spawn(process.execPath, [
      'bin/gatehouse.mjs',
      'logs',
      '-f',
      '-n',
      '0',
      '--host',
      'nas.localhost',
      '--data-dir',
      running.dataDir,
    ]);
    let followed = '';
    follow.stdout.on('data', (chunk: Buffer) => {
      followed += chunk.toString();
    });
    try {
      await pollUntil(async () => {
        await visit('nobody.localhost', '/unwanted');
        await visit('nas.localhost', '/live');
        return followed.includes('/live');
      });
      expect(followed).not.toContain('/unwanted');
    } finally {
      follow.kill('SIGINT');
    }
    expect(await new Promise((resolve) => follow.once('close', resolve))).toBe(0);
  });
});

describe('changing', () => {
  it('pauses and resumes everything, and takes it back', async () => {
    expect(await running.run('pause')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Everything is paused') as string,
    });
    expect((await visit('nas.localhost')).status).toBe(404);
    expect((await running.run('undo')).code).toBe(0);
    expect((await visit('nas.localhost')).status).toBe(200);
  });

  it('says what to do when a name does not exist', async () => {
    const { code, error } = await running.run('expose', 'nothing');
    expect([code, error]).toEqual([1, expect.stringContaining('gatehouse containers')]);
    expect((await running.run('unexpose', 'nothing')).code).toBe(1);
    expect((await running.run('pause', 'nothing')).error).toContain('No app with the name nothing');
    expect(await running.run('expose', 'x', '--allow', '10.0.0.0/8')).toMatchObject({ code: 2 });
    expect(await running.run('expose')).toMatchObject({ code: 2 });
  });

  it('sets the password from a pipe, and makes tokens and links that open the dashboard', async () => {
    const dashboard = JSON.parse((await running.run('status', '--json')).out) as EngineStatus;
    const { url } = dashboard.dashboard;
    const piped = (input: string) => gatehouse(['password', '--data-dir', running.dataDir], { input });
    expect(await piped('short\n')).toMatchObject({ code: 1 });
    expect(await piped('correct horse battery\n')).toMatchObject({ code: 0, out: 'The password is set.\n' });
    const signIn = (password: string) =>
      send(url, '/api/gatehouse/sign-in', {
        method: 'POST',
        headers: { Origin: url, 'Content-Type': 'application/json' },
        body: JSON.stringify({ password }),
      });
    expect((await signIn('wrong horse battery')).status).toBe(401);
    expect((await signIn('correct horse battery')).status).toBe(200);

    const token = (await running.run('token', 'create', 'homepage')).out.trim();
    const routers = await send(url, '/api/http/routers/broken@file', { headers: { Authorization: `Bearer ${token}` } });
    expect(JSON.parse(routers.body)).toMatchObject({ status: 'disabled', error: [expect.stringContaining('nobody')] });
    expect((await running.run('token', 'list')).out).toMatch(/homepage +\S.*ago|just now/);
    expect((await running.run('token', 'revoke', 'homepage')).code).toBe(0);
    expect((await send(url, '/api/version', { headers: { Authorization: `Bearer ${token}` } })).status).toBe(401);

    const link = new URL((await running.run('open')).out.trim());
    expect((await send(link.origin, link.pathname + link.search)).status).toBe(303);
    expect((await send(link.origin, link.pathname + link.search)).status).toBe(403);
  });
});

describe('help', () => {
  it('has a page for every command, and knows what it does not know', async () => {
    const { out, code } = await gatehouse(['--help']);
    expect(code).toBe(0);
    const names = [...out.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1] ?? '');
    expect(names).toEqual(Object.keys(commands));
    await Promise.all(
      names.map(async (name) => {
        const page = await gatehouse([name, '--help']);
        expect(page, name).toMatchObject({ code: 0, out: expect.stringContaining(`gatehouse ${name}`) as string });
      }),
    );
    expect(await gatehouse([])).toMatchObject({ code: 2 });
    expect(await gatehouse(['exposse'])).toMatchObject({
      code: 2,
      error: expect.stringContaining('no command "exposse"') as string,
    });
    expect(await gatehouse(['constructor'])).toMatchObject({ code: 2 });
    expect((await gatehouse(['help', 'certs'])).out).toContain('gatehouse certificates');
    expect((await gatehouse(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('takes one signal that comes twice for one, and lets a request under way finish', async () => {
    let finish = (): void => undefined;
    const slow = createServer((_request, response) => {
      finish = () => response.end('done');
    });
    await new Promise<void>((resolve) => {
      slow.listen(0, '127.0.0.1', () => resolve());
    });
    const file = path.join(folder, 'slow.yml');
    const server = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    await writeFile(
      file,
      `http:\n  routers:\n    slow: { rule: "Host(\`slow.localhost\`)", service: slow }\n  services:\n    slow: { loadBalancer: { servers: [{ url: "${server}" }] } }\n`,
    );
    const other = await startGatehouse(['--file', file]);
    try {
      const status = JSON.parse((await other.run('status', '--json')).out) as EngineStatus;
      const address = status.entryPoints.find(({ protocol }) => protocol === 'https')?.listening ?? '';
      const otherCa = (await other.run('ca', 'export')).out;
      let reached = false;
      slow.once('request', () => {
        reached = true;
      });
      const answer = send(`https://${address}`, '/', { ca: otherCa, headers: { Host: 'slow.localhost' } });
      await pollUntil(() => reached, 5000);
      const ended = other.end('SIGINT');
      await pollUntil(() => other.output().includes('Stopping'), 5000);
      process.kill(other.pid, 'SIGINT');
      process.kill(other.pid, 'SIGTERM');
      setTimeout(finish, 100);
      expect(await ended).toBe(0);
      expect((await answer).body).toBe('done');
    } finally {
      await other.stop();
      slow.close();
    }
  });

  it('gives no link to an address that another program has', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = taken.address() as AddressInfo;
    const dataDir = await mkdtemp(path.join(tmpdir(), 'gh-taken-'));
    const flags = ['--http', '127.0.0.1:0', '--https', '127.0.0.1:0', '--dashboard', `127.0.0.1:${port}`];
    const child = spawn(process.execPath, [command, 'serve', '--data-dir', dataDir, '--docker', 'off', ...flags]);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise((resolve) => {
      child.once('close', resolve);
    });
    try {
      await pollUntil(() => output.includes('another program has it'), 20_000);
      expect(output).toMatch(/^Dashboard +off$/m);
      expect(output).not.toContain('sign-in');
      expect(await gatehouse(['open', '--data-dir', dataDir])).toMatchObject({
        code: 1,
        error: expect.stringContaining('The dashboard is off') as string,
      });
    } finally {
      child.kill();
      await ended;
      taken.close();
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it('checks files without an engine', async () => {
    const goodFile = path.join(folder, 'good.yml');
    await writeFile(
      goodFile,
      'http:\n  middlewares:\n    office:\n      ipAllowList:\n        sourceRange: [10.0.0.0/8]\n',
    );
    expect(await gatehouse(['check', goodFile])).toMatchObject({ code: 0, out: 'No problems.\n' });
    const mixed = await gatehouse(['check', goodFile, path.join(folder, 'dynamic.yml'), '--json']);
    expect([mixed.code, JSON.parse(mixed.out)]).toMatchObject([1, [{ line: 9, severity: 'error' }]]);
    const file = path.join(folder, 'bad.yml');
    await writeFile(file, 'http:\n  routers:\n    a:\n      rule: Hots(`a`)\n      service: b\n');
    const bad = await gatehouse(['check', file]);
    expect([bad.code, bad.out]).toEqual([1, expect.stringMatching(/bad\.yml:4:\d+: error: .*Host/)]);
  });
});
