import { BlockList, isIP, isIPv6 } from 'node:net';

/** Decides which peers are proxies whose forwarding headers are believed. */
export interface TrustedPeers {
  readonly trusts: (address: string) => boolean;
}

/** Takes addresses and CIDR ranges. Throws where one is neither. */
export function createTrustedPeers(ranges: readonly string[]): TrustedPeers {
  if (ranges.length === 0) return { trusts: () => false };
  const list = new BlockList();
  for (const range of ranges) {
    const slash = range.indexOf('/');
    const address = slash < 0 ? range : range.slice(0, slash);
    const version = isIP(address);
    if (version === 0) throw new Error(`"${range}" is not an address or a range such as 10.0.0.0/8`);
    const family = version === 6 ? 'ipv6' : 'ipv4';
    if (slash < 0) list.addAddress(address, family);
    else list.addSubnet(address, Number(range.slice(slash + 1)), family);
  }
  return {
    trusts(address) {
      const version = isIP(address);
      return version !== 0 && list.check(address, version === 6 ? 'ipv6' : 'ipv4');
    },
  };
}

/** An IPv4 address that came in over an IPv6 socket is shown as IPv4; a zone (`%eth0`) is left off. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const bare = zone < 0 ? address : address.slice(0, zone);
  if (bare.length > 7 && bare.slice(0, 7).toLowerCase() === '::ffff:' && isIP(bare.slice(7)) === 4)
    return bare.slice(7);
  return bare;
}

/** What one subscriber has: an IPv4 address, or an IPv6 network of 64 bits (RFC 6177). */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    while (groups.length + after.length < 8) groups.push('0');
    groups.push(...after);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/**
 * The client as trusted proxies tell it: the rightmost entry of `X-Forwarded-For` that is not itself a trusted proxy.
 * An entry that is no address ends the walk, as nothing to its left can be vouched for.
 */
export function clientBehindProxies(forwardedFor: string, peer: string, peers: TrustedPeers): string {
  let client = peer;
  const entries = forwardedFor.split(',');
  for (let i = entries.length - 1; i >= 0; i--) {
    const address = entryAddress((entries[i] ?? '').trim());
    if (address === null) return client;
    client = address;
    if (!peers.trusts(address)) return client;
  }
  return client;
}

function entryAddress(entry: string): string | null {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(entry);
  const ported = /^([\d.]+):\d+$/.exec(entry);
  const address = plainAddress(bracketed?.[1] ?? ported?.[1] ?? entry);
  return isIP(address) === 0 ? null : address;
}
