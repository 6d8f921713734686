import { describe, expect, test } from 'vitest';
import { issueAuthority, issueLeaf, signerOf } from '../issue.ts';
import { renewalByCa, renewalByLifetime, renewalId, retryTime, warnsAt } from './renewal.ts';

const dayMs = 86_400_000;
const days = (count: number) => ({ notBefore: 0, notAfter: count * dayMs });
const middle = () => 0.5;

describe('without a word of the CA', () => {
  test.each([
    [90, 59, 'two-thirds'],
    [45, 29, 'two-thirds'],
    [6, 2, 'half'],
  ])('a certificate of %i days is renewed on day %i', (length, day, why) => {
    const renewal = renewalByLifetime(days(length), middle);
    expect([Math.floor(renewal.at / dayMs), renewal.why]).toEqual([day, why]);
  });

  test('certificates of one day are spread', () => {
    const times = [0, 0.3, 0.6, 0.99].map((part) => renewalByLifetime(days(90), () => part).at);
    expect(new Set(times).size).toBe(4);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(2 * dayMs);
  });
});

describe('by the word of the CA', () => {
  const info = { start: 10 * dayMs, end: 12 * dayMs, explanationUrl: 'https://ca.example/why', retryAfterMs: 1 };

  test('a time in the window is chosen once', () => {
    const first = renewalByCa(info, null, middle);
    expect(first).toEqual({
      at: 11 * dayMs,
      why: 'ari',
      window: { start: 10 * dayMs, end: 12 * dayMs },
      explanationUrl: 'https://ca.example/why',
    });
    expect(renewalByCa(info, first, () => 0.9)).toEqual(first);
    expect(renewalByCa({ ...info, start: 9 * dayMs }, first, () => 0).at).toBe(9 * dayMs);
  });

  test('a certificate is called by its authority’s key and its serial number', () => {
    const validity = { notBefore: 0, notAfter: dayMs };
    const authority = issueAuthority('CA', validity);
    const { certificatePem } = issueLeaf(signerOf(authority), ['a.test'], validity);
    const id = renewalId(certificatePem);
    expect(id).toMatch(/^[\w-]{27}\.[\w-]{22}$/);
    // A root does not tell the key of who signed it.
    expect(renewalId(authority.certificatePem)).toBeNull();
    expect(renewalId('nonsense')).toBeNull();
  });

  test('the example of RFC 9773 has the name that it says', () => {
    const pem = `-----BEGIN CERTIFICATE-----
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK
-----END CERTIFICATE-----`;
    expect(renewalId(pem)).toBe('aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
  });
});

test('pauses grow, end at twelve hours, and are never shorter than the CA asks', () => {
  const minutes = [1, 2, 3, 7, 50].map((attempts) => retryTime(0, attempts, null, middle) / 60_000);
  expect(minutes).toEqual([1, 5, 20, 720, 720]);
  expect(retryTime(0, 1, 7_200_000, middle)).toBe(7_200_000);
});

test('the owner is told days before the end', () => {
  expect((days(90).notAfter - warnsAt(days(90))) / dayMs).toBe(15);
  expect((days(6).notAfter - warnsAt(days(6))) / dayMs).toBe(1);
});
