import { describe, expect, test } from 'vitest';
import type { HttpConfiguration, RouterConfig } from '../../proxy/model/dynamic.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import type { Publication } from '../providers/provider.ts';
import { buildRuntime } from './merge.ts';
import { toRoutingSnapshot } from './snapshot.ts';
import type { RuntimeState } from './state.ts';

const { entryPoints } = defaultStaticConfiguration;
const services = { app: { loadBalancer: { servers: [{ url: 'http://10.0.0.2:80' }] } } };
const rule = 'PathPrefix(`/`)';

function publication(http: HttpConfiguration, provider: Publication['provider'] = 'file'): Publication {
  return { provider, configuration: { http }, origins: { routers: {}, services: {}, middlewares: {} } };
}

function build(routers: Readonly<Record<string, RouterConfig>>, previous?: RuntimeState): RuntimeState {
  return buildRuntime([publication({ routers, services })], entryPoints, 1, previous);
}

function judged(state: RuntimeState): Record<string, string[]> {
  return Object.fromEntries(
    [...state.routers.values()].map(({ name, status, problems }) => [
      name,
      [status, ...problems.filter(({ severity }) => severity === 'error').map(({ code }) => code)],
    ]),
  );
}

function snapshotOf(state: RuntimeState) {
  return toRoutingSnapshot(state, entryPoints, { pausedAll: false });
}

describe('routers below routers', () => {
  test('a parent needs no service, and its children no entry points', () => {
    const state = build({
      root: { rule: 'Host(`a.example.org`)', entryPoints: ['web'], middlewares: [] },
      b: { rule: 'Path(`/b`)', parentRefs: ['root'], service: 'app' },
      a: { rule: 'Path(`/a`)', parentRefs: ['root@file'], service: 'app', priority: 7 },
    });
    expect(judged(state)).toEqual({ 'root@file': ['enabled'], 'a@file': ['enabled'], 'b@file': ['enabled'] });
    expect(state.routers.get('root@file')).toMatchObject({ children: ['a@file', 'b@file'], service: '' });
    expect(state.routers.get('a@file')).toMatchObject({ parents: ['root@file'], entryPoints: [] });
    expect(state.services.get('app@file')?.usedBy).toEqual(['b@file', 'a@file']);
    const { routers, childRouters } = snapshotOf(state);
    expect(routers).toMatchObject([
      { name: 'root@file', entryPoints: ['web'], tls: false, children: ['a@file', 'b@file'] },
    ]);
    expect(childRouters).toMatchObject({ 'a@file': { rule: 'Path(`/a`)', priority: 7, service: 'app@file' } });
  });

  test('a parent at several entry points keeps its children at each', () => {
    const state = build({ root: { rule }, child: { rule, parentRefs: ['root'], service: 'app' } });
    expect(snapshotOf(state).routers.map(({ tls, children }) => [tls, children])).toEqual([
      [false, ['child@file']],
      [true, ['child@file']],
    ]);
  });

  test('a service of the same name is not taken for that of a parent', () => {
    const state = build({ app: { rule }, child: { rule, parentRefs: ['app'], service: 'app' } });
    expect(state.routers.get('app@file')).toMatchObject({ status: 'enabled', service: '' });
  });

  test.each<[string, RouterConfig]>([
    ['tls', { tls: {} }],
    ['observability', { observability: { accessLogs: false } }],
    ['entryPoints', { entryPoints: ['web'] }],
  ])('a child cannot have %s', (option, more) => {
    const state = build({ root: { rule }, child: { rule, parentRefs: ['root'], service: 'app', ...more } });
    expect(judged(state)['child@file']).toEqual(['disabled', 'CHILD_OPTION']);
    expect(state.routers.get('child@file')?.problems[0]?.message).toContain(option);
    expect(snapshotOf(state)).toMatchObject({ routers: [{ children: [] }, { children: [] }] });
  });

  test('a parent that does not exist leaves its child without a way to it', () => {
    const state = build({ root: { rule, service: 'app' }, child: { rule, parentRefs: ['rot'], service: 'app' } });
    expect(judged(state)['child@file']).toEqual(['disabled', 'PARENT_UNKNOWN', 'ROUTER_UNREACHABLE']);
    expect(state.routers.get('child@file')?.problems[0]?.fix).toBe('Did you mean root@file?');
  });

  test('one parent of two is enough to be reached, not to be right', () => {
    const state = build({ root: { rule }, child: { rule, parentRefs: ['root', 'gone'], service: 'app' } });
    expect(judged(state)['child@file']).toEqual(['disabled', 'PARENT_UNKNOWN']);
  });

  test('routers that only lead to each other are not reached', () => {
    const state = build({ a: { rule, parentRefs: ['b'] }, b: { rule, parentRefs: ['a'] } });
    expect(judged(state)).toEqual({
      'a@file': ['disabled', 'ROUTER_UNREACHABLE'],
      'b@file': ['disabled', 'ROUTER_UNREACHABLE'],
    });
  });

  test('what closes a loop is cut', () => {
    const state = build({
      a: { rule },
      b: { rule, parentRefs: ['a', 'd'] },
      c: { rule, parentRefs: ['b'] },
      d: { rule, parentRefs: ['c'] },
    });
    expect(judged(state)).toEqual({
      'a@file': ['enabled'],
      'b@file': ['enabled'],
      'c@file': ['enabled'],
      'd@file': ['disabled', 'ROUTER_LOOP', 'ROUTER_NO_SERVICE'],
    });
    expect(state.routers.get('d@file')?.problems[0]?.message).toContain('b@file → c@file → d@file → b@file');
  });

  test('a router has a service or children', () => {
    const state = build({
      root: { rule, service: 'app' },
      child: { rule, parentRefs: ['root'], service: 'app' },
    });
    expect(judged(state)['root@file']).toEqual(['disabled', 'SERVICE_AND_CHILDREN']);
  });

  test('parents are judged anew when children come and go', () => {
    const alone = build({ root: { rule, service: 'app' } });
    const below = build(
      { root: { rule, service: 'app' }, child: { rule, parentRefs: ['root'], service: 'app' } },
      alone,
    );
    expect(judged(below)['root@file']).toEqual(['disabled', 'SERVICE_AND_CHILDREN']);
    const again = build({ root: { rule, service: 'app' } }, below);
    expect(judged(again)['root@file']).toEqual(['enabled']);
    expect(snapshotOf(again)).not.toHaveProperty('childRouters');
  });

  test('a child may stand in another provider than its parent', () => {
    const state = buildRuntime(
      [
        publication({ routers: { root: { rule } } }, 'docker'),
        publication({ routers: { child: { rule, parentRefs: ['root@docker'], service: 'app' } }, services }),
      ],
      entryPoints,
      1,
    );
    expect(state.routers.get('root@docker')).toMatchObject({ status: 'enabled', children: ['child@file'] });
  });
});
