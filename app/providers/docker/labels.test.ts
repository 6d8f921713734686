import { expect, test } from 'vitest';
import { ownText } from '../../config/decode.ts';
import { labelTree } from './labels.ts';

test('labels become a tree; names merge without regard to case, lists by their index', () => {
  const tree = labelTree({
    'traefik.http.routers.App.rule': 'Host(`a`)',
    'Traefik.HTTP.Routers.app.tls': 'true',
    'traefik.http.routers.app.tls.domains[1].main': 'b',
    'traefik.http.routers.app.tls.domains[0].main': 'a',
    'com.example': 'x',
  });
  expect(tree.http).toEqual({
    Routers: {
      app: { rule: 'Host(`a`)', tls: { [ownText]: 'true', domains: [{ main: 'a' }, { main: 'b' }] } },
    },
  });
});

test('the labels outside the configuration are read in any case', () => {
  const tree = labelTree({
    'TRAEFIK.Enable': 'true',
    'traefik.docker.AllowNonRunning': '1',
    'traefik.tcp.routers.x.rule': 'y',
  });
  expect(tree).toMatchObject({
    http: null,
    enable: 'true',
    allowNonRunning: '1',
    tcp: { routers: { x: { rule: 'y' } } },
    udp: null,
    malformed: [],
    misplaced: [],
  });
});

test('the label of an option is found as it was written', () => {
  const { labelOf } = labelTree({
    'traefik.http.routers.App.Rule': 'x',
    'traefik.http.routers.App.tls.domains[0].main': 'x',
    'traefik.http.routers.App.middlewares': 'a,b',
  });
  expect(labelOf(['http', 'routers', 'app', 'rule'])).toBe('traefik.http.routers.App.Rule');
  expect(labelOf(['http', 'routers', 'App', 'tls', 'domains', 0])).toBe('traefik.http.routers.App.tls.domains[0].main');
  expect(labelOf(['http', 'routers', 'App', 'middlewares', 1])).toBe('traefik.http.routers.App.middlewares');
  expect(labelOf(['http', 'routers', 'App', 'service'])).toBe('traefik.http.routers.App.service');
});

test('labels that cannot be read are named', () => {
  const { malformed } = labelTree({
    'traefik.http..rule': 'x',
    'traefik.http.routers.__proto__.rule': 'x',
    'traefik.http.routers.a.tls.domains[x].main': 'x',
    'traefik.': '',
  });
  expect(malformed).toEqual([
    'traefik.',
    'traefik.http..rule',
    'traefik.http.routers.__proto__.rule',
    'traefik.http.routers.a.tls.domains[x].main',
  ]);
  expect(({} as Record<string, unknown>)['rule']).toBeUndefined();
});

test('labels of Traefik 1, and of a misspelt protocol, are named', () => {
  expect(
    labelTree({ 'traefik.frontend.rule': 'Host:x', 'traefik.htpp.routers.a.rule': 'x', 'traefik.mine': 'x' }).misplaced,
  ).toEqual([
    { label: 'traefik.frontend.rule', suggestion: null },
    { label: 'traefik.htpp.routers.a.rule', suggestion: 'traefik.http.routers.a.rule' },
  ]);
});

test('labels of TLS stores are known', () => {
  const store = 'Traefik.TLS.stores.default.defaultgeneratedcert.resolver';
  expect(labelTree({ [store]: 'acme', 'traefik.http.routers.a.rule': 'x' }).tlsStores).toEqual([store]);
});
