import { expect, test } from 'vitest';
import type { Secret } from '../secrets/secret.ts';
import type { DnsProvider, TxtRecord } from './dns-provider.ts';
import { followAliases } from './follow-aliases.ts';
import { keptAccounts } from './kept-accounts.ts';
import { LookupError } from './lookup.ts';

const signal = new AbortController().signal;
const record = { fqdn: '_acme-challenge.example.org.', value: 'v' };

function doubles(authority: (name: string) => string) {
  const calls: [string, string][] = [];
  const note = (what: string) => (txt: TxtRecord) => {
    calls.push([what, txt.fqdn]);
    return Promise.resolve();
  };
  const provider = { setTxt: note('set'), removeTxt: note('remove') } as unknown as DnsProvider;
  const lookup = { authority: async (name: string) => ({ name: authority(name), zone: '', servers: [] }) };
  return { calls, provider: followAliases(provider, lookup) };
}

test('makes a record behind the alias, and takes it away where it was made', async () => {
  let target = 'proof.example.net';
  const { calls, provider } = doubles(() => target);
  await provider.setTxt(record, signal);
  target = 'elsewhere.example.net';
  await provider.removeTxt(record, signal);
  await provider.removeTxt(record, signal);
  expect(calls).toEqual([
    ['set', 'proof.example.net'],
    ['remove', 'proof.example.net'],
    ['remove', 'elsewhere.example.net'],
  ]);
});

test('takes the name itself where nobody can be asked, and says that aliases lead in a circle', async () => {
  const lost = doubles(() => {
    throw new LookupError('NO_RESOLVER', 'nobody answers');
  });
  await lost.provider.setTxt(record, signal);
  expect(lost.calls).toEqual([['set', '_acme-challenge.example.org']]);
  const circle = doubles(() => {
    throw new LookupError('ALIAS_LOOP', 'in a circle');
  });
  await expect(circle.provider.setTxt(record, signal)).rejects.toMatchObject({
    kind: 'refused',
    message: 'in a circle',
  });
});

test('keeps accounts among the secrets', async () => {
  const kept = new Map<string, Secret>();
  const accounts = keptAccounts(
    { get: async (name) => kept.get(name), set: async (name, value) => void kept.set(name, value) },
    'acme-dns',
  );
  expect(await accounts.read()).toBeNull();
  await accounts.write('{}');
  expect([await accounts.read(), [...kept.keys()]]).toEqual(['{}', ['dns-accounts.acme-dns']]);
});
