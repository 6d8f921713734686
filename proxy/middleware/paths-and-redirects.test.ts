import { describe, expect, it } from 'vitest';
import { makeExchange, makeRequest } from '../../test/support/exchange.ts';
import type { Handler } from '../http/exchange.ts';
import { HeaderList } from '../http/header-list.ts';
import type { MiddlewareConfig } from '../model/dynamic.ts';
import { createMiddlewareBuilder } from './builder.ts';
import { expandTemplate } from './go-regexp.ts';
import { middlewareTable } from './table.ts';

const ok: Handler = (exchange) => {
  exchange.sink.head({ status: 200, headers: new HeaderList() });
  exchange.sink.end();
};

async function run(config: MiddlewareConfig, changes: Parameters<typeof makeRequest>[0]) {
  const exchange = makeExchange(makeRequest(changes));
  await createMiddlewareBuilder({ m: config }).build('m')(ok)(exchange);
  return exchange;
}

function explained(config: MiddlewareConfig, changes: Parameters<typeof makeRequest>[0]) {
  const [type = ''] = Object.keys(config);
  return middlewareTable.get(type)?.explain?.(config[type], makeRequest(changes))?.verdict;
}

const refusal = (config: MiddlewareConfig) => () => createMiddlewareBuilder({ m: config }).build('m');

