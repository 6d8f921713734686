import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { contextDouble, logDouble } from '../../test/support/context.ts';
import { type PlainRequest, send } from '../../test/support/http-client.ts';
import { pollUntil } from '../../test/support/poll.ts';
import type { GatehouseClient } from '../operations/client.ts';
import { type Dashboard, type DashboardOptions, startDashboard } from './dashboard.ts';

const password = 'correct horse battery';

let staticDir: string;
let double: ReturnType<typeof contextDouble>;
let log: ReturnType<typeof logDouble>;
let clockMs: number;
let dashboard: Dashboard;
let url: string;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'gh-dashboard-'));
  closers.push(() => rm(root, { recursive: true, force: true }));
  staticDir = path.join(root, 'renderer');
  await mkdir(path.join(staticDir, 'assets'), { recursive: true });
  await writeFile(path.join(root, 'secret.txt'), 'outside');
  await writeFile(path.join(staticDir, 'index.html'), '<script src="./assets/main-abc.js"></script>');
  await writeFile(path.join(staticDir, 'assets/main-abc.js'), 'export {};');
  await symlink(path.join(root, 'secret.txt'), path.join(staticDir, 'assets/link.txt'));
  clockMs = 1_800_000_000_000;
  double = contextDouble({ now: () => clockMs });
  log = logDouble();
  dashboard = await start({});
  url = dashboard.url();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: Partial<DashboardOptions>): Promise<Dashboard> {
  const started = await startDashboard({
    context: double.context,
    access: double.access,
    address: '127.0.0.1:0',
    addressFixed: true,
    lanAddress: null,
    staticDir,
    certificates: () => Promise.resolve([]),
    log,
    now: () => clockMs,
    ...options,
  });
  closers.push(() => started.close());
  return started;
}

