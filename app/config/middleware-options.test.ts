import { expect, test } from 'vitest';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { decodeMiddleware } from './middleware-options.ts';

const read = (input: unknown) =>
  decodeMiddleware(input, middlewareTable, { strings: true, path: ['http', 'middlewares', 'm'] });

test('type and options are read without regard to case', () => {
  expect(read({ stripprefix: { prefixes: '/a,/b' } })).toEqual({
    config: { stripPrefix: { prefixes: ['/a', '/b'] } },
    issues: [],
  });
});

test('options of an unknown type are not kept: what is secret among them is not known', () => {
  const { config, issues } = read({ frobnicate: { password: 'x' } });
  expect(config).toEqual({ frobnicate: {} });
  expect(issues).toMatchObject([{ code: 'MIDDLEWARE_INVALID', severity: 'error' }]);
});

test('an unknown type comes with the nearest', () => {
  expect(read({ basicauht: { users: 'x' } }).issues).toMatchObject([
    { code: 'MIDDLEWARE_INVALID', severity: 'error', suggestion: 'basicAuth' },
  ]);
});

test('a misspelt option is an error: it could be the one that protects', () => {
  expect(read({ ipallowlist: { sourcerage: '10.0.0.0/8' } }).issues).toContainEqual(
    expect.objectContaining({ code: 'OPTION_UNKNOWN', severity: 'error', suggestion: 'sourceRange' }),
  );
});

test('Traefik 2’s ipWhiteList keeps its name', () => {
  expect(read({ ipwhitelist: { sourcerange: '10.0.0.0/8, 192.168.0.0/16' } })).toEqual({
    config: { ipWhiteList: { sourceRange: ['10.0.0.0/8', '192.168.0.0/16'] } },
    issues: [],
  });
});

test.each([[''], [null], [{}], [['x']], [{ addprefix: { prefix: '/a' }, compress: 'true' }]])(
  '%j is no middleware',
  (input) => {
    expect(read(input).issues).toMatchObject([{ code: 'MIDDLEWARE_INVALID', severity: 'error' }]);
  },
);

test('hashes of passwords are in no message', () => {
  const { issues } = read({ basicauth: { users: 'a:$2y$05$secret', realm: { x: 'y' } } });
  expect(JSON.stringify(issues)).not.toContain('secret');
  expect(issues).toHaveLength(1);
});
