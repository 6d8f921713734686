import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { infomaniak } from './infomaniak.ts';

const failure = (status: number, code: string, description: string): ApiAnswer => ({
  status,
  json: { result: 'error', error: { code, description } },
});

function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }) => {
    const auth = headers.authorization;
    if (auth !== 'Bearer good-secret' && auth !== 'Bearer read-secret') {
      return failure(401, 'not_authorized', 'Authorization required');
    }
    if (path === '/1/product') {
      const data = store.zones.map((name, id) => ({
        id,
        customer_name: name,
        service_name: query.get('service_name'),
      }));
      return { json: { result: 'success', data } };
    }
    const [, zone = '', rest = '', id] = /^\/2\/zones\/([^/]+)\/(exists|records)(?:\/(\d+))?$/.exec(path) ?? [];
    if (!store.zones.includes(zone)) return failure(404, 'object_not_found', 'Object not found');
    if (rest === 'exists') return { json: { result: 'success', data: true } };
    if (method === 'GET') {
      const at = Number(query.get('page')) - 1;
      const all = store.records.filter((each) => each.zone === zone);
      const data = all.slice(at, at + 1).map((each) => ({
        id: each.id,
        source: each.name === zone ? '.' : each.name.slice(0, -zone.length - 1),
        type: each.type,
        target: each.type === 'TXT' ? `"${each.value}"` : each.value,
        ttl: each.ttlS,
      }));
      return { json: { result: 'success', data, total: all.length, page: at + 1, pages: all.length } };
    }
    if (auth === 'Bearer read-secret') return failure(403, 'forbidden', 'Access denied');
    if (method === 'DELETE') {
      return store.removeId(Number(id))
        ? { json: { result: 'success', data: true } }
        : failure(404, 'object_not_found', 'no');
    }
    const name = json.source === '.' ? zone : `${json.source}.${zone}`;
    const made = store.add({ zone, name, type: json.type, value: json.target, ttlS: json.ttl });
    return { json: { result: 'success', data: { id: made.id } } };
  };
}

const world = dnsProviderSuite({
  definition: infomaniak,
  credentials: { token: new Secret('good-secret') },
  handler,
  secrets: ['wrong-secret', 'read-secret'],
  wrong: [
    { credentials: { token: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { token: new Secret('read-secret') }, kind: 'rights' },
  ],
});

test('finds a zone without listing all of them', async () => {
  const { provider, signal, api } = world();
  await provider.setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  expect(api.requests.some(({ path }) => path === '/1/product')).toBe(false);
  const failed = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.example.com', value: 'v' }, signal));
  expect(failed.kind).toBe('zone-missing');
});
