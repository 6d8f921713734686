import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';
import { cloudflare } from './cloudflare.ts';

const failure = (status: number, code: number, message: string): ApiAnswer => ({
  status,
  json: { success: false, errors: [{ code, message }], messages: [], result: null },
});

/** As the API answers: one record per page, to see that pages are followed. */
function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, json }) => {
    const auth = headers.authorization;
    const global = headers['x-auth-email'] === 'me@example.org' && headers['x-auth-key'] === 'global-key-secret';
    if (auth === 'Bearer malformed!') return failure(400, 6003, 'Invalid request headers');
    if (auth === 'Bearer wrong-token-secret') return failure(403, 9109, 'Invalid access token');
    if (!global && auth !== 'Bearer edit-token-secret' && auth !== 'Bearer zone-token-secret') {
      return failure(400, 9103, 'Unknown X-Auth-Key or X-Auth-Email');
    }
    const page = (items: readonly unknown[]): ApiAnswer => {
      const at = Number(query.get('page') ?? 1);
      const info = { page: at, per_page: 1, total_pages: items.length };
      return { json: { success: true, result: items.slice(at - 1, at), result_info: info } };
    };
    if (path === '/zones') return page(store.zones.map((name) => ({ id: `id-${name}`, name })));
    const [, zoneId = '', id] = /^\/zones\/id-([^/]+)\/dns_records(?:\/(\d+))?$/.exec(path) ?? [];
    if (!store.zones.includes(zoneId)) return failure(404, 7003, 'Could not route to /zones');
    if (auth === 'Bearer zone-token-secret') return failure(403, 10000, 'Authentication error');
    const wire = (value: string, type: string) => (type === 'TXT' ? `"${value}"` : value);
    if (method === 'GET') {
      const found = store.find(query.get('name') ?? '', query.get('type') ?? '');
      return page(found.map((each) => ({ id: String(each.id), content: wire(each.value, each.type), ttl: each.ttlS })));
    }
    if (method === 'DELETE') {
      return store.removeId(Number(id)) ? { json: { result: { id } } } : failure(404, 81044, 'Record does not exist.');
    }
    const value = String(json.content).replaceAll('"', '');
    if (method === 'PATCH') store.removeId(Number(id));
    if (store.values(json.name, json.type).includes(value)) {
      return failure(400, 81058, 'An identical record already exists.');
    }
    store.add({ zone: zoneId, name: json.name, type: json.type, value, ttlS: json.ttl ?? 1 });
    return { json: { success: true, result: {} } };
  };
}

const world = dnsProviderSuite({
  definition: cloudflare,
  credentials: { token: new Secret('edit-token-secret') },
  handler,
  secrets: ['wrong-token-secret', 'zone-token-secret', 'global-wrong', 'malformed!'],
  wrong: [
    { credentials: { token: new Secret('wrong-token-secret') }, kind: 'credentials' },
    { credentials: { token: new Secret('malformed!') }, kind: 'credentials' },
    { credentials: { email: 'me@example.org', key: new Secret('global-wrong') }, kind: 'credentials' },
    { credentials: { token: new Secret('zone-token-secret') }, kind: 'rights' },
  ],
});

test('reads zones by one token and writes by the other, or does both by the global key', async () => {
  const { with: make, api, signal, store } = world();
  const two = make({ token: new Secret('edit-token-secret'), zoneToken: new Secret('zone-token-secret') });
  await two.setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  const by = (path: string) =>
    new Set(api.requests.filter((each) => each.path === path).map((r) => r.headers.authorization));
  expect(by('/zones')).toEqual(new Set(['Bearer zone-token-secret']));
  expect(by('/zones/id-example.org/dns_records')).toEqual(new Set(['Bearer edit-token-secret']));
  const global = make({ email: 'me@example.org', key: new Secret('global-key-secret') });
  await global.removeTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  expect(store.records).toEqual([]);
});

test('says which field is missing', async () => {
  expect(() => cloudflare.create({})).toThrow('“API token” (CF_DNS_API_TOKEN) is missing');
  expect(() => cloudflare.create({ key: new Secret('k') })).toThrow(
    '“E-mail of the account” (CF_API_EMAIL) is missing',
  );
  expect(() => cloudflare.create({ token: new Secret('a\nb') })).toThrow('must stand on one line');
  expect(() => cloudflare.create({ token: new Secret('a'), endpoint: 'ftp://x' })).toThrow('must be a web address');
  const dead = cloudflare.create({ token: new Secret('a') }, { endpoint: 'http://127.0.0.1:1', pause: async () => {} });
  const refused = await failureOf(dead.listZones(new AbortController().signal));
  expect(refused).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('ECONNREFUSED') as string });
});
