import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiAnswer, type FakeApi, fakeApi } from '../../../test/support/dns-api.ts';
import { failureOf } from '../../../test/support/dns-provider-suite.ts';
import { Secret } from '../../secrets/secret.ts';
import type { DnsCredentials, DnsProvider } from '../dns-provider.ts';
import { httpreq } from './httpreq.ts';

const signal = new AbortController().signal;
const challenge = { domain: 'example.org', token: '-token', keyAuthorization: '-token.thumbprint' };
let api: FakeApi;
let answer: ApiAnswer;

beforeEach(async () => {
  answer = {};
  api = await fakeApi({
    handle: ({ headers }) => {
      if (headers.authorization !== undefined && headers.authorization !== `Basic ${btoa('me:hook-secret')}`) {
        return { status: 401, text: `no entry for ${headers.authorization}` };
      }
      return answer;
    },
  });
});
afterEach(() => api.close());

const make = (more: DnsCredentials = {}): DnsProvider =>
  httpreq.create({ url: `${api.url}/hook/`, ...more }, { pause: () => Promise.resolve() });
const sent = () => api.requests.map(({ method, path, json }) => [method, path, json]);

test('sends name and value', async () => {
  const provider = make({ username: 'me', password: new Secret('hook-secret') });
  const record = { fqdn: '_acme-challenge.example.org', value: 'v', challenge };
  await provider.setTxt(record, signal);
  await provider.removeTxt(record, signal);
  const json = { fqdn: '_acme-challenge.example.org.', value: 'v' };
  expect(sent()).toEqual([
    ['POST', '/hook/present', json],
    ['POST', '/hook/cleanup', json],
  ]);
  expect(await provider.check(signal, 'example.org')).toMatchObject({ ok: true, zones: [], note: null });
});

test('sends what the value was made from, also when it is taken away by the value alone', async () => {
  const provider = make({ mode: 'RAW' });
  const record = { fqdn: '_acme-challenge.example.org', value: 'v' };
  expect((await failureOf(provider.setTxt(record, signal))).message).toContain('RAW mode');
  await provider.setTxt({ ...record, challenge }, signal);
  await make({ mode: 'RAW' }).removeTxt(record, signal);
  const json = { domain: 'example.org', token: '-token', keyAuth: '-token.thumbprint' };
  expect(sent()).toEqual([
    ['POST', '/hook/present', json],
    ['POST', '/hook/cleanup', json],
  ]);
  expect((await failureOf(provider.removeTxt(record, signal))).kind).toBe('refused');
  expect(await provider.check(signal, 'example.org')).toMatchObject({ ok: true, note: expect.any(String) as string });
});

test('says the status, and nothing of what is answered: the address may be that of anything here', async () => {
  const wrong = make({ username: 'me', password: new Secret('wrong-secret') });
  const record = { fqdn: '_acme-challenge.example.org', value: 'v' };
  const failed = await failureOf(wrong.setTxt(record, signal));
  expect([failed.kind, failed.reason]).toEqual(['credentials', 'it answers with status 401']);
  answer = { status: 422, text: 'zone is locked' };
  const refused = await failureOf(make().setTxt(record, signal));
  expect(refused.message).toContain('it answers with status 422');
  expect(JSON.stringify([refused.message, refused.reason, refused.fix, refused.details])).not.toContain('locked');
  const seen = await make().check(signal, 'example.org');
  expect(JSON.stringify(seen)).not.toContain('locked');
  answer = {};
  api.failAfterChange = 1;
  await make().setTxt(record, signal);
  const address = { name: 'a.example.org', type: 'A', value: '192.0.2.1' } as const;
  expect((await failureOf(make().upsertAddress(address, signal))).message).toContain('TXT records only');
  expect(() => make({ password: new Secret('p') })).toThrow('“User name”');
  expect(() => httpreq.create({ url: 'nowhere' })).toThrow('must be a web address');
});
