import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDnsProofs } from '../../app/certificates/acme/dns-proofs.ts';
import type { DnsProvider } from '../../app/dns/dns-provider.ts';
import { followAliases } from '../../app/dns/follow-aliases.ts';
import { createDnsLookup } from '../../app/dns/lookup.ts';
import { rfc2136 } from '../../app/dns/providers/rfc2136.ts';
import { Secret } from '../../app/secrets/secret.ts';
import { type AcmeRig, pebbleResolver, startAcmeRig } from '../support/acme-rig.ts';
import { missingForKnot, startKnot, type TestKnot } from '../support/knot.ts';
import { missingForPebble, startPebble, type TestPebble } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';

const missing = missingForPebble() ?? missingForKnot();
if (missing !== null && !process.env['CI']) console.warn(`acme-dns: left out, ${missing}`);

const challenge = {
  type: 'dns-01',
  provider: 'rfc2136',
  delayBeforeChecksMs: 0,
  checks: { enabled: true, authoritative: true, recursive: false },
} as const;

describe.runIf(missing === null || process.env['CI'])('DNS-01 with a real CA and a real name server', () => {
  let knot: TestKnot;
  let pebble: TestPebble;
  let rig: AcmeRig;
  /** What is set now, and the most that was at a time. */
  const held = new Set<string>();
  let mostHeld = 0;

  beforeAll(async () => {
    knot = await startKnot({
      // Within a zone, as the name server asks no other for this CA.
      zones: { 'example.org': ['_acme-challenge.alias CNAME proof'] },
    });
    pebble = await startPebble({ dnsServer: `127.0.0.1:${knot.port}` });
  });
  afterEach(() => rig?.stop());
  afterAll(async () => {
    await pebble?.stop();
    await knot?.stop();
  });

  function counted(provider: DnsProvider): DnsProvider {
    return {
      ...provider,
      setTxt: async (record, signal) => {
        await provider.setTxt(record, signal);
        mostHeld = Math.max(mostHeld, held.add(record.value).size);
      },
      removeTxt: async (record, signal) => {
        await provider.removeTxt(record, signal);
        held.delete(record.value);
      },
    };
  }

  async function issue(names: readonly string[], isOneAtATime: boolean): Promise<void> {
    held.clear();
    mostHeld = 0;
    const resolvers = [`127.0.0.1:${knot.port}`];
    const lookup = createDnsLookup({ resolvers, port: knot.port });
    const { name: keyName, secret } = knot.key;
    const made = rfc2136.create({ nameserver: resolvers[0] ?? '', keyName, secret: new Secret(secret) });
    const provider = followAliases(counted(made), lookup);
    rig = await startAcmeRig({
      resolver: pebbleResolver(pebble, { challenge: { ...challenge, resolvers } }),
      httpPort: pebble.httpPort,
      tlsPort: pebble.tlsPort,
      more: {
        dnsFor: async (_resolver, pause, signal) =>
          createDnsProofs({
            provider,
            isOneAtATime,
            challenge: { ...challenge, resolvers },
            findLacking: lookup.lacking,
            now: Date.now,
            pause,
            signal,
            log: { info: () => undefined, warn: () => undefined, error: () => undefined },
          }),
      },
    });
    const [id = ''] = rig.want(names);
    await pollUntil(() => {
      const entry = rig.issuance.get(id);
      if (entry?.stored.failure) throw new Error(`${entry.stored.failure.problem.message}\n${rig.logged.join('\n')}`);
      return (entry?.stored.issued ?? null) !== null;
    }, 60_000);
  }

  test('proves a domain and its wildcard at once, and takes both records away', { timeout: 90_000 }, async () => {
    await issue(['example.org', '*.example.org'], false);
    expect([mostHeld, held.size]).toEqual([2, 0]);
    expect(await knot.texts('_acme-challenge.example.org')).toEqual([]);
  });

  test('proves them one after the other where only one record can be', { timeout: 90_000 }, async () => {
    await issue(['photos.example.org', '*.photos.example.org'], true);
    expect([mostHeld, held.size]).toEqual([1, 0]);
  });

  test('makes the record behind an alias', { timeout: 90_000 }, async () => {
    await issue(['*.alias.example.org'], false);
    expect([mostHeld, held.size]).toEqual([1, 0]);
    expect(await knot.texts('proof.example.org')).toEqual([]);
  });
});
