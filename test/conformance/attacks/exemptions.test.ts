import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { ChallengeSnapshot } from '../../../proxy/model/snapshot.ts';
import { pollUntil } from '../../support/poll.ts';
import {
  type Harness,
  type HarnessOptions,
  loadBalancer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
} from '../../support/proxy-harness.ts';

const deadlineMs = 30_000;
const host = 'app.test';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: HarnessOptions): Promise<{ readonly server: RawServer; readonly harness: Harness }> {
  const server = await startRawServer();
  const harness = await startProxy({ services: { 'app@test': loadBalancer([server.url]) }, ...options });
  closers.push(
    () => server.close(),
    () => harness.close(),
  );
  return { server, harness };
}

const head = (target: string, fields: readonly string[] = [], method = 'GET', name = host): string =>
  [`${method} ${target} HTTP/1.1`, `Host: ${name}`, ...fields, '', ''].join('\r\n');
const closing = 'Connection: close';

/** `user` with the password `secret`. */
const users = ['user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='];
const guarded: HarnessOptions = {
  routers: [{ middlewares: ['auth@test'] }],
  middlewares: { 'auth@test': { basicAuth: { users } } },
};

describe('the path of a CA’s challenges', () => {
  const live: ChallengeSnapshot = { type: 'http-01', host, token: 'T-1', answer: 'T-1.thumbprint' };

  test.each<[string, string, string]>([
    ['a token that is not live (Cloudflare, January 2026)', host, '/.well-known/acme-challenge/x'],
    ['a live token of another host', 'other.test', '/.well-known/acme-challenge/T-1'],
    ['a path below a live token', host, '/.well-known/acme-challenge/T-1/admin'],
    ['a path beside a live token', host, '/.well-known/acme-challenge/T-1;/admin'],
    ['a path out of it', host, '/.well-known/acme-challenge/../admin'],
    ['a path out of it that is escaped', host, '/.well-known/acme-challenge/%2e%2e/%2e%2e/admin'],
  ])('opens nothing for %s', async (_name, name, target) => {
    const { server, harness } = await start(guarded);
    harness.proxy.receive({ type: 'challenges', revision: 1, challenges: [live] });
    const answer = await sendRaw(harness.port(), head(target, [closing], 'GET', name));
    expect(statuses(answer)).toEqual([401]);
    expect(answer).not.toContain('thumbprint');
    expect(server.received()).toBe('');
  });

  test('can be held by nobody who is slow (CVE-2023-47124)', async () => {
    const { server, harness } = await start({ ...guarded, limits: { headMs: 200 } });
    harness.proxy.receive({ type: 'challenges', revision: 1, challenges: [live] });
    const answer = await sendRaw(
      harness.port(),
      `GET /.well-known/acme-challenge/T-1 HTTP/1.1\r\nHost: ${host}\r\nX-`,
      undefined,
      deadlineMs,
    );
    expect(statuses(answer)).toEqual([408]);
    expect(server.received()).toBe('');
  });
});

