import { expect, test } from 'vitest';
import { middlewareTable } from '../../proxy/middleware/table.ts';
import { masked } from './mask.ts';

test.each([
  ['basicAuth', { users: ['a:$2y$05$x'], realm: 'r' }, { users: ['••••'], realm: 'r' }],
  [
    'forwardAuth',
    { address: 'http://a', tls: { ca: 'c', key: 'k' } },
    { address: 'http://a', tls: { ca: 'c', key: '••••' } },
  ],
  ['rateLimit', { redis: { username: 'u', password: 'p' } }, { redis: { username: 'u', password: '••••' } }],
  ['plugin', { bouncer: { apiKey: 'x', list: ['y'] } }, { bouncer: { apiKey: '••••', list: ['••••'] } }],
])('secrets of %s are not shown', (type, options, shown) => {
  expect(masked(options, middlewareTable.get(type)?.secretOptions)).toEqual(shown);
});
