import { expect, test } from 'vitest';
import { makeCertificate } from '../../test/support/certificates.ts';
import { keptServedView, rememberFacts, routersByName, routersOf } from './served.ts';

const inUse = [
  { host: 'A.example.org', routers: ['b@docker', 'a@docker'] },
  { host: 'x.example.org', routers: ['a@docker'] },
  { host: 'deep.x.example.org', routers: ['deep@file'] },
  { host: 'nas', routers: ['nas@file'] },
];

test.each([
  [['a.example.org'], ['a@docker', 'b@docker']],
  [['*.example.org'], ['a@docker', 'b@docker']],
  [
    ['*.x.example.org', 'nas'],
    ['deep@file', 'nas@file'],
  ],
  [['example.org'], []],
])('a certificate for %j is for the routers %j', (names, routers) => {
  expect(routersOf(names, routersByName(inUse))).toEqual(routers);
});

test('ten thousand certificates of our own are told again without reading or making them anew', async () => {
  const one = await makeCertificate(['x.test']);
  const facts = { issuer: 'A', keyType: 'EC256', fingerprint: '', serialNumber: '1', notBefore: 0, notAfter: 9e12 };
  const all = Array.from({ length: 10_000 }, (_, i) => ({
    ...one,
    id: `internal:h${i}.test:1`,
    names: [`h${i}.test`],
    // Nobody reads it: it could not be.
    certificatePem: '',
    isOwn: true as const,
  }));
  for (const snapshot of all) rememberFacts(snapshot, facts);
  const routers: readonly string[] = [];
  const first = all.map((snapshot) => keptServedView(snapshot, routers, 1));
  expect(first[9999]).toMatchObject({ id: 'internal:h9999.test', issuer: 'A', status: 'valid' });
  const again = all.map((snapshot) => keptServedView(snapshot, routers, 2));
  expect(again.every((view, index) => view === first[index])).toBe(true);
  expect(keptServedView(all[0]!, ['other@docker'], 2).routers).toEqual(['other@docker']);
  expect(keptServedView(all[0]!, routers, 9e12 + 1).status).toBe('expired');
});
