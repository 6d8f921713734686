import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDnsLookup, type DnsLookup } from '../../app/dns/lookup.ts';
import { missingForKnot, startKnot, type TestKnot } from '../support/knot.ts';

const missing = missingForKnot();
if (missing !== null && !process.env['CI']) console.warn(`dns-lookup: left out, ${missing}`);

const signal = new AbortController().signal;
const second = ['@ NS ns2', 'ns2 A 127.0.0.2'];

describe.runIf(missing === null || process.env['CI'])('two name servers that disagree', () => {
  let first: TestKnot;
  let other: TestKnot;
  let lookup: DnsLookup;

  /** Both at the same port, which may be taken at the second address. */
  async function startBoth(): Promise<[TestKnot, TestKnot]> {
    for (let attempt = 1; ; attempt += 1) {
      const one = await startKnot({
        zones: {
          'example.org': [
            ...second,
            '_acme-challenge TXT "both"',
            '_acme-challenge TXT "first only"',
            '_acme-challenge.alias CNAME proof.example.net.',
            '_acme-challenge.loop CNAME _acme-challenge.pool',
            '_acme-challenge.pool CNAME _acme-challenge.loop',
            'child NS ns.child',
            'ns.child A 127.0.0.2',
            'www A 192.0.2.1',
            'www AAAA 2001:db8::1',
          ],
          'example.net': ['@ NS ns2.example.org.', 'proof TXT "behind the alias"'],
          'lonely.example': ['@ NS ns9', 'ns9 A 127.0.0.9', '_acme-challenge TXT "v"'],
          'gone.example': [],
        },
      });
      try {
        const two = await startKnot({
          addresses: ['127.0.0.2'],
          port: one.port,
          zones: {
            'example.org': [...second, '_acme-challenge TXT "both"'],
            'example.net': ['proof TXT "behind the alias"', 'proof TXT "other only"'],
            'child.example.org': ['_acme-challenge TXT "delegated"'],
          },
        });
        return [one, two];
      } catch (error) {
        await one.stop();
        if (attempt === 5) throw error;
      }
    }
  }

  beforeAll(async () => {
    [first, other] = await startBoth();
    lookup = createDnsLookup({ resolvers: [`127.0.0.1:${first.port}`], port: first.port });
  });
  afterAll(async () => {
    await first?.stop();
    await other?.stop();
  });

  const own = { authoritative: true, recursive: false };

  test('names the servers that lack a value', async () => {
    const name = '_acme-challenge.example.org';
    expect(await lookup.lacking(`${name}.`, 'both', own, signal)).toEqual([]);
    expect(await lookup.lacking(name, 'first only', own, signal)).toEqual(['ns2.example.org']);
    expect(await lookup.lacking(name, 'nowhere', own, signal)).toEqual(['ns1.example.org', 'ns2.example.org']);
    expect(await lookup.lacking(name, 'nowhere', { authoritative: false, recursive: true }, signal)).toEqual([
      '127.0.0.1',
    ]);
    expect(await lookup.lacking(name, 'nowhere', { authoritative: false, recursive: false }, signal)).toEqual([]);
    expect(await lookup.textsAtAuthority('absent.example.org', signal)).toEqual([
      { server: 'ns1.example.org', address: '127.0.0.1', texts: [] },
      { server: 'ns2.example.org', address: '127.0.0.2', texts: [] },
    ]);
  });

  test('follows an alias into another zone, and a delegation', async () => {
    const alias = await lookup.authority('_acme-challenge.alias.example.org', signal);
    expect([alias.name, alias.zone]).toEqual(['proof.example.net', 'example.net']);
    const behind = await lookup.lacking('_acme-challenge.alias.example.org', 'behind the alias', own, signal);
    expect(behind).toEqual([]);
    const child = await lookup.authority('_acme-challenge.child.example.org', signal);
    expect(child).toMatchObject({ zone: 'child.example.org', servers: [{ name: 'ns.child.example.org' }] });
    expect(await lookup.lacking('_acme-challenge.child.example.org', 'delegated', own, signal)).toEqual([]);
  });

  test('does without servers that cannot be reached, unless none can', async () => {
    const quick = createDnsLookup({ resolvers: [`127.0.0.1:${first.port}`], port: first.port, timeoutMs: 500 });
    const texts = await quick.textsAtAuthority('_acme-challenge.lonely.example', signal);
    expect(texts).toEqual([
      { server: 'ns1.lonely.example', address: '127.0.0.1', texts: ['v'] },
      { server: 'ns9.lonely.example', address: '127.0.0.9', texts: null },
    ]);
    expect(await quick.lacking('_acme-challenge.lonely.example', 'v', own, signal)).toEqual([]);
    const unheard = createDnsLookup({ resolvers: [`127.0.0.1:${first.port}`], port: 1, timeoutMs: 500 });
    expect(await unheard.lacking('_acme-challenge.gone.example', 'v', own, signal)).toEqual(['ns1.gone.example']);
  });

  test('reads addresses past all caches', async () => {
    expect(await lookup.records('www.example.org', 'A', signal)).toEqual(['192.0.2.1']);
    expect(await lookup.records('www.example.org', 'AAAA', signal)).toEqual(['2001:db8:0:0:0:0:0:1']);
    expect(await lookup.records('_acme-challenge.alias.example.org', 'CNAME', signal)).toEqual(['proof.example.net']);
  });

  test('says why it cannot find the way', async () => {
    await expect(lookup.authority('_acme-challenge.loop.example.org', signal)).rejects.toMatchObject({
      code: 'ALIAS_LOOP',
    });
    await expect(lookup.authority('_acme-challenge.example.invalid', signal)).rejects.toMatchObject({
      code: expect.stringMatching(/^NO_(?:ZONE|RESOLVER)$/) as string,
    });
    const deaf = createDnsLookup({ resolvers: ['127.0.0.1:1'], timeoutMs: 500 });
    await expect(deaf.authority('example.org', signal)).rejects.toMatchObject({ code: 'NO_RESOLVER' });
    const abort = AbortSignal.abort(new Error('not wanted'));
    await expect(lookup.authority('example.org', abort)).rejects.toThrow('not wanted');
  });
});
