import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DnsProvider } from '../../app/dns/dns-provider.ts';
import { rfc2136 } from '../../app/dns/providers/rfc2136.ts';
import { Secret } from '../../app/secrets/secret.ts';
import { failureOf } from '../support/dns-provider-suite.ts';
import { missingForKnot, startKnot, type TestKnot } from '../support/knot.ts';

const missing = missingForKnot();
if (missing !== null && !process.env['CI']) console.warn(`rfc2136: left out, ${missing}`);

const fqdn = '_acme-challenge.example.org';
const signal = new AbortController().signal;

describe.runIf(missing === null || process.env['CI'])('a name server of the owner’s own', () => {
  let knot: TestKnot;
  let provider: DnsProvider;
  const credentials = () => ({
    nameserver: `127.0.0.1:${knot.port}`,
    keyName: knot.key.name,
    secret: new Secret(knot.key.secret),
  });

  beforeAll(async () => {
    knot = await startKnot({ zones: { 'example.org': ['old A 192.0.2.1'], 'sub.example.org': [] } });
    provider = rfc2136.create(credentials());
  });
  afterAll(() => knot?.stop());

  test('adds and removes values one by one, as often as it is asked', async () => {
    await Promise.all([
      provider.setTxt({ fqdn, value: 'one' }, signal),
      provider.setTxt({ fqdn: `${fqdn}.`, value: 'two' }, signal),
    ]);
    await provider.setTxt({ fqdn, value: 'one' }, signal);
    expect(await knot.texts(fqdn)).toEqual(['one', 'two']);
    await provider.removeTxt({ fqdn, value: 'one' }, signal);
    await provider.removeTxt({ fqdn, value: 'one' }, signal);
    expect(await knot.texts(fqdn)).toEqual(['two']);
    await provider.removeTxt({ fqdn, value: 'two' }, signal);
    expect(await knot.texts(fqdn)).toEqual([]);
  });

  test('carries texts longer than 255 bytes', async () => {
    const long = 'x'.repeat(600);
    await provider.setTxt({ fqdn: 'long.example.org', value: long }, signal);
    expect(await knot.texts('long.example.org')).toEqual([long]);
  });

  test('finds the zone by asking the server, and keeps to the zones that it is told', async () => {
    await provider.setTxt({ fqdn: '_acme-challenge.a.sub.example.org', value: 'deep' }, signal);
    expect(await knot.texts('_acme-challenge.a.sub.example.org')).toEqual(['deep']);
    const elsewhere = await failureOf(provider.setTxt({ fqdn: '_acme-challenge.example.com', value: 'v' }, signal));
    expect(elsewhere.kind).toBe('zone-missing');
    const told = rfc2136.create({ ...credentials(), zones: 'example.org, example.net.' });
    expect(await told.listZones(signal)).toEqual(['example.net', 'example.org']);
    expect(await told.check(signal, 'example.org')).toMatchObject({ ok: true });
    const wrong = await failureOf(told.setTxt({ fqdn: '_acme-challenge.example.net', value: 'v' }, signal));
    expect(wrong.kind).toBe('zone-missing');
  });

  test('gives a name one address, and refuses an alias beside it', async () => {
    await provider.upsertAddress({ name: 'old.example.org', type: 'A', value: '192.0.2.2' }, signal);
    await provider.upsertAddress({ name: 'old.example.org', type: 'AAAA', value: '2001:db8::2' }, signal);
    expect(await knot.values('old.example.org', 'A')).toEqual(['192.0.2.2']);
    expect(await knot.values('old.example.org', 'AAAA')).toEqual(['2001:db8:0:0:0:0:0:2']);
    const alias = { name: 'old.example.org', type: 'CNAME', value: 'new.example.org' } as const;
    expect((await failureOf(provider.upsertAddress(alias, signal))).message).toContain('has addresses already');
    await provider.upsertAddress({ ...alias, name: 'alias.example.org' }, signal);
    await provider.upsertAddress({ ...alias, name: 'alias.example.org', value: 'newer.example.org' }, signal);
    expect(await knot.values('alias.example.org', 'CNAME')).toEqual(['newer.example.org']);
    const beside = { name: 'alias.example.org', type: 'A', value: '192.0.2.3' } as const;
    expect((await failureOf(provider.upsertAddress(beside, signal))).message).toContain('CNAME');
  });

  test.each([
    ['a wrong secret', { secret: new Secret(Buffer.alloc(32, 1).toString('base64')) }, 'credentials', 'BADSIG'],
    ['an unknown key', { keyName: 'nobody' }, 'credentials', 'BADKEY'],
    ['another algorithm', { algorithm: 'hmac-sha512' }, 'credentials', 'BADKEY'],
  ])('says what is wrong: %s', async (_name, changed, kind, word) => {
    const failed = await failureOf(
      rfc2136.create({ ...credentials(), ...changed }).setTxt({ fqdn, value: 'v' }, signal),
    );
    expect([failed.kind, failed.message]).toEqual([kind, expect.stringContaining(word)]);
    expect(JSON.stringify([failed.message, failed.details])).not.toContain(knot.key.secret);
  });

  test('says what is wrong: a clock that differs, a key without the right, no key', async () => {
    const late = rfc2136.create(credentials(), { now: () => Date.now() - 3_600_000 });
    expect((await failureOf(late.setTxt({ fqdn, value: 'v' }, signal))).message).toContain('BADTIME');
    const { name, secret } = knot.powerlessKey;
    const powerless = rfc2136.create({ ...credentials(), keyName: name, secret: new Secret(secret) });
    // Knot does not tell it from a key that it does not know.
    expect((await failureOf(powerless.setTxt({ fqdn, value: 'v' }, signal))).message).toContain(
      'does not let it change',
    );
    const none = rfc2136.create({ nameserver: `127.0.0.1:${knot.port}` });
    expect((await failureOf(none.setTxt({ fqdn, value: 'v' }, signal))).kind).toBe('rights');
    const silent = rfc2136.create({ ...credentials(), nameserver: '127.0.0.1:1' });
    expect(await silent.check(signal, 'example.org')).toMatchObject({ ok: false, error: { kind: 'unavailable' } });
  });

  test('reads a key file, and algorithms as Traefik’s users write them', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gatehouse-tsig-'));
    const keyFile = join(dir, 'tsig.key');
    const { name, secret } = knot.key;
    await writeFile(keyFile, `key "${name}" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`);
    const byFile = rfc2136.create({ nameserver: `127.0.0.1:${knot.port}`, keyFile });
    await byFile.setTxt({ fqdn: 'file.example.org', value: 'v' }, signal);
    expect(await knot.texts('file.example.org')).toEqual(['v']);
    await rm(dir, { recursive: true });
    expect(() => rfc2136.create({ nameserver: '127.0.0.1', keyFile })).toThrow('which cannot be read (ENOENT)');
    const dotted = rfc2136.create({ ...credentials(), algorithm: 'hmac-sha256.' });
    await dotted.removeTxt({ fqdn: 'file.example.org', value: 'v' }, signal);
    expect(await knot.texts('file.example.org')).toEqual([]);
  });
});

