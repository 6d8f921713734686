import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { bodyOf, createMiddlewareWire } from '../../test/support/middleware-wire.ts';
import { loadBalancer } from '../../test/support/proxy-harness.ts';
import { createMiddlewareBuilder } from './builder.ts';

const wire = createMiddlewareWire();
const { ask, proxyBefore, upstream } = wire;
afterEach(() => wire.close());

async function withPages(options: object, status: number) {
  const seen: IncomingMessage[] = [];
  const pages = await upstream((request, response) => {
    seen.push(request);
    response.setHeader('X-Page', '1').end(`page ${request.url}`);
  });
  const harness = await proxyBefore(
    (_request, response) => {
      response.statusCode = status;
      response.setHeader('X-Secret', '1').end('the original');
    },
    { 'errors@test': { errors: { service: 'pages@test', ...options } } },
    { 'pages@test': loadBalancer([pages]) },
  );
  return { harness, seen };
}

describe('errors', () => {
  it('shows a page in place of an answer, with its status, and the record tells of the answer', async () => {
    const { harness, seen } = await withPages({ status: ['404', '500-599'], query: '/e/{status}?u={url}' }, 503);
    const response = await ask(harness, '/shop/é?q=a b'.replace('é', '%C3%A9').replace(' ', '%20'), {
      Authorization: 'Bearer secret',
      Cookie: 'session=1',
      'X-Request-Id': 'r1',
      'Content-Type': 'text/plain',
    });
    expect(response.statusCode).toBe(503);
    expect(response.headers).toMatchObject({ 'x-page': '1' });
    expect(response.headers).not.toHaveProperty('x-secret');
    expect((await bodyOf(response)).toString()).toBe(
      'page /e/503?u=http%3A%2F%2Fapp.example.com%2Fshop%2F%25C3%25A9%3Fq%3Da%2520b',
    );
    expect(seen[0]).toMatchObject({ method: 'GET', headers: { host: 'app.example.com', 'x-request-id': 'r1' } });
    for (const name of ['authorization', 'cookie', 'content-type']) expect(seen[0]?.headers).not.toHaveProperty(name);
    const record = await harness.record();
    expect(record).toMatchObject({ status: 503, originStatus: 503, error: null });
    expect(record.serverUrl).not.toBeNull();
  });

  it('sends the fields that are listed, credentials included, and no others', async () => {
    const { harness, seen } = await withPages(
      { status: ['500'], query: '/', errorRequestHeaders: ['authorization'] },
      500,
    );
    await bodyOf(await ask(harness, '/', { Authorization: 'Basic eA==', Cookie: 'a=1', 'X-Request-Id': 'r1' }));
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Basic eA==', host: 'app.example.com' });
    expect(seen[0]?.headers).not.toHaveProperty('cookie');
    expect(seen[0]?.headers).not.toHaveProperty('x-request-id');
  });

  it('rewrites statuses, and asks for a page of an upload with GET and no body', async () => {
    const { harness, seen } = await withPages(
      { status: ['418'], statusRewrites: { '400-499': 404 }, query: '{status}-{originalStatus}.html' },
      418,
    );
    const response = await ask(harness, '/', {}, { method: 'POST', body: 'tea' });
    expect([response.statusCode, (await bodyOf(response)).toString()]).toEqual([404, 'page /404-418.html']);
    expect(seen[0]?.method).toBe('GET');
    expect(seen[0]?.headers).not.toHaveProperty('content-length');
  });

  it('leaves other answers alone', async () => {
    const { harness, seen } = await withPages({ status: ['500-501'], query: '/' }, 502);
    const response = await ask(harness, '/');
    expect([response.statusCode, (await bodyOf(response)).toString(), seen.length]).toEqual([502, 'the original', 0]);
  });

  it('shows pages for answers of the proxy itself, and its own where the pages are down too', async () => {
    const pages = await upstream((_request, response) => response.end('calm'));
    const harness = await proxyBefore(
      (request) => request.socket.destroy(),
      {
        'outer@test': { errors: { status: ['502'], service: 'pages@test', query: '/' } },
        'inner@test': { errors: { status: ['404'], service: 'dead@test', query: '/' } },
      },
      { 'pages@test': loadBalancer([pages]), 'dead@test': loadBalancer(['http://127.0.0.1:1']) },
    );
    const response = await ask(harness, '/');
    expect([response.statusCode, (await bodyOf(response)).toString()]).toEqual([502, 'calm']);
    expect((await harness.record()).error?.code).toBe('UPSTREAM_RESET');
    const dead = await proxyBefore(
      (_request, message) => void message.writeHead(404).end('secret path'),
      { 'errors@test': { errors: { status: ['404'], service: 'dead@test', query: '/' } } },
      { 'dead@test': loadBalancer(['http://127.0.0.1:1']) },
    );
    const answer = await ask(dead, '/');
    expect(answer.statusCode).toBe(404);
    expect((await bodyOf(answer)).toString()).not.toContain('secret path');
  });

  it('closes the router where its service is not there', async () => {
    const harness = await proxyBefore((_request, response) => response.end('open'), {
      'errors@test': { errors: { status: ['404'], service: 'gone@test' } },
    });
    expect((await ask(harness, '/')).statusCode).toBe(503);
  });

  it.each([
    [{ status: ['500'] }, 'service must be given'],
    [{ status: ['5xx'], service: 's' }, '"5xx" is not a status'],
    [{ status: ['500'], service: 's', statusRewrites: { x: 404 } }, '"x" is not a status'],
  ])('cannot be used with %j', (options, message) => {
    expect(() => createMiddlewareBuilder({ m: { errors: options } }).build('m')).toThrow(message);
  });
});
