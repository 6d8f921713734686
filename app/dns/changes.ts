import { isIP } from 'node:net';
import { DnsProviderError } from './dns-error.ts';
import { dnsFailure, type ProviderHome } from './dns-failure.ts';
import type { AddressRecord } from './dns-provider.ts';
import { plainName } from './names.ts';

export type RecordType = 'TXT' | 'A' | 'AAAA' | 'CNAME';

/** Seconds that are asked for where nobody says how many. */
export const usualTtlS = 120;

/** An address record that can be made: its value fits its type. */
export function soundAddress(
  home: ProviderHome,
  record: AddressRecord,
): { readonly name: string; readonly value: string } {
  const value = record.type === 'CNAME' ? plainName(record.value) : record.value.trim();
  const family = isIP(value);
  const fits =
    record.type === 'A' ? family === 4 : record.type === 'AAAA' ? family === 6 : family === 0 && value !== '';
  if (!fits) {
    const wanted = { A: 'an IPv4 address', AAAA: 'an IPv6 address', CNAME: 'a name' }[record.type];
    throw new DnsProviderError({
      kind: 'refused',
      provider: home.title,
      message: `A record of type ${record.type} needs ${wanted}, not “${record.value}”.`,
      fix: 'Correct the value.',
      details: { provider: home.title, type: record.type, value: record.value },
    });
  }
  return { name: plainName(record.name), value };
}

/** The types that may not stand beside this one at the same name (RFC 1034, section 3.6.2). */
export function typesAgainst(type: AddressRecord['type']): readonly AddressRecord['type'][] {
  return type === 'CNAME' ? ['A', 'AAAA'] : ['CNAME'];
}

export function standsInTheWay(
  home: ProviderHome,
  name: string,
  wanted: AddressRecord['type'],
  found: { readonly type: AddressRecord['type']; readonly value: string },
): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: home.title,
    message: `${name} has a record of type ${found.type} (${found.value}) at ${home.title}; one of type ${wanted} cannot stand beside it.`,
    fix: `Remove the ${found.type} record there if it is not needed, and try again.`,
    details: { provider: home.title, name, type: found.type, value: found.value },
  });
}

/** A failure that leaves open whether the change was made. */
export function mayHaveHappened(error: unknown): boolean {
  return error instanceof DnsProviderError && error.kind === 'unavailable';
}

/** For providers without a list of zones. */
export function cannotList(home: ProviderHome): DnsProviderError {
  return dnsFailure(home, 'refused', { reason: 'it has no list of zones' });
}