test.each(['hmac-sha1', 'hmac-sha224', 'hmac-sha384', 'hmac-sha512', 'hmac-md5'])(
  'signs with %s',
  async (algorithm) => {
    if (missing !== null && !process.env['CI']) return expect(missing).toContain('apt-get install');
    const knot = await startKnot({ zones: { 'example.org': [] }, algorithm });
    try {
      const { name: keyName, secret } = knot.key;
      const nameserver = `127.0.0.1:${knot.port}`;
      const provider = rfc2136.create({ nameserver, keyName, secret: new Secret(secret), algorithm });
      await provider.setTxt({ fqdn, value: algorithm }, signal);
      expect(await knot.texts(fqdn)).toEqual([algorithm]);
    } finally {
      await knot.stop();
    }
  },
);

test('is content with the right to change the one name that it needs', async () => {
  if (missing !== null && !process.env['CI']) return expect(missing).toContain('apt-get install');
  const knot = await startKnot({ zones: { 'example.org': [] }, updatable: [`${fqdn}.`] });
  try {
    const { name: keyName, secret } = knot.key;
    const nameserver = `127.0.0.1:${knot.port}`;
    const provider = rfc2136.create({ nameserver, keyName, secret: new Secret(secret) });
    await failureOf(provider.setTxt({ fqdn: 'www.example.org', value: 'v' }, signal));
    expect(await provider.check(signal, '*.example.org')).toMatchObject({ ok: true });
    expect(await provider.check(signal, 'www.example.org')).toMatchObject({ ok: false });
    expect(await knot.texts(fqdn)).toEqual([]);
  } finally {
    await knot.stop();
  }
});

test('refuses what cannot be a key or a name server', () => {
  expect(() => rfc2136.create({})).toThrow('(RFC2136_NAMESERVER) is missing');
  expect(() => rfc2136.create({ nameserver: 'a b' })).toThrow('must be a name or address');
  expect(() => rfc2136.create({ nameserver: 'ns', keyName: 'k' })).toThrow('(RFC2136_TSIG_SECRET) is missing');
  expect(() => rfc2136.create({ nameserver: 'ns', secret: new Secret('aaaa') })).toThrow('“Key name”');
  expect(() => rfc2136.create({ nameserver: 'ns', keyName: 'k', secret: new Secret('!') })).toThrow('must be Base64');
});
