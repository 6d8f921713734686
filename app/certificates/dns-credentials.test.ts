import { expect, onTestFinished, test } from 'vitest';
import { memorySecrets } from '../../test/support/acme-rig.ts';
import { fakeApi } from '../../test/support/dns-api.ts';
import type { DnsProviderDefinition } from '../dns/dns-provider.ts';
import { digitalocean } from '../dns/providers/digitalocean.ts';
import { Secret, type Secrets } from '../secrets/secrets.ts';
import { createDnsCredentials } from './dns-credentials.ts';

function make(env: Readonly<Record<string, string>> = {}, load?: (code: string) => Promise<DnsProviderDefinition>) {
  const kept = memorySecrets();
  const secrets = { ...kept, list: () => Promise.resolve([]) } as unknown as Secrets;
  return { secrets, credentials: createDnsCredentials({ secrets, env, ...(load ? { load } : {}) }) };
}

test('offers no field that names a program or a file, and takes none', async () => {
  const { credentials } = make({ EXEC_PATH: '/opt/update-dns' });
  const views = await credentials.list();
  const fields = (code: string) => views.find((view) => view.code === code)?.fields.map(({ key }) => key);
  expect(fields('exec')).toEqual([]);
  expect(fields('rfc2136')).not.toContain('keyFile');
  expect(fields('acme-dns')).not.toContain('storagePath');
  expect(views.find(({ code }) => code === 'exec')?.credentials).toBe('environment');
  await expect(credentials.keep('exec', { path: '/bin/sh' })).rejects.toMatchObject({ code: 'INVALID' });
  await expect(credentials.check({ code: 'exec', credentials: { path: '/bin/sh' } }, undefined)).rejects.toMatchObject({
    code: 'INVALID',
  });
  expect(await credentials.credentialsFor('exec')).toEqual({ path: '/opt/update-dns' });
});

test('takes what was typed in before the environment, and checks either', async () => {
  const api = await fakeApi({
    handle: ({ headers }) =>
      headers.authorization === 'Bearer typed'
        ? { json: { domains: [{ name: 'example.org' }], links: {} } }
        : { status: 401, json: { id: 'Unauthorized', message: 'no' } },
  });
  const definition = {
    ...digitalocean,
    create: (given) => digitalocean.create(given, { endpoint: api.url }),
  } as DnsProviderDefinition;
  const { credentials } = make({ DO_AUTH_TOKEN: 'from the environment' }, () => Promise.resolve(definition));
  const checked = await credentials.check({ code: 'digitalocean' }, undefined);
  expect(checked).toMatchObject({ ok: false, problems: [{ code: 'ACME_DNS_CREDENTIALS' }] });
  expect(JSON.stringify(checked)).not.toContain('from the environment');
  await credentials.keep('digitalocean', { token: 'typed' });
  expect(await credentials.check({ code: 'digitalocean' }, undefined)).toEqual({
    ok: true,
    zones: ['example.org'],
    problems: [],
    note: null,
  });
  const token = (await credentials.credentialsFor('digitalocean'))['token'];
  expect(token instanceof Secret && token.reveal()).toBe('typed');
  await api.close();
});

test('sends secrets that are kept to no other address than they were typed in for', async () => {
  const asked: string[] = [];
  const api = await fakeApi({
    handle: ({ headers }) => {
      asked.push(headers.authorization ?? 'nobody');
      return { json: {} };
    },
  });
  onTestFinished(() => api.close());
  const { credentials } = make();
  const passwordOf = async () => (await credentials.credentialsFor('httpreq'))['password'];
  await credentials.keep('httpreq', { url: 'https://dns.test/hook', username: 'owner', password: 'kept' });
  await credentials.keep('httpreq', { url: ' https://dns.test/hook ', password: '' });
  expect((await passwordOf()) instanceof Secret).toBe(true);

  const other = { code: 'httpreq', credentials: { url: api.url }, domain: 'example.org' };
  await credentials.check(other, undefined);
  expect(asked.map((each) => Buffer.from(each.replace('Basic ', ''), 'base64').toString())).not.toContain('owner:kept');
  expect(asked.length).toBeGreaterThan(0);

  await credentials.keep('httpreq', { url: api.url });
  expect(await passwordOf()).toBeUndefined();
});
