import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DnsProvider, DnsProviderOptions, ManualRecord } from '../../app/dns/dns-provider.ts';
import { acmeDns } from '../../app/dns/providers/acme-dns.ts';
import { manual } from '../../app/dns/providers/manual.ts';
import { rfc2136 } from '../../app/dns/providers/rfc2136.ts';
import { Secret } from '../../app/secrets/secret.ts';
import { type FakeApi, fakeApi } from '../support/dns-api.ts';
import { failureOf } from '../support/dns-provider-suite.ts';
import { missingForKnot, startKnot, type TestKnot } from '../support/knot.ts';

const missing = missingForKnot();
if (missing !== null && !process.env['CI']) console.warn(`dns-by-hand: left out, ${missing}`);

const signal = new AbortController().signal;
const fqdn = '_acme-challenge.example.org';

describe.runIf(missing === null || process.env['CI'])('records that somebody else makes', () => {
  let knot: TestKnot;
  /** What the owner does at the name server. */
  let owner: DnsProvider;
  let surroundings: DnsProviderOptions;

  beforeAll(async () => {
    knot = await startKnot({ zones: { 'example.org': [], 'auth.example.net': ['known TXT "older"'] } });
    const { name: keyName, secret } = knot.key;
    owner = rfc2136.create({ nameserver: `127.0.0.1:${knot.port}`, keyName, secret: new Secret(secret) });
    surroundings = {
      resolvers: [`127.0.0.1:${knot.port}`],
      lookupPort: knot.port,
      pause: () => Promise.resolve(),
    };
  });
  afterAll(() => knot?.stop());

  describe('by hand', () => {
    test('shows a record until it is at the name servers', async () => {
      const shown: [ManualRecord, AbortSignal][] = [];
      const looks: number[] = [];
      const provider = manual.create(
        {},
        {
          ...surroundings,
          askOwner: (record, done) => shown.push([record, done]),
          pause: async (ms) => {
            looks.push(ms);
            if (looks.length === 2) await owner.setTxt({ fqdn, value: 'by hand' }, signal);
          },
        },
      );
      await provider.setTxt({ fqdn: `${fqdn}.`, value: 'by hand' }, signal);
      const record = { name: fqdn, type: 'TXT', value: 'by hand' };
      expect(shown.map(([each, done]) => [each, done.aborted])).toEqual([[{ ...record, action: 'create' }, true]]);
      expect(looks).toEqual([5000, 5000]);
      await provider.setTxt({ fqdn, value: 'by hand' }, signal);
      expect(shown).toHaveLength(1);
      await provider.removeTxt({ fqdn, value: 'by hand' }, signal);
      expect(shown[1]?.[0]).toEqual({ ...record, action: 'remove' });
    });

    test('sees addresses in whatever spelling', async () => {
      const address = { name: 'six.example.org', type: 'AAAA', value: '2001:DB8::1' } as const;
      const shown: ManualRecord[] = [];
      const provider = manual.create(
        {},
        {
          ...surroundings,
          askOwner: (record) => shown.push(record),
          pause: () => owner.upsertAddress({ ...address, value: '2001:db8:0::1' }, signal),
        },
      );
      await provider.upsertAddress(address, signal);
      expect(shown).toMatchObject([{ action: 'create', name: 'six.example.org', type: 'AAAA' }]);
    });

    test('waits for nobody who is not there, and no longer than it is wanted', async () => {
      const alone = manual.create({}, surroundings);
      const failed = await failureOf(alone.setTxt({ fqdn: '_acme-challenge.a.example.org', value: 'v' }, signal));
      expect(failed.message).toContain('_acme-challenge.a.example.org TXT v');
      const patient = manual.create({}, { ...surroundings, askOwner: () => undefined });
      const late = await failureOf(patient.setTxt({ fqdn: '_acme-challenge.a.example.org', value: 'v' }, signal));
      expect([late.kind, late.message]).toEqual(['unavailable', expect.stringContaining('within an hour')]);
      const abort = new AbortController();
      const pause = (): Promise<void> => {
        abort.abort(new Error('no longer wanted'));
        return Promise.resolve();
      };
      let done: AbortSignal | undefined;
      const askOwner = (_record: ManualRecord, until: AbortSignal): void => void (done = until);
      const provider = manual.create({}, { ...surroundings, pause, askOwner });
      const outcome = provider.setTxt({ fqdn: '_acme-challenge.a.example.org', value: 'v' }, abort.signal);
      await expect(outcome).rejects.toThrow('no longer wanted');
      expect(done?.aborted).toBe(true);
    });
  });

  describe('acme-dns', () => {
    let api: FakeApi;
    let dir: string;
    let registered: number;
    const updates: string[] = [];

    /** As joohoi/acme-dns answers; its zone is at the name server. */
    beforeEach(async () => {
      registered = 0;
      updates.length = 0;
      dir = await mkdtemp(join(tmpdir(), 'gatehouse-acme-dns-'));
      api = await fakeApi({
        handle: async ({ method, path, headers, json }) => {
          if (path === '/health') return {};
          if (method === 'POST' && path === '/register') {
            registered += 1;
            const subdomain = `account${registered}`;
            const fulldomain = `${subdomain}.auth.example.net`;
            const account = { username: 'user', password: 'account-secret', fulldomain, subdomain, allowfrom: [] };
            return { status: 201, json: account };
          }
          if (headers['x-api-user'] !== 'user' || headers['x-api-key'] !== 'account-secret') {
            return { status: 401, json: { error: `forbidden ${String(headers['x-api-key'])}` } };
          }
          updates.push(`${json.subdomain} ${json.txt}`);
          await owner.setTxt({ fqdn: `${json.subdomain}.auth.example.net`, value: json.txt }, signal);
          return { json: { txt: json.txt } };
        },
      });
    });
    afterEach(async () => {
      await api.close();
      await rm(dir, { recursive: true, force: true });
    });

    test('makes an account, keeps it, and says which alias leads to it', async () => {
      const storagePath = join(dir, 'accounts.json');
      const provider = acmeDns.create({ url: api.url, storagePath }, surroundings);
      const name = '_acme-challenge.alias.example.org';
      const failed = await failureOf(provider.setTxt({ fqdn: name, value: 'one' }, signal));
      expect(failed).toMatchObject({
        kind: 'refused',
        fix: `Make this record once at your DNS provider: ${name} CNAME account1.auth.example.net`,
        details: { name, type: 'CNAME', value: 'account1.auth.example.net' },
      });
      expect(await provider.check(signal, 'alias.example.org')).toMatchObject({ ok: false });
      expect(JSON.parse(await readFile(storagePath, 'utf8'))).toMatchObject({
        'alias.example.org': { subdomain: 'account1', password: 'account-secret', server_url: api.url },
      });
      expect((await stat(storagePath)).mode & 0o777).toBe(0o600);

      await owner.upsertAddress({ name, type: 'CNAME', value: 'account1.auth.example.net' }, signal);
      const later = acmeDns.create({ url: api.url, storagePath }, surroundings);
      expect(await later.check(signal, '*.alias.example.org')).toMatchObject({ ok: true, note: null });
      await later.setTxt({ fqdn: name, value: 'one' }, signal);
      await later.setTxt({ fqdn: 'account1.auth.example.net', value: 'two' }, signal);
      // It would push the other value out.
      await later.setTxt({ fqdn: name, value: 'one' }, signal);
      // Its password goes to the server that made the account, whatever address is set up by then.
      const elsewhere = acmeDns.create({ url: 'http://127.0.0.1:9', storagePath }, surroundings);
      await elsewhere.setTxt({ fqdn: name, value: 'three' }, signal);
      await later.removeTxt({ fqdn: name, value: 'one' }, signal);
      expect([registered, updates]).toEqual([1, ['account1 one', 'account1 two', 'account1 three']]);
    });

    test('keeps accounts where it is told, and never replaces a damaged list', async () => {
      let kept: string | null = null;
      const accounts = {
        read: () => Promise.resolve(kept),
        write: (text: string) => {
          kept = text;
          return Promise.resolve();
        },
      };
      const provider = acmeDns.create({ url: api.url }, { ...surroundings, accounts });
      const asked = { fqdn: '_acme-challenge.kept.example.org', value: 'v' };
      await Promise.all([failureOf(provider.setTxt(asked, signal)), failureOf(provider.setTxt(asked, signal))]);
      expect([registered, kept]).toEqual([1, expect.stringContaining('kept.example.org')]);
      expect(() => acmeDns.create({ url: api.url })).toThrow('(ACME_DNS_STORAGE_PATH) is missing');

      const storagePath = join(dir, 'accounts.json');
      await writeFile(storagePath, '{"half":');
      const damaged = acmeDns.create({ url: api.url, storagePath }, surroundings);
      expect((await failureOf(damaged.setTxt(asked, signal))).message).toContain('not a list of accounts');
      expect([registered, await readFile(storagePath, 'utf8')]).toEqual([1, '{"half":']);
    });

    test('says when an account is not known any more, without its password', async () => {
      const storagePath = join(dir, 'accounts.json');
      const account = {
        username: 'user',
        password: 'gone-secret',
        fulldomain: 'known.auth.example.net',
        subdomain: 'known',
      };
      await writeFile(storagePath, JSON.stringify({ 'gone.example.org': account }));
      await owner.upsertAddress(
        { name: '_acme-challenge.gone.example.org', type: 'CNAME', value: 'known.auth.example.net' },
        signal,
      );
      const provider = acmeDns.create({ url: api.url, storagePath }, surroundings);
      const failed = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.gone.example.org', value: 'v' }, signal));
      expect([failed.kind, failed.reason]).toEqual(['credentials', 'it answers with status 401']);
    });
  });
});
