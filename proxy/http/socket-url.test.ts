import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { loadBalancer, sendRaw, startProxy, statuses } from '../../test/support/proxy-harness.ts';
import { probe } from '../service/probe.ts';
import { createProbeAgent } from '../service/probe-agent.ts';
import { UpstreamPools } from './pools.ts';
import { socketPathOf, withRoomForPath } from './socket-url.ts';
import { createUpstream } from './upstream.ts';

const closers: (() => Promise<unknown> | undefined)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function listenOnSocket(): Promise<string> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-socket-'));
  closers.push(async () => rmSync(dir, { recursive: true }));
  const socketPath = path.join(dir, 'app server.sock');
  const server = http.createServer((request, response) => {
    response.statusCode = request.url === '/sick' ? 500 : 200;
    response.end(`${request.url} for ${request.headers.host}`);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return socketPath;
}

test.each<[string, string | null, string?]>([
  ['unix:/run/app.sock', '/run/app.sock', 'http+unix://%2Frun%2Fapp.sock/'],
  ['unix:///run/app.sock', '/run/app.sock', 'http+unix://%2Frun%2Fapp.sock/'],
  ['UNIX:/run/app.sock', '/run/app.sock', 'http+unix://%2Frun%2Fapp.sock/'],
  ['http+unix://%2Frun%2Fapp.sock/health', '/run/app.sock'],
  ['http+unix://run/health', null],
  ['http+unix://%zz/', null],
  ['unix:run/app.sock', null],
  ['unix:', null],
  ['http://unix:/run/app.sock', null],
  ['http://127.0.0.1', null],
])('%s names %s', (url, socketPath, withPath = url) => {
  expect(socketPathOf(url)).toBe(socketPath);
  expect(withRoomForPath(url)).toBe(withPath);
});

test('a server behind a Unix socket is served from and checked', async () => {
  const socketPath = await listenOnSocket();
  const url = `unix:${socketPath}`;
  const harness = await startProxy({
    services: { 'app@test': loadBalancer([url], { passHostHeader: false }) },
  });
  closers.push(() => harness.close());
  const answer = await sendRaw(harness.port(), 'GET /a?b HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n');
  expect(statuses(answer)).toEqual([200]);
  expect(answer).toContain('/a?b for localhost');
  expect((await harness.record()).serverUrl).toBe(url);
  const agent = createProbeAgent(undefined);
  closers.push(async () => agent.close());
  const context = { agent, transport: undefined, timeoutMs: 10_000, signal: new AbortController().signal };
  expect(await probe(url, { path: '/health' }, context)).toBeNull();
  expect(await probe(url, { path: '/sick' }, context)).toBe('It answered 500.');
  expect(await probe('unix:/nowhere/app.sock', { path: '/' }, context)).toContain('/nowhere/app.sock');
});

test('a socket where nobody listens is an unreachable server', async () => {
  const harness = await startProxy({ services: { 'app@test': loadBalancer(['unix:/nowhere/app.sock']) } });
  closers.push(() => harness.close());
  const answer = await sendRaw(harness.port(), 'GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n');
  expect(statuses(answer)).toEqual([502]);
  expect((await harness.record()).error?.code).toBe('UPSTREAM_UNREACHABLE');
});

test('what middlewares ask cannot be a socket', () => {
  const pools = new UpstreamPools();
  for (const url of ['unix:/var/run/docker.sock', 'http+unix://%2Fvar%2Frun%2Fdocker.sock/info']) {
    expect(() => createUpstream(url, undefined, pools)).toThrow('is not the address of an HTTP server');
  }
});
