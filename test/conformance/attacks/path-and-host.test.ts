import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Harness,
  loadBalancer,
  type RawServer,
  sendRaw,
  startProxy,
  startRawServer,
  statuses,
} from '../../support/proxy-harness.ts';

let open: RawServer;
let guarded: RawServer;
let harness: Harness;

beforeEach(async () => {
  open = await startRawServer();
  guarded = await startRawServer();
  harness = await startProxy({
    routers: [
      { rule: 'Host(`app.test`)', service: 'open@test', priority: 10 },
      { rule: 'Host(`app.test`) && PathPrefix(`/admin`)', service: 'guarded@test', priority: 20 },
      ...Array.from({ length: 150 }, (_, i) => ({
        rule: `Host(\`host${i}.test\`)`,
        service: 'open@test',
        priority: 5,
      })),
    ],
    services: { 'open@test': loadBalancer([open.url]), 'guarded@test': loadBalancer([guarded.url]) },
  });
});

afterEach(async () => {
  await harness.close();
  await open.close();
  await guarded.close();
});

const get = (target: string, host = 'app.test') =>
  sendRaw(harness.port(), `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

test('dot segments are resolved before routing, and the server gets what was routed (CVE-2025-32431)', async () => {
  for (const path of ['/public/../admin', '/public/%2e%2e/admin', '/public/.%2E/admin', '/./admin', '/%2e/admin']) {
    expect(statuses(await get(path))).toEqual([200]);
  }
  expect(open.received()).toBe('');
  expect(guarded.received().match(/GET \/admin HTTP\/1\.1/g)).toHaveLength(5);
});

describe('paths that another reader would take to another router are refused (CVE-2025-66490)', () => {
  test.each([
    '/public/..%2Fadmin',
    '/public%2F..%2Fadmin',
    '/public/..%5Cadmin',
    '/public%2f%2e%2e%2fadmin',
    '/%2Fadmin',
    '/%61dmin%2f..%2f..%2fpublic',
    '/admin%2F..%2Fpublic',
    '/admin%252F..%252Fpublic',
    '/x/%252e%252e/admin',
  ])('%s', async (path) => {
    const answer = await get(path);
    expect(statuses(answer)).toEqual([400]);
    expect(open.received() + guarded.received()).toBe('');
    expect((await harness.record()).error).toMatchObject({ code: 'REQUEST_AMBIGUOUS' });
  });
});

test('several slashes, and escapes that need not be, are gone before a route is chosen', async () => {
  for (const path of ['//admin', '/public/..//admin', '/%61dmin', '//%61%64min']) {
    expect(statuses(await get(path)), path).toEqual([200]);
  }
  expect(guarded.received().match(/GET \/admin HTTP\/1\.1/g)).toHaveLength(4);
  expect(open.received()).toBe('');
});

describe('encoded characters that change nothing about the route arrive byte for byte', () => {
  test.each([
    '/files/a%2Fb',
    '/files/a%5Cb',
    '/files/a%3Bb',
    '/files/a%3Fb',
    '/files/a%23b',
    '/files/100%25',
    '/a%20b/%C3%A9',
  ])('%s', async (path) => {
    expect(statuses(await get(path))).toEqual([200]);
    expect(open.received()).toContain(`GET ${path} HTTP/1.1`);
  });
});

describe('targets that are not a clean path are refused', () => {
  test.each<[string, string]>([
    ['an encoded NUL', '/a%00b'],
    ['a backslash', '/public\\..\\admin'],
    ['a fragment (CVE-2023-47106)', '/#/../admin'],
    ['a control character', '/a\x01b'],
    ['DEL', '/a\x7fb'],
    ['a tab', '/a\tb'],
    ['a broken escape', '/a%zz'],
    ['a cut-off escape', '/a%2'],
    ['a rootless target (CVE-2026-88009)', 'http:http://app.test/admin'],
    ['a target without a slash', 'admin'],
    ['another scheme', 'ftp://app.test/admin'],
    ['an absolute target for another host', 'http://other.test/admin'],
    ['an absolute target with user information', 'http://app.test@other.test/admin'],
    ['an absolute target of the other scheme', 'https://app.test/admin'],
    ['an asterisk for GET', '*'],
    ['an authority', 'app.test:80'],
  ])('%s', async (_name, target) => {
    expect(statuses(await get(target))).toEqual([400]);
    expect(open.received() + guarded.received()).toBe('');
  });
});

test('an absolute target for the Host is routed like its path', async () => {
  expect(statuses(await get('http://APP.test/public/../admin?x=1'))).toEqual([200]);
  expect(guarded.received()).toContain('GET /admin?x=1 HTTP/1.1\r\nHost: app.test');
});

describe('hosts', () => {
  test.each<[string, string]>([
    ['a superstring of a known host (CVE-2026-55602)', 'app.test.evil.test'],
    ['a host that a known one ends', 'evilapp.test'],
  ])('%s matches nothing', async (_name, host) => {
    expect(statuses(await get('/', host))).toEqual([404]);
  });

  test.each(['APP.TEST', 'app.test.', 'App.Test:8080'])(
    '%s is app.test among more than 100 hosts (CVE-2026-27588)',
    async (host) => {
      expect(statuses(await get('/Admin', host))).toEqual([200]);
      expect(statuses(await get('/admin', host))).toEqual([200]);
      expect(open.received()).toContain('/Admin');
      expect(guarded.received()).toContain('/admin');
    },
  );

  test.each<[string, string]>([
    ['user information', 'user@app.test'],
    ['a path', 'app.test/admin'],
    ['a space', 'app.test evil'],
    ['a comma', 'app.test, evil.test'],
    ['percent-encoding', 'app%2etest'],
    ['a port that is no number', 'app.test:8a'],
    ['a port out of range', 'app.test:65536'],
    ['an empty label', 'app..test'],
    ['a backslash', 'app.test\\evil'],
    ['bytes beyond ASCII', 'äpp.test'],
    ['a half bracket', '[::1'],
  ])('a Host with %s is refused', async (_name, host) => {
    expect(statuses(await get('/', host))).toEqual([400]);
    expect(open.received() + guarded.received()).toBe('');
  });

  test('two Host fields, or none, are refused', async () => {
    const two = 'GET / HTTP/1.1\r\nHost: app.test\r\nHost: other.test\r\n\r\n';
    const twice = 'GET / HTTP/1.1\r\nHost: app.test\r\nhost: app.test\r\n\r\n';
    for (const bytes of [two, twice, 'GET / HTTP/1.1\r\n\r\n']) {
      expect(statuses(await sendRaw(harness.port(), bytes))).toEqual([400]);
    }
    expect(open.received() + guarded.received()).toBe('');
  });

  test('an escape is the same in either case (CVE-2026-27587)', async () => {
    for (const path of ['/%61dmin', '/%61Dmin']) expect(statuses(await get(path))).toEqual([200]);
    expect(guarded.received()).toContain('GET /admin ');
    expect(open.received()).toContain('GET /aDmin ');
  });
});

test('a path that a middleware rewrites into dot segments is refused (CVE-2026-40912, CVE-2026-67309)', async () => {
  harness.apply({
    routers: [{ rule: 'Host(`app.test`)', service: 'open@test', middlewares: ['strip@test'] }],
    services: { 'open@test': loadBalancer([open.url]) },
    middlewares: { 'strip@test': { stripPrefix: { prefixes: ['/api'] } } },
  });
  for (const path of ['/api%2e/admin/secret', '/api../admin', '/api.%2e/admin']) {
    const [status] = statuses(await get(path));
    if (status === 200) expect(open.received()).not.toMatch(/GET \/(?:\.|%2e)/i);
    else expect(status).toBeGreaterThanOrEqual(400);
  }
  expect(open.received()).not.toMatch(/GET \/admin/);
});
