import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { dynu } from './dynu.ts';

const failure = (statusCode: number, type: string, message: string): ApiAnswer => ({
  status: statusCode === 401 ? 401 : 500,
  json: { statusCode, type, message },
});

/** As the API answers; the addresses of a domain itself are properties of the domain. */
function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }) => {
    if (headers['api-key'] !== 'good-secret') return failure(401, 'Authentication Exception', 'Invalid API Key.');
    const idOf = (zone: string) => 900 + store.zones.indexOf(zone);
    if (path === '/dns')
      return { json: { statusCode: 200, domains: store.zones.map((name) => ({ id: idOf(name), name })) } };
    const [, host] = /^\/dns\/record\/(.+)$/.exec(path) ?? [];
    if (host !== undefined) {
      const type = query.get('recordType') ?? '';
      const field = { TXT: 'textData', A: 'ipv4Address', AAAA: 'ipv6Address', CNAME: 'host' }[type] ?? '';
      const dnsRecords = store.find(host, type).map((each) => ({
        id: each.id,
        domainId: 1,
        hostname: host,
        recordType: type,
        [field]: each.value,
        ttl: each.ttlS,
      }));
      return { json: { statusCode: 200, dnsRecords } };
    }
    const [, domainId = '', record, id] = /^\/dns\/(\d+)(\/record(?:\/(\d+))?)?$/.exec(path) ?? [];
    const zone = store.zones[Number(domainId) - 900];
    if (zone === undefined) return failure(501, 'Argument Exception', 'Invalid.');
    if (record === undefined) {
      const [four] = store.values(zone, 'A');
      const [six] = store.values(zone, 'AAAA');
      if (method === 'GET') {
        const addresses = {
          ipv4: four !== undefined,
          ipv6: six !== undefined,
          ipv4Address: four ?? null,
          ipv6Address: six ?? null,
        };
        return {
          json: { statusCode: 200, id: Number(domainId), name: zone, ttl: 120, ipv4WildcardAlias: true, ...addresses },
        };
      }
      if (json.name !== zone || json.ipv4WildcardAlias !== true) return failure(501, 'Argument Exception', 'Invalid.');
      store.put(zone, zone, 'A', json.ipv4 ? [json.ipv4Address] : [], 120);
      store.put(zone, zone, 'AAAA', json.ipv6 ? [json.ipv6Address] : [], 120);
      return { json: { statusCode: 200 } };
    }
    if (method === 'DELETE') {
      return store.removeId(Number(id))
        ? { json: { statusCode: 200 } }
        : failure(501, 'Argument Exception', 'Invalid.');
    }
    const name = json.nodeName === '' ? zone : `${json.nodeName}.${zone}`;
    const value = json.textData ?? json.ipv4Address ?? json.ipv6Address ?? json.host;
    const made = store.add({ zone, name, type: json.recordType, value, ttlS: json.ttl });
    return { json: { statusCode: 200, id: made.id } };
  };
}

const world = dnsProviderSuite({
  definition: dynu,
  credentials: { apiKey: new Secret('good-secret') },
  handler,
  secrets: ['wrong-secret'],
  wrong: [{ credentials: { apiKey: new Secret('wrong-secret') }, kind: 'credentials' }],
});

test('changes one address of a domain and leaves the other', async () => {
  const { provider, signal, store } = world();
  store.put('example.org', 'example.org', 'A', ['192.0.2.1'], 120);
  await provider.upsertAddress({ name: 'example.org', type: 'AAAA', value: '2001:db8::1' }, signal);
  await provider.upsertAddress({ name: 'example.org', type: 'A', value: '192.0.2.2' }, signal);
  expect([store.values('example.org', 'A'), store.values('example.org', 'AAAA')]).toEqual([
    ['192.0.2.2'],
    ['2001:db8::1'],
  ]);
  const alias = await failureOf(
    provider.upsertAddress({ name: 'example.org', type: 'CNAME', value: 'other.example.net' }, signal),
  );
  expect(alias.details).toMatchObject({ type: 'A', value: '192.0.2.2' });
});
