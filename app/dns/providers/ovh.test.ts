import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { ApiAnswer, ApiHandler, DnsStore } from '../../../test/support/dns-api.ts';
import { dnsProviderSuite, failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';

import { ovh } from './ovh.ts';

const nowS = 1_800_000_000;
const aheadS = 3600;
const failure = (status: number, errorCode: string, message: string): ApiAnswer => ({
  status,
  json: { class: 'Client', errorCode, httpCode: `${status}`, message },
});

/** Records that were changed are seen by resolvers only after `refresh`. */
const refreshed: string[] = [];

function handler(store: DnsStore): ApiHandler {
  return ({ method, path, query, headers, text, json }) => {
    if (path === '/auth/time') return { json: nowS + aheadS };
    if (path === '/auth/oauth2/token') {
      const form = new URLSearchParams(text);
      if (form.get('client_secret') !== 'oauth-secret' || form.get('grant_type') !== 'client_credentials') {
        return {
          status: 400,
          json: { error: 'invalid_client', message: 'wrong client', errorCode: 'INVALID_CREDENTIAL' },
        };
      }
      return { json: { access_token: 'short-lived', token_type: 'Bearer', expires_in: 3599, scope: 'all' } };
    }
    if (headers.authorization === undefined) {
      const secret = { 'app-key': 'app-secret', 'narrow-key': 'narrow-secret' }[String(headers['x-ovh-application'])];
      if (secret === undefined) return failure(403, 'INVALID_KEY', 'This application key is invalid');
      const timestamp = String(headers['x-ovh-timestamp']);
      if (Math.abs(Number(timestamp) - nowS - aheadS) > 30) return failure(400, 'QUERY_TIME_OUT', 'Query out of time');
      const search = query.size === 0 ? '' : `?${query.toString()}`;
      const url = `http://${headers.host}${path}${search}`;
      const wanted = createHash('sha1')
        .update([secret, headers['x-ovh-consumer'], method, url, text, timestamp].join('+'))
        .digest('hex');
      if (headers['x-ovh-signature'] !== `$1$${wanted}`) return failure(400, 'INVALID_SIGNATURE', 'Invalid signature');
      if (secret === 'narrow-secret' && method !== 'GET') {
        return failure(403, 'NOT_GRANTED_CALL', 'This call has not been granted');
      }
    } else if (!['Bearer short-lived', 'Bearer given-token'].includes(headers.authorization)) {
      return failure(403, 'INVALID_CREDENTIAL', 'This credential is not valid');
    }
    if (path === '/domain/zone') return { json: store.zones };
    const [, zone = '', rest = ''] = /^\/domain\/zone\/([^/]+)\/(.*)$/.exec(path) ?? [];
    if (!store.zones.includes(zone)) return failure(404, '', 'This service does not exist');
    if (rest === 'refresh') {
      refreshed.push(zone);
      return { text: '' };
    }
    const id = Number(/^record\/(\d+)$/.exec(rest)?.[1]);
    const found = store.records.find((record) => record.id === id);
    if (method === 'GET' && rest === 'record') {
      const sub = query.get('subDomain') ?? '';
      const name = sub === '' ? zone : `${sub}.${zone}`;
      return { json: store.find(name, query.get('fieldType') ?? '').map((record) => record.id) };
    }
    if (method === 'GET') {
      if (!found) return failure(404, '', 'The requested object does not exist');
      const target = found.type === 'TXT' ? `"${found.value}"` : found.value;
      return { json: { id, fieldType: found.type, target, ttl: found.ttlS, zone } };
    }
    if (method === 'DELETE') return store.removeId(id) ? { text: 'null' } : failure(404, '', 'No such record');
    const name = json.subDomain === '' ? zone : `${json.subDomain}.${zone}`;
    const made = store.add({ zone, name, type: json.fieldType, value: json.target, ttlS: json.ttl });
    return { json: { id: made.id } };
  };
}

const keys = {
  applicationKey: 'app-key',
  applicationSecret: new Secret('app-secret'),
  consumerKey: new Secret('consumer-secret'),
};
const world = dnsProviderSuite({
  definition: ovh,
  credentials: keys,
  handler,
  secrets: ['app-secret', 'consumer-secret', 'narrow-secret', 'wrong-secret'],
  options: { now: () => nowS * 1000 },
  wrong: [
    { credentials: { ...keys, applicationSecret: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { ...keys, applicationKey: 'nobody' }, kind: 'credentials' },
    {
      credentials: { ...keys, applicationKey: 'narrow-key', applicationSecret: new Secret('narrow-secret') },
      kind: 'rights',
    },
    { credentials: { clientId: 'id', clientSecret: new Secret('wrong-secret') }, kind: 'credentials' },
    { credentials: { accessToken: new Secret('wrong-secret') }, kind: 'credentials' },
  ],
});

test('puts changes into effect, also those of a try that broke off before', async () => {
  const { provider, signal } = world();
  const record = { fqdn: '_acme-challenge.example.org', value: 'v' };
  refreshed.length = 0;
  await provider.setTxt(record, signal);
  await provider.setTxt(record, signal);
  expect(refreshed).toEqual(['example.org', 'example.org']);
});

test.each([
  ['OAuth2', { clientId: 'id', clientSecret: new Secret('oauth-secret') }],
  ['an access token', { accessToken: new Secret('given-token') }],
])('takes %s in place of keys', async (_name, credentials) => {
  const { with: make, signal, store } = world();
  await make(credentials).setTxt({ fqdn: '_acme-challenge.example.org', value: 'v' }, signal);
  expect(store.records).toHaveLength(1);
});

test('refuses half of the credentials, and too many', async () => {
  expect(() => ovh.create({})).toThrow('“Application key” (OVH_APPLICATION_KEY) is missing');
  expect(() => ovh.create({ clientId: 'id' })).toThrow('(OVH_CLIENT_SECRET) is missing');
  expect(() => ovh.create({ ...keys, accessToken: new Secret('t') })).toThrow('two kinds of credentials');
  expect(() => ovh.create({ ...keys, region: 'ovh-mars' })).toThrow('must be one of ovh-eu, ovh-ca, ovh-us');
  const { with: make, signal } = world();
  const failed = await failureOf(make({ accessToken: new Secret('gone-token') }).listZones(signal));
  expect(failed.message).toContain('This credential is not valid, INVALID_CREDENTIAL');
});
