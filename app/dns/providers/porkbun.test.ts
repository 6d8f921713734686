import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { porkbun } from './porkbun.ts';

const failure = (message: string, status = 400): ApiAnswer => ({ status, json: { status: 'ERROR', message } });

function handler(store: DnsStore): ApiHandler {
  const closed = new Set<string>(['closed.test']);
  return ({ path, json }) => {
    if (json.apikey !== 'pk1_good' || json.secretapikey !== 'sk1_good') {
      return failure(`Invalid API key. (002) ${json.secretapikey}`);
    }
    if (path === '/ping') return { json: { status: 'SUCCESS', yourIp: '192.0.2.7' } };
    if (path === '/domain/listAll') {
      const at = Number(json.start);
      return { json: { status: 'SUCCESS', domains: store.zones.slice(at).map((domain) => ({ domain })) } };
    }
    const [, verb = '', zone = '', first = '', second = ''] =
      /^\/dns\/(\w+)\/([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/.exec(path) ?? [];
    if (!store.zones.includes(zone)) return failure('Invalid domain.');
    if (closed.has(zone)) return failure('Domain is not opted in to API access.');
    const full = (sub: string) => (sub === '' ? zone : `${sub}.${zone}`);
    if (verb === 'retrieveByNameType') {
      const records = store.find(full(second), first).map((each) => ({ id: String(each.id), content: each.value }));
      return { json: { status: 'SUCCESS', records } };
    }
    if (verb === 'delete') {
      return store.removeId(Number(first)) ? { json: { status: 'SUCCESS' } } : failure('Invalid record ID.');
    }
    if (Number(json.ttl) < 600) return failure('TTL too low.');
    if (verb === 'edit') store.removeId(Number(first));
    const { id } = store.add({
      zone,
      name: full(json.name),
      type: json.type,
      value: json.content,
      ttlS: Number(json.ttl),
    });
    return { json: { status: 'SUCCESS', id } };
  };
}

const good = { apiKey: new Secret('pk1_good'), secretKey: new Secret('sk1_good') };
const world = dnsProviderSuite({
  definition: porkbun,
  credentials: good,
  handler,
  changes: ({ path }) => /\/dns\/(?:create|edit|delete)\//.test(path),
  secrets: ['sk1_wrong', 'pk1_wrong'],
  wrong: [
    { credentials: { apiKey: new Secret('pk1_wrong'), secretKey: new Secret('sk1_wrong') }, kind: 'credentials' },
  ],
});

test('says when a domain has no API access', async () => {
  const { provider, signal, store } = world();
  store.zones.push('closed.test');
  const failed = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.closed.test', value: 'v' }, signal));
  expect(failed).toMatchObject({ kind: 'rights', fix: expect.stringContaining('API Access must be on') as string });
});
