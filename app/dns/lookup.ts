import { getServers } from 'node:dns';
import { isIPv6 } from 'node:net';
import type { DnsProviderOptions } from './dns-provider.ts';
import { askServer, type ServerAddress } from './message/exchange.ts';
import type { Message } from './message/message.ts';
import { dnsType } from './message/wire.ts';
import { candidateZones, plainName } from './names.ts';
import { addressesOf, parseServer } from './server-address.ts';

/** A name server of a zone. */
interface NameServer {
  readonly name: string;
  readonly addresses: readonly ServerAddress[];
}

/** Who has the last word on a name. */
export interface Authority {
  /** The name itself, or what its aliases (CNAME) lead to. */
  readonly name: string;
  readonly zone: string;
  readonly servers: readonly NameServer[];
}

/** What a server says of a text record. */
export interface ServerTexts {
  /** `ns1.example.org`, or the address of a recursive server. */
  readonly server: string;
  readonly address: string;
  /** Null where it does not answer. */
  readonly texts: readonly string[] | null;
}

export interface DnsLookup {
  /** Finds the servers of a name by asking down from its zone. Throws a `LookupError`. */
  authority(name: string, signal: AbortSignal): Promise<Authority>;
  /** Asks every address of every authoritative server for the texts of a name, behind its aliases. */
  textsAtAuthority(name: string, signal: AbortSignal): Promise<readonly ServerTexts[]>;
  /** The same of the recursive servers. */
  textsAtResolvers(name: string, signal: AbortSignal): Promise<readonly ServerTexts[]>;
  /**
   * The servers that do not have a value yet. Those that do not answer count only where none does: a server may be out of
   * reach from here (no IPv6) and not for others.
   */
  lacking(
    name: string,
    value: string,
    which: { readonly authoritative: boolean; readonly recursive: boolean },
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  /** Addresses or aliases as the authoritative servers give them now, past all caches. */
  records(name: string, type: 'A' | 'AAAA' | 'CNAME' | 'NS', signal: AbortSignal): Promise<readonly string[]>;
}

/** The way to a name's servers cannot be found. */
export class LookupError extends Error {
  readonly code: 'ALIAS_LOOP' | 'NO_RESOLVER' | 'NO_ZONE' | 'NO_SERVER';

