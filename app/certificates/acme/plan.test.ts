import { describe, expect, test } from 'vitest';
import { type Claim, certificateId, namesToAsk, type PlanInput, planCertificates, withoutNeedless } from './plan.ts';
import { nameKind, registeredDomain } from './public-names.ts';
import { defaultDirectoryUrl } from './resolver.ts';

const letsEncrypt = { directoryUrl: defaultDirectoryUrl, profile: null };
const resolvers = new Map([
  ['le', letsEncrypt],
  ['short', { ...letsEncrypt, profile: 'shortlived' }],
  ['own', { directoryUrl: 'https://ca.lan/acme/directory', profile: null }],
]);
const claim = (more: Partial<Claim>): Claim => ({
  router: 'a@docker',
  resolver: 'le',
  domains: [],
  hosts: [],
  ...more,
});
const plan = (more: Partial<PlanInput>) =>
  planCertificates({ claims: [], byHand: [], resolvers, isCovered: () => false, ...more }).map(
    ({ resolver, names }) => `${resolver}: ${names.join(' ')}`,
  );

describe('planCertificates', () => {
  test('asks once for what two routers want, and for the rest of a third', () => {
    const claims = [
      claim({ hosts: ['a.example.org', 'b.example.org'] }),
      claim({ hosts: ['A.example.org'] }),
      claim({ hosts: ['b.example.org', 'c.example.org'] }),
    ];
    expect(plan({ claims })).toEqual(['le: a.example.org b.example.org', 'le: c.example.org']);
  });

  test('uses a wildcard that is named anywhere, and what somebody brought', () => {
    const claims = [
      claim({ hosts: ['a.example.org', 'a.b.example.org'] }),
      claim({ domains: [{ main: 'example.org', sans: ['*.example.org'] }] }),
      claim({ hosts: ['mine.example.com'] }),
    ];
    expect(plan({ claims, isCovered: (name) => name === 'mine.example.com' })).toEqual([
      'le: example.org *.example.org',
      'le: a.b.example.org',
    ]);
  });

  test('takes what a person asked for first', () => {
    const byHand = [{ resolver: 'le', names: ['*.example.org'] }];
    expect(plan({ byHand, claims: [claim({ hosts: ['a.example.org'] })] })).toEqual(['le: *.example.org']);
  });

  test('leaves to the internal CA what a public one does not sign', () => {
    const hosts = [
      'nas',
      'nas.lan',
      'a.localhost',
      'x.home.arpa',
      'y.internal',
      '192.168.1.4',
      '8.8.8.8',
      'a_b.example.org',
    ];
    expect(plan({ claims: [claim({ hosts })] })).toEqual([]);
    expect(plan({ claims: [claim({ hosts, resolver: 'short' })] })).toEqual(['short: 8.8.8.8']);
    expect(plan({ claims: [claim({ hosts: ['nas.lan', 'a.localhost', '192.168.1.4'], resolver: 'own' })] })).toEqual([
      'own: nas.lan 192.168.1.4',
    ]);
  });

  test('asks nothing of a resolver that is not there', () => {
    expect(plan({ claims: [claim({ resolver: 'gone', hosts: ['a.example.org'] })] })).toEqual([]);
  });

  test('knows a certificate by its names in any order', () => {
    expect(certificateId('le', ['a', 'b'])).toBe(certificateId('le', ['b', 'a']));
    expect(certificateId('le', ['a', 'b'])).not.toBe(certificateId('own', ['a', 'b']));
  });
});

test('withoutNeedless keeps the order, and a name once', () => {
  expect(
    withoutNeedless([
      { main: 'b.example.org', sans: ['example.org', 'x.y'] },
      { main: '*.example.org' },
      { main: 'c.example.org', sans: ['b.example.org', 'd.example.org'] },
    ]),
  ).toEqual([
    { main: 'example.org', sans: ['x.y'] },
    { main: '*.example.org', sans: [] },
  ]);
});

test('namesToAsk refuses what no certificate can have, and wildcards without DNS', () => {
  expect(namesToAsk({ main: 'A.example.org', sans: ['a.example.org', '*.example.org'] }, true)).toEqual([
    'a.example.org',
    '*.example.org',
  ]);
  expect(namesToAsk({}, true)).toBe('no name is given');
  expect(namesToAsk({ main: '*.example.org' }, false)).toContain('only the DNS challenge');
  expect(namesToAsk({ main: '*.*.example.org' }, true)).toContain('can stand in no certificate');
});

test.each([
  ['example.org', 'public', 'example.org'],
  ['a.b.example.co.uk', 'public', 'example.co.uk'],
  ['*.me.duckdns.org', 'wildcard', 'me.duckdns.org'],
  ['8.8.8.8', 'address', '8.8.8.8'],
  ['10.0.0.1', 'private', '10.0.0.1'],
  ['fe80::1', 'private', 'fe80::1'],
  ['nas.local', 'private', 'nas.local'],
] as const)('%s is %s, registered as %s', (name, kind, domain) => {
  expect([nameKind(name), registeredDomain(name)]).toEqual([kind, domain]);
});

test('withoutNeedless ends with thousands of wildcards, too', () => {
  const domains = Array.from({ length: 20_000 }, (_, n) => ({
    main: `*.h${n}.example.org`,
    sans: [`a.h${n}.example.org`],
  }));
  expect(withoutNeedless(domains)).toEqual(domains.map(({ main }) => ({ main, sans: [] })));
});
