import { describe, expect, test } from 'vitest';
import { runtimeOf } from '../../test/support/configuration.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import { internalPublication } from '../providers/internal/publication.ts';
import type { Publication } from '../providers/provider.ts';
import { buildRuntime } from './merge.ts';
import { toRoutingSnapshot } from './snapshot.ts';
import type { RuntimeState } from './state.ts';

const { entryPoints } = defaultStaticConfiguration;
const servers = { loadBalancer: { servers: [{ url: 'http://127.0.0.1:1' }] } };
const broken = { ipAllowList: { sourceRange: ['nowhere'] } };
const rule = 'Host(`a.test`)';

/** Names of the routers that are sent to workers; those that refuse are in brackets. */
function sent(state: RuntimeState): readonly string[] {
  const { routers, childRouters = {} } = toRoutingSnapshot(state, entryPoints, { pausedAll: false });
  const all = [...routers.filter(({ tls }) => !tls), ...Object.values(childRouters)].filter(
    ({ name }) => !name.endsWith('@internal'),
  );
  return all.map(({ name, refuse }) => (refuse ? `(${name})` : name)).toSorted();
}

describe('a router that is disabled', () => {
  test.each<[string, object, readonly string[]]>([
    ['keeps its place where a middleware is not there', { rule, service: 's', middlewares: ['none'] }, ['(a@file)']],
    ['keeps its place where a middleware is broken', { rule, service: 's', middlewares: ['broken'] }, ['(a@file)']],
    ['keeps its place where TLS options are not there', { rule, service: 's', tls: { options: 'none' } }, []],
    ['keeps its place where its service is missing too', { rule, service: 'x', middlewares: ['none'] }, ['(a@file)']],
    ['keeps its place where its service is guarded by nothing', { rule, service: 'guarded' }, ['(a@file)']],
    ['keeps its place where a service behind its own is', { rule, service: 'shared' }, ['(a@file)']],
    ['leaves where its service is missing', { rule, service: 'x' }, []],
    ['leaves where its rule cannot be read', { rule: 'Host(', service: 's', middlewares: ['none'] }, []],
    ['leaves where it has no rule', { service: 's', middlewares: ['none'] }, []],
    ['leaves where its entry point is unknown', { rule, service: 's', middlewares: ['none'], entryPoints: ['x'] }, []],
  ])('%s', (_what, router, expected) => {
    const state = runtimeOf({
      routers: { a: router },
      services: {
        s: servers,
        guarded: { ...servers, middlewares: ['broken'] },
        shared: { weighted: { services: [{ name: 'guarded' }] } },
      },
      middlewares: { broken },
    });
    expect(state.routers.get('a@file')?.status).toBe('disabled');
    const found = sent(state);
    if ('tls' in router) {
      const { routers } = toRoutingSnapshot(state, entryPoints, { pausedAll: false });
      expect(routers.filter(({ name }) => name === 'a@file')).toMatchObject([
        { name: 'a@file', tls: true, middlewares: [], service: '', refuse: {} },
      ]);
    }
    expect(found).toEqual(expected);
  });

  test('keeps its place below another, and one above it that others are below', () => {
    const state = runtimeOf({
      routers: {
        top: { rule, middlewares: ['broken'] },
        below: { rule: 'PathPrefix(`/x`)', service: 's', parentRefs: ['top'] },
        sound: { rule: 'Host(`b.test`)' },
        child: { rule: 'PathPrefix(`/x`)', service: 's', parentRefs: ['sound'], middlewares: ['none'] },
        other: { rule: 'PathPrefix(`/`)', service: 's', parentRefs: ['sound'] },
      },
      services: { s: servers },
      middlewares: { broken },
    });
    expect(sent(state)).toEqual(['(child@file)', '(top@file)', 'below@file', 'other@file', 'sound@file']);
  });

  test('gives the reason, and is the same object while nothing changes', () => {
    const publication: Publication = {
      provider: 'file',
      configuration: {
        http: { routers: { a: { rule, service: 's', middlewares: ['none'] } }, services: { s: servers } },
      },
      origins: { routers: {}, services: {}, middlewares: {} },
    };
    const all = [internalPublication(), publication];
    const first = buildRuntime(all, entryPoints, 1);
    const second = buildRuntime(all, entryPoints, 2, first);
    expect(first.routers.get('a@file')?.closed).toBe('The middleware none@file does not exist.');
    expect(second.routers.get('a@file')).toBe(first.routers.get('a@file'));
    const asTraefik = buildRuntime(all, entryPoints, 3, second, { asTraefik: true });
    expect(asTraefik.routers.get('a@file')).toMatchObject({ status: 'disabled' });
    expect(sent(asTraefik)).toEqual([]);
  });
});
