import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import type { HealthCheckConfig, ServersTransportConfig } from '../model/dynamic.ts';
import type { DownServers, ServiceSnapshot } from '../model/snapshot.ts';
import { type DownReasons, type HealthChecks, startHealthChecks } from './health-check.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close').catch(() => undefined);
  });
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener): Promise<number> => listen(createServer(listener));

/** Runs checks and keeps what was told last. */
function watch(): { checks: HealthChecks; down: DownServers; reasons: DownReasons; calls: number } {
  const seen = { down: {} as DownServers, reasons: {} as DownReasons, calls: 0 };
  const checks = startHealthChecks({
    onChange(down, reasons) {
      Object.assign(seen, { down, reasons, calls: seen.calls + 1 });
    },
  });
  closers.push(() => checks.stop());
  return Object.assign(seen, { checks });
}

function service(
  urls: readonly string[],
  healthCheck: HealthCheckConfig,
  serversTransport: string | null = null,
): ServiceSnapshot {
  return {
    kind: 'loadBalancer',
    servers: urls.map((url) => ({ url, weight: 1, preservePath: false })),
    passHostHeader: true,
    sticky: null,
    healthCheck: { interval: '20ms', timeout: '2s', ...healthCheck },
    serversTransport,
    flushIntervalMs: 100,
  };
}

const soon = { timeout: 10_000, interval: 5 };

/** The reason that the first checks of one server give; 'up' where several went well. */
async function verdict(
  url: string,
  config: HealthCheckConfig,
  asked: readonly unknown[],
  transports: Readonly<Record<string, ServersTransportConfig>> = {},
): Promise<string> {
  const seen = watch();
  const before = asked.length;
  seen.checks.update({ s: service([url], config, Object.keys(transports)[0] ?? null) }, transports);
  // Enough for two whole checks, redirects included: by then the first one is judged.
  await expect.poll(() => seen.calls > 0 || asked.length >= before + 6, soon).toBe(true);
  return seen.reasons['s']?.[url] ?? 'up';
}

describe('startHealthChecks', () => {
  it('tells when a server goes down and comes back', async () => {
    let status = 200;
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(status).end('x');
    });
    const url = `http://127.0.0.1:${port}`;
    const seen = watch();
    seen.checks.update({ 'app@docker': service([url], { path: '/health' }) }, {});
    await expect.poll(() => asked, soon).toBeGreaterThan(2);
    expect(seen.calls).toBe(0);
    status = 503;
    await expect.poll(() => seen.down, soon).toEqual({ 'app@docker': [url] });
    expect(seen.reasons).toEqual({ 'app@docker': { [url]: 'It answered 503.' } });
    const calls = seen.calls;
    const askedBefore = asked;
    await expect.poll(() => asked, soon).toBeGreaterThan(askedBefore + 2);
    expect(seen.calls).toBe(calls);
    status = 204;
    await expect.poll(() => seen.down, soon).toEqual({});
  });

  it('checks what is down as often as unhealthyInterval says', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(500).end();
    });
    watch().checks.update(
      { s: service([`http://127.0.0.1:${port}`], { interval: '1h', unhealthyInterval: '10ms' }) },
      {},
    );
    await expect.poll(() => asked, soon).toBeGreaterThan(3);
  });

  it('keeps results of services that stay the same, and forgets those that go', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(500).end();
    });
    const url = `http://127.0.0.1:${port}`;
    const seen = watch();
    const config = { interval: '1h' };
    seen.checks.update({ s: service([url], config) }, {});
    await expect.poll(() => seen.down, soon).toEqual({ s: [url] });
    seen.checks.update({ s: service([url], config), t: { kind: 'whoami' } }, {});
    expect(seen.down).toEqual({ s: [url] });
    expect(asked).toBe(1);
    seen.checks.update({}, {});
    expect(seen.down).toEqual({});
  });

  it('calls nobody after stop', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<IncomingMessage>();
    const port = await serve((request) => resolve(request));
    const seen = watch();
    seen.checks.update({ s: service([`http://127.0.0.1:${port}`], {}) }, {});
    const request = await arrived;
    seen.checks.stop();
    await once(request.socket, 'close');
    expect(seen.calls).toBe(0);
  });
});

