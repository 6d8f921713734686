import { describe, expect, test } from 'vitest';
import { readStaticFile } from './static-read.ts';

function read(acme: string) {
  const { patch, issues } = readStaticFile(`certificatesResolvers: { le: { acme: ${acme} } }`, 'x.yml');
  return {
    resolver: patch.certificatesResolvers?.[0],
    said: issues.map(({ severity, message }) => `${severity}: ${message}`),
  };
}

describe('certificatesResolvers', () => {
  test('have the defaults of Traefik', () => {
    const { resolver, said } = read('{ email: a@example.org, storage: acme.json, httpChallenge: { entryPoint: web } }');
    expect(said).toEqual([]);
    expect(resolver).toEqual({
      name: 'le',
      source: 'static',
      directoryUrl: 'https://acme-v02.api.letsencrypt.org/directory',
      email: 'a@example.org',
      keyType: 'RSA4096',
      preferredChain: null,
      profile: null,
      emailAddresses: [],
      withCommonName: true,
      eab: null,
      lifetimeMs: null,
      challenge: { type: 'http-01', entryPoint: 'web', delayMs: 0 },
      connection: {
        caCertificates: [],
        systemAuthorities: true,
        serverName: null,
        timeoutMs: 120_000,
        responseHeaderTimeoutMs: 30_000,
        certificateTimeoutMs: 30_000,
      },
    });
  });

  test('have every option of Traefik', () => {
    const { resolver, said } = read(`{
      caServer: "https://ca.lan/acme/directory", caCertificates: [/etc/ca.pem], caSystemCertPool: true, caServerName: ca,
      keyType: ec256, preferredChain: X1, profile: shortlived, emailAddresses: [b@example.org], disableCommonName: true,
      eab: { kid: k, hmacEncoded: abc }, certificatesDuration: 24, clientTimeout: 5s, clientResponseHeaderTimeout: 2s,
      certificateTimeout: 7s,
      dnsChallenge: { provider: ovh, resolvers: ["1.1.1.1:53"],
        propagation: { disableANSChecks: true, requireAllRNS: true, delayBeforeChecks: 3s } } }`);
    expect(said).toEqual([]);
    expect(resolver).toMatchObject({
      directoryUrl: 'https://ca.lan/acme/directory',
      keyType: 'EC256',
      preferredChain: 'X1',
      profile: 'shortlived',
      emailAddresses: ['b@example.org'],
      withCommonName: false,
      eab: { kid: 'k', hmac: 'abc' },
      lifetimeMs: 86_400_000,
      connection: {
        caCertificates: ['/etc/ca.pem'],
        systemAuthorities: true,
        serverName: 'ca',
        timeoutMs: 5000,
        responseHeaderTimeoutMs: 2000,
        certificateTimeoutMs: 7000,
      },
      challenge: {
        type: 'dns-01',
        provider: 'ovh',
        resolvers: ['1.1.1.1:53'],
        delayBeforeChecksMs: 3000,
        checks: { enabled: true, authoritative: false, recursive: true },
      },
    });
  });

  test('know the old spellings', () => {
    const { resolver } = read(
      '{ dnsChallenge: { provider: ovh, delayBeforeCheck: 4, disablePropagationCheck: true } }',
    );
    expect(resolver?.challenge).toMatchObject({ delayBeforeChecksMs: 4000, checks: { enabled: false } });
  });

  test.each([
    ['{ email: a@example.org }', 'has no challenge'],
    ['{ tlsChallenge: {}, keyType: DSA }', 'keyType is one of EC256'],
    ['{ tlsChallenge: {}, caServer: ca.lan }', 'address of a CA'],
    ['{ tlsChallenge: {}, eab: { kid: k } }', 'both kid and hmacEncoded'],
    ['{ dnsChallenge: {} }', 'provider is missing'],
    ['{ httpChallenge: { entryPoint: wbe } }', 'no entry point "wbe"'],
    ['{ tlsChallenge: {}, emial: a@example.org }', 'Did you mean "email"?'],
  ])('%s cannot be used: %s', (acme, reason) => {
    expect(read(acme).said.join('\n')).toContain(reason);
  });

  test('say that a DNS provider is not known, and leave the rest alone', () => {
    const { resolver, said } = read('{ dnsChallenge: { provider: cloudlfare } }');
    expect(resolver?.challenge).toMatchObject({ type: 'dns-01', provider: 'cloudlfare' });
    expect(said).toEqual([expect.stringContaining('knows no DNS provider "cloudlfare"')]);
  });

  test('say which challenge counts where several are given', () => {
    const { resolver, said } = read('{ tlsChallenge: {}, httpChallenge: { entryPoint: web } }');
    expect(resolver?.challenge.type).toBe('http-01');
    expect(said).toEqual([expect.stringContaining('httpChallenge is the one that is used')]);
  });
});
