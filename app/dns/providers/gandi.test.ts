import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { gandi } from './gandi.ts';

const failure = (status: number, message: string): ApiAnswer => ({
  status,
  json: { code: status, message, object: 'HTTPError', cause: message },
});

function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }) => {
    const auth = headers.authorization ?? '';
    if (!['Bearer good-secret', 'Bearer readonly-secret', 'Apikey old-secret'].includes(auth)) {
      return failure(401, 'The server could not verify that you authorized to access the document you requested.');
    }
    if (auth === 'Bearer readonly-secret' && method !== 'GET')
      return failure(403, 'Access was denied to this resource.');
    if (path === '/domains') {
      const page = Number(query.get('page'));
      const some = store.zones.slice(page - 1, page).map((fqdn) => ({ fqdn, domain_href: '' }));
      return { json: some, headers: { 'total-count': String(store.zones.length) } };
    }
    const [, zone = '', part = '', type = ''] = /^\/domains\/([^/]+)\/records\/([^/]+)\/([A-Z]+)$/.exec(path) ?? [];
    if (!store.zones.includes(zone)) return failure(404, 'The resource could not be found.');
    const name = part === '@' ? zone : `${part}.${zone}`;
    const found = store.find(name, type);
    if (method === 'PUT') {
      if (json.rrset_ttl < 300) return failure(400, 'rrset_ttl: 120 is less than minimum value 300');
      store.put(
        zone,
        name,
        type,
        json.rrset_values.map((text: string) => text.replaceAll('"', '')),
        json.rrset_ttl,
      );
      return { status: 201, json: { message: 'DNS Record Created' } };
    }
    if (found.length === 0) return failure(404, `Can't find the DNS record ${part}/${type}`);
    if (method === 'DELETE') {
      store.remove(name, type);
      return { status: 204 };
    }
    const values = found.map(({ value }) => (type === 'TXT' ? `"${value}"` : value));
    return { json: { rrset_name: part, rrset_type: type, rrset_ttl: found[0]?.ttlS, rrset_values: values } };
  };
}

const world = dnsProviderSuite({
  definition: gandi,
  credentials: { token: new Secret('good-secret') },
  handler,
  secrets: ['wrong-secret', 'readonly-secret'],
  wrong: [
    { credentials: { token: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { token: new Secret('readonly-secret') }, kind: 'rights' },
  ],
});

test('takes the older keys too, and says when there is neither', async () => {
  const { with: make, signal, store } = world();
  await make({ apiKey: new Secret('old-secret') }).setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  expect(store.values('_acme-challenge.example.org', 'TXT')).toEqual(['v']);
  const missing = await failureOf(Promise.resolve().then(() => gandi.create({})));
  expect(missing.message).toContain('(GANDIV5_PERSONAL_ACCESS_TOKEN) is missing');
});
