import { DnsProviderError } from './dns-error.ts';
import type { ProviderHome } from './dns-failure.ts';
import type { TxtRecord } from './dns-provider.ts';
import { plainName } from './names.ts';

type Challenge = NonNullable<TxtRecord['challenge']>;

interface RawChallenges {
  /** What a record was made from: as it says, or as it said when it was set. Throws where neither is known. */
  of(home: ProviderHome, record: TxtRecord): Challenge;
  forget(record: TxtRecord): void;
}

const known = new Map<string, Challenge>();

/** What RAW modes need to take a record away again: a value alone does not say what it was made from. */
export function rawChallenges(target: string): RawChallenges {
  const keyOf = ({ fqdn, value }: TxtRecord): string => `${target} ${plainName(fqdn)} ${value}`;
  return {
    of(home, record) {
      const challenge = record.challenge ?? known.get(keyOf(record));
      if (challenge) {
        known.set(keyOf(record), challenge);
        return challenge;
      }
      throw new DnsProviderError({
        kind: 'refused',
        provider: home.title,
        message: `${home.title}: in RAW mode, ${plainName(record.fqdn)} cannot be changed without the challenge that it belongs to.`,
        fix: 'Use the default mode, or take the record away by hand.',
        details: { provider: home.title, name: plainName(record.fqdn) },
      });
    },
    forget: (record) => void known.delete(keyOf(record)),
  };
}