  constructor(code: LookupError['code'], message: string) {
    super(message);
    this.name = 'LookupError';
    this.code = code;
  }
}

interface LookupOptions {
  /** Recursive servers, `host:port`; those of the system where there are none. */
  readonly resolvers?: readonly string[];
  /** Port of authoritative servers; tests have one of their own. */
  readonly port?: number;
  /** For each of two tries. */
  readonly timeoutMs?: number;
}

const mostHops = 12;

/** A look-up in the surroundings that providers are given. */
export function lookupFor({ resolvers, lookupPort }: DnsProviderOptions): DnsLookup {
  return createDnsLookup({
    ...(resolvers === undefined ? {} : { resolvers }),
    ...(lookupPort === undefined ? {} : { port: lookupPort }),
  });
}

/** Asks about names: recursive servers for the way, authoritative ones for what counts. Keeps nothing between calls. */
export function createDnsLookup({ resolvers = [], port = 53, timeoutMs = 2500 }: LookupOptions = {}): DnsLookup {
  async function resolverAddresses(): Promise<readonly ServerAddress[]> {
    const places = (resolvers.length > 0 ? resolvers : getServers()).map((text) => parseServer(text));
    const known = places.filter((place) => place !== null);
    const found = await Promise.all(known.map((place) => addressesOf(place).catch(() => [])));
    const addresses = found.flatMap((each) => each.slice(0, 1));
    if (addresses.length === 0) throw new LookupError('NO_RESOLVER', 'No recursive name server is known.');
    return addresses;
  }

  /** The first answer of these servers, asked in their order. */
  async function firstAnswer(
    servers: readonly ServerAddress[],
    name: string,
    type: number,
    wantsRecursion: boolean,
    signal: AbortSignal,
  ): Promise<Message | null> {
    for (const server of servers) {
      try {
        const answer = await askServer({ server, name, type, wantsRecursion, timeoutMs }, signal);
        // 0: it knows; 3: it knows that there is no such name. Anything else is no word on the name.
        if (answer.rcode === 0 || answer.rcode === 3) return answer;
      } catch {
        signal.throwIfAborted();
      }
    }
    return null;
  }

  async function resolve(name: string, type: number, signal: AbortSignal): Promise<Message | null> {
    return firstAnswer(await resolverAddresses(), name, type, true, signal);
  }

  /** The zone above a name. The name itself is not asked for: that it is not there yet would be remembered. */
  async function zoneAbove(name: string, signal: AbortSignal): Promise<string> {
    const start = name.replace(/^(?:_[^.]+\.)+/, '');
    let isAnyKnown = false;
    for (const candidate of candidateZones(start)) {
      const answer = await resolve(candidate, dnsType.SOA, signal);
      if (answer === null) continue;
      isAnyKnown = true;
      const soa = answer.answers.find((record) => record.type === dnsType.SOA && record.name === candidate);
      if (soa) return candidate;
    }
    throw isAnyKnown
      ? new LookupError('NO_ZONE', `No name server has a zone for ${name}.`)
      : new LookupError('NO_RESOLVER', `No recursive name server answers about ${name}.`);
  }

  async function serversNamed(
    names: readonly string[],
    glue: Message | null,
    signal: AbortSignal,
  ): Promise<NameServer[]> {
    return Promise.all(
      names.map(async (name) => {
        const given = (glue?.additional ?? []).filter((record) => record.name === name && record.text !== '');
        const found =
          given.length > 0
            ? given
            : (await Promise.all([dnsType.A, dnsType.AAAA].map((type) => resolve(name, type, signal)))).flatMap(
                (answer) => answer?.answers ?? [],
              );
        const addresses = found
          .filter(({ type }) => type === dnsType.A || type === dnsType.AAAA)
          .map(({ text }) => ({ address: text, port }))
          .toSorted((a, b) => Number(isIPv6(a.address)) - Number(isIPv6(b.address)));
        return { name, addresses };
      }),
    );
  }

  async function serversOf(zone: string, signal: AbortSignal): Promise<readonly NameServer[]> {
    const answer = await resolve(zone, dnsType.NS, signal);
    const names = (answer?.answers ?? []).filter(({ type }) => type === dnsType.NS).map(({ text }) => text);
    const servers = await serversNamed([...new Set(names)].toSorted(), null, signal);
    if (servers.every(({ addresses }) => addresses.length === 0)) {
      throw new LookupError('NO_SERVER', `No name server of ${zone} has an address.`);
    }
    return servers;
  }

  /** Follows aliases and delegations from server to server, as those who validate do. */
  async function authority(asked: string, signal: AbortSignal): Promise<Authority> {
    const seen = new Set<string>();
    let name = plainName(asked);
    for (let hop = 0; !seen.has(name) && hop < mostHops; ) {
      seen.add(name);
      let zone = await zoneAbove(name, signal);
      let servers = await serversOf(zone, signal);
      for (; hop < mostHops; hop += 1) {
        const all = servers.flatMap(({ addresses }) => addresses);
        const answer = await firstAnswer(all, name, dnsType.TXT, false, signal);
        const alias = answer?.answers.find((record) => record.type === dnsType.CNAME && record.name === name);
        if (alias) {
          name = alias.text;
          hop += 1;
          break;
        }
        const below = zone;
        const delegation = (answer?.authority ?? []).filter(
          (record) => record.type === dnsType.NS && record.name !== below && isBelow(name, record.name, below),
        );
        const [first] = delegation;
        if (answer === null || answer.isAuthoritative || !first) return { name, zone, servers };
        zone = first.name;
        servers = await serversNamed(delegation.map(({ text }) => text).toSorted(), answer, signal);
      }
    }
    throw new LookupError('ALIAS_LOOP', `The aliases of ${plainName(asked)} lead in a circle, or too far.`);
  }

  async function textsAt(
    servers: readonly { readonly server: string; readonly at: ServerAddress }[],
    name: string,
    wantsRecursion: boolean,
    signal: AbortSignal,
  ): Promise<readonly ServerTexts[]> {
    return Promise.all(
      servers.map(async ({ server, at }) => {
        const answer = await firstAnswer([at], name, dnsType.TXT, wantsRecursion, signal);
        const texts = answer?.answers.filter(({ type }) => type === dnsType.TXT).map(({ text }) => text) ?? null;
        return { server, address: at.address, texts };
      }),
    );
  }

  const lookup: DnsLookup = {
    authority,
    async textsAtAuthority(asked, signal) {
      const { name, servers } = await authority(asked, signal);
      const all = servers.flatMap((server) => server.addresses.map((at) => ({ server: server.name, at })));
      return textsAt(all, name, false, signal);
    },
    async textsAtResolvers(name, signal) {
      const all = (await resolverAddresses()).map((at) => ({ server: at.address, at }));
      return textsAt(all, plainName(name), true, signal);
    },
    async lacking(name, value, which, signal) {
      const groups = [
        which.authoritative ? await lookup.textsAtAuthority(name, signal) : [],
        which.recursive ? await lookup.textsAtResolvers(name, signal) : [],
      ];
      return [...new Set(groups.flatMap((group) => withoutValue(group, value)))].toSorted();
    },
    async records(asked, type, signal) {
      const name = plainName(asked);
      const servers = await serversOf(await zoneAbove(name, signal), signal);
      const all = servers.flatMap(({ addresses }) => addresses);
      const answer = await firstAnswer(all, name, dnsType[type], false, signal);
      if (answer === null) throw new LookupError('NO_SERVER', `No name server of ${name} answers.`);
      return answer.answers.filter((record) => record.type === dnsType[type]).map(({ text }) => text);
    },
  };
  return lookup;
}

function isBelow(name: string, delegated: string, zone: string): boolean {
  return (name === delegated || name.endsWith(`.${delegated}`)) && delegated.endsWith(`.${zone}`);
}

function withoutValue(group: readonly ServerTexts[], value: string): readonly string[] {
  const answered = group.filter(({ texts }) => texts !== null);
  const asked = answered.length > 0 ? answered : group;
  return asked.filter(({ texts }) => !texts?.includes(value)).map(({ server }) => server);
}
