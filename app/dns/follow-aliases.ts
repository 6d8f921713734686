import { DnsProviderError } from './dns-error.ts';
import type { DnsProvider } from './dns-provider.ts';
import type { DnsLookup } from './lookup.ts';
import { LookupError } from './lookup.ts';
import { plainName } from './names.ts';

/** Where records were made, by name and value: an alias may be changed before they are taken away. */
const placed = new Map<string, string>();

/**
 * The provider, making text records where those who validate will read them: a name may be an alias (CNAME) of one in a
 * zone that is kept for challenges. Where the name's servers cannot be asked, the name itself is taken.
 */
export function followAliases(provider: DnsProvider, lookup: Pick<DnsLookup, 'authority'>): DnsProvider {
  const keyOf = (name: string, value: string): string => `${name} ${value}`;

  async function placeOf(name: string, signal: AbortSignal): Promise<string> {
    try {
      return (await lookup.authority(name, signal)).name;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LookupError && error.code !== 'ALIAS_LOOP') return name;
      throw error instanceof LookupError ? inCircle(name, error) : error;
    }
  }

  return {
    ...provider,
    async setTxt(record, signal) {
      const name = plainName(record.fqdn);
      const fqdn = await placeOf(name, signal);
      placed.set(keyOf(name, record.value), fqdn);
      await provider.setTxt({ ...record, fqdn }, signal);
    },
    async removeTxt(record, signal) {
      const name = plainName(record.fqdn);
      const fqdn = placed.get(keyOf(name, record.value)) ?? (await placeOf(name, signal));
      await provider.removeTxt({ ...record, fqdn }, signal);
      placed.delete(keyOf(name, record.value));
    },
  };
}

function inCircle(name: string, cause: LookupError): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: 'DNS',
    message: cause.message,
    fix: `Correct the CNAME records, beginning at ${name}, and try again.`,
    reason: cause.code,
    details: { name },
    cause,
  });
}
