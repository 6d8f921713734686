import { describe, expect, it } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { middlewareTable } from './table.ts';

type Changes = Parameters<typeof makeRequest>[0];

async function run(options: Record<string, unknown>, changes: Changes = {}, answered: string[] = []) {
  const exchange = makeExchange(makeRequest(changes));
  let passed = false;
  await createMiddlewareBuilder({ m: { headers: options } }).build('m')((handed) => {
    passed = true;
    handed.sink.informational(103, new HeaderList(['Link', '<x>']));
    handed.sink.head({ status: 200, headers: new HeaderList(answered) });
    handed.sink.write(Buffer.from('body'));
    handed.sink.end(new HeaderList(['X-Trailer', '1']));
  })(exchange);
  const { recorded } = exchange.sink;
  return { passed, status: recorded.status, sent: [...exchange.request.headers], got: [...recorded.headers], exchange };
}

describe('headers', () => {
  it('sets and removes request headers, with what may be taken for them', async () => {
    const headers = new HeaderList(['X-A', '1', 'x_a', '2', 'X-B', '3', 'Keep', '4']);
    const { sent } = await run(
      { customRequestHeaders: { 'x-a': 'new', 'X-B': '', Host: 'other.example' } },
      { headers },
    );
    expect(sent).toEqual([
      ['Keep', '4'],
      ['x-a', 'new'],
      ['Host', 'other.example'],
    ]);
  });

  it('sets and removes answer headers, and passes the rest on', async () => {
    const { got, exchange } = await run({ customResponseHeaders: { Server: '', 'X-A': 'b' } }, {}, [
      'Server',
      'x',
      'ETag',
      '"1"',
      'x-a',
      'old',
    ]);
    expect(got).toEqual([
      ['ETag', '"1"'],
      ['X-A', 'b'],
    ]);
    const { recorded } = exchange.sink;
    expect(recorded.informational).toHaveLength(1);
    expect(exchange.sink.body().toString()).toBe('body');
    expect(recorded.trailers?.get('x-trailer')).toBe('1');
  });

  const origin = { fields: { Origin: 'https://foo.bar.org' } };

  it.each([
    [
      { accessControlAllowOriginList: ['https://foo.bar.org'] },
      origin,
      { 'Access-Control-Allow-Origin': 'https://foo.bar.org' },
    ],
    [{ accessControlAllowOriginList: ['https://foo.bar.org'] }, { fields: { Origin: 'https://evil.org' } }, {}],
    [{ accessControlAllowOriginList: ['https://foo.bar.org'] }, {}, {}],
    [{ accessControlAllowOriginList: ['*'] }, origin, { 'Access-Control-Allow-Origin': '*' }],
    [
      { accessControlAllowOriginList: ['*'], accessControlAllowCredentials: true },
      origin,
      { 'Access-Control-Allow-Origin': 'https://foo.bar.org', 'Access-Control-Allow-Credentials': 'true' },
    ],
    [
      { accessControlAllowOriginListRegex: ['^https://[a-z]+\\.bar\\.org$'] },
      origin,
      { 'Access-Control-Allow-Origin': 'https://foo.bar.org' },
    ],
    [
      { accessControlExposeHeaders: ['X-A', 'X-B'], addVaryHeader: true },
      origin,
      { 'Access-Control-Expose-Headers': 'X-A,X-B', Vary: 'Origin' },
    ],
    [
      { accessControlExposeHeaders: ['*'], accessControlAllowCredentials: true },
      {},
      { 'Access-Control-Allow-Credentials': 'true' },
    ],
    [
      { frameDeny: true, contentTypeNosniff: true },
      {},
      { 'X-Frame-Options': 'DENY', 'X-Content-Type-Options': 'nosniff' },
    ],
    [{ frameDeny: true, customFrameOptionsValue: 'SAMEORIGIN' }, {}, { 'X-Frame-Options': 'SAMEORIGIN' }],
    [{ browserXssFilter: true }, {}, { 'X-XSS-Protection': '1; mode=block' }],
    [{ browserXssFilter: true, customBrowserXSSValue: '0' }, {}, { 'X-XSS-Protection': '0' }],
    [
      {
        contentSecurityPolicy: "default-src 'self'",
        contentSecurityPolicyReportOnly: 'x',
        referrerPolicy: 'no-referrer',
        permissionsPolicy: 'microphone=()',
      },
      {},
      {
        'Content-Security-Policy': "default-src 'self'",
        'Content-Security-Policy-Report-Only': 'x',
        'Referrer-Policy': 'no-referrer',
        'Permissions-Policy': 'microphone=()',
      },
    ],
    [{ stsSeconds: 5 }, {}, {}],
    [{ stsSeconds: 5 }, { scheme: 'https' as const }, { 'Strict-Transport-Security': 'max-age=5' }],
    [{ stsSeconds: 5, forceSTSHeader: true }, {}, { 'Strict-Transport-Security': 'max-age=5' }],
    [
      {
        stsSeconds: 5,
        stsIncludeSubdomains: true,
        stsPreload: true,
        sslProxyHeaders: { 'X-Forwarded-Proto': 'https' },
      },
      { fields: { 'X-Forwarded-Proto': 'https' } },
      { 'Strict-Transport-Security': 'max-age=5; includeSubDomains; preload' },
    ],
    [{ stsSeconds: 5, isDevelopment: true }, { scheme: 'https' as const }, {}],
    [{ publicKey: 'pin' }, { scheme: 'https' as const }, { 'Public-Key-Pins': 'pin' }],
    [{ frameDeny: true, customResponseHeaders: { 'X-Frame-Options': 'ALLOW' } }, {}, { 'X-Frame-Options': 'ALLOW' }],
  ])('%j and %j adds %j', async (options, changes, expected) => {
    const { got } = await run(options, changes);
    expect(Object.fromEntries(got)).toEqual(expected);
  });

  it('adds to Vary what is not there yet', async () => {
    expect(Object.fromEntries((await run({ addVaryHeader: true }, {}, ['Vary', 'Accept'])).got)).toEqual({
      Vary: 'Accept,Origin',
    });
    expect(Object.fromEntries((await run({ addVaryHeader: true }, {}, ['Vary', 'Origin'])).got)).toEqual({
      Vary: 'Origin',
    });
  });

  const preflight = {
    method: 'OPTIONS',
    fields: {
      Origin: 'https://foo.bar.org',
      'Access-Control-Request-Method': 'PUT',
      'Access-Control-Request-Headers': 'x-wanted',
    },
  };

  it.each([
    [
      {
        accessControlAllowMethods: ['GET', 'PUT'],
        accessControlAllowOriginList: ['https://foo.bar.org'],
        accessControlMaxAge: 600,
      },
      {
        'Access-Control-Allow-Origin': 'https://foo.bar.org',
        'Access-Control-Allow-Methods': 'GET,PUT',
        'Access-Control-Max-Age': '600',
      },
    ],
    [
      { accessControlAllowHeaders: ['origin', 'X-A'], accessControlAllowOriginList: ['https://other.org'] },
      { 'Access-Control-Allow-Headers': 'origin,X-A' },
    ],
    [
      { accessControlAllowHeaders: ['*'], accessControlAllowMethods: ['*'], accessControlAllowCredentials: true },
      {
        'Access-Control-Allow-Headers': 'x-wanted',
        'Access-Control-Allow-Methods': 'PUT',
        'Access-Control-Allow-Credentials': 'true',
      },
    ],
  ])('answers a preflight by %j', async (options, expected) => {
    const { passed, status, got, exchange } = await run(options, preflight);
    expect({ passed, status }).toEqual({ passed: false, status: 200 });
    expect(Object.fromEntries(got)).toEqual({ ...expected, 'Content-Length': '0' });
    expect(exchange.notes.middlewares).toMatchObject([{ verdict: 'answered' }]);
    expect(middlewareTable.get('headers')?.explain?.(options, exchange.request)).toMatchObject({ verdict: 'answers' });
  });

  it('leaves a preflight to the server where CORS is not its matter', async () => {
    expect(await run({ frameDeny: true }, preflight)).toMatchObject({ passed: true });
  });

  it.each([
    [{ allowedHosts: ['foo.com'] }, { authority: 'foo.com' }, true],
    [{ allowedHosts: ['Foo.com'] }, { authority: 'foo.com:8443' }, true],
    [{ allowedHosts: ['foo.com:1'] }, { authority: 'foo.com' }, false],
    [{ allowedHosts: ['foo.com'] }, { authority: 'boo.com' }, false],
    [{ allowedHosts: ['foo.com'], isDevelopment: true }, { authority: 'boo.com' }, true],
    [
      { allowedHosts: ['foo.com'], hostsProxyHeaders: ['X-Forwarded-Host'] },
      { fields: { 'X-Forwarded-Host': 'foo.com' } },
      true,
    ],
  ])('%j and %j: allowed is %s', async (options, changes, expected) => {
    const { passed, status, exchange } = await run(options, changes);
    expect(passed).toBe(expected);
    expect(status).toBe(expected ? 200 : 500);
    expect(middlewareTable.get('headers')?.explain?.(options, exchange.request)?.verdict).toBe(
      expected ? 'passes' : 'refuses',
    );
  });

  it.each([
    [{}, 'No option of headers is set'],
    [{ frameDeny: false, customRequestHeaders: {} }, 'No option of headers is set'],
    [{ customRequestHeaders: { 'a b': 'x' } }, '"a b" in customRequestHeaders is no header name'],
    [{ customResponseHeaders: { a: 'x\r\nSet-Cookie: y' } }, 'customResponseHeaders.a holds a character'],
    [{ contentSecurityPolicy: 'a\nb' }, 'Content-Security-Policy holds a character'],
    [{ accessControlAllowOriginListRegex: ['a(b'] }, 'cannot be read'],
  ])('refuses %j', (options, message) => {
    expect(() => createMiddlewareBuilder({ m: { headers: options } }).build('m')).toThrow(message);
  });

  it('takes a stsSeconds of 0', () => {
    expect(() => createMiddlewareBuilder({ m: { headers: { stsSeconds: 0 } } }).build('m')).not.toThrow();
  });
});
