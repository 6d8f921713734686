import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Secret } from '../../secrets/secrets.ts';
import { openKeyVault } from '../key-vault.ts';
import { makeCsr } from './csr.ts';
import { dnsValue, keyAuthorization, keyTypeName, makeKey } from './keys.ts';
import { serverNameOf } from './live-challenges.ts';

describe('a request for a certificate', () => {
  test.each(['EC256', 'EC384', 'RSA2048'] as const)(
    'with a key of type %s is one that OpenSSL verifies',
    async (type) => {
      const key = await makeKey(type);
      expect(keyTypeName(createPrivateKey(key))).toBe(type);
      const names = ['a.example.org', '*.example.org', '192.0.2.1', '2001:db8::1'];
      const csr = makeCsr(key, { names, emailAddresses: ['a@example.org'], withCommonName: true });
      const said = execFileSync('openssl', ['req', '-noout', '-text', '-verify'], {
        input: csr,
        stdio: ['pipe', 'pipe', 'pipe'],
        encoding: 'utf8',
      });
      expect(said).toMatch(/Subject: CN ?= ?a\.example\.org/);
      expect(said).toContain(
        'DNS:a.example.org, DNS:*.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, email:a@example.org',
      );
    },
  );

  test('names no common name where none is wanted, and no address as one', async () => {
    const key = await makeKey('EC256');
    const subject = (names: readonly string[], withCommonName: boolean) =>
      execFileSync('openssl', ['req', '-noout', '-subject'], {
        input: makeCsr(key, { names, emailAddresses: [], withCommonName }),
        encoding: 'utf8',
      });
    expect(subject(['a.example.org'], false)).not.toContain('CN');
    expect(subject(['192.0.2.1'], true)).not.toContain('CN');
    expect(subject([`${'a'.repeat(60)}.example.org`], true)).not.toContain('CN');
  });
});

test('the thumbprint is that of RFC 7638', () => {
  // The key of RFC 7638 section 3.1 is public only; this one is that of RFC 7517 appendix A.2.
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
    y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
    d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE',
  };
  const pem = createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(keyAuthorization('token', pem)).toBe('token.cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s');
  expect(dnsValue('token.thumb')).toMatch(/^[\w-]{43}$/);
});

test('addresses stand backwards in a hello', () => {
  expect(serverNameOf('a.example.org')).toBe('a.example.org');
  expect(serverNameOf('192.0.2.1')).toBe('1.2.0.192.in-addr.arpa');
  expect(serverNameOf('2001:db8::1')).toBe('1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa');
});

test('the vault opens what it has sealed, and nothing that was changed or sealed by another', async () => {
  const kept = new Map<string, Secret>();
  const secrets = {
    get: (name: string) => Promise.resolve(kept.get(name)),
    set: (name: string, value: Secret) => {
      kept.set(name, value);
      return Promise.resolve();
    },
  };
  const vault = await openKeyVault(secrets);
  const sealed = vault.seal('a private key');
  expect(sealed).not.toContain('private');
  expect((await openKeyVault(secrets)).open(sealed)).toBe('a private key');
  const changed = `${sealed.slice(0, -6)}${sealed.endsWith('AAAA==') ? 'BBBB==' : 'AAAA=='}`;
  expect(() => vault.open(changed)).toThrow();
  kept.clear();
  const other = await openKeyVault(secrets);
  expect(() => other.open(sealed)).toThrow();
});