describe('a check', () => {
  const asked: { method: string | undefined; url: string | undefined; host: string | undefined; probe: unknown }[] = [];
  const record: RequestListener = (request, response) => {
    asked.push({
      method: request.method,
      url: request.url,
      host: request.headers.host,
      probe: request.headers['x-probe'],
    });
    const to = new URL(request.url ?? '/', 'http://x').searchParams.get('to');
    if (to) response.writeHead(302, { Location: to }).end();
    else response.writeHead(request.url?.startsWith('/missing') ? 404 : 200).end();
  };

  it('asks as it is told to', async () => {
    const port = await serve(record);
    const config = {
      path: '/health?deep=1',
      method: 'head',
      hostname: 'app.example.com',
      headers: { 'X-Probe': 'yes' },
      port,
    };
    expect(await verdict('http://127.0.0.1:1/base', config, asked)).toBe('up');
    expect(asked.at(-1)).toEqual({ method: 'HEAD', url: '/health?deep=1', host: 'app.example.com', probe: 'yes' });
  });

  it.each([
    [{ status: 404, path: '/missing' }, 'up'],
    [{ path: '/missing' }, 'It answered 404.'],
    [{ status: 201 }, 'It answered 200 instead of 201.'],
    [{ path: '/?to=/missing' }, 'It answered 404.'],
    [{ path: '/?to=/missing', followRedirects: false }, 'up'],
    [{ path: '/?to=http://127.0.0.2:1/missing' }, 'up'],
    [{ path: '/?to=http://app.example.com/missing', hostname: 'app.example.com' }, 'It answered 404.'],
    [{ path: `/?to=${encodeURIComponent(`/?to=${encodeURIComponent('/missing')}`)}` }, 'It answered 404.'],
    [
      { path: 'http://elsewhere.example/' },
      'The health check\'s path "http://elsewhere.example/" must be a path on the server, such as /health.',
    ],
    [
      { path: '//elsewhere.example/' },
      'The health check\'s path "//elsewhere.example/" must be a path on the server, such as /health.',
    ],
  ])('with %j says: %s', async (config, expected) => {
    const port = await serve(record);
    expect(await verdict(`http://127.0.0.1:${port}`, config, asked)).toBe(expected);
  });

  it('gives up on a circle of redirects', async () => {
    const port = await serve((_request, response) => void response.writeHead(307, { Location: '/again' }).end());
    expect(await verdict(`http://127.0.0.1:${port}`, {}, [])).toBe('It redirected more than 10 times.');
  });

  it('gives up on a server that does not answer in time', async () => {
    const port = await serve(() => undefined);
    expect(await verdict(`http://127.0.0.1:${port}`, { timeout: '50ms' }, [])).toBe('It did not answer within 0.05 s.');
  });

  it('says that nothing listens', async () => {
    const port = await serve(record);
    await closers.pop()?.();
    expect(await verdict(`http://127.0.0.1:${port}`, {}, [])).toBe(
      `Nothing listens at 127.0.0.1:${port} (ECONNREFUSED).`,
    );
  });

  it('judges certificates by the transport', async () => {
    const { certificatePem, privateKeyPem } = await makeCertificate(['nas.example']);
    const port = await listen(createTlsServer({ cert: certificatePem, key: privateKeyPem }, record));
    const url = `https://127.0.0.1:${port}`;
    expect(await verdict(url, {}, asked)).toMatch(/^The certificate of 127\.0\.0\.1:\d+ is not trusted/);
    expect(await verdict(url, {}, asked, { t: { insecureSkipVerify: true } })).toBe('up');
    expect(await verdict(url, {}, asked, { t: { rootCAs: [certificatePem], serverName: 'nas.example' } })).toBe('up');
    expect(await verdict(url, {}, asked, { t: { rootCAs: [certificatePem], serverName: 'other.example' } })).toMatch(
      /not trusted/,
    );
    expect(await verdict(url, {}, asked, { t: { rootCAs: ['/nowhere/ca.pem'] } })).toMatch(
      /root certificate \/nowhere\/ca\.pem cannot be read/,
    );
  });
});

describe('a check over HTTP/2', () => {
  const asked: string[] = [];
  const grpcServer = async (message: readonly number[], status = '0'): Promise<string> => {
    const server = createHttp2Server();
    const sessions = new Set<ServerHttp2Session>();
    server.on('session', (session) => sessions.add(session));
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      asked.push(headers[':path'] ?? '');
      if (headers[':path'] === '/page') {
        stream.respond({ ':status': 204 }, { endStream: true });
        return;
      }
      const isRight =
        headers[':path'] === '/grpc.health.v1.Health/Check' && headers['content-type'] === 'application/grpc';
      stream.respond({ ':status': isRight ? 200 : 404 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
      stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  it.each([
    ['serves', [8, 1], '0', 'up'],
    ['does not serve', [8, 2], '0', /does not serve/],
    ['does not know', [], '0', /does not serve/],
    ['has no such service', [], '12', /does not implement/],
    ['fails', [], '13', /status 13/],
  ] as const)('by gRPC: one that %s', async (_what, message, status, expected) => {
    const host = await grpcServer(message, status);
    expect(await verdict(`http://${host}`, { mode: 'grpc' }, asked)).toMatch(expected);
  });

  it('of a page on h2c', async () => {
    const host = await grpcServer([]);
    expect(await verdict(`h2c://${host}`, { path: '/page' }, asked)).toBe('up');
    expect(await verdict(`h2c://${host}`, { path: '/other' }, asked)).toMatch(/404/);
  });
});