describe('middlewares that rewrite the path', () => {
  it.each([
    [{ replacePath: { path: '/new' } }, '/old%2Fx', '/new', '/old%2Fx'],
    [{ replacePath: { path: 'a b/é' } }, '/', '/a%20b/%C3%A9', '/'],
    [{ replacePath: {} }, '/x', '/', '/x'],
    [{ replacePathRegex: { regex: '^/foo/(.*)', replacement: '/bar/$1' } }, '/foo/x/y', '/bar/x/y', '/foo/x/y'],
    [
      { replacePathRegex: { regex: ' ^/(?P<id>\\d+)$ ', replacement: ' /items/${id}/show ' } },
      '/12',
      '/items/12/show',
      '/12',
    ],
    [{ replacePathRegex: { regex: '^/foo', replacement: '/bar' } }, '/x', '/x', undefined],
    [{ replacePathRegex: { regex: '^/q/(.*)', replacement: '/s?q=$1' } }, '/q/a', '/s%3Fq=a', '/q/a'],
    [{ replacePathRegex: { regex: '^.*$', replacement: '' } }, '/x', '/', '/x'],
  ])('%j turns %s into %s', async (config, path, expected, replaced) => {
    const exchange = await run(config, { path, query: 'k=v' });
    expect(exchange.sink.recorded.status).toBe(200);
    expect(exchange.request.path).toBe(expected);
    expect(exchange.request.query).toBe('k=v');
    expect(exchange.request.headers.get('x-replaced-path')).toBe(replaced);
    expect(explained(config, { path })).toBe('passes');
  });

  it.each([
    [['^/a/b/', '/z'], '/a/b/c', '/c', '/a/b/'],
    [['/t [^/]+'], '/t%20x/a%2Fb', '/a%2Fb', '/t x'],
    [['/é'], '/%C3%A9/x', '/x', '/%C3%A9'],
    [['^/[a-z]+'], '/abc', '/', '/abc'],
    [['b'], '/a/b', '/a/b', undefined],
    [['x*'], '/a', '/a', undefined],
    [['.'], '/%FFx', '/%FFx', '/'],
  ])('stripPrefixRegex %j turns %s into %s', async (regex, path, expected, prefix) => {
    const exchange = await run({ stripPrefixRegex: { regex } }, { path });
    expect(exchange.request.path).toBe(expected);
    expect(exchange.request.headers.get('x-forwarded-prefix')).toBe(prefix);
  });

  it.each([
    [{ replacePathRegex: { regex: '^/api(.*)$', replacement: '/$1' } }, '/api..'],
    [{ replacePathRegex: { regex: '^/a(.*)$', replacement: '$1' } }, '/ab'],
    [{ replacePathRegex: { regex: '/x', replacement: '/%00' } }, '/x'],
    [{ stripPrefixRegex: { regex: ['^/api'] } }, '/api%2e%2e/admin'],
    [{ stripPrefixRegex: { regex: ['^/api/.'] } }, '/api/x../admin'],
  ])('%j refuses %s, which servers could read in another way', async (config, path) => {
    const exchange = await run(config, { path });
    expect(exchange.sink.recorded.status).toBe(400);
    expect(exchange.notes).toMatchObject({
      error: { code: 'REQUEST_AMBIGUOUS' },
      middlewares: [{ verdict: 'refused' }],
    });
    expect(explained(config, { path })).toBe('refuses');
  });

  it.each([
    [{ replacePath: { path: '/a/../b' } }, 'holds "." or ".."'],
    [{ replacePathRegex: { regex: '(' } }, 'regex is no regular expression'],
    [{ replacePathRegex: { regex: '(?=a)' } }, 'regex is no regular expression'],
    [{ stripPrefixRegex: { regex: ['a', '['] } }, 'regex[1] is no regular expression'],
  ])('%j cannot be used', (config, message) => {
    expect(refusal(config)).toThrow(message);
  });

  it('takes no more than moments over a pattern that makes others backtrack', async () => {
    const started = performance.now();
    await run({ replacePathRegex: { regex: '^/(a+)+$', replacement: '/x' } }, { path: `/${'a'.repeat(5000)}!` });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('expandTemplate', () => {
  it.each([
    ['$1-${1}-$name-${name}', 'one-one-NAME-NAME'],
    ['$1x', ''],
    ['${1}x', 'onex'],
    ['$$1 $ ${ $-', '$1 $ ${ $-'],
    ['$9', ''],
  ])('%s gives %s', (template, expected) => {
    const groups: Record<string, string> = { '1': 'one', name: 'NAME' };
    expect(expandTemplate(template, (name) => groups[name] ?? '')).toBe(expected);
  });
});

describe('redirectRegex', () => {
  const www = {
    redirectRegex: { regex: '^https?://www\\.(.+?)/(.*)', replacement: 'https://${1}/$2', permanent: true },
  };

  it.each([
    [www, { authority: 'www.a.b', path: '/x', query: 'q=1' }, 301, 'https://a.b/x?q=1'],
    [www, { authority: 'www.a.b', path: '/x', method: 'POST' }, 308, 'https://a.b/x'],
    [www, { authority: 'a.b', path: '/x' }, 200, undefined],
    [{ redirectRegex: { regex: '^http://(.*)', replacement: 'http://$1' } }, { authority: 'a.b' }, 200, undefined],
    [
      { redirectRegex: { regex: '/old', replacement: '/new é' } },
      { authority: 'a.b', path: '/old' },
      302,
      'http://a.b/new%20%C3%A9',
    ],
    [{ redirectRegex: { regex: '.*', replacement: 'http://192.168.0.%31/' } }, { authority: 'a.b' }, 502, undefined],
    [{ redirectRegex: { regex: '.*', replacement: 'http://a b/' } }, { authority: 'a.b' }, 502, undefined],
  ])('%j answers %j by %i', async (config, changes, status, location) => {
    const exchange = await run(config, changes);
    expect(exchange.sink.recorded.status).toBe(status);
    expect(exchange.sink.recorded.headers.get('location')).toBe(location);
    expect(explained(config, changes)).toBe(status === 200 ? 'passes' : 'answers');
  });
});

describe('encodedCharacters', () => {
  it.each([
    [{}, '/a%2fb', 400],
    [{ allowEncodedSlash: true }, '/a%2Fb', 200],
    [{ allowEncodedSlash: true }, '/a%5Cb', 400],
    [{ allowEncodedHash: true, allowEncodedPercent: true }, '/a%23b%25', 200],
    [{ allowEncodedQuestionMark: true }, '/a%3fb%3B', 400],
    [{}, '/a%20b', 200],
  ])('%j answers %s by %i', async (options, path, status) => {
    const exchange = await run({ encodedCharacters: options }, { path });
    expect(exchange.sink.recorded.status).toBe(status);
    expect(explained({ encodedCharacters: options }, { path })).toBe(status === 200 ? 'passes' : 'refuses');
  });
});
