import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { desec } from './desec.ts';

/** As the API answers: pages by a cursor, all sets of a zone in one request, a smallest TTL of an hour. */
function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }): ApiAnswer => {
    if (headers.authorization === 'Token narrow-secret' && method !== 'GET') {
      return { status: 403, json: { detail: 'Insufficient permissions.' } };
    }
    if (!['Token good-secret', 'Token narrow-secret'].includes(headers.authorization ?? '')) {
      return { status: 401, json: { detail: 'Invalid token.' } };
    }
    if (path === '/domains/') {
      const cursor = query.get('cursor');
      if (cursor === null) return { status: 400, json: { detail: 'Pagination required.' } };
      const at = Number(cursor || 0);
      const link =
        at + 1 < store.zones.length
          ? `<http://${headers.host}/domains/?cursor=>; rel="first", <http://${headers.host}/domains/?cursor=${at + 1}>; rel="next"`
          : '';
      const some = store.zones.slice(at, at + 1).map((name) => ({ name, minimum_ttl: 3600 }));
      return { json: some, ...(link === '' ? {} : { headers: { link } }) };
    }
    const [, zone = '', part, type = ''] = /^\/domains\/([^/]+)\/rrsets\/(?:([^/]+)\/([A-Z]+)\/)?$/.exec(path) ?? [];
    if (!store.zones.includes(zone)) return { status: 404, json: { detail: 'Not found.' } };
    if (part !== undefined) {
      const found = store.find(part === '@' ? zone : `${part}.${zone}`, type);
      if (found.length === 0) return { status: 404, json: { detail: 'Not found.' } };
      const records = found.map(({ value }) => (type === 'TXT' ? `"${value}"` : value));
      return { json: { subname: part, type, records, ttl: found[0]?.ttlS } };
    }
    for (const set of json) {
      if (set.ttl < 3600)
        return { status: 400, json: [{ ttl: ['Ensure this value is greater than or equal to 3600.'] }] };
      const name = set.subname === '' ? zone : `${set.subname}.${zone}`;
      store.put(
        zone,
        name,
        set.type,
        set.records.map((text: string) => text.replaceAll('"', '')),
        set.ttl,
      );
    }
    return { json };
  };
}

const world = dnsProviderSuite({
  definition: desec,
  credentials: { token: new Secret('good-secret') },
  handler,
  secrets: ['wrong-secret', 'narrow-secret'],
  wrong: [
    { credentials: { token: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { token: new Secret('narrow-secret') }, kind: 'rights' },
  ],
});

test('follows no page to another server', async () => {
  const { provider, signal, api } = world();
  await provider.listZones(signal);
  expect(api.requests.filter(({ path }) => path === '/domains/')).toHaveLength(3);
  const failed = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.example.com', value: 'v' }, signal));
  expect(failed.message).toContain('It has: example.net, example.org, sub.example.org.');
});
