import { pauseFor } from './ask.ts';
import { mayHaveHappened, type RecordType, soundAddress, standsInTheWay, typesAgainst, usualTtlS } from './changes.ts';
import { checkProvider } from './check-provider.ts';
import type { DnsProvider, DnsProviderDefinition, DnsProviderOptions } from './dns-provider.ts';
import { inTurn } from './in-turn.ts';
import { plainName } from './names.ts';
import { type Zone, type ZoneSource, zoneFinder } from './zones.ts';

/** All values of a name and type. As they are meant, without the quotes of zone files. */
export interface RecordSet {
  readonly values: readonly string[];
  readonly ttlS: number;
  /** How the API spells its texts, by what they mean: what others set goes back as it came. */
  readonly spelled?: ReadonlyMap<string, string>;
}

/** An API whose unit is all records of a name and type at once. */
export interface RecordSetApi extends ZoneSource {
  read(zone: Zone, name: string, type: RecordType, signal: AbortSignal): Promise<RecordSet | null>;
  /** `before` is what was read; null: there is none yet. */
  write(
    zone: Zone,
    name: string,
    type: RecordType,
    set: RecordSet,
    before: RecordSet | null,
    signal: AbortSignal,
  ): Promise<void>;
  /** A set that is gone already is no failure. */
  remove(zone: Zone, name: string, type: RecordType, before: RecordSet, signal: AbortSignal): Promise<void>;
  verify?(signal: AbortSignal): Promise<string | null>;
}

interface RecordSetProviderSettings {
  readonly definition: DnsProviderDefinition;
  readonly api: RecordSetApi;
  readonly smallestTtlS?: number;
  /** False where the provider cannot name its zones. */
  readonly lists?: boolean;
  readonly options?: DnsProviderOptions | undefined;
}

const tries = 3;

/** A provider over an API of record sets. */
export function recordSetProvider(settings: RecordSetProviderSettings): DnsProvider {
  const { definition, api, smallestTtlS = 0, lists = true, options } = settings;
  const pause = options?.pause ?? pauseFor;
  const zones = zoneFinder(definition, api, options);
  const ttlOf = (ttlS: number | undefined): number => Math.max(ttlS ?? usualTtlS, smallestTtlS);

  const change = async (name: string, signal: AbortSignal, run: (zone: Zone) => Promise<void>): Promise<void> => {
    const zone = await zones.find(name, signal);
    await inTurn(`${definition.code} ${zone.name}`, signal, () => run(zone));
  };

  /**
   * Reads the set, and makes it what it should be; null removes it. After a fault that leaves open whether the change was
   * made, both are done again: what was made is seen, and not made twice.
   */
  async function settle(
    zone: Zone,
    name: string,
    type: RecordType,
    signal: AbortSignal,
    wanted: (before: RecordSet | null) => RecordSet | null | 'as it is',
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const before = await api.read(zone, name, type, signal);
      const after = wanted(before);
      if (after === 'as it is') return;
      try {
        if (after !== null) await api.write(zone, name, type, after, before, signal);
        else if (before !== null) await api.remove(zone, name, type, before, signal);
        return;
      } catch (error) {
        if (!mayHaveHappened(error) || attempt >= tries) throw error;
        await pause(500 * attempt, signal);
      }
    }
  }

  const provider: Omit<DnsProvider, 'check'> = {
    setTxt: ({ fqdn, value, ttlS }, signal) =>
      change(fqdn, signal, (zone) =>
        settle(zone, plainName(fqdn), 'TXT', signal, (before) =>
          before?.values.includes(value)
            ? 'as it is'
            : { values: [...(before?.values ?? []), value], ttlS: ttlOf(ttlS) },
        ),
      ),

    removeTxt: ({ fqdn, value }, signal) =>
      change(fqdn, signal, (zone) =>
        settle(zone, plainName(fqdn), 'TXT', signal, (before) => {
          if (!before?.values.includes(value)) return 'as it is';
          const values = before.values.filter((each) => each !== value);
          return values.length === 0 ? null : { ...before, values };
        }),
      ),

    upsertAddress: async (asked, signal) => {
      const { name, value } = soundAddress(definition, asked);
      const { type } = asked;
      await change(name, signal, async (zone) => {
        for (const against of typesAgainst(type)) {
          const found = (await api.read(zone, name, against, signal))?.values[0];
          if (found !== undefined) throw standsInTheWay(definition, name, type, { type: against, value: found });
        }
        await settle(zone, name, type, signal, (before) =>
          before?.values.length === 1 && plainName(before.values[0] ?? '') === plainName(value)
            ? 'as it is'
            : { values: [value], ttlS: ttlOf(asked.ttlS) },
        );
      });
    },

    listZones: (signal) => zones.names(signal),
  };
  return {
    ...provider,
    check: (signal, domain) => checkProvider({ provider, verify: api.verify, lists }, signal, domain),
  };
}
