import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ConnectCa, connectCa } from '../../app/certificates/acme/ca-client.ts';
import { createDnsProofs } from '../../app/certificates/acme/dns-proofs.ts';
import type { IssuanceOptions } from '../../app/certificates/acme/issuance.ts';
import type { AcmeResolver } from '../../app/certificates/acme/resolver.ts';
import type { DnsProvider } from '../../app/dns/dns-provider.ts';
import { createDnsLookup } from '../../app/dns/lookup.ts';
import { type AcmeRig, pebbleResolver, startAcmeRig } from '../support/acme-rig.ts';
import { isNewestPebble, missingForPebble, startPebble, type TestPebble } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';

// Threads start slowly on a loaded machine; nothing here depends on how fast it is.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const missing = missingForPebble();
if (missing !== null && process.env['CI']) throw new Error(missing);

let pebble: TestPebble;
let rig: AcmeRig;
let resolver: AcmeResolver;
beforeAll(async () => {
  if (missing === null) pebble = await startPebble({ nonceReject: 20 });
});
afterAll(() => pebble?.stop());
afterEach(() => rig?.stop());

async function start(more: Partial<AcmeResolver> = {}, options: Partial<IssuanceOptions> = {}): Promise<void> {
  const { httpPort, tlsPort } = pebble;
  resolver = pebbleResolver(pebble, more);
  rig = await startAcmeRig({ resolver, httpPort, tlsPort, more: options });
}

/** What `openssl s_client` thinks of a host's certificate, by Pebble's root. */
async function verify(host: string): Promise<string> {
  const rootPath = `${pebble.trustPath}.root`;
  await writeFile(rootPath, await pebble.root());
  return new Promise((resolve, reject) => {
    const at = `127.0.0.1:${pebble.tlsPort}`;
    const args = ['s_client', '-connect', at, '-servername', host, '-verify_hostname', host, '-CAfile', rootPath];
    const child = execFile('openssl', [...args, '-verify_return_error'], (_, out, error) => {
      const text = `${out}\n${error}`;
      const verdict = /Verify return code: (.*)/.exec(text)?.[1] ?? /verify error:(.*)/.exec(text)?.[1];
      if (verdict === undefined) reject(new Error(text));
      else resolve(verdict);
    });
    child.stdin?.end();
  });
}

const issued = async (id: string): Promise<void> =>
  pollUntil(() => {
    const entry = rig.issuance.get(id);
    if (entry?.stored.failure) throw new Error(`${entry.stored.failure.problem.message}\n${rig.logged.join('\n')}`);
    return (entry?.stored.issued ?? null) !== null;
  }, 60_000);

