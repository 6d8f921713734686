import { dnsFailure, type ProviderHome } from './dns-failure.ts';
import type { DnsProviderOptions } from './dns-provider.ts';
import { candidateZones, closestZone, plainName } from './names.ts';

/** A zone at a provider; `id` is what its API calls it by. */
export interface Zone {
  readonly name: string;
  readonly id: string;
}

/** Where a provider's zones come from. */
export interface ZoneSource {
  list(signal: AbortSignal): Promise<readonly Zone[]>;
  /** The zone of exactly this name, for providers that are better asked one by one. */
  exactly?(name: string, signal: AbortSignal): Promise<Zone | null>;
}

interface ZoneFinder {
  find(name: string, signal: AbortSignal): Promise<Zone>;
  names(signal: AbortSignal): Promise<readonly string[]>;
}

/** How long an answer is good: for the records of one order, and not for the zone that is added meanwhile. */
const freshForMs = 60_000;

/** Finds the zone of a name: the longest that it ends with. */
export function zoneFinder(home: ProviderHome, source: ZoneSource, options: DnsProviderOptions = {}): ZoneFinder {
  const now = options.now ?? Date.now;
  const found = new Map<string, { readonly zone: Zone; readonly atMs: number }>();

  async function list(signal: AbortSignal): Promise<readonly Zone[]> {
    return (await source.list(signal)).map((zone) => ({ ...zone, name: plainName(zone.name) }));
  }

  async function search(name: string, signal: AbortSignal): Promise<Zone> {
    if (source.exactly) {
      for (const candidate of candidateZones(name)) {
        const zone = await source.exactly(candidate, signal);
        if (zone !== null) return zone;
      }
      throw dnsFailure(home, 'zone-missing', { name });
    }
    const zones = await list(signal);
    const zone = closestZone(name, zones);
    if (zone) return zone;
    throw dnsFailure(home, 'zone-missing', { name, zones: zones.map((each) => each.name) });
  }

  return {
    async find(asked, signal) {
      const name = plainName(asked);
      const before = found.get(name);
      if (before && now() - before.atMs < freshForMs) return before.zone;
      const zone = await search(name, signal);
      found.clear();
      found.set(name, { zone, atMs: now() });
      return zone;
    },
    names: async (signal) => (await list(signal)).map(({ name }) => name).toSorted(),
  };
}
