import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import type { MiddlewareConfig } from '../../../proxy/model/dynamic.ts';
import {
  type Harness,
  loadBalancer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
} from '../../support/proxy-harness.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A server that says nothing of who the visitor is, and so on; what it is sent is kept. */
async function server(answer?: string): Promise<RawServer> {
  const started = await startRawServer(
    answer === undefined
      ? undefined
      : (socket, text) => {
          if (text.includes('\r\n\r\n')) socket.write(answer);
        },
  );
  closers.push(() => started.close());
  return started;
}

async function guarded(
  middlewares: Record<string, MiddlewareConfig>,
  app: RawServer,
  pages?: RawServer,
): Promise<Harness> {
  const harness = await startProxy({
    routers: [{ middlewares: Object.keys(middlewares) }],
    middlewares,
    services: {
      'app@test': loadBalancer([app.url]),
      ...(pages === undefined ? {} : { 'pages@test': loadBalancer([pages.url]) }),
    },
  });
  closers.push(() => harness.close());
  return harness;
}

const get = (path: string, fields: readonly string[] = []): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`;

test('CVE-2026-30851, CVE-2026-54763, CVE-2026-88011: an identity that the auth server does not give does not pass', async () => {
  const auth = await server('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  const app = await server();
  const harness = await guarded(
    {
      'auth@test': { forwardAuth: { address: auth.url, authResponseHeaders: ['X-Auth-User'], headerField: 'X-Login' } },
    },
    app,
  );
  const forged = ['X-Auth-User', 'x-auth-user', 'X_Auth_User', 'X.Auth.User', 'X-Auth_User', 'X-Login', 'x_login'];
  const answer = await sendRaw(
    harness.port(),
    get(
      '/',
      forged.map((name) => `${name}: admin`),
    ),
  );
  expect(statuses(answer)).toEqual([200]);
  expect(app.received()).not.toMatch(/admin/);
});

test('trailers do not bring an identity either (CVE-2026-88004)', async () => {
  const auth = await server('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  const app = await startRawServer((socket, text) => {
    if (text.endsWith('0\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  });
  closers.push(() => app.close());
  const options = { address: auth.url, authResponseHeaders: ['X-Auth-User'], forwardBody: true };
  const harness = await guarded({ 'auth@test': { forwardAuth: options } }, app);
  const answer = await sendRaw(
    harness.port(),
    'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Auth-User\r\n\r\n' +
      '2\r\nhi\r\n0\r\nX-Auth-User: admin\r\n\r\n',
    (text) => text.includes('ok') || /^HTTP\/1.1 [45]/.test(text),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /);
  expect(app.received()).not.toMatch(/admin/);
});

test('CVE-2026-41181: the service of error pages gets no credentials', async () => {
  const app = await server('HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n');
  const pages = await server();
  const harness = await guarded(
    { 'errors@test': { errors: { status: ['500'], service: 'pages@test', query: '/500' } } },
    app,
    pages,
  );
  const answer = await sendRaw(harness.port(), get('/', ['Authorization: Bearer secret', 'Cookie: session=secret']));
  expect(statuses(answer)).toEqual([500]);
  expect(pages.received()).toMatch(/^GET \/500 /);
  expect(pages.received()).not.toMatch(/secret/);
});

test('CVE-2026-85595: in digest authentication a user who does not exist has no empty secret', async () => {
  const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
  const app = await server();
  const users = [`berta:traefik:${md5('berta:traefik:secret')}`];
  const harness = await guarded({ 'auth@test': { digestAuth: { users } } }, app);
  const nonce = /nonce="([^"]+)"/.exec(await sendRaw(harness.port(), get('/')))?.[1] ?? '';
  for (const ha1 of ['', md5(''), md5('dora:traefik:')]) {
    const response = md5(`${ha1}:${nonce}:00000001:c:auth:${md5('GET:/')}`);
    const field = `Authorization: Digest username="dora", realm="traefik", nonce="${nonce}", uri="/", qop=auth, nc=00000001, cnonce="c", response="${response}"`;
    expect(statuses(await sendRaw(harness.port(), get('/', [field])))).toEqual([401]);
  }
  expect(app.received()).toBe('');
});

test('CVE-2026-67309: a rewritten path cannot climb', async () => {
  const app = await server();
  const harness = await guarded({ 'm@test': { replacePathRegex: { regex: '^/api(.*)', replacement: '/$1' } } }, app);
  for (const path of ['/api..', '/api../admin', '/api%2e%2e/admin', '/api.']) {
    expect(statuses(await sendRaw(harness.port(), get(path)))).toEqual([400]);
  }
  expect(app.received()).toBe('');
});