describe.skipIf(missing !== null)(`with Pebble${missing === null ? '' : ` (${missing})`}`, () => {
  test('HTTP-01: a certificate with two names is had and served, each step told', async () => {
    await start();
    const names = ['photos.example.org', 'music.example.org'];
    const [id = ''] = rig.want(names);
    await issued(id);
    expect(await verify('photos.example.org')).toBe('0 (ok)');
    expect(await verify('music.example.org')).toBe('0 (ok)');
    const [order] = rig.store.certificates.orders.of(id);
    const steps = order?.steps.map(({ step, state, name }) => `${step} ${name ?? ''} ${state}`) ?? [];
    expect(steps).toEqual(
      expect.arrayContaining([
        'account  done',
        'order  done',
        'authorization photos.example.org done',
        'challenge-set photos.example.org done',
        'told-ca music.example.org done',
        'ca-saw photos.example.org done',
        'validated music.example.org done',
        'finalised  done',
        'downloaded  done',
        'installed  done',
      ]),
    );
    expect(order).toMatchObject({ state: 'done', key: null });
  });

  test('TLS-ALPN-01', async () => {
    await start({ challenge: { type: 'tls-alpn-01', delayMs: 0 } });
    const [id = ''] = rig.want(['alpn.example.org']);
    await issued(id);
    expect(await verify('alpn.example.org')).toBe('0 (ok)');
  });

  test('DNS-01: a domain and its wildcard, by two values of one record that are gone afterwards', async () => {
    const made: string[] = [];
    const gone: string[] = [];
    const unused = () => Promise.reject(new Error('not asked for here'));
    const provider: DnsProvider = {
      setTxt: async ({ fqdn, value }) => {
        made.push(value);
        await pebble.dns('set-txt', { host: `${fqdn}.`, value });
      },
      removeTxt: async ({ fqdn, value }) => {
        gone.push(value);
        await pebble.dns('clear-txt', { host: `${fqdn}.` });
      },
      upsertAddress: unused,
      listZones: unused,
      check: unused,
    };
    const checks = { enabled: true, authoritative: false, recursive: true };
    const challenge = { provider: 'test', resolvers: [pebble.dnsServer], delayBeforeChecksMs: 0, checks };
    const { lacking } = createDnsLookup({ resolvers: [pebble.dnsServer] });
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    await start(
      { challenge: { type: 'dns-01', ...challenge } },
      {
        dnsFor: (_, pause, signal) =>
          Promise.resolve(
            createDnsProofs({ provider, challenge, findLacking: lacking, now: Date.now, pause, signal, log }),
          ),
      },
    );
    const [id = ''] = rig.want(['dns.example.org', '*.dns.example.org']);
    await issued(id);
    expect(await verify('dns.example.org')).toBe('0 (ok)');
    expect(await verify('any.dns.example.org')).toBe('0 (ok)');
    expect(made).toHaveLength(2);
    expect(gone.toSorted()).toEqual(made.toSorted());
    const [order] = rig.store.certificates.orders.of(id);
    expect(order?.records).toEqual([]);
    expect(order?.steps.map(({ step, state, name }) => `${step} ${name ?? ''} ${state}`)).toContain(
      'propagation *.dns.example.org done',
    );
  });

  test('an address has a certificate, by HTTP and by TLS', async () => {
    await start();
    const [id = ''] = rig.want(['127.0.0.1']);
    await issued(id);
    const { chain } = rig.issuance.get(id)?.stored.issued ?? { chain: '' };
    expect(new X509Certificate(chain).checkIP('127.0.0.1')).toBe('127.0.0.1');
    await rig.stop();
    await start({ challenge: { type: 'tls-alpn-01', delayMs: 0 } });
    const [other = ''] = rig.want(['127.0.0.1']);
    await issued(other);
  });

  test.each(['account', 'newOrder', 'answerChallenge', 'finalize', 'certificate'] as const)(
    'killed after the CA has answered "%s" and before that was known, it ends with one order',
    async (ask) => {
      await start();
      let isKilled = false;
      const connect: ConnectCa = (...where) => {
        const ca = connectCa(...where);
        return {
          close: ca.close,
          ask: async (question) => {
            const told = await ca.ask(question);
            if (question.ask !== ask || isKilled) return told;
            isKilled = true;
            void rig.kill();
            throw new Error('killed');
          },
        };
      };
      await rig.restart({ connect });
      const names = [`kill-${ask.toLowerCase()}.example.org`];
      const [id = ''] = rig.want(names);
      await pollUntil(() => isKilled, 60_000);
      const before = rig.store.certificates.orders.open().map((order) => order.id);
      await rig.restart();
      rig.want(names);
      await issued(id);
      expect(await verify(names[0] ?? '')).toBe('0 (ok)');
      expect(rig.store.certificates.orders.of(id).map((order) => order.id)).toEqual(before);
      await rig.issuance.idle();
      const account = await rig.issuance.accounts.open(resolver, resolver.directoryUrl);
      try {
        const { value: urls } = await account.ca.ask({ ask: 'orders' });
        const ofThis: string[] = [];
        for (const url of urls) {
          const { value } = await account.ca.ask({ ask: 'order', url });
          if (value.identifiers.some((each) => each.value === names[0])) ofThis.push(value.status);
        }
        expect(ofThis).toEqual(['valid']);
      } finally {
        account.release();
      }
    },
  );

  test('a CA that comes back without memory gets a new account and a new order; until then the old certificate serves', async () => {
    await start();
    const [id = ''] = rig.want(['back.example.org']);
    await issued(id);
    const before = rig.issuance.get(id)?.stored.issued?.chain;
    await pebble.stopCa();
    rig.issuance.renewNow(id);
    await pollUntil(() => rig.issuance.get(id)?.stored.failure?.problem.code === 'ACME_CA_DOWN', 60_000);
    expect(rig.issuance.certificates()).toHaveLength(1);
    await pebble.startCa();
    // The first try finds that the account is not known any more.
    await pollUntil(() => {
      rig.issuance.renewNow(id);
      return rig.issuance.get(id)?.stored.issued?.chain !== before;
    }, 60_000);
    await rig.issuance.idle();
    expect(await verify('back.example.org')).toBe('0 (ok)');
  });

  test.skipIf(!isNewestPebble())('profiles, and the word of the CA on renewal (newest Pebble)', async () => {
    await start({ profile: 'shortlived' });
    const [id = ''] = rig.want(['short.example.org']);
    await issued(id);
    const { issued: first } = rig.issuance.get(id)?.stored ?? {};
    expect(Math.round(((first?.notAfter ?? 0) - (first?.notBefore ?? 0)) / 86_400_000)).toBe(6);
    await pollUntil(() => rig.issuance.get(id)?.stored.renewal?.why === 'ari', 60_000);
    await rig.issuance.idle();
    await pebble.renewBetween(first?.chain ?? '', Date.now() - 60_000, Date.now() - 1000);
    // The time comes to ask again.
    const { stored } = rig.issuance.get(id) ?? {};
    if (stored) rig.issuance.put({ ...stored, askCaAt: Date.now() });
    await pollUntil(() => rig.issuance.get(id)?.stored.issued?.chain !== first?.chain, 60_000);
    await rig.issuance.idle();
    expect(await verify('short.example.org')).toBe('0 (ok)');
    const [order] = rig.store.certificates.orders.of(id);
    expect(order).toMatchObject({ why: 'renewal', state: 'done', replaces: expect.stringContaining('.') as string });
  });

  test('a certificate is revoked, and another one had in its place', async () => {
    await start();
    const [id = ''] = rig.want(['revoked.example.org']);
    await issued(id);
    const { stored } = rig.issuance.get(id) ?? {};
    const chain = stored?.issued?.chain ?? '';
    const account = await rig.issuance.accounts.open(resolver, resolver.directoryUrl);
    await account.ca.ask({ ask: 'revoke', certificatePem: chain, reason: 4 });
    account.release();
    const { serialNumber } = new X509Certificate(chain);
    expect(await pebble.statusOf(serialNumber)).toMatchObject({ Status: 'Revoked' });
    if (stored) rig.issuance.put({ ...stored, revokedAt: Date.now() });
    await pollUntil(() => rig.issuance.get(id)?.stored.issued?.chain !== chain, 60_000);
    await rig.issuance.idle();
    expect(await verify('revoked.example.org')).toBe('0 (ok)');
  });
});
