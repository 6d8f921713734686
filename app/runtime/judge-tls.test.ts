import { expect, test } from 'vitest';
import type { RouterConfig } from '../../proxy/model/dynamic.ts';
import type { TlsConfiguration } from '../../proxy/model/tls.ts';
import { createTlsFiles, type PublishedTls } from '../certificates/configured.ts';
import { defaultStaticConfiguration } from '../config/static.ts';
import type { Publication } from '../providers/provider.ts';
import { buildRuntime } from './merge.ts';
import { toRoutingSnapshot } from './snapshot.ts';

const whoami = { service: 'whoami@internal' };

function judge(
  routers: Record<string, Omit<RouterConfig, 'service'>>,
  tls: TlsConfiguration,
  broken: PublishedTls['brokenTlsOptions'] = {},
  asTraefik = false,
) {
  const publication: Publication = {
    provider: 'file',
    configuration: {
      http: {
        routers: Object.fromEntries(Object.entries(routers).map(([name, config]) => [name, { ...config, ...whoami }])),
      },
      tls,
    },
    origins: { routers: {}, services: {}, middlewares: {} },
    brokenTlsOptions: broken,
  };
  const files = createTlsFiles({ onChanged: () => undefined });
  files.stop();
  const { entryPoints } = defaultStaticConfiguration;
  const state = buildRuntime([publication], entryPoints, 1, undefined, { asTraefik, tls: files.read([publication]) });
  const problems = Object.fromEntries(
    [...state.routers].map(([name, router]) => [
      name,
      router.problems.map(({ code, severity }) => `${code} ${severity}`),
    ]),
  );
  return { problems, snapshot: toRoutingSnapshot(state, entryPoints, { pausedAll: false }) };
}

const modern = { minVersion: 'VersionTLS13' } as const;
const mutual = { clientAuth: { clientAuthType: 'RequireAnyClientCert' } } as const;
const secure = ['websecure'];

test('a host has the options of the routers that name it', () => {
  const { problems, snapshot } = judge(
    {
      a: { rule: 'Host(`a.test`)', tls: { options: 'modern' }, entryPoints: secure },
      b: { rule: 'Host(`A.test`) && PathPrefix(`/b`)', tls: { options: 'modern@file' }, entryPoints: secure },
      c: { rule: 'Host(`c.test`)', tls: {}, entryPoints: secure },
    },
    { options: { modern, default: { sniStrict: true } } },
  );
  expect(problems).toEqual({ 'a@file': [], 'b@file': [], 'c@file': [] });
  expect(snapshot.tlsHosts).toEqual({ websecure: { 'a.test': 'modern@file' } });
  expect(snapshot.tlsOptions).toMatchObject({ 'modern@file': { minVersion: 'TLSv1.3' }, default: { sniStrict: true } });
});

test('a host with several options has the default ones; what these would let in stays closed', () => {
  const { problems, snapshot } = judge(
    {
      a: { rule: 'Host(`a.test`)', tls: { options: 'modern' }, entryPoints: secure },
      b: { rule: 'Host(`a.test`) && Path(`/b`)', tls: {}, entryPoints: secure },
      c: { rule: 'Host(`a.test`) && Path(`/c`)', tls: { options: 'mutual' }, entryPoints: secure },
    },
    { options: { modern, mutual } },
  );
  expect(problems).toEqual({
    'a@file': ['TLS_OPTIONS_CONFLICT warning'],
    'b@file': ['TLS_OPTIONS_CONFLICT warning'],
    'c@file': ['TLS_OPTIONS_CONFLICT error'],
  });
  expect(snapshot.tlsHosts).toBeUndefined();
});

test('as Traefik, a router whose options conflict is served with the default ones', () => {
  const routers = {
    a: { rule: 'Host(`a.test`)', tls: { options: 'mutual' }, entryPoints: secure },
    b: { rule: 'Host(`a.test`) && Path(`/b`)', tls: {}, entryPoints: secure },
    c: { rule: 'PathPrefix(`/c`)', tls: { options: 'mutual' }, entryPoints: secure },
  };
  const { problems, snapshot } = judge(routers, { options: { mutual } }, {}, true);
  expect(problems).toEqual({
    'a@file': ['TLS_OPTIONS_CONFLICT warning'],
    'b@file': ['TLS_OPTIONS_CONFLICT warning'],
    'c@file': ['TLS_OPTIONS_NO_HOST warning'],
  });
  expect(snapshot.tlsHosts).toBeUndefined();
  expect(snapshot.routers.map(({ name, refuse, tlsOptions }) => [name, refuse, tlsOptions])).toEqual(
    Object.keys(routers).map((name) => [`${name}@file`, undefined, undefined]),
  );
});

test('a rule without a host serves only who came by its options, where these keep out', () => {
  const { problems, snapshot } = judge(
    {
      a: { rule: 'PathPrefix(`/a`)', tls: { options: 'modern' }, entryPoints: secure },
      b: { rule: 'PathPrefix(`/b`)', tls: { options: 'mutual' }, entryPoints: secure },
    },
    { options: { modern, mutual } },
  );
  expect(problems).toEqual({ 'a@file': ['TLS_OPTIONS_NO_HOST warning'], 'b@file': ['TLS_OPTIONS_NO_HOST warning'] });
  expect(snapshot.routers.map(({ name, tlsOptions }) => [name, tlsOptions])).toEqual([
    ['a@file', undefined],
    ['b@file', 'mutual@file'],
  ]);
});

test.each<[string, TlsConfiguration, PublishedTls['brokenTlsOptions'], string]>([
  ['are unknown', {}, {}, 'TLS_OPTIONS_UNKNOWN error'],
  ['could not be read', { options: { mutual: {} } }, { mutual: 'minVersion is wrong' }, 'TLS_OPTIONS_INVALID error'],
  [
    'name a file that is not there',
    { options: { mutual: { clientAuth: { caFiles: ['/nowhere/ca.pem'] } } } },
    {},
    'TLS_OPTIONS_INVALID error',
  ],
  [
    'name a file without a certificate',
    { options: { mutual: { clientAuth: { caFiles: ['/dev/null'] } } } },
    {},
    'TLS_OPTIONS_INVALID error',
  ],
  [
    'verify by nothing',
    { options: { mutual: { clientAuth: { clientAuthType: 'RequireAndVerifyClientCert' } } } },
    {},
    'TLS_OPTIONS_INVALID error',
  ],
])('options that %s close the router', (_what, tls, broken, expected) => {
  const { problems, snapshot } = judge({ a: { rule: 'Host(`a.test`)', tls: { options: 'mutual' } } }, tls, broken);
  expect(problems['a@file']).toEqual([expected]);
  expect(snapshot.routers.map(({ name, refuse }) => [name, refuse !== undefined])).toEqual([['a@file', true]]);
});

test('default options that cannot be used close every router that has them', () => {
  const { problems } = judge(
    { a: { rule: 'Host(`a.test`)' }, b: { rule: 'Host(`b.test`)', entryPoints: ['web'] } },
    { options: { default: { clientAuth: { caFiles: ['/nowhere/ca.pem'] } } } },
  );
  expect(problems).toEqual({ 'a@file': ['TLS_OPTIONS_INVALID error'], 'b@file': [] });
});
