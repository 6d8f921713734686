import { afterEach, describe, expect, test } from 'vitest';
import { type Harness, type HarnessOptions, startProxy } from '../../test/support/proxy-harness.ts';
import type { ChildRouterSnapshot, ServiceSnapshot } from '../model/snapshot.ts';

let harness: Harness | null = null;
afterEach(async () => {
  await harness?.close();
  harness = null;
});

function child(name: string, rule: string, more: Partial<ChildRouterSnapshot> = {}): ChildRouterSnapshot {
  return { name, rule, priority: rule.length, middlewares: [], service: `${name}-service`, ...more };
}

function says(...names: string[]): Record<string, ServiceSnapshot> {
  return Object.fromEntries(names.map((name) => [`${name}-service`, { kind: 'fixed', status: 200, body: name }]));
}

async function start(children: readonly ChildRouterSnapshot[], root: object, more: HarnessOptions = {}) {
  harness = await startProxy({
    routers: [{ name: 'root', service: '', children: children.map(({ name }) => name), ...root }],
    childRouters: Object.fromEntries(children.map((each) => [each.name, each])),
    services: says(...children.map(({ name }) => name)),
    ...more,
  });
  return harness;
}

async function get(path: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${harness?.port() ?? 0}${path}`, { headers });
  const text = await answer.text();
  return answer.ok ? text : String(answer.status);
}

describe('routers below a router', () => {
  test('take what its rule matched, by their own rules and priorities', async () => {
    const { record } = await start([child('a', 'Path(`/api/a`)'), child('b', 'PathPrefix(`/api`)', { priority: 1 })], {
      rule: 'PathPrefix(`/api`)',
    });
    expect([await get('/api/a'), await get('/api/x'), await get('/other')]).toEqual(['a', 'b', '404']);
    expect(await record(({ target }) => target === '/api/a')).toMatchObject({ router: 'a', service: 'a-service' });
  });

  test('see the request as the middlewares above them have made it', async () => {
    await start(
      [child('admin', 'Header(`X-Role`, `admin`)'), child('stripped', 'Path(`/in`)')],
      { rule: 'PathPrefix(`/app`)', middlewares: ['strip', 'role'] },
      {
        middlewares: {
          strip: { stripPrefix: { prefixes: ['/app'] } },
          role: { headers: { customRequestHeaders: { 'X-Role': 'guest' } } },
        },
      },
    );
    // What a visitor says of itself is not what the middleware says.
    expect(await get('/app/in', { 'X-Role': 'admin' })).toBe('stripped');
    expect(await get('/app/out', { 'X-Role': 'admin' })).toBe('404');
  });

  test('are not asked where a middleware above them refuses', async () => {
    const { record } = await start(
      [child('inside', 'PathPrefix(`/`)')],
      { middlewares: ['auth'] },
      { middlewares: { auth: { basicAuth: { users: ['user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='] } } } },
    );
    expect(await get('/')).toBe('401');
    expect(await record()).toMatchObject({ router: 'root', service: null, middlewares: [{ verdict: 'refused' }] });
    expect(await get('/', { Authorization: `Basic ${btoa('user:secret')}` })).toBe('inside');
  });

  test('may have routers and middlewares of their own', async () => {
    await start(
      [child('middle', 'PathPrefix(`/a`)', { service: '', children: ['leaf'], middlewares: ['add'] })],
      {},
      {
        childRouters: {
          middle: child('middle', 'PathPrefix(`/a`)', { service: '', children: ['leaf'], middlewares: ['add'] }),
          leaf: child('leaf', 'Path(`/deep/a/b`)'),
        },
        middlewares: { add: { addPrefix: { prefix: '/deep' } } },
        services: says('leaf'),
      },
    );
    expect([await get('/a/b'), await get('/a/c'), await get('/b')]).toEqual(['leaf', '404', '404']);
  });

  test('count by themselves, and what none of them took counts for the one above', async () => {
    const { messages, record } = await start([child('a', 'Path(`/a`)')], {});
    await get('/a');
    await get('/b');
    await record(({ target }) => target === '/a');
    await record(({ target }) => target === '/b');
    const counts = messages.flatMap((message) => (message.type === 'traffic' ? message.counts : []));
    expect(counts.map(({ router, service, requests }) => [router, service, requests])).toEqual([
      ['a', 'a-service', 1],
      ['root', null, 1],
    ]);
  });

  test('are refused by themselves where they cannot be built', async () => {
    const { messages } = await start(
      [
        child('broken', 'Path(`/broken`)', { middlewares: ['gone'] }),
        child('whole', 'PathPrefix(`/`)', { priority: 1 }),
      ],
      {},
    );
    expect([await get('/broken'), await get('/x')]).toEqual(['503', 'whole']);
    expect(JSON.stringify(messages)).toContain('The middleware gone does not exist');
  });

  test('leave nothing to be served where there are none', async () => {
    const { messages } = await start([], { middlewares: [] });
    expect(await get('/')).toBe('503');
    expect(JSON.stringify(messages)).toContain('None of the routers below root can be used');
  });

  test('stand on one reading of an encoded path, as those at entry points do', async () => {
    await start(
      [child('a', 'PathPrefix(`/a/b`)', { priority: 50 }), child('b', 'PathPrefix(`/`)', { priority: 1 })],
      {},
    );
    expect([await get('/a%2Fb'), await get('/x%2Fb')]).toEqual(['400', 'b']);
  });
});