/** Signs in by a link and gives the cookie. */
async function signIn(): Promise<string> {
  const { code } = double.access.createSignInCode();
  const { headers } = await send(url, `/sign-in?code=${code}`);
  return headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

function post(pathName: string, body: unknown, headers: PlainRequest['headers'] = {}) {
  return send(url, pathName, {
    method: 'POST',
    headers: { Origin: url, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function upgrade(
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly socket: WebSocket; readonly status: number }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/gatehouse/rpc`, { headers });
  closers.push(() => socket.terminate());
  return new Promise((resolve) => {
    socket.on('open', () => resolve({ socket, status: 101 }));
    socket.on('unexpected-response', (_request, response) => resolve({ socket, status: response.statusCode ?? 0 }));
    socket.on('error', () => undefined);
  });
}

describe('pages', () => {
  it('serves the client to everybody, with addresses that work at any depth', async () => {
    for (const page of ['/', '/routers/whoami@docker', '/sign-in']) {
      const { status, headers, body } = await send(url, page);
      expect([status, headers['content-type'], headers['cache-control']]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-cache',
      ]);
      expect(body).toBe('<script src="/assets/main-abc.js"></script>');
    }
  });

  it('keeps hashed files for ever and answers 304 for the page', async () => {
    const asset = await send(url, '/assets/main-abc.js');
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const { etag = '' } = (await send(url, '/')).headers;
    expect((await send(url, '/', { headers: { 'If-None-Match': etag } })).status).toBe(304);
    expect((await send(url, '/assets/none.js')).status).toBe(404);
  });

  it('sets the security headers on every kind of answer', async () => {
    for (const page of ['/', '/assets/main-abc.js', '/api/overview', '/ping', '/assets/none.js']) {
      const { headers } = await send(url, page);
      expect(headers['content-security-policy'], page).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
          "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    }
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..\\..\\secret.txt',
    '/assets/link.txt',
    '//secret.txt',
  ])('never leaves its folder: %s', async (target) => {
    const { body } = await send(url, target);
    expect(body).not.toContain('outside');
  });

  it('says what to do where the client is not built', async () => {
    const bare = await start({ staticDir: path.join(staticDir, 'nowhere') });
    const { status, body } = await send(bare.url(), '/');
    expect(status).toBe(503);
    expect(body).toContain('npm run build');
  });

  it('answers /ping without sign-in', async () => {
    expect(await send(url, '/ping')).toMatchObject({ status: 200, body: 'OK' });
  });
});

describe('requests with a hand of another site in them', () => {
  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '0.0.0.0', '10.1.2.3'])(
    'refuses the Host "%s" everywhere',
    async (host) => {
      for (const target of ['/', '/ping', '/api/overview', '/sign-in?code=x']) {
        expect((await send(url, target, { headers: { Host: host } })).status, target).toBe(421);
      }
    },
  );

  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:8686'])('takes the Host "%s"', async (host) => {
    expect((await send(url, '/ping', { headers: { Host: host } })).status).toBe(200);
  });

  it('refuses two Hosts and targets that name a host of their own', async () => {
    const port = Number(new URL(url).port);
    const raw = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        let answer = '';
        socket.on('data', (chunk) => {
          answer += chunk.toString();
        });
        socket.on('error', reject);
        socket.on('close', () => resolve(answer.split('\r\n')[0] ?? ''));
      });
    expect(
      await raw('GET /ping HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n'),
    ).toContain(' 400 ');
    expect(
      await raw('GET http://evil.example/ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    ).toContain(' 400 ');
    for (const target of [
      '/\\api/overview',
      '\\api\\overview',
      '/\\evil.example/ping',
      '/x/../api/overview',
      '/%2E/ping',
    ]) {
      const head = `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      expect(await raw(head), target).toContain(' 400 ');
    }
    expect(await raw('GET /ping?q=a\\b/../c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toContain(
      ' 200 ',
    );
    expect(await raw('GET /ping HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n')).toContain(' 400 ');
    expect(await raw('GET /ping HTTP/1.0\r\nConnection: close\r\n\r\n')).toContain(' 400 ');
  });

  it('refuses posts of other sites and posts that hide where they come from, cookie or not', async () => {
    const cookie = await signIn();
    const body = { container: 'photos' };
    const from = (headers: PlainRequest['headers']) =>
      send(url, '/api/gatehouse/exposures', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Length': '22', Cookie: cookie, ...headers },
        body: JSON.stringify(body),
      });
    for (const headers of [
      {},
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: url.replace('http', 'https') },
      { Origin: 'http://127.0.0.1:1' },
      { Origin: url, 'Sec-Fetch-Site': 'cross-site' },
      { Origin: url, 'Sec-Fetch-Site': 'same-site' },
      { Origin: url, 'Sec-Fetch-Site': 'none' },
    ] as const) {
      expect((await from(headers)).status, JSON.stringify(headers)).toBe(403);
    }
    expect(double.changes).toEqual([]);
    expect((await from({ Origin: url, 'Sec-Fetch-Site': 'same-origin' })).status).toBe(200);
    expect(double.changes).toMatchObject([{ kind: 'exposure.created', actor: 'dashboard' }]);
  });

  it('refuses reading by other sites too', async () => {
    const cookie = await signIn();
    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { Origin: 'https://evil.example' }]) {
      expect((await send(url, '/api/rawdata', { headers: { Cookie: cookie, ...headers } })).status).toBe(403);
    }
    expect(
      (await send(url, '/api/rawdata', { headers: { Cookie: cookie } })).headers['access-control-allow-origin'],
    ).toBeUndefined();
  });

  it('opens WebSockets for its own page with a session, and for nobody else', async () => {
    const cookie = await signIn();
    expect((await upgrade({ Cookie: cookie })).status).toBe(403);
    expect((await upgrade({ Cookie: cookie, Origin: 'https://evil.example' })).status).toBe(403);
    expect((await upgrade({ Cookie: cookie, Origin: url, Host: 'evil.example' })).status).toBe(421);
    expect((await upgrade({ Origin: url })).status).toBe(401);
    expect((await upgrade({ Cookie: cookie, Origin: url })).status).toBe(101);
  });
});

