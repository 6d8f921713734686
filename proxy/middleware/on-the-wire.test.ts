import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createBrotliDecompress, createGunzip, gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { bodyOf, createMiddlewareWire } from '../../test/support/middleware-wire.ts';
import { loadBalancer, startProxy } from '../../test/support/proxy-harness.ts';

const wire = createMiddlewareWire();
const { ask, proxyBefore, upstream } = wire;
afterEach(() => wire.close());

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;

describe('middlewares between a client and a server', () => {
  it('sign in, strip the prefix, set headers and compress, and the record tells of each', async () => {
    const seen: IncomingMessage[] = [];
    const harness = await proxyBefore(
      (request, response) => {
        seen.push(request);
        response.setHeader('ETag', '"1"').setHeader('Server', 'secret/1.0').end('Gatehouse '.repeat(1000));
      },
      {
        'auth@test': {
          basicAuth: {
            users: ['berta:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/'],
            headerField: 'X-User',
            removeHeader: true,
          },
        },
        'strip@test': { stripPrefix: { prefixes: ['/app'] } },
        'headers@test': { headers: { customResponseHeaders: { Server: '' }, frameDeny: true } },
        'compress@test': { compress: {} },
      },
    );
    const refused = await ask(harness, '/app/x', { Authorization: basic('berta:wrong'), X_User: 'admin' });
    expect([refused.statusCode, refused.headers['www-authenticate']]).toEqual([401, 'Basic realm="traefik"']);
    expect(seen).toHaveLength(0);

    const response = await ask(harness, '/app/x?q=1', {
      Authorization: basic('berta:test'),
      'X-User': 'admin',
      X_User: 'admin',
      'Accept-Encoding': 'gzip',
    });
    expect(gunzipSync(await bodyOf(response)).toString()).toBe('Gatehouse '.repeat(1000));
    expect(response.headers).toMatchObject({
      'content-encoding': 'gzip',
      etag: 'W/"1"',
      vary: 'Accept-Encoding',
      'x-frame-options': 'DENY',
      'set-cookie': [expect.stringMatching(/^lb=[0-9a-f]{16}; Path=\/$/)],
    });
    expect(response.headers).not.toHaveProperty('server');
    expect(seen[0]?.url).toBe('/x?q=1');
    expect(seen[0]?.headers).toMatchObject({ 'x-user': 'berta', 'x-forwarded-prefix': '/app' });
    expect(seen[0]?.headers).not.toHaveProperty('x_user');
    expect(seen[0]?.headers).not.toHaveProperty('authorization');

    const record = await harness.record((each) => each.status === 200);
    expect(record.username).toBe('berta');
    expect(record.middlewares.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'auth@test passed',
      'strip@test passed',
      'headers@test passed',
      'compress@test passed',
    ]);
    expect((await harness.record((each) => each.status === 401)).middlewares).toMatchObject([{ verdict: 'refused' }]);
  });

  it('hand on each server-sent event as it comes, compressed', async () => {
    const { promise: opened, resolve } = Promise.withResolvers<(event: string) => void>();
    const harness = await proxyBefore(
      (_request, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.flushHeaders();
        resolve((event) => void response.write(event));
      },
      { 'compress@test': { compress: {} } },
    );
    const response = await ask(harness, '/events', { 'Accept-Encoding': 'gzip' });
    expect(response.headers['content-encoding']).toBe('gzip');
    const send = await opened;
    let read = '';
    const gunzip = response.pipe(createGunzip());
    gunzip.on('data', (chunk: Buffer) => {
      read += chunk.toString();
    });
    gunzip.on('error', () => undefined);
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      send(event);
      await expect.poll(() => read, { timeout: 5000, interval: 2 }).toMatch(new RegExp(`${event}$`));
    }
  });

  it('lose nothing of a long compressed answer to a slow reader', async () => {
    const block = Buffer.from(Array.from({ length: 64 * 1024 }, (_, i) => (i * i * 31 + (i >> 3)) & 255));
    const blocks = 200;
    let written = 0;
    const harness = await proxyBefore(
      (_request, response) => {
        void (async () => {
          for (; written < blocks; written += 1) if (!response.write(block)) await once(response, 'drain');
          response.end();
        })();
      },
      { 'compress@test': { compress: { encodings: ['br'] } } },
    );
    const response = await ask(harness, '/', { 'Accept-Encoding': 'br' });
    let length = 0;
    for await (const chunk of response.pipe(createBrotliDecompress())) length += (chunk as Buffer).byteLength;
    expect(length).toBe(block.byteLength * blocks);
  });

  it('count requests of one client across connections', async () => {
    const harness = await proxyBefore((_request, response) => void response.end(), {
      'limit@test': { rateLimit: { average: 1, period: '1h', burst: 2 } },
    });
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await ask(harness, '/')).statusCode);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('are not asked where an encoded path could mean two routers', async () => {
    const paths: (string | undefined)[] = [];
    const url = await upstream((request, response) => {
      paths.push(request.url);
      response.end('ok');
    });
    const harness = await startProxy({
      routers: [
        { name: 'admin@test', rule: 'PathPrefix(`/admin`)', priority: 10, middlewares: ['auth@test'] },
        { name: 'public@test', rule: 'PathPrefix(`/`)' },
      ],
      middlewares: { 'auth@test': { basicAuth: { users: ['a:{SHA}x'] } } },
      services: { 'app@test': loadBalancer([url]) },
    });
    wire.onClose(() => harness.close());
    const statuses: Record<string, number | undefined> = {};
    for (const path of [
      '/public/..%2fadmin',
      '/%2e%2e%2Fadmin',
      '/x%5C..%5Cadmin',
      '//admin',
      '/public/../admin',
      '/files/a%2Fb',
    ]) {
      statuses[path] = (await ask(harness, path)).statusCode;
    }
    expect(statuses).toEqual({
      '/public/..%2fadmin': 400,
      '/%2e%2e%2Fadmin': 400,
      '/x%5C..%5Cadmin': 400,
      '//admin': 401,
      '/public/../admin': 401,
      '/files/a%2Fb': 200,
    });
    expect(paths).toEqual(['/files/a%2Fb']);
  });
});
