import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { digitalocean } from './digitalocean.ts';

const failure = (status: number, id: string, message: string): ApiAnswer => ({ status, json: { id, message } });

/** As the API answers, two things on a page. */
function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }) => {
    if (headers.authorization === 'Bearer readonly-secret' && method !== 'GET') {
      return failure(403, 'Forbidden', 'You are not authorized to perform this operation');
    }
    if (!['Bearer good-secret', 'Bearer readonly-secret'].includes(headers.authorization ?? '')) {
      return failure(401, 'Unauthorized', `Unable to authenticate you with ${headers.authorization}`);
    }
    const at = Number(query.get('page') ?? 1);
    const page = (key: string, items: readonly unknown[]): ApiAnswer => {
      const next = items.length > at * 2 ? { next: `http://api${path}?page=${at + 1}` } : {};
      return {
        json: { [key]: items.slice((at - 1) * 2, at * 2), links: { pages: next }, meta: { total: items.length } },
      };
    };
    if (path === '/v2/domains')
      return page(
        'domains',
        store.zones.map((name) => ({ name, ttl: 1800 })),
      );
    const [, zone = '', id] = /^\/v2\/domains\/([^/]+)\/records(?:\/(\d+))?$/.exec(path) ?? [];
    if (!store.zones.includes(zone))
      return failure(404, 'not_found', 'The resource you were accessing could not be found.');
    if (method === 'GET') {
      const found = store.find(query.get('name') ?? '', query.get('type') ?? '');
      return page(
        'domain_records',
        found.map((each) => ({ id: each.id, type: each.type, data: each.value, ttl: each.ttlS })),
      );
    }
    if (method === 'DELETE')
      return store.removeId(Number(id)) ? { status: 204 } : failure(404, 'not_found', 'not found');
    if (json.type === 'CNAME' && !json.data.endsWith('.'))
      return failure(422, 'unprocessable_entity', 'Data needs to end with a dot (.)');
    if (json.ttl < 30) return failure(422, 'unprocessable_entity', 'TTL must be at least 30');
    if (method === 'PATCH') store.removeId(Number(id));
    const name = json.name === '@' ? zone : `${json.name}.${zone}`;
    const { id: made } = store.add({ zone, name, type: json.type, value: json.data, ttlS: json.ttl });
    return { status: 201, json: { domain_record: { id: made } } };
  };
}

const world = dnsProviderSuite({
  definition: digitalocean,
  credentials: { token: new Secret('good-secret') },
  handler,
  secrets: ['wrong-secret', 'readonly-secret'],
  wrong: [
    { credentials: { token: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { token: new Secret('readonly-secret') }, kind: 'rights' },
  ],
});

test('passes on the words of the API', async () => {
  const { with: make, signal } = world();
  const failed = await failureOf(make({ token: new Secret('wrong-secret') }).listZones(signal));
  expect(failed.reason).toBe('Unable to authenticate you with Bearer [secret]');
});
