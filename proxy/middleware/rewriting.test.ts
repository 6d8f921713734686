import { describe, expect, it } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import type { Handler, ProxyRequest } from '../http/exchange.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { middlewareTable } from './table.ts';

/** What the server would get, or the answer given instead. */
async function run(config: Record<string, unknown>, request: ProxyRequest) {
  const exchange = makeExchange(request);
  let passed = false;
  const next: Handler = () => {
    passed = true;
  };
  await createMiddlewareBuilder({ m: config }).build('m')(next)(exchange);
  const { status, headers } = exchange.sink.recorded;
  return { passed, path: request.path, status, headers, request, notes: exchange.notes };
}

const explain = (type: string, options: unknown, request: ProxyRequest) =>
  middlewareTable.get(type)?.explain?.(options, request);

describe('addPrefix', () => {
  it.each([
    ['/a', '/b%2Fc', '/a/b%2Fc'],
    ['a', '/b', '/a/b'],
    ['/a/', '/', '/a//'],
    ['/ä b', '/', '/%C3%A4%20b/'],
    ['/%41', '/', '/%41/'],
  ])('puts %j before %j', async (prefix, path, expected) => {
    expect(await run({ addPrefix: { prefix } }, makeRequest({ path }))).toMatchObject({ passed: true, path: expected });
  });

  it('leaves OPTIONS * alone', async () => {
    expect(await run({ addPrefix: { prefix: '/a' } }, makeRequest({ method: 'OPTIONS', path: '*' }))).toMatchObject({
      path: '*',
    });
  });

  it.each(['/..', '/a/./b', '/a/%2e%2e'])('refuses the prefix %j', (prefix) => {
    expect(() => createMiddlewareBuilder({ m: { addPrefix: { prefix } } }).build('m')).toThrow(/holds "\."/);
  });

  it('explains', () => {
    expect(explain('addPrefix', { prefix: '/a' }, makeRequest({ path: '/b' }))).toMatchObject({
      verdict: 'passes',
      detail: 'The path becomes /a/b.',
      said: { code: 'PATH_BECOMES', details: { path: '/a/b' } },
    });
  });
});

describe('stripPrefix', () => {
  it.each([
    [['/stat'], '/stat', '/', '/stat'],
    [['/stat/'], '/stat/us', '/us', '/stat/'],
    [['/x', ' /stat '], '/stat/us', '/us', '/stat'],
    [['/stat'], '/stat/a%2Fb', '/a%2Fb', '/stat'],
    [['/api/'], '/ap%69/a%2Fb', '/a%2Fb', '/api/'],
    [['/é'], '/%C3%A9/x', '/x', '/%C3%A9'],
    [['/api'], '/apiv2', '/v2', '/api'],
    [['/api'], '/api//evil.example/x', '/evil.example/x', '/api'],
    [['/api'], '/api/https://x', '/https://x', '/api'],
  ])('%j of %j leaves %j', async (prefixes, path, expected, forwarded) => {
    const result = await run({ stripPrefix: { prefixes } }, makeRequest({ path }));
    expect(result).toMatchObject({ passed: true, path: expected });
    expect(result.request.headers.getAll('x-forwarded-prefix')).toEqual([forwarded]);
  });

  it.each([
    [['/stat/'], '/status'],
    [[], '/status'],
    [['/api/'], '/api%2Fx'],
    [[''], '/x'],
  ])('%j leaves %j as it is', async (prefixes, path) => {
    const result = await run({ stripPrefix: { prefixes } }, makeRequest({ path }));
    expect(result).toMatchObject({ passed: true, path });
    expect(result.request.headers.has('x-forwarded-prefix')).toBe(false);
  });

  it.each(['/api./admin', '/api../admin', '/api%2e/admin/secret', '/api.%2e/admin'])(
    'refuses %j, which would become a path with dot segments',
    async (path) => {
      const result = await run({ stripPrefix: { prefixes: ['/api'] } }, makeRequest({ path }));
      expect(result).toMatchObject({ passed: false, status: 400, notes: { error: { code: 'REQUEST_AMBIGUOUS' } } });
      expect(explain('stripPrefix', { prefixes: ['/api'] }, makeRequest({ path }))).toMatchObject({
        verdict: 'refuses',
      });
    },
  );
});

describe('redirectScheme', () => {
  it.each([
    [{}, {}, 302, 'https://app.example.com/a?b=c'],
    [{ permanent: true }, {}, 301, 'https://app.example.com/a?b=c'],
    [{}, { method: 'POST' }, 307, 'https://app.example.com/a?b=c'],
    [{ permanent: true }, { method: 'HEAD' }, 308, 'https://app.example.com/a?b=c'],
    [{ port: '8443' }, { authority: 'app.example.com:8080' }, 302, 'https://app.example.com:8443/a?b=c'],
    [{ port: '443' }, { authority: 'app.example.com:8080' }, 302, 'https://app.example.com/a?b=c'],
    [{ port: '8443' }, { authority: '[::1]:80' }, 302, 'https://[::1]:8443/a?b=c'],
    [
      { port: '8443' },
      { scheme: 'https' as const, authority: 'app.example.com' },
      302,
      'https://app.example.com:8443/a?b=c',
    ],
    [{}, { scheme: 'https' as const, fields: { 'X-Forwarded-Proto': 'http' } }, 302, 'https://app.example.com/a?b=c'],
    [{}, { fields: { 'X-Forwarded-Proto': 'nonsense' } }, 302, 'https://app.example.com/a?b=c'],
  ])('with %j sends %j on by %i to %s', async (options, changes, status, location) => {
    const request = makeRequest({ path: '/a', query: 'b=c', ...changes });
    const result = await run({ redirectScheme: { scheme: 'https', ...options } }, request);
    expect(result).toMatchObject({ passed: false, status });
    expect(result.headers.get('location')).toBe(location);
    expect(result.notes.middlewares).toMatchObject([{ verdict: 'answered' }]);
    expect(explain('redirectScheme', { scheme: 'https', ...options }, request)).toMatchObject({
      verdict: 'answers',
      detail: `Redirects to ${location}.`,
    });
  });

  it.each([
    [{}, { scheme: 'https' as const }],
    [{}, { fields: { 'X-Forwarded-Proto': 'wss' } }],
    [{ port: '8443' }, { scheme: 'https' as const, authority: 'app.example.com:8443' }],
  ])('with %j lets %j pass', async (options, changes) => {
    expect(await run({ redirectScheme: { scheme: 'https', ...options } }, makeRequest(changes))).toMatchObject({
      passed: true,
    });
  });

  it.each([
    {},
    { scheme: '' },
    { scheme: 'java script' },
    { scheme: 'https', port: '0' },
    { scheme: 'https', port: 'x' },
  ])('refuses %j', (options) => {
    expect(() => createMiddlewareBuilder({ m: { redirectScheme: options } }).build('m')).toThrow();
  });
});
