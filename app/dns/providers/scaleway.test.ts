import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { scaleway } from './scaleway.ts';

const failure = (status: number, type: string, message: string): ApiAnswer => ({ status, json: { type, message } });

/** As the API answers, one thing on a page whatever size is asked for. */
function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }) => {
    const token = headers['x-auth-token'];
    if (token !== 'good-secret' && token !== 'read-secret') {
      return failure(401, 'denied_authentication', 'authentication is denied');
    }
    const at = Number(query.get('page') ?? 1) - 1;
    const root = '/domain/v2beta1/dns-zones';
    if (path === root) {
      const zones = query.get('project_id') === 'empty' ? [] : store.zones;
      const parts = zones.map((zone) => ({
        domain: zone.split('.').slice(-2).join('.'),
        subdomain: zone.split('.').slice(0, -2).join('.'),
      }));
      return { json: { dns_zones: parts.slice(at, at + 1), total_count: parts.length } };
    }
    const [, zone = ''] = /^\/domain\/v2beta1\/dns-zones\/([^/]+)\/records$/.exec(path) ?? [];
    if (!store.zones.includes(zone)) return failure(404, 'not_found', 'resource is not found');
    const full = (name: string) => (name === '' ? zone : `${name}.${zone}`);
    if (method === 'GET') {
      const wanted = query.get('name') ?? '';
      const found = store.records
        .filter((each) => each.zone === zone && (wanted === '' || each.name === full(wanted)))
        .map((each) => ({
          id: String(each.id),
          name: each.name === zone ? '' : each.name.slice(0, -zone.length - 1),
          type: each.type,
          data: each.type === 'TXT' ? `"${each.value}"` : each.value,
          ttl: each.ttlS,
        }));
      return { json: { records: found.slice(at, at + 1), total_count: found.length } };
    }
    if (token === 'read-secret') return failure(403, 'permissions_denied', 'insufficient permissions');
    if (json.disallow_new_zone_creation !== true) return failure(400, 'invalid_arguments', 'would make a zone');
    for (const change of json.changes) {
      const { name, type } = (change.set ?? change.delete).id_fields;
      const values = (change.set?.records ?? []).map((record: { data: string }) => record.data.replaceAll('"', ''));
      store.put(zone, full(name), type, values, change.set?.records[0].ttl ?? 0);
    }
    return { json: { records: [] } };
  };
}

const world = dnsProviderSuite({
  definition: scaleway,
  credentials: { secretKey: new Secret('good-secret') },
  handler,
  secrets: ['wrong-secret', 'read-secret'],
  wrong: [
    { credentials: { secretKey: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { secretKey: new Secret('read-secret') }, kind: 'rights' },
  ],
});

test('asks for the zones of one project', async () => {
  const { with: make, signal } = world();
  expect(await make({ secretKey: new Secret('good-secret'), projectId: 'empty' }).listZones(signal)).toEqual([]);
});
