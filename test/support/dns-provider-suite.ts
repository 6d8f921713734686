import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DnsProviderError, type DnsProviderErrorKind } from '../../app/dns/dns-error.ts';
import type {
  DnsCredentials,
  DnsProvider,
  DnsProviderDefinition,
  DnsProviderOptions,
} from '../../app/dns/dns-provider.ts';
import { type ApiHandler, type ApiRequest, type DnsStore, dnsStore, type FakeApi, fakeApi } from './dns-api.ts';

/** What a test of one provider has at hand. */
export interface SuiteWorld {
  readonly api: FakeApi;
  readonly store: DnsStore;
  readonly provider: DnsProvider;
  readonly signal: AbortSignal;
  /** Milliseconds that the provider waited between tries. */
  readonly pauses: number[];
  /** The provider with other credentials. */
  with(credentials: DnsCredentials, options?: DnsProviderOptions): DnsProvider;
}

interface SuiteSettings {
  readonly definition: DnsProviderDefinition;
  readonly credentials: DnsCredentials;
  /** The documented API over a store, with its own checks of who asks. */
  readonly handler: (store: DnsStore) => ApiHandler;
  readonly changes?: (request: ApiRequest) => boolean;
  /** Every one of these must never be seen in a failure. */
  readonly secrets: readonly string[];
  readonly wrong: readonly {
    readonly credentials: DnsCredentials;
    readonly kind: DnsProviderErrorKind;
  }[];
  /** Zones of the account in the test; `example.org` and `sub.example.org` are among them. */
  readonly zones?: readonly string[];
  readonly options?: DnsProviderOptions;
}

