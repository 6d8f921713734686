import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { ionos } from './ionos.ts';

const failure = (status: number, code: string, message: string): ApiAnswer => ({ status, json: [{ code, message }] });

function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }) => {
    const key = headers['x-api-key'];
    if (key !== 'good.secret' && key !== 'read.secret') {
      return failure(401, 'UNAUTHORIZED', 'The customer is not authorized to do this operation.');
    }
    if (key === 'read.secret' && method !== 'GET') return failure(403, 'FORBIDDEN', 'Missing permissions.');
    if (path === '/v1/zones') return { json: store.zones.map((name) => ({ id: `id-${name}`, name, type: 'NATIVE' })) };
    const [, zone = '', , id] = /^\/v1\/zones\/id-([^/]+)(\/records(?:\/(\d+))?)?$/.exec(path) ?? [];
    if (!store.zones.includes(zone)) return failure(404, 'ZONE_NOT_FOUND', 'The zone does not exist.');
    if (method === 'GET') {
      // The filter by name also lets through what ends with it.
      const wanted = query.get('recordName') ?? '';
      const records = store.records
        .filter((each) => each.name.endsWith(wanted))
        .map((each) => ({
          id: String(each.id),
          name: each.name,
          type: each.type,
          content: each.type === 'TXT' ? `"${each.value}"` : each.value,
          ttl: each.ttlS,
        }));
      return { json: { id: `id-${zone}`, name: zone, records } };
    }
    if (method === 'DELETE')
      return store.removeId(Number(id)) ? {} : failure(404, 'RECORD_NOT_FOUND', 'Record does not exist.');
    if (method === 'PUT') {
      const old = store.records.find((each) => each.id === Number(id));
      if (!old) return failure(404, 'RECORD_NOT_FOUND', 'Record does not exist.');
      store.removeId(old.id);
      store.add({ ...old, value: json.content, ttlS: json.ttl });
      return {};
    }
    for (const { name, type, content, ttl } of json) {
      if (ttl < 60) return failure(400, 'INVALID_RECORD', 'ttl');
      store.add({ zone, name, type, value: content, ttlS: ttl });
    }
    return { status: 201, json: [] };
  };
}

dnsProviderSuite({
  definition: ionos,
  credentials: { apiKey: new Secret('good.secret') },
  handler,
  secrets: ['wrong.secret', 'read.secret'],
  wrong: [
    { credentials: { apiKey: new Secret('wrong.secret') }, kind: 'credentials' },
    { credentials: { apiKey: new Secret('read.secret') }, kind: 'rights' },
  ],
});

test('says how prefix and secret are joined', async () => {
  const half = await failureOf(Promise.resolve().then(() => ionos.create({ apiKey: new Secret('onlyprefix') })));
  expect(half.message).toContain('must be the prefix, a dot and the secret');
});
