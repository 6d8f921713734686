import { BlockList, isIP } from 'node:net';

/** A set of addresses and CIDR ranges. */
export interface IpRanges {
  /** False for what is no address. IPv4-mapped IPv6 addresses count as the IPv4 address they hold. */
  contains(address: string): boolean;
}

/** Reads addresses (`192.168.1.7`) and ranges (`10.0.0.0/8`, `fd00::/8`). Throws an Error that names the bad one. */
export function parseIpRanges(texts: readonly string[]): IpRanges {
  const list = new BlockList();
  for (const text of texts) addRange(list, text);
  return {
    contains(address) {
      const zone = address.indexOf('%');
      const plain = zone < 0 ? address : address.slice(0, zone);
      const family = isIP(plain);
      return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

function addRange(list: BlockList, text: string): void {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = address.includes('%') ? 0 : isIP(address);
  const bits = family === 4 ? 32 : 128;
  const prefixText = slash < 0 ? String(bits) : text.slice(slash + 1);
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (family === 0 || !(prefix <= bits)) {
    throw new Error(`"${text}" is no address and no range such as 192.168.0.0/16 or fd00::/8.`);
  }
  list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}