/** What every provider over HTTP must do; returns the world for tests of its own. */
export function dnsProviderSuite(settings: SuiteSettings): () => SuiteWorld {
  const { definition, credentials, handler, secrets, wrong } = settings;
  const zones = settings.zones ?? ['example.net', 'example.org', 'sub.example.org'];
  let world: SuiteWorld;

  beforeEach(async () => {
    const store = dnsStore(zones);
    const pauses: number[] = [];
    const api = await fakeApi({
      handle: handler(store),
      ...(settings.changes ? { changes: settings.changes } : {}),
    });
    const make = (given: DnsCredentials, options: DnsProviderOptions = {}): DnsProvider =>
      definition.create(given, {
        endpoint: api.url,
        pause: (ms) => {
          pauses.push(ms);
          return Promise.resolve();
        },
        ...settings.options,
        ...options,
      });
    world = {
      api,
      store,
      pauses,
      provider: make(credentials),
      signal: new AbortController().signal,
      with: make,
    };
  });

  afterEach(() => world.api.close());

  const fqdn = '_acme-challenge.example.org';
  const first = 'aPeXvAlUe_0123456789-abcdefghijklmnopqrstuvw';
  const second = 'wIlDcArDvAlUe_0123456789-abcdefghijklmnopqrs';
  const sorted = (values: readonly string[]) => values.toSorted();
  const names = (name: string, type = 'TXT') => sorted(world.store.values(name, type));

  describe(`${definition.title} (${definition.code})`, () => {
    test('sets two values of one name, each once, and takes them away one by one', async () => {
      const { provider, signal, store } = world;
      store.add({ zone: 'example.org', name: 'example.org', type: 'TXT', value: 'v=spf1 -all', ttlS: 3600 });
      store.add({ zone: 'example.org', name: 'www.example.org', type: 'A', value: '192.0.2.1', ttlS: 3600 });
      await provider.setTxt({ fqdn: `${fqdn}.`, value: first }, signal);
      await provider.setTxt({ fqdn, value: second }, signal);
      await provider.setTxt({ fqdn, value: first }, signal);
      expect(names(fqdn)).toEqual(sorted([first, second]));
      expect(store.find(fqdn, 'TXT').every((record) => record.zone === 'example.org' && record.ttlS >= 1)).toBe(true);
      await provider.removeTxt({ fqdn, value: first }, signal);
      expect(names(fqdn)).toEqual([second]);
      await provider.removeTxt({ fqdn, value: first }, signal);
      await provider.removeTxt({ fqdn: `${fqdn}.`, value: second }, signal);
      expect(names(fqdn)).toEqual([]);
      await provider.removeTxt({ fqdn, value: second }, signal);
      expect(names('example.org')).toEqual(['v=spf1 -all']);
      expect(names('www.example.org', 'A')).toEqual(['192.0.2.1']);
    });

    test('keeps both values when they are set at the same time', async () => {
      const { provider, signal } = world;
      const another = world.with(credentials);
      await Promise.all([
        provider.setTxt({ fqdn, value: first }, signal),
        another.setTxt({ fqdn, value: second }, signal),
      ]);
      expect(names(fqdn)).toEqual(sorted([first, second]));
      await Promise.all([
        provider.removeTxt({ fqdn, value: first }, signal),
        another.removeTxt({ fqdn, value: second }, signal),
      ]);
      expect(names(fqdn)).toEqual([]);
    });

    test('chooses the longest zone, and says which zones there are where none fits', async () => {
      const { provider, signal, store } = world;
      await provider.setTxt({ fqdn: '_acme-challenge.a.sub.example.org', value: first }, signal);
      expect(store.records.map(({ zone, name }) => [zone, name])).toEqual([
        ['sub.example.org', '_acme-challenge.a.sub.example.org'],
      ]);
      const failure = await failureOf(
        provider.setTxt({ fqdn: '_acme-challenge.notexample.org', value: first }, signal),
      );
      expect(failure.kind).toBe('zone-missing');
      expect(failure.message).toContain('_acme-challenge.notexample.org');
    });

    test('makes a record once when the answer says that it failed', async () => {
      const { provider, signal, api } = world;
      api.failAfterChange = 1;
      await provider.setTxt({ fqdn, value: first }, signal);
      expect(names(fqdn)).toEqual([first]);
      await provider.setTxt({ fqdn, value: second }, signal);
      api.failAfterChange = 1;
      await provider.removeTxt({ fqdn, value: first }, signal);
      expect(names(fqdn)).toEqual([second]);
    });

    test('gives up on what always fails, and succeeds later', async () => {
      const { provider, signal, api } = world;
      api.failAfterChange = 1000;
      // Those whose changes say nothing of what they did may have succeeded all the same.
      const failure = await provider.setTxt({ fqdn, value: first }, signal).then(
        () => null,
        (error: unknown) => error,
      );
      if (failure !== null) expect(failure).toMatchObject({ kind: 'unavailable', provider: definition.title });
      api.failAfterChange = 0;
      await provider.setTxt({ fqdn, value: first }, signal);
      expect(names(fqdn)).toEqual([first]);
    });

    test('waits as long as it is told where it asked too often', async () => {
      const { provider, signal, api, pauses } = world;
      api.rateLimit = 1;
      await provider.setTxt({ fqdn, value: first }, signal);
      expect(pauses).toContain(2000);
      expect(names(fqdn)).toEqual([first]);
      api.rateLimit = 1000;
      const failure = await failureOf(provider.setTxt({ fqdn, value: second }, signal));
      expect(failure).toMatchObject({ kind: 'rate-limited', retryAfterMs: 2000 });
      api.rateLimit = 0;
    });

    test('stops when nobody waits any more', async () => {
      const { provider, api } = world;
      api.silent = true;
      const abort = new AbortController();
      const asked = provider.setTxt({ fqdn, value: first }, abort.signal);
      const outcome = asked.then(
        () => null,
        (error: unknown) => error,
      );
      abort.abort(new Error('no longer wanted'));
      expect(await outcome).toMatchObject({ message: 'no longer wanted' });
    });

    test('does not wait for ever', async () => {
      world.api.silent = true;
      const provider = world.with(credentials, { timeoutMs: 100 });
      const failure = await failureOf(provider.setTxt({ fqdn, value: first }, world.signal));
      expect([failure.kind, failure.reason]).toEqual(['unavailable', 'it does not answer in time']);
    });

    test('says what is wrong with credentials, without showing them', async () => {
      for (const { credentials: given, kind } of wrong) {
        const provider = world.with(given);
        const failure = await failureOf(provider.setTxt({ fqdn, value: first }, world.signal));
        expect([failure.kind, failure.message]).toEqual([kind, expect.stringContaining(definition.title)]);
        const shown = JSON.stringify([failure.message, failure.fix, failure.reason, failure.details, failure.stack]);
        for (const secret of secrets) expect(shown).not.toContain(secret);
        const checked = await provider.check(world.signal, 'example.org');
        expect(checked).toMatchObject({ ok: false, error: { kind } });
      }
    });

    test('lists its zones, and proves by a record that it may write', async () => {
      const { provider, signal, store } = world;
      expect(await provider.listZones(signal)).toEqual(sorted(zones));
      expect(await provider.check(signal)).toMatchObject({ ok: true, zones: sorted(zones) });
      expect(await provider.check(signal, '*.example.org')).toMatchObject({ ok: true });
      expect(store.records).toEqual([]);
      const missing = await provider.check(signal, 'nowhere.test');
      expect(missing).toMatchObject({ ok: false, error: { kind: 'zone-missing' } });
    });

    test('gives a name one address, and another one', async () => {
      const { provider, signal, store } = world;
      const name = 'photos.example.org';
      store.add({ zone: 'example.org', name, type: 'A', value: '192.0.2.8', ttlS: 300 });
      store.add({ zone: 'example.org', name, type: 'A', value: '192.0.2.9', ttlS: 300 });
      await provider.upsertAddress({ name, type: 'A', value: '192.0.2.10' }, signal);
      expect(names(name, 'A')).toEqual(['192.0.2.10']);
      await provider.upsertAddress({ name, type: 'A', value: '192.0.2.10' }, signal);
      await provider.upsertAddress({ name, type: 'AAAA', value: '2001:db8::10' }, signal);
      expect([names(name, 'A'), names(name, 'AAAA')]).toEqual([['192.0.2.10'], ['2001:db8::10']]);
      await provider.upsertAddress({ name: 'alias.example.org', type: 'CNAME', value: 'photos.example.org' }, signal);
      await provider.upsertAddress({ name: 'alias.example.org', type: 'CNAME', value: 'other.example.org.' }, signal);
      expect(names('alias.example.org', 'CNAME').map((value) => value.replace(/\.$/, ''))).toEqual([
        'other.example.org',
      ]);
      await provider.upsertAddress({ name: 'example.org', type: 'A', value: '192.0.2.11' }, signal);
      expect(names('example.org', 'A')).toEqual(['192.0.2.11']);
    });

    test('refuses what cannot stand side by side, and values that do not fit', async () => {
      const { provider, signal } = world;
      await provider.upsertAddress({ name: 'www.example.org', type: 'A', value: '192.0.2.10' }, signal);
      const beside = provider.upsertAddress({ name: 'www.example.org', type: 'CNAME', value: 'a.example.org' }, signal);
      expect(await failureOf(beside)).toMatchObject({ kind: 'refused', details: { type: 'A', value: '192.0.2.10' } });
      const six = provider.upsertAddress({ name: 'www.example.org', type: 'A', value: '2001:db8::1' }, signal);
      expect((await failureOf(six)).message).toContain('IPv4');
    });
  });

  return () => world;
}

/** The failure of a promise that must fail with words for the owner. */
export async function failureOf(promise: Promise<unknown>): Promise<DnsProviderError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DnsProviderError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}
