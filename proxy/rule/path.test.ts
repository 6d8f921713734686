import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivedPath, canonicalPath, decodedReading, otherReadings } from './path.ts';

describe('canonicalPath', () => {
  it.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/.', '/a/'],
    ['/..', '/'],
    ['/../../etc', '/etc'],
    ['/a/%2e%2E/b', '/b'],
    ['/a/.%2e/b', '/b'],
    ['/public/%2E%2e', '/'],
    ['/a/...', '/a/...'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a..b/.c', '/a..b/.c'],
    ['//a//b', '//a//b'],
    ['/a%2F..%2Fb', '/a%2F..%2Fb'],
    ['/a%20b', '/a%20b'],
    ['/caf\u00c3\u00a9', '/caf%C3%A9'],
    ['/a;b=c', '/a;b=c'],
  ])('%j is %j', (path, expected) => {
    expect(canonicalPath(path)).toBe(expected);
  });

  it.each([
    '',
    'a',
    '*',
    '/a%00',
    '/a\\b',
    '/a#b',
    '/a?b',
    '/a b',
    '/a\u0000',
    '/a\u007f',
    '/a\tb',
    '/%',
    '/%2',
    '/%zz',
    '/\u20ac',
  ])('refuses %j', (path) => {
    expect(canonicalPath(path)).toBeNull();
  });

  it('is settled: a canonical path is its own canonical form, without dot segments', () => {
    const pieces = fc.constantFrom('/', '.', '..', '%2e', '%2E', 'a', '%2F', ';', '%25', '//', '\u00e9');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const once = canonicalPath(`/${parts.join('')}`);
        return (
          once !== null && canonicalPath(once) === once && !/\/\.{1,2}(?:\/|$)/.test(once.replaceAll(/%2e/gi, '.'))
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('readings of encoded paths', () => {
  it.each([
    ['/a/b', null],
    ['/a%20b', null],
    ['/a%2Fb', '/a/b'],
    ['/public/..%2fadmin', '/admin'],
    ['/public/%2e%2e%2Fadmin', '/admin'],
    ['/a%5C..%5Cadmin', '/admin'],
    ['/a%252Fb', '/a/b'],
    ['/%25252525252Fadmin', '/admin'],
    ['/a%25%32%46b', '/a/b'],
    ['//admin', '/admin'],
    ['/a%3Bb', '/a;b'],
  ])('decodedReading of %j is %j', (path, expected) => {
    expect(decodedReading(path)).toBe(expected);
  });

  it('has further readings where servers differ', () => {
    expect(otherReadings('/admin%3Fx')).toEqual(expect.arrayContaining(['/admin?x', '/admin']));
    expect(otherReadings('/admin%3Bx/y')).toEqual(expect.arrayContaining(['/admin;x/y', '/admin/y']));
    expect(otherReadings('/public%3F%2F..%2Fadmin')).toEqual(expect.arrayContaining(['/public', '/admin']));
    expect(otherReadings('/plain')).toEqual([]);
  });

  it('reads a long nest of escapes in time', () => {
    const started = performance.now();
    expect(decodedReading(`/${'%25'.repeat(8000)}2Fadmin`)).toMatch(/^\//);
    expect(decodedReading(`/%${'25'.repeat(16_000)}2Fadmin`)).toBe('/admin');
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('arrivedPath', () => {
  it.each([
    ['/b/', '/b/'],
    ['/..///b///', '/b/'],
    ['/a/..//c/.././b', '/b'],
    ['/a//../b', '/b'],
    ['/%61%42%7e', '/aB~'],
    ['/a%2fb%0a%c3%a9', '/a%2Fb%0A%C3%A9'],
    ['/%2e%2E//%61', '/a'],
    ['//', '/'],
    ['/a%00', null],
    ['/a%zz', null],
    ['a', null],
  ])('%s becomes %s', (path, expected) => {
    expect(arrivedPath(path)).toBe(expected);
  });

  it('is canonical, and stays as it is', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('/', '.', '..', 'a', '%2e', '%2F', '%61', '//', '%C3%A9', '~')), (parts) => {
        const once = arrivedPath(`/${parts.join('')}`);
        return once !== null && arrivedPath(once) === once && canonicalPath(once) === once && !once.includes('//');
      }),
    );
  });
});
