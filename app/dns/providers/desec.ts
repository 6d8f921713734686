import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { plainName, relativeName } from '../names.ts';
import { recordSetProvider } from '../record-set-provider.ts';
import { fromWire, toWire } from '../wire-values.ts';
import type { Zone } from '../zones.ts';

/** https://desec.readthedocs.io/en/latest/dns/rrsets.html */
export const desec: DnsProviderDefinition = {
  code: 'desec',
  title: 'deSEC',
  credentials: [{ key: 'token', label: { en: 'Token', fr: 'Jeton' }, secret: true }],
  help: {
    create: {
      en: 'Token management › the + button. The token is shown once.',
      fr: 'Token management › le bouton +. Le jeton n’est affiché qu’une fois.',
    },
    rights: {
      en: 'No further permissions. A token policy may limit it to the domain and to TXT at _acme-challenge.',
      fr: 'Aucune permission de plus. Une politique peut le limiter au domaine et au TXT _acme-challenge.',
    },
    url: 'https://desec.io/tokens',
  },
  environment: { token: ['DESEC_TOKEN'] },
  create(given, options) {
    const { value, secrets } = readCredentials(desec, given);
    const base = baseOf(desec, given, options, 'https://desec.io/api/v1');
    const ask = createAsk({ home: desec, secrets, reasonOf, options });
    const headers = { authorization: `Token ${value('token')}` };
    const smallestTtlS = new Map<string, number>();
    const setUrl = (zone: Zone, name: string, type: string): string =>
      `${base}/domains/${zone.id}/rrsets/${encodeURIComponent(relativeName(name, zone.name) || '@')}/${type}/`;

    /** All at once, in one transaction; an empty set is deleted. Two equal ones after each other do no harm. */
    async function put(
      zone: Zone,
      name: string,
      type: string,
      ttlS: number,
      records: readonly string[],
      signal: AbortSignal,
    ) {
      const ttl = Math.max(ttlS, smallestTtlS.get(zone.name) ?? 3600);
      const json = [{ subname: relativeName(name, zone.name), type, ttl, records }];
      await ask({ method: 'PUT', url: `${base}/domains/${zone.id}/rrsets/`, headers, json }, signal);
    }

    return recordSetProvider({
      definition: desec,
      options,
      api: {
        async list(signal) {
          const zones: Zone[] = [];
          // Without a cursor, more than 500 domains are refused.
          for (let url: string | null = `${base}/domains/?cursor=`; url !== null; ) {
            const answer: Answer = await ask({ url, headers }, signal);
            for (const { name, minimum_ttl: leastS } of shaped(desec, domainsSchema, answer)) {
              zones.push({ name, id: name });
              smallestTtlS.set(plainName(name), leastS ?? 3600);
            }
            url = nextPage(answer.header('link'), url);
          }
          return zones;
        },
        async read(zone, name, type, signal) {
          const answer = await ask({ url: setUrl(zone, name, type), headers, accept: [404] }, signal);
          if (answer.status === 404) return null;
          const { records, ttl } = shaped(desec, setSchema, answer);
          return fromWire(type, records, ttl);
        },
        write: (zone, name, type, set, before, signal) =>
          put(zone, name, type, set.ttlS, toWire(type, set, before), signal),
        remove: (zone, name, type, before, signal) => put(zone, name, type, before.ttlS, [], signal),
      },
    });
  },
};

const domainsSchema = z.array(z.object({ name: z.string(), minimum_ttl: z.number().optional() }));
const setSchema = z.object({ records: z.array(z.string()), ttl: z.number() });

/** The next page of a `Link` header (RFC 8288), if it is on the same server. */
function nextPage(link: string, current: string): string | null {
  const [, target] = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link) ?? [];
  const url = target === undefined ? null : URL.parse(target, current);
  return url && url.host === new URL(current).host ? url.href : null;
}

function reasonOf({ json, status }: Answer): string | undefined {
  const detail = z.object({ detail: z.string() }).safeParse(json).data?.detail;
  // Faults of fields come as lists by field.
  return detail ?? (status === 400 && json !== undefined ? JSON.stringify(json) : undefined);
}
