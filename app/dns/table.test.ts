import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/support/dns-provider-suite.ts';
import type { Secret } from '../secrets/secret.ts';
import { allDnsProviders, credentialsFromEnvironment, dnsProvider, dnsProviders } from './table.ts';

const all = await allDnsProviders();

test('has every provider under the code by which it is asked for', async () => {
  expect(Object.keys(dnsProviders)).toEqual(all.map(({ code }) => code));
  expect(all.map(({ code }) => code)).toEqual([
    'acme-dns',
    'cloudflare',
    'desec',
    'digitalocean',
    'duckdns',
    'dynu',
    'exec',
    'gandiv5',
    'hetzner',
    'httpreq',
    'infomaniak',
    'ionos',
    'manual',
    'namecheap',
    'ovh',
    'porkbun',
    'rfc2136',
    'route53',
    'scaleway',
  ]);
  expect(await dnsProvider('nobody')).toBeUndefined();
  expect(await dnsProvider('constructor')).toBeUndefined();
  expect((await dnsProvider('dnsupdate'))?.code).toBe('rfc2136');
});

describe.each(all.map((definition) => [definition.code, definition] as const))(
  'the form of %s',
  (_code, definition) => {
    test('says in both languages what to create, and names variables for every field', () => {
      const words = [
        definition.help.create,
        definition.help.rights,
        ...definition.credentials.flatMap(({ label, help }) => (help ? [label, help] : [label])),
      ];
      for (const { en, fr } of words) expect([en.trim(), fr.trim()].every((text) => text.length > 1)).toBe(true);
      for (const { key } of definition.credentials)
        expect([key, definition.environment[key]?.length]).not.toEqual([key, undefined]);
      const keys = new Set(definition.credentials.map(({ key }) => key));
      expect(Object.keys(definition.environment).filter((key) => !keys.has(key) && key !== 'endpoint')).toEqual([]);
      if (definition.help.url !== null) expect(URL.parse(definition.help.url)?.protocol).toBe('https:');
    });

    test('hides every field that is a key, token, password or secret', () => {
      for (const { key, secret } of definition.credentials) {
        if (/token|secret|password|apikey$/i.test(key)) expect([key, secret]).toEqual([key, true]);
      }
    });
  },
);

test('reads variables as lego names them, the preferred one first', async () => {
  const found = await credentialsFromEnvironment('cloudflare', {
    CLOUDFLARE_DNS_API_TOKEN: 'second',
    CF_DNS_API_TOKEN: 'first',
    CF_API_EMAIL: '',
    CLOUDFLARE_EMAIL: 'me@example.org',
    CLOUDFLARE_BASE_URL: 'https://gateway.example.org/v4/',
  });
  expect((found['token'] as Secret).reveal()).toBe('first');
  expect(JSON.stringify(found)).toBe(
    '{"token":"[secret]","email":"me@example.org","endpoint":"https://gateway.example.org/v4/"}',
  );
  expect(await credentialsFromEnvironment('ovh', { OVH_ENDPOINT: 'ovh-ca', OVH_APPLICATION_KEY: 'k' })).toEqual({
    region: 'ovh-ca',
    applicationKey: 'k',
  });
  expect(await credentialsFromEnvironment('nobody', {})).toEqual({});
});

test('reads the files that variables name', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gatehouse-dns-env-'));
  const file = join(dir, 'token');
  await writeFile(file, 'from a file\n');
  const found = await credentialsFromEnvironment('digitalocean', { DO_AUTH_TOKEN_FILE: file });
  expect((found['token'] as Secret).reveal()).toBe('from a file');
  await rm(dir, { recursive: true });
  const failed = await failureOf(credentialsFromEnvironment('digitalocean', { DO_AUTH_TOKEN_FILE: file }));
  expect(failed.message).toBe(`The variable DO_AUTH_TOKEN_FILE names the file ${file}, which cannot be read: ENOENT.`);
});
