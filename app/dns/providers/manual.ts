import { pauseFor } from '../ask.ts';
import { cannotList, soundAddress } from '../changes.ts';
import { readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import type { DnsProviderDefinition, ManualRecord } from '../dns-provider.ts';
import { LookupError, lookupFor } from '../lookup.ts';
import { plainName } from '../names.ts';

const lookEveryMs = 5000;
/** Who has not made it by then is shown it again with the next try. */
const longestMs = 60 * 60_000;

/** The owner makes the records by hand; we say which, and see when they are there. */
export const manual: DnsProviderDefinition = {
  code: 'manual',
  title: 'By hand',
  credentials: [],
  help: {
    create: {
      en: 'Nothing now. For each certificate, and each renewal, you are shown the record to make at your DNS provider.',
      fr: 'Rien maintenant. Pour chaque certificat et chaque renouvellement, l’enregistrement à créer vous est montré.',
    },
    rights: { en: 'None.', fr: 'Aucun.' },
    url: null,
  },
  environment: {},
  create(given, options = {}) {
    readCredentials(manual, given);
    const pause = options.pause ?? pauseFor;
    const lookup = lookupFor(options);

    /** Shows a record until it is seen at the name servers. */
    async function shown(
      record: ManualRecord,
      isThere: (signal: AbortSignal) => Promise<boolean>,
      signal: AbortSignal,
    ): Promise<void> {
      if (!options.askOwner) throw nobodyThere(record);
      const look = async (): Promise<boolean> => {
        try {
          return await isThere(signal);
        } catch (error) {
          signal.throwIfAborted();
          // No answer now says nothing of the record.
          if (error instanceof LookupError) return false;
          throw error;
        }
      };
      if (await look()) return;
      const done = new AbortController();
      try {
        options.askOwner(record, AbortSignal.any([signal, done.signal]));
        for (let waitedMs = 0; ; waitedMs += lookEveryMs) {
          if (waitedMs >= longestMs) throw notMade(record);
          await pause(lookEveryMs, signal);
          if (await look()) return;
        }
      } finally {
        done.abort();
      }
    }

    const inForce = { authoritative: true, recursive: false };
    return {
      async setTxt({ fqdn, value }, signal) {
        const name = plainName(fqdn);
        const isThere = async () => (await lookup.lacking(name, value, inForce, signal)).length === 0;
        await shown({ action: 'create', name, type: 'TXT', value }, isThere, signal);
      },
      // It does no harm where it stays, so nobody waits.
      removeTxt({ fqdn, value }, signal) {
        const record: ManualRecord = { action: 'remove', name: plainName(fqdn), type: 'TXT', value };
        options.askOwner?.(record, signal);
        return Promise.resolve();
      },
      async upsertAddress(asked, signal) {
        const { name, value } = soundAddress(manual, asked);
        const { type } = asked;
        const isThere = async () => {
          const values = (await lookup.records(name, type, signal)).map((each) => canonical(each));
          return values.length === 1 && values[0] === canonical(value);
        };
        await shown({ action: 'create', name, type, value }, isThere, signal);
      },
      listZones: () => Promise.reject(cannotList(manual)),
      check: () =>
        Promise.resolve({ ok: true, zones: [], note: 'There is nothing to check: records are made by hand.' }),
    };
  },
};

/** One spelling for each address. */
function canonical(value: string): string {
  return value.includes(':') ? new URL(`http://[${value}]`).hostname : plainName(value);
}

function notMade({ name, type, value }: ManualRecord): DnsProviderError {
  return new DnsProviderError({
    kind: 'unavailable',
    provider: manual.title,
    message: `The record ${name} ${type} ${value} was not seen at its name servers within an hour.`,
    fix: 'Make it at your DNS provider, and try again; it may take some minutes until all its servers have it.',
    details: { provider: manual.title, name, type, value },
  });
}

function nobodyThere({ name, type, value }: ManualRecord): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: manual.title,
    message: `A record must be made by hand, and nobody can be shown which: ${name} ${type} ${value}`,
    fix: 'Ask for the certificate in the dashboard, or choose a DNS provider that can do it by itself.',
    details: { provider: manual.title, name, type, value },
  });
}
