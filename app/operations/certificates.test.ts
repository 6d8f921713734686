import { createRouterClient } from '@orpc/server';
import { describe, expect, it } from 'vitest';
import { contextDouble } from '../../test/support/context.ts';
import type { CertificateView, ResolverView } from '../contract/certificates.ts';
import { Secret } from '../secrets/secrets.ts';
import type { Actor } from './context.ts';
import { router } from './router.ts';

const view: CertificateView = {
  id: 'c1',
  names: ['*.example.org', 'example.org'],
  source: 'acme',
  resolver: 'default',
  issuer: 'Test CA',
  keyType: 'EC256',
  fingerprint: '',
  serialNumber: '',
  notBefore: 0,
  notAfter: 1,
  renewal: null,
  status: 'valid',
  meanwhile: null,
  routers: [],
  byHand: true,
  failure: null,
  order: null,
  profile: null,
  path: null,
};

function resolverView(name: string, more: Partial<ResolverView> = {}): ResolverView {
  return {
    name,
    source: 'dashboard',
    email: 'ada@example.org',
    ca: {
      url: 'https://acme-v02.api.letsencrypt.org/directory',
      title: "Let's Encrypt",
      code: 'letsencrypt',
      staging: false,
    },
    challenge: 'http-01',
    entryPoint: null,
    dnsProvider: null,
    keyType: 'EC256',
    profile: null,
    account: { state: 'none', url: null },
    limits: [],
    problems: [],
    ...more,
  };
}

/** A client as the transport of `actor` makes one; what the service is asked for is noted. */
function clientOf(actor: Actor, resolvers: readonly ResolverView[] = []) {
  const { context, access } = contextDouble();
  const set: string[] = [];
  const kept: string[] = [];
  const added: { readonly resolver?: string | undefined }[] = [];
  const engine: typeof context = {
    ...context,
    certificates: {
      ...context.certificates,
      resolvers: () => resolvers,
      get: () => ({ certificate: view, orders: [] }),
      material: () =>
        Promise.resolve({ certificatePem: '-----BEGIN CERTIFICATE-----\n', privateKey: new Secret('the-key') }),
      setResolver: (input) => {
        set.push(input.name);
        return Promise.resolve(resolverView(input.name));
      },
      add: (wanted) => {
        added.push(wanted);
        return Promise.resolve(view);
      },
    },
    dnsProviders: {
      ...context.dnsProviders,
      keep: (code) => {
        kept.push(`${code} after ${set.length}`);
        return Promise.resolve();
      },
    },
  };
  const client = createRouterClient(router, { context: { engine, access, caller: { actor, session: null } } });
  return { client, set, kept, added };
}

describe('what leaves the engine', () => {
  it('names files after the certificate, and a wildcard so that every system takes it', async () => {
    const { client } = clientOf('dashboard');
    expect(await client.certificates.download({ id: 'c1', format: 'chain' })).toMatchObject({
      fileName: 'wildcard.example.org.pem',
      encoding: 'utf8',
    });
    expect(await client.certificates.download({ id: 'c1', format: 'key' })).toMatchObject({ content: 'the-key' });
    await expect(client.certificates.download({ id: 'c1', format: 'pfx' })).rejects.toMatchObject({
      details: { reason: 'PASSPHRASE_REQUIRED' },
    });
  });

  it('gives no key to an API token, and reads no file for one', async () => {
    const { client } = clientOf('api');
    const refused = { code: 'FORBIDDEN', details: { reason: 'TOKEN_NOT_ALLOWED' } };
    await expect(client.certificates.download({ id: 'c1', format: 'key' })).rejects.toMatchObject(refused);
    await expect(client.certificates.download({ id: 'c1', format: 'pfx', passphrase: 'x' })).rejects.toMatchObject(
      refused,
    );
    await expect(client.certificates.import({ from: 'traefik', path: '/etc/shadow' })).rejects.toMatchObject(refused);
    expect((await client.certificates.download({ id: 'c1', format: 'chain' })).content).toContain('CERTIFICATE');
  });
});

describe('a certificate that is added with how it is to be had', () => {
  const how = { email: 'ada@example.org', challenge: 'http-01' as const };

  it('makes the resolver "default" first, and keeps credentials before it', async () => {
    const { client, set, kept, added } = clientOf('dashboard');
    await client.certificates.add({
      names: ['*.example.org'],
      how: { ...how, challenge: 'dns-01', dnsProvider: 'cloudflare', credentials: { token: 'x' } },
    });
    expect([set, kept, added[0]?.resolver]).toEqual([['default'], ['cloudflare after 0'], 'default']);
  });

  it.each([
    ['the same one is used again', how, [resolverView('default')], 'default'],
    ['another e-mail makes another', { ...how, email: 'b@example.org' }, [resolverView('default')], 'http-01'],
    ['one of the configuration is left alone', how, [resolverView('default', { source: 'static' })], 'http-01'],
    [
      'a DNS provider gives its name',
      { ...how, challenge: 'dns-01' as const, dnsProvider: 'ovh' },
      [resolverView('default'), resolverView('ovh', { email: 'c@example.org' })],
      'ovh-2',
    ],
    ['a name that is said counts', { ...how, name: 'mine' }, [resolverView('default')], 'mine'],
  ])('%s', async (_, given, resolvers, name) => {
    const { client, set } = clientOf('dashboard', resolvers);
    await client.certificates.add({ names: ['a.example.org'], how: given });
    expect(set).toEqual([name]);
  });
});