describe('signing in', () => {
  it('takes a one-time link once, and sets a cookie that scripts and other sites cannot use', async () => {
    const { code } = double.access.createSignInCode();
    const first = await send(url, `/sign-in?code=${code}`);
    expect([first.status, first.headers.location]).toEqual([303, '/']);
    const port = new URL(url).port;
    expect(first.headers['set-cookie']?.[0]).toMatch(
      new RegExp(`^gatehouse-${port}=[\\w-]{43}; Path=/; Max-Age=\\d+; HttpOnly; SameSite=Strict$`),
    );
    const second = await send(url, `/sign-in?code=${code}`);
    expect([second.status, second.headers['set-cookie']]).toEqual([403, undefined]);
  });

  it('lets links end after ten minutes', async () => {
    const { code } = double.access.createSignInCode();
    clockMs += 10 * 60_000;
    expect((await send(url, `/sign-in?code=${code}`)).status).toBe(403);
  });

  it('tells whether somebody is signed in, and signs out', async () => {
    const session = async (cookie: string) =>
      (await send(url, '/api/gatehouse/session', { headers: { Cookie: cookie } })).body;
    const cookie = await signIn();
    expect(JSON.parse(await session(''))).toEqual({ signedIn: false, passwordSet: false });
    expect(JSON.parse(await session(cookie))).toEqual({ signedIn: true, passwordSet: false });
    const out = await post('/api/gatehouse/sign-out', {}, { Cookie: cookie });
    expect(out.headers['set-cookie']?.[0]).toContain('Max-Age=0');
    expect(JSON.parse(await session(cookie))).toEqual({ signedIn: false, passwordSet: false });
  });

  it('takes the password, and stores neither it nor the session in clear', async () => {
    await double.access.setPassword({ password, needsCurrent: false, keepSession: null, actor: 'cli' });
    expect((await post('/api/gatehouse/sign-in', { password: 'wrong' })).status).toBe(401);
    const { status, headers } = await post('/api/gatehouse/sign-in', { password });
    expect(status).toBe(200);
    const value = headers['set-cookie']?.[0]?.split(/[=;]/)[1] ?? '';
    const stored = JSON.stringify([double.context.accessStore.passwordHash(), double.context.accessStore.sessions()]);
    expect(stored).toContain('$argon2id$');
    expect(value).toHaveLength(43);
    expect(stored).not.toContain(value);
    expect(stored).not.toContain(password);
  });

  it('slows guessing: five tries, then a wait that doubles, even for the right password', async () => {
    await double.access.setPassword({ password, needsCurrent: false, keepSession: null, actor: 'cli' });
    const tries: number[] = [];
    for (let i = 0; i < 6; i += 1)
      tries.push((await post('/api/gatehouse/sign-in', { password: `guess ${i}` })).status);
    expect(tries).toEqual([401, 401, 401, 401, 401, 429]);
    const refused = await post('/api/gatehouse/sign-in', { password });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    clockMs += 60_000;
    for (let i = 0; i < 5; i += 1) expect((await post('/api/gatehouse/sign-in', { password: 'x' })).status).toBe(401);
    expect((await post('/api/gatehouse/sign-in', { password })).headers['retry-after']).toBe('120');
    clockMs += 120_000;
    expect((await post('/api/gatehouse/sign-in', { password })).status).toBe(200);
  });

  it('does not let a crowd of simultaneous guesses through', async () => {
    await double.access.setPassword({ password, needsCurrent: false, keepSession: null, actor: 'cli' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => post('/api/gatehouse/sign-in', { password: `g${i}` })),
    );
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(5);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(15);
  });

  it('costs as much and says the same where no password is set', async () => {
    const none = await post('/api/gatehouse/sign-in', { password });
    await double.access.setPassword({
      password: 'another one entirely',
      needsCurrent: false,
      keepSession: null,
      actor: 'cli',
    });
    const wrong = await post('/api/gatehouse/sign-in', { password });
    expect([none.status, none.body]).toEqual([wrong.status, wrong.body]);
  });

  it.each([
    ['text/plain', '{"password":"x"}'],
    ['application/json', '{"password":1}'],
    ['application/json', 'x'.repeat(9000)],
    ['application/json', '{"password":"x","admin":true}'],
  ])('refuses a body that is %s: %.20s', async (type, body) => {
    const { status } = await send(url, '/api/gatehouse/sign-in', {
      method: 'POST',
      headers: { Origin: url, 'Content-Type': type },
      body,
    });
    expect(status).toBe(400);
  });

  it('ends sessions after thirty quiet days, and prolongs those in use', async () => {
    const day = 24 * 60 * 60_000;
    const cookie = await signIn();
    const works = async () => (await send(url, '/api/version', { headers: { Cookie: cookie } })).status === 200;
    clockMs += 29 * day;
    expect(await works()).toBe(true);
    clockMs += 29 * day;
    expect(await works()).toBe(true);
    clockMs += 30 * day;
    expect(await works()).toBe(false);
  });

  it('cuts open connections when everybody is signed out', async () => {
    const cookie = await signIn();
    const { socket } = await upgrade({ Cookie: cookie, Origin: url });
    const closed = new Promise<number>((resolve) => {
      socket.on('close', resolve);
    });
    expect(double.access.signOutAll()).toBe(1);
    expect(await closed).toBe(4401);
  });

  it('ends the other sessions when the password changes, not the one that changes it', async () => {
    const [mine, other] = [await signIn(), await signIn()];
    const { socket } = await upgrade({ Cookie: mine, Origin: url });
    const client = createORPCClient<GatehouseClient>(
      new RPCLink({ websocket: socket as unknown as globalThis.WebSocket }),
    );
    await client.access.setPassword({ password });
    const status = async (cookie: string) => (await send(url, '/api/version', { headers: { Cookie: cookie } })).status;
    expect([await status(mine), await status(other)]).toEqual([200, 401]);
    await expect(client.access.setPassword({ password: 'a new password' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(client.access.setPassword({ password: 'a new password', current: 'wrong' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await client.access.setPassword({ password: 'a new password', current: password });
    await expect(client.access.signInLink()).rejects.toMatchObject({ data: { reason: 'CONTROL_SOCKET_ONLY' } });
  });
});

describe('the API', () => {
  it('answers nobody without sign-in', async () => {
    for (const target of [
      '/api/overview',
      '/api/rawdata',
      '/api/gatehouse/snapshot',
      '/api/gatehouse/openapi.json',
      '/api/none',
    ]) {
      const { status, headers, body } = await send(url, target);
      expect([status, headers['content-type']], target).toEqual([401, 'application/json; charset=utf-8']);
      expect(JSON.parse(body)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('takes tokens, without Origin, until they are revoked, and never shows or stores them', async () => {
    const { token, info } = double.access.createToken('homepage', 'cli');
    const authorization = { Authorization: `Bearer ${token}` };
    expect(token).toMatch(/^gh_[\w-]{43}$/);
    expect((await send(url, '/api/overview', { headers: authorization })).status).toBe(200);
    const listed = await send(url, '/api/gatehouse/access/tokens', { headers: authorization });
    expect(JSON.parse(listed.body)).toEqual([{ ...info, lastUsedAt: clockMs }]);
    expect(
      listed.body + JSON.stringify([double.context.accessStore.tokens(), double.changes, log.lines]),
    ).not.toContain(token);

    const created = await send(url, '/api/gatehouse/exposures', {
      method: 'POST',
      headers: { ...authorization, 'Content-Type': 'application/json', 'Content-Length': '22' },
      body: '{"container":"photos"}',
    });
    expect(created.status).toBe(200);
    expect(double.changes.at(-1)).toMatchObject({ actor: 'api' });
    const { socket, status } = await upgrade(authorization);
    expect(status).toBe(101);
    const closed = new Promise<number>((resolve) => {
      socket.on('close', resolve);
    });
    double.access.revokeToken(info.id, 'cli');
    expect(await closed).toBe(4401);
    expect((await send(url, '/api/overview', { headers: authorization })).status).toBe(401);
  });

  it('streams events until the reader leaves or its token is revoked', async () => {
    const { token, info } = double.access.createToken('homepage', 'cli');
    const headers = { Authorization: `Bearer ${token}` };
    const opened = () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        request(`${url}/api/gatehouse/events`, { headers, agent: false }, resolve).on('error', reject).end();
      });
    const leaving = await opened();
    await pollUntil(() => double.listeners() === 1);
    double.emit({ topic: 'exposures', exposures: [] });
    let received = '';
    leaving
      .on('error', () => undefined)
      .on('data', (chunk: Buffer) => {
        received += chunk.toString();
      });
    await pollUntil(() => received.includes('"topic":"exposures"'));
    leaving.destroy();
    await pollUntil(() => double.listeners() === 0);

    const staying = await opened();
    await pollUntil(() => double.listeners() === 1);
    const closed = new Promise((resolve) => {
      staying.on('error', () => undefined).once('close', resolve);
    });
    double.access.revokeToken(info.id, 'cli');
    staying.resume();
    await closed;
    await pollUntil(() => double.listeners() === 0);
    expect(double.listeners()).toBe(0);
  });

  it('refuses wrong tokens, even beside a good cookie, and tokens from other sites', async () => {
    const cookie = await signIn();
    const { token } = double.access.createToken('homepage', 'cli');
    for (const authorization of ['Bearer gh_wrong', `Bearer ${token}x`, `Basic ${token}`, 'Bearer']) {
      const { status } = await send(url, '/api/overview', {
        headers: { Authorization: authorization, Cookie: cookie },
      });
      expect(status, authorization).toBe(401);
    }
    const foreign = { Authorization: `Bearer ${token}`, Origin: 'https://evil.example' };
    expect((await send(url, '/api/overview', { headers: foreign })).status).toBe(403);
  });

  it('takes a token as the password of Basic, for reading alone', async () => {
    const { token } = double.access.createToken('widget', 'cli');
    const headers = { Authorization: `Basic ${Buffer.from(`any:${token}`).toString('base64')}` };
    expect((await send(url, '/api/overview', { headers })).status).toBe(200);
    const wrong = { Authorization: `Basic ${Buffer.from('any:gh_wrong').toString('base64')}` };
    expect((await send(url, '/api/overview', { headers: wrong })).status).toBe(401);
    const change = await send(url, '/api/gatehouse/exposures/pause-all', { method: 'POST', headers });
    expect(change.status).toBe(401);
    expect(double.changes.map(({ kind }) => kind)).toEqual(['access.tokenCreated']);
  });

  it('does not let a token decide who has access', async () => {
    const { token, info } = double.access.createToken('homepage', 'cli');
    const call = (method: string, target: string, body = '{}') =>
      send(url, `/api/gatehouse/access/${target}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/json',
          'Content-Length': String(body.length),
        },
        body,
      });
    expect((await call('POST', 'password', '{"password":"mine from now on"}')).status).toBe(403);
    expect((await call('POST', 'tokens', '{"name":"second"}')).status).toBe(403);
    expect((await call('DELETE', `tokens/${info.id}`)).status).toBe(403);
    expect((await call('POST', 'sign-out-all')).status).toBe(403);
    expect((await call('POST', 'sign-in-link')).status).toBe(403);
    expect(double.access.passwordSet()).toBe(false);
  });

  it('describes itself, and gives failures their status and code', async () => {
    const headers = { Cookie: await signIn() };
    const { body } = await send(url, '/api/gatehouse/openapi.json', { headers });
    const document = JSON.parse(body) as { openapi: string; paths: Record<string, unknown> };
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toContain('/exposures/{id}/pause');
    const missing = await send(url, '/api/gatehouse/requests/none', { headers });
    expect([missing.status, JSON.parse(missing.body)]).toMatchObject([
      404,
      { code: 'NOT_FOUND', data: { reason: 'REQUEST_UNKNOWN' } },
    ]);
    expect((await send(url, '/api/gatehouse/nothing', { headers })).status).toBe(404);
  });

  it('refuses bodies that are large or of unknown length', async () => {
    const cookie = await signIn();
    const large = await post(
      '/api/gatehouse/exposures',
      { container: 'x'.repeat(1024 * 1024) },
      { Cookie: cookie, 'Content-Length': '1048592' },
    );
    expect(large.status).toBe(413);
    const chunked = await post('/api/gatehouse/exposures', {}, { Cookie: cookie, 'Transfer-Encoding': 'chunked' });
    expect(chunked.status).toBe(413);
  });

  it('says nothing of the inside when something breaks', async () => {
    const cookie = await signIn();
    const { status, body } = await post(
      '/api/gatehouse/exposures',
      { container: 'crash' },
      { Cookie: cookie, 'Content-Length': '21' },
    );
    expect(status).toBe(500);
    expect(body).not.toContain('shadow');
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});

describe('addresses', () => {
  it('goes to another port where the usual one is taken, and says so', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve());
    });
    closers.push(() => taken.close());
    const { port } = taken.address() as { port: number };
    const moved = await start({ address: `127.0.0.1:${port}`, addressFixed: false });
    expect(moved.problems()).toMatchObject([{ code: 'PORT_FALLBACK', severity: 'info' }]);
    expect((await send(moved.url(), '/ping')).status).toBe(200);
    const fixed = await start({ address: `127.0.0.1:${port}`, addressFixed: true });
    expect(fixed.problems()).toMatchObject([{ code: 'PORT_IN_USE', severity: 'error' }]);
  });
});
