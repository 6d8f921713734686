import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { bodyOf, createMiddlewareWire } from '../../test/support/middleware-wire.ts';
import { loadBalancer, startProxy } from '../../test/support/proxy-harness.ts';
import type { MiddlewareConfig } from '../model/dynamic.ts';
import { createMiddlewareBuilder } from './builder.ts';

const wire = createMiddlewareWire();
const { ask, proxyBefore, upstream } = wire;
afterEach(() => wire.close());

/** An address where nobody listens. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

const echo = async (request: IncomingMessage): Promise<string> => {
  const body = await bodyOf(request);
  return `${request.method} ${request.url} ${String(request.headers['x-a'] ?? '')} ${body.toString()}`;
};

describe('retry', () => {
  it('goes on to the next server where one cannot be reached, with the body, and the record tells', async () => {
    const live = await upstream(async (request, response) => response.end(await echo(request)));
    const dead = await deadAddress();
    const harness = await startProxy({
      routers: [{ middlewares: ['retry@test', 'strip@test', 'headers@test'] }],
      middlewares: {
        'retry@test': { retry: { attempts: 3 } },
        'strip@test': { stripPrefix: { prefixes: ['/app'] } },
        'headers@test': { headers: { customRequestHeaders: { 'X-A': 'once' } } },
      },
      services: { 'app@test': loadBalancer([dead, live]) },
    });
    wire.onClose(() => harness.close());
    const first = await ask(harness, '/app/app/x', {}, { method: 'POST', body: 'hello' });
    const second = await ask(harness, '/app/app/x', {}, { method: 'POST', body: 'hello' });
    for (const response of [first, second]) {
      expect(response.statusCode).toBe(200);
      expect((await bodyOf(response)).toString()).toBe('POST /app/x once hello');
    }
    const record = await harness.record((each) => each.retryAttempts !== undefined);
    expect(record).toMatchObject({
      retryAttempts: 1,
      status: 200,
      originStatus: 200,
      serverUrl: live,
      error: null,
      requestBytes: 5,
    });
    expect(record.middlewares.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'retry@test passed',
      'strip@test passed',
      'headers@test passed',
    ]);
    await expect.poll(() => harness.records.length).toBe(2);
    expect(new Set(harness.records.map(({ id }) => id)).size).toBe(2);
  });

  it('gives up after so many attempts, and answers what the last one gave', async () => {
    const dead = await deadAddress();
    const harness = await startProxy({
      routers: [{ middlewares: ['retry@test'] }],
      middlewares: { 'retry@test': { retry: { attempts: 3, initialInterval: '1ms' } } },
      services: { 'app@test': loadBalancer([dead]) },
    });
    wire.onClose(() => harness.close());
    expect((await ask(harness, '/')).statusCode).toBe(502);
    expect(await harness.record()).toMatchObject({
      retryAttempts: 2,
      status: 502,
      error: { code: 'UPSTREAM_REFUSED' },
    });
  });

  it.each([
    ['GET', {}, 200, 3],
    ['POST', {}, 503, 1],
    ['POST', { retryNonIdempotentMethod: true }, 200, 3],
    ['PUT', { attempts: 2 }, 503, 2],
    ['PUT', { maxRequestBodyBytes: 3 }, 503, 1],
    ['GET', { timeout: '1ns' }, 503, 1],
  ])('%s after certain statuses, with %j, answers %i after %i requests', async (method, options, status, count) => {
    const bodies: string[] = [];
    const harness = await proxyBefore(
      async (request, response) => {
        bodies.push((await bodyOf(request)).toString());
        response.statusCode = bodies.length < 3 ? 503 : 200;
        response.end(`answer ${bodies.length}`);
      },
      { 'retry@test': { retry: { attempts: 3, status: ['500-502', '503'], ...options } } },
    );
    const body = method === 'GET' ? undefined : 'hello';
    const response = await ask(harness, '/', {}, { method, ...(body === undefined ? {} : { body }) });
    expect(response.statusCode).toBe(status);
    expect((await bodyOf(response)).toString()).toBe(`answer ${count}`);
    expect(bodies).toEqual(Array.from({ length: count }, () => body ?? ''));
  });

  it('sends nothing again that a server has seen, unless its answer says so', async () => {
    let count = 0;
    const harness = await proxyBefore(
      (request) => {
        count += 1;
        request.socket.destroy();
      },
      { 'retry@test': { retry: { attempts: 3 } } },
    );
    expect((await ask(harness, '/', {}, { method: 'POST', body: 'pay' })).statusCode).toBe(502);
    expect(count).toBe(1);
  });

  it('opens a WebSocket at the second server where the first is down', async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    wire.onClose(() => server.close());
    server.on('connection', (socket) => socket.send('hello'));
    const live = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const harness = await startProxy({
      routers: [{ middlewares: ['retry@test'] }],
      middlewares: { 'retry@test': { retry: { attempts: 2, status: ['500'] } } },
      services: { 'app@test': loadBalancer([await deadAddress(), live]) },
    });
    wire.onClose(() => harness.close());
    for (let i = 0; i < 2; i += 1) {
      const socket = new WebSocket(`ws://127.0.0.1:${harness.port()}/`);
      const [message] = (await once(socket, 'message')) as [Buffer];
      expect(String(message)).toBe('hello');
      socket.terminate();
      await once(socket, 'close');
    }
  });

  it.each([
    [{}, 'attempts must be given'],
    [{ attempts: 0 }, 'attempts must be given'],
    [{ attempts: 2, status: ['abc'] }, '"abc" is not a status'],
    [{ attempts: 2, disableRetryOnNetworkError: true }, 'leaves nothing to retry after'],
  ])('cannot be used with %j', (options, message) => {
    const config: MiddlewareConfig = { retry: options };
    expect(() => createMiddlewareBuilder({ m: config }).build('m')).toThrow(message);
  });
});
