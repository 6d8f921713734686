import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { hetzner } from './hetzner.ts';

const failure = (status: number, code: string, message: string): ApiAnswer => ({
  status,
  json: { error: { code, message } },
});

/** As the API answers: one zone on a page, and every change takes a moment. */
function handler(store: DnsStore): ApiHandler {
  let actions = 0;
  const action = (status: string): ApiAnswer => ({
    status: 201,
    json: { action: { id: ++actions, status, error: null } },
  });
  return ({ method, path, query, headers, json }) => {
    if (headers.authorization === 'Bearer readonly-secret' && method !== 'GET') {
      return failure(403, 'token_readonly', 'token is readonly');
    }
    if (!['Bearer good-secret', 'Bearer readonly-secret'].includes(headers.authorization ?? '')) {
      return failure(401, 'unauthorized', 'unable to authenticate');
    }
    if (path === '/zones') {
      const page = Number(query.get('page'));
      const zones = store.zones.slice(page - 1, page).map((name) => ({ id: 100 + store.zones.indexOf(name), name }));
      const next = page < store.zones.length ? page + 1 : null;
      return { json: { zones, meta: { pagination: { page, per_page: 1, next_page: next } } } };
    }
    if (path.startsWith('/actions/')) return { json: { action: { id: 1, status: 'success', error: null } } };
    const [, zoneId = '', part, type = '', rest] =
      /^\/zones\/(\d+)\/rrsets(?:\/([^/]+)\/([A-Z]+)(\/.*)?)?$/.exec(path) ?? [];
    const zone = store.zones[Number(zoneId) - 100];
    if (zone === undefined) return failure(404, 'not_found', 'zone not found');
    const full = (name: string) => (name === '@' ? zone : `${name}.${zone}`);
    const own = (values: readonly { value: string }[], of: string) =>
      values.map(({ value }) => {
        if (of === 'TXT' && !value.startsWith('"')) throw new Error('TXT values are quoted');
        if (of === 'CNAME' && !value.endsWith('.')) throw new Error('CNAME values end with a dot');
        return value.replaceAll('"', '');
      });
    if (part === undefined) {
      const name = full(json.name);
      if (store.find(name, json.type).length > 0) return failure(409, 'uniqueness_error', 'rrset exists');
      store.put(zone, name, json.type, own(json.records, json.type), json.ttl);
      return action('running');
    }
    const found = store.find(full(part), type);
    if (found.length === 0) return failure(404, 'not_found', 'rrset not found');
    if (method === 'GET') {
      const records = found.map(({ value }) => ({ value: type === 'TXT' ? `"${value}"` : value, comment: '' }));
      return { json: { rrset: { id: `${part}/${type}`, name: part, type, ttl: found[0]?.ttlS, records } } };
    }
    if (method === 'DELETE') store.remove(full(part), type);
    else if (rest === '/actions/set_records') store.put(zone, full(part), type, own(json.records, type), 60);
    else return failure(404, 'not_found', 'no such action');
    return action('running');
  };
}

const world = dnsProviderSuite({
  definition: hetzner,
  credentials: { token: new Secret('good-secret') },
  handler,
  secrets: ['wrong-secret', 'readonly-secret'],
  wrong: [
    { credentials: { token: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { token: new Secret('readonly-secret') }, kind: 'rights' },
  ],
});

test('waits until a change is made', async () => {
  const { provider, signal, api, pauses } = world();
  await provider.setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  expect(api.requests.map(({ path }) => path)).toContain('/actions/1');
  expect(pauses).toEqual([500]);
});

test('says what to do with a token of the old DNS console', async () => {
  const old = await failureOf(Promise.resolve().then(() => hetzner.create({ oldKey: new Secret('old-secret') })));
  expect([old.message, old.fix]).toEqual([
    expect.stringContaining('old DNS console'),
    expect.stringContaining('HETZNER_API_TOKEN'),
  ]);
  expect(() => hetzner.create({})).toThrow('(HETZNER_API_TOKEN) is missing');
});
