import { pauseFor } from './ask.ts';
import { mayHaveHappened, type RecordType, soundAddress, standsInTheWay, typesAgainst, usualTtlS } from './changes.ts';
import { checkProvider } from './check-provider.ts';
import { DnsProviderError } from './dns-error.ts';
import type { DnsProvider, DnsProviderDefinition, DnsProviderOptions } from './dns-provider.ts';
import { inTurn } from './in-turn.ts';
import { plainName } from './names.ts';
import { type Zone, type ZoneSource, zoneFinder } from './zones.ts';

/** One record as an API has it. Values as they are meant, without the quotes of zone files. */
export interface FoundRecord {
  readonly id: string;
  readonly value: string;
}

export interface NewRecord {
  /** The full name, without the dot at its end. */
  readonly name: string;
  readonly type: RecordType;
  readonly value: string;
  readonly ttlS: number;
}

/** An API that makes and deletes single records. */
export interface RecordApi extends ZoneSource {
  records(zone: Zone, name: string, type: RecordType, signal: AbortSignal): Promise<readonly FoundRecord[]>;
  /** Not asked twice without a look in between. */
  create(zone: Zone, record: NewRecord, signal: AbortSignal): Promise<void>;
  /** A record that is gone already is no failure. */
  remove(zone: Zone, id: string, signal: AbortSignal): Promise<void>;
  /** Makes a record another one, where the API can. */
  replace?(zone: Zone, id: string, record: NewRecord, signal: AbortSignal): Promise<void>;
  /** Puts what was changed into effect, where that is a step of its own. */
  apply?(zone: Zone, signal: AbortSignal): Promise<void>;
  verify?(signal: AbortSignal): Promise<string | null>;
}

interface RecordProviderSettings {
  readonly definition: DnsProviderDefinition;
  readonly api: RecordApi;
  readonly smallestTtlS?: number;
  readonly options?: DnsProviderOptions | undefined;
}

const tries = 3;

/** A provider over an API that makes and deletes single records. */
export function recordProvider({ definition, api, smallestTtlS = 0, options }: RecordProviderSettings): DnsProvider {
  const pause = options?.pause ?? pauseFor;
  const zones = zoneFinder(definition, api, options);
  const ttlOf = (ttlS: number | undefined): number => Math.max(ttlS ?? usualTtlS, smallestTtlS);

  const change = async (name: string, signal: AbortSignal, run: (zone: Zone) => Promise<void>): Promise<void> => {
    const zone = await zones.find(name, signal);
    await inTurn(`${definition.code} ${zone.name}`, signal, async () => {
      await run(zone);
      await api.apply?.(zone, signal);
    });
  };

  /** Makes a record exactly once, also where an answer that says "failed" came after the deed. */
  async function createOnce(zone: Zone, record: NewRecord, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await api.create(zone, record, signal);
      } catch (error) {
        // A record that is there already is refused by some.
        const refused = error instanceof DnsProviderError && error.kind === 'refused';
        if (!refused && !mayHaveHappened(error)) throw error;
        if (!refused) await pause(500 * attempt, signal);
        const there = await api.records(zone, record.name, record.type, signal);
        if (there.some(({ value }) => value === record.value)) return;
        if (refused || attempt >= tries) throw error;
      }
    }
  }

  /** A removal that is refused because the record is gone already is done. */
  async function removeOnce(
    zone: Zone,
    name: string,
    type: RecordType,
    id: string,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await api.remove(zone, id, signal);
    } catch (error) {
      const refused = error instanceof DnsProviderError && error.kind === 'refused';
      if (!refused && !mayHaveHappened(error)) throw error;
      const there = await api.records(zone, name, type, signal);
      if (there.some((record) => record.id === id)) throw error;
    }
  }

  const provider: Omit<DnsProvider, 'check'> = {
    setTxt: ({ fqdn, value, ttlS }, signal) =>
      change(fqdn, signal, async (zone) => {
        const name = plainName(fqdn);
        const there = await api.records(zone, name, 'TXT', signal);
        if (there.some((record) => record.value === value)) return;
        await createOnce(zone, { name, type: 'TXT', value, ttlS: ttlOf(ttlS) }, signal);
      }),

    removeTxt: ({ fqdn, value }, signal) =>
      change(fqdn, signal, async (zone) => {
        const name = plainName(fqdn);
        const there = await api.records(zone, name, 'TXT', signal);
        for (const record of there) {
          if (record.value === value) await removeOnce(zone, name, 'TXT', record.id, signal);
        }
      }),

    upsertAddress: async (asked, signal) => {
      const { name, value } = soundAddress(definition, asked);
      const { type } = asked;
      await change(name, signal, async (zone) => {
        for (const against of typesAgainst(type)) {
          const [found] = await api.records(zone, name, against, signal);
          if (found) throw standsInTheWay(definition, name, type, { type: against, value: found.value });
        }
        const record = { name, type, value, ttlS: ttlOf(asked.ttlS) };
        const there = await api.records(zone, name, type, signal);
        const same = there.find((each) => plainName(each.value) === plainName(value));
        const others = there.filter((each) => each !== same);
        const [first] = others;
        if (!same && first && api.replace) {
          await api.replace(zone, first.id, record, signal);
          others.shift();
        }
        // Two names for one alias are refused everywhere, so the old one goes first.
        if (!same && type === 'CNAME')
          for (const old of others.splice(0)) await removeOnce(zone, name, type, old.id, signal);
        if (!same && !(first && api.replace)) await createOnce(zone, record, signal);
        for (const old of others) await removeOnce(zone, name, type, old.id, signal);
      });
    },

    listZones: (signal) => zones.names(signal),
  };
  return {
    ...provider,
    check: (signal, domain) => checkProvider({ provider, verify: api.verify }, signal, domain),
  };
}
