import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk, type Judgement } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { relativeName } from '../names.ts';
import { recordSetProvider } from '../record-set-provider.ts';
import { fromWire, toWire } from '../wire-values.ts';
import type { Zone } from '../zones.ts';

const perPage = 100;

/** https://www.scaleway.com/en/developers/api/domains-and-dns/ */
export const scaleway: DnsProviderDefinition = {
  code: 'scaleway',
  title: 'Scaleway',
  credentials: [
    { key: 'secretKey', label: { en: 'Secret key', fr: 'Clé secrète' }, secret: true },
    {
      key: 'projectId',
      label: { en: 'Project ID', fr: 'Identifiant de projet' },
      optional: true,
      help: { en: 'Only zones of this project.', fr: 'Seulement les zones de ce projet.' },
    },
  ],
  help: {
    create: {
      en: 'IAM › Applications › Create application, give it a policy, then API keys › Generate API key.',
      fr: 'IAM › Applications › Créer une application, donnez-lui une politique, puis Clés d’API › Générer une clé d’API.',
    },
    rights: {
      en: 'The permission set DomainsDNSFullAccess, for the project that has the zone.',
      fr: 'L’ensemble de permissions DomainsDNSFullAccess, pour le projet qui contient la zone.',
    },
    url: 'https://console.scaleway.com/iam/api-keys',
  },
  environment: {
    secretKey: ['SCW_SECRET_KEY', 'SCALEWAY_API_TOKEN'],
    projectId: ['SCW_PROJECT_ID', 'SCALEWAY_PROJECT_ID'],
  },
  create(given, options) {
    const { value, secrets } = readCredentials(scaleway, given);
    const base = `${baseOf(scaleway, given, options, 'https://api.scaleway.com')}/domain/v2beta1/dns-zones`;
    const ask = createAsk({ home: scaleway, secrets, reasonOf, judge, options });
    const headers = { 'x-auth-token': value('secretKey') };
    const project = value('projectId') === '' ? '' : `&project_id=${encodeURIComponent(value('projectId'))}`;

    async function change(zone: Zone, one: object, signal: AbortSignal): Promise<void> {
      const json = { changes: [one], return_all_records: false, disallow_new_zone_creation: true };
      await ask({ method: 'PATCH', url: `${base}/${zone.id}/records`, headers, json }, signal);
    }

    return recordSetProvider({
      definition: scaleway,
      smallestTtlS: 60,
      options,
      api: {
        async list(signal) {
          const zones: Zone[] = [];
          for (let page = 1; ; page += 1) {
            const url = `${base}?page=${page}&page_size=${perPage}${project}`;
            const { dns_zones: some, total_count: total } = shaped(
              scaleway,
              zonesSchema,
              await ask({ url, headers }, signal),
            );
            for (const { domain, subdomain } of some) {
              const name = subdomain === '' ? domain : `${subdomain}.${domain}`;
              zones.push({ name, id: name });
            }
            if (some.length === 0 || zones.length >= total) return zones;
          }
        },
        async read(zone, name, type, signal) {
          const relative = relativeName(name, zone.name);
          const values: string[] = [];
          let ttlS = 0;
          let seen = 0;
          for (let page = 1; ; page += 1) {
            const query = `name=${encodeURIComponent(relative)}&type=${type}&page=${page}&page_size=${perPage}`;
            const answer = await ask({ url: `${base}/${zone.id}/records?${query}`, headers }, signal);
            const { records, total_count: total } = shaped(scaleway, recordsSchema, answer);
            seen += records.length;
            // Without a name of its own, the filter for the zone itself lets everything through.
            for (const record of records) {
              if (record.name !== relative || record.type !== type) continue;
              values.push(record.data);
              ttlS = record.ttl;
            }
            if (records.length === 0 || seen >= total) {
              return values.length === 0 ? null : fromWire(type, values, ttlS);
            }
          }
        },
        async write(zone, name, type, set, before, signal) {
          const relative = relativeName(name, zone.name);
          const records = toWire(type, set, before).map((data) => ({ name: relative, type, ttl: set.ttlS, data }));
          await change(zone, { set: { id_fields: { name: relative, type }, records } }, signal);
        },
        async remove(zone, name, type, _before, signal) {
          await change(zone, { delete: { id_fields: { name: relativeName(name, zone.name), type } } }, signal);
        },
      },
    });
  },
};

const zonesSchema = z.object({
  dns_zones: z.array(z.object({ domain: z.string(), subdomain: z.string() })),
  total_count: z.number(),
});
const recordsSchema = z.object({
  records: z.array(z.object({ name: z.string(), type: z.string(), data: z.string(), ttl: z.number() })),
  total_count: z.number(),
});
const errorSchema = z.object({ message: z.string().optional(), type: z.string().optional() });

function reasonOf({ json }: Answer): string | undefined {
  const error = errorSchema.safeParse(json).data;
  return error?.message ?? error?.type;
}

/** A key that is not known is answered with 401 or 403. */
function judge({ status, json }: Answer): Judgement | null {
  const type = status < 300 ? undefined : errorSchema.safeParse(json).data?.type;
  if (type === 'denied_authentication' || type === 'invalid_auth') return { kind: 'credentials' };
  return type === 'permissions_denied' ? { kind: 'rights' } : null;
}
