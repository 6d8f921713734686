import { Secret, type Secrets } from '../secrets/secrets.ts';
import type { DnsProviderOptions } from './dns-provider.ts';

/** Keeps what a provider registers by itself (`acme-dns`) among the secrets: there are passwords in it. */
export function keptAccounts(
  secrets: Pick<Secrets, 'get' | 'set'>,
  code: string,
): NonNullable<DnsProviderOptions['accounts']> {
  const name = `dns-accounts.${code}`;
  return {
    read: async () => (await secrets.get(name))?.reveal() ?? null,
    write: (text) => secrets.set(name, new Secret(text)),
  };
}