describe('an identity that the visitor gives itself does not pass where authentication does not ask (CVE-2026-49446)', () => {
  const forged = ['X-Auth-User: admin', 'x_auth_user: admin', 'Remote-User: admin'];
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];

  test.each<[string, string]>([
    ['a request', head('/', [...forged, closing])],
    ['a WebSocket', head('/', [...forged, ...upgrade])],
    [
      'a preflight',
      head('/', [...forged, closing, 'Origin: https://evil.test', 'Access-Control-Request-Method: PUT'], 'OPTIONS'),
    ],
    ['HEAD', head('/', [...forged, closing], 'HEAD')],
    ['HTTP/1.0', head('/', forged).replace('HTTP/1.1', 'HTTP/1.0')],
  ])('%s', async (_name, bytes) => {
    const auth = await startRawServer((socket, text) => {
      if (text.includes('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    closers.push(() => auth.close());
    const { server, harness } = await start({
      routers: [{ middlewares: ['auth@test'] }],
      middlewares: {
        'auth@test': { forwardAuth: { address: auth.url, authResponseHeaders: ['X-Auth-User', 'Remote-User'] } },
      },
    });
    await sendRaw(harness.port(), bytes, (text) => statuses(text).length > 0);
    await pollUntil(() => server.received() !== '', deadlineMs);
    expect(server.received()).not.toMatch(/admin/);
  });
});

test('routers below a router are not reached around its middlewares (npm#148)', async () => {
  const { server, harness } = await start({
    ...guarded,
    routers: [{ name: 'root@test', service: '', children: ['inner@test'], middlewares: ['auth@test'] }],
    childRouters: {
      'inner@test': {
        name: 'inner@test',
        rule: 'PathPrefix(`/custom`)',
        priority: 100,
        middlewares: [],
        service: 'app@test',
      },
    },
  });
  for (const target of ['/custom', '/custom/', '//custom', '/x/../custom', '/%63ustom', `http://${host}/custom`]) {
    expect(statuses(await sendRaw(harness.port(), head(target, [closing]))), target).toEqual([401]);
  }
  expect(server.received()).toBe('');
  await sendRaw(harness.port(), head('/custom', [closing, `Authorization: Basic ${btoa('user:secret')}`]));
  expect(server.received()).toContain('GET /custom ');
});

describe('a prefix that the visitor claims (GHSA-6384-m2mw-rf54, CVE-2024-52003)', () => {
  const claimed = ['X-Forwarded-Prefix: //evil.test', 'X-Forwarded-Host: evil.test', closing];

  test.each<[string, HarnessOptions]>([
    ['an entry point', { entryPoints: [{ redirect: { scheme: 'https', port: 443, permanent: true } }] }],
    [
      'a middleware',
      {
        routers: [{ middlewares: ['move@test'] }],
        middlewares: { 'move@test': { redirectScheme: { scheme: 'https' } } },
      },
    ],
  ])('moves no redirect of %s', async (_name, options) => {
    const { server, harness } = await start(options);
    const answer = await sendRaw(harness.port(), head('/dashboard', claimed));
    expect(answer).toMatch(/^HTTP\/1\.1 30\d /);
    expect(/\r\nLocation: (.*)\r\n/i.exec(answer)?.[1]).toBe(`https://${host}/dashboard`);
    expect(server.received()).toBe('');
  });

  test('is not added to one that is stripped', async () => {
    const { server, harness } = await start({
      routers: [{ middlewares: ['strip@test'] }],
      middlewares: { 'strip@test': { stripPrefix: { prefixes: ['/api'] } } },
    });
    await sendRaw(harness.port(), head('/api/x', claimed));
    expect(server.received()).toMatch(/^GET \/x HTTP\/1\.1\r\n/);
    expect(server.received().match(/^x-forwarded-prefix: .*$/gim)).toEqual(['X-Forwarded-Prefix: /api']);
    expect(server.received()).not.toContain('evil');
  });
});

test('no site may read another’s answers unless that was said (CVE-2025-50579)', async () => {
  const { harness } = await start({});
  for (const method of ['GET', 'OPTIONS']) {
    const fields = ['Origin: https://evil.test', 'Access-Control-Request-Method: PUT', closing];
    const answer = await sendRaw(harness.port(), head('/', fields, method));
    expect(answer).not.toMatch(/^access-control-/im);
  }
});

test('who does not exist is answered as who does (CVE-2026-41263, CVE-2026-88010)', async () => {
  const { server, harness } = await start(guarded);
  /** Without what differs from one answer to the next. */
  const answerTo = async (name: string): Promise<string> => {
    const fields = [`Authorization: Basic ${btoa(`${name}:wrong`)}`, closing];
    const answer = await sendRaw(harness.port(), head('/', fields));
    return answer.replaceAll(/^date: .*$/gim, '').replaceAll((await harness.record()).id, '');
  };
  const [known, unknown] = [await answerTo('user'), await answerTo('nobody')];
  expect(statuses(known)).toEqual([401]);
  const text = (answer: string): string => answer.slice(0, answer.indexOf('\r\n\r\n'));
  expect(text(unknown)).toBe(text(known));
  expect(server.received()).toBe('');
});

test('a crafted path ends no worker (CVE-2024-21536)', async () => {
  const { harness } = await start({});
  const paths = ['//', '/%', '/\\x', '/../..', `/${'../'.repeat(2000)}`, '/http://x', '/:80', '///\t', '/%c0%ae', '/?'];
  for (const target of paths) {
    const socket = net.connect(harness.port(), '127.0.0.1');
    closers.push(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.resume();
    socket.write(head(target, [closing]), 'latin1');
    await pollUntil(() => socket.destroyed, deadlineMs);
  }
  expect(statuses(await sendRaw(harness.port(), head('/', [closing])))).toEqual([200]);
});
