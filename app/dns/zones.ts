import { dnsFailure, type ProviderHome } from './dns-failure.ts';
import { candidateZones, closestZone, plainName } from './names.ts';

/** A zone at a provider; `id` is what its API calls it by. */
export interface Zone {
  readonly name: string;
  readonly id: string;
}

/** Where a provider's zones come from. */
export interface ZoneSource {
  list(signal: AbortSignal): Promise<readonly Zone[]>;
  /** Whether there is a zone of exactly this name, for providers that are better asked one by one. */
  exactly?(name: string, signal: AbortSignal): Promise<Zone | null>;
}

interface ZoneFinder {
  find(name: string, signal: AbortSignal): Promise<Zone>;
  names(signal: AbortSignal): Promise<readonly string[]>;
}

/** Finds the zone of a name. A list that does not have it is read anew once, as zones are added while we run. */
export function zoneFinder(home: ProviderHome, source: ZoneSource): ZoneFinder {
  let known: readonly Zone[] | null = null;

  async function list(signal: AbortSignal): Promise<readonly Zone[]> {
    known = (await source.list(signal)).map((zone) => ({ ...zone, name: plainName(zone.name) }));
    return known;
  }

  return {
    async find(name, signal) {
      const found = known === null ? undefined : closestZone(name, known);
      if (found) return found;
      if (source.exactly) {
        for (const candidate of candidateZones(name)) {
          const zone = await source.exactly(candidate, signal);
          if (zone === null) continue;
          known = [...(known ?? []), zone];
          return zone;
        }
        throw dnsFailure(home, 'zone-missing', { name: plainName(name) });
      }
      const zones = await list(signal);
      const zone = closestZone(name, zones);
      if (zone) return zone;
      throw dnsFailure(home, 'zone-missing', { name: plainName(name), zones: zones.map((each) => each.name) });
    },
    names: async (signal) => (await list(signal)).map(({ name }) => name).toSorted(),
  };
}
