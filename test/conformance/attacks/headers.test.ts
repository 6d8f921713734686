import { afterEach, expect, test } from 'vitest';
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

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function start(options: HarnessOptions = {}): Promise<{ server: RawServer; harness: Harness }> {
  const server = await startRawServer();
  const harness = await startProxy({ services: { 'app@test': loadBalancer([server.url]) }, ...options });
  closers.push(
    () => server.close(),
    () => harness.close(),
  );
  return { server, harness };
}

async function ask(harness: Harness, fields: readonly string[], host = 'app.test:8080'): Promise<void> {
  const head = [`GET / HTTP/1.1`, `Host: ${host}`, ...fields, 'Connection: close', '', ''].join('\r\n');
  expect(statuses(await sendRaw(harness.port(), head))).toEqual([200]);
}

/** What arrived, as lower-case names with their values in order. */
function fieldsOf(server: RawServer): Record<string, string[]> {
  const fields: Record<string, string[]> = Object.create(null);
  for (const line of server.received().split('\r\n\r\n')[0]!.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    (fields[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
  }
  return fields;
}

const forged = [
  'X-Forwarded-For: 6.6.6.6',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: evil.test',
  'X-Forwarded-Port: 6666',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Server: evil',
  'X-Forwarded-Uri: /evil',
  'X-Forwarded-Method: EVIL',
  'X-Forwarded-Tls-Client-Cert: evil',
  'X-Real-Ip: 6.6.6.6',
  'Forwarded: for=6.6.6.6;host=evil.test',
];

test('forwarding fields of a client are replaced by our own (GHSA-6384-m2mw-rf54, zoraxy#978)', async () => {
  const { server, harness } = await start();
  await ask(harness, forged);
  expect(server.received()).not.toMatch(/6\.6\.6\.6|evil/i);
  expect(fieldsOf(server)).toMatchObject({
    'x-forwarded-for': ['127.0.0.1'],
    'x-forwarded-proto': ['http'],
    'x-forwarded-host': ['app.test:8080'],
    'x-forwarded-port': ['8080'],
    'x-real-ip': ['127.0.0.1'],
    host: ['app.test:8080'],
  });
  expect((await harness.record()).clientIp).toBe('127.0.0.1');
});

test('their aliases with _ or . do not pass, trusted or not (CVE-2026-39858, CVE-2026-54763, CVE-2026-88011)', async () => {
  const aliases = forged.flatMap((field) => {
    const [name, value] = field.split(': ') as [string, string];
    if (!name.includes('-')) return [];
    return [
      `${name.replaceAll('-', '_')}: ${value}`,
      `${name.replaceAll('-', '.')}: ${value}`,
      `${name.replace('-', '_').toLowerCase()}: ${value}`,
    ];
  });
  for (const trustedIPs of [[], ['127.0.0.0/8']]) {
    const { server, harness } = await start({ entryPoints: [{ trustedIPs }] });
    await ask(harness, aliases);
    expect(server.received()).not.toMatch(/6\.6\.6\.6|evil/i);
  }
});

test('fields that Connection names are dropped, but never our own (CVE-2024-45410)', async () => {
  const { server, harness } = await start();
  await sendRaw(
    harness.port(),
    'GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close, X-Forwarded-Host, X-Forwarded-For, X-Real-Ip, Host, X-Private\r\nX-Private: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\nTE: trailers, deflate\r\n\r\n',
  );
  const fields = fieldsOf(server);
  expect(fields).toMatchObject({
    'x-forwarded-host': ['app.test'],
    'x-forwarded-for': ['127.0.0.1'],
    'x-real-ip': ['127.0.0.1'],
    host: ['app.test'],
    te: ['trailers'],
  });
  for (const name of ['x-private', 'keep-alive', 'proxy-connection', 'proxy-authorization']) {
    expect(fields).not.toHaveProperty(name);
  }
});

test('a trusted proxy is believed, up to the first address that is not trusted', async () => {
  const { server, harness } = await start({ entryPoints: [{ trustedIPs: ['127.0.0.1', '10.0.0.0/8'] }] });
  await ask(harness, [
    'X-Forwarded-For: 6.6.6.6, 203.0.113.9',
    'X-Forwarded-For: 10.1.2.3',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: real.test',
  ]);
  expect(fieldsOf(server)).toMatchObject({
    'x-forwarded-for': ['6.6.6.6, 203.0.113.9, 10.1.2.3, 127.0.0.1'],
    'x-forwarded-proto': ['https'],
    'x-forwarded-host': ['real.test'],
    'x-real-ip': ['203.0.113.9'],
  });
  expect((await harness.record()).clientIp).toBe('203.0.113.9');
});

test('an address that is none ends the walk, so that bans and allow-lists keep to what can be vouched for', async () => {
  const { harness } = await start({ entryPoints: [{ trustedIPs: ['127.0.0.1'] }] });
  await ask(harness, ['X-Forwarded-For: 203.0.113.9, unknown']);
  expect((await harness.record()).clientIp).toBe('127.0.0.1');
});

test('insecure forwarded headers pass fields on, but do not choose the client', async () => {
  const { server, harness } = await start({ entryPoints: [{ insecureForwardedHeaders: true }] });
  await ask(harness, ['X-Forwarded-For: 203.0.113.9']);
  expect(fieldsOf(server)['x-forwarded-for']).toEqual(['203.0.113.9, 127.0.0.1']);
  expect((await harness.record()).clientIp).toBe('127.0.0.1');
});

test('a forged address does not get past an allow-list', async () => {
  const { server, harness } = await start({
    routers: [{ rule: 'ClientIP(`203.0.113.9`)' }],
  });
  const answer = await sendRaw(
    harness.port(),
    'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nX-Real-Ip: 203.0.113.9\r\nConnection: close\r\n\r\n',
  );
  expect(statuses(answer)).toEqual([404]);
  expect(server.received()).toBe('');
});

test('a field named __proto__ is a field like any other (CVE-2026-21710)', async () => {
  const { server, harness } = await start();
  await ask(harness, ['__proto__: x', 'constructor: y', 'hasOwnProperty: z', 'toString: t']);
  expect(fieldsOf(server).constructor).toEqual(['y']);
  expect(server.received()).toMatch(/^__proto__: x$/m);
});

test('fields of the server that concern its own connection stay behind', async () => {
  const server = await startRawServer((socket) => {
    socket.write(
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nX-End: 2\r\n\r\nok',
    );
  });
  const harness = await startProxy({ services: { 'app@test': loadBalancer([server.url]) } });
  closers.push(
    () => server.close(),
    () => harness.close(),
  );
  const answer = await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(answer).toContain('X-End: 2');
  expect(answer).not.toMatch(/^(?:x-hop|proxy-connection|upgrade|keep-alive):/im);
});
