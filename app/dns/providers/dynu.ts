import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk, type Judgement } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { plainName, relativeName, unquotedText } from '../names.ts';
import { type NewRecord, recordProvider } from '../record-provider.ts';

/** https://www.dynu.com/Support/API */
export const dynu: DnsProviderDefinition = {
  code: 'dynu',
  title: 'Dynu',
  credentials: [{ key: 'apiKey', label: { en: 'API key', fr: 'Clé d’API' }, secret: true }],
  help: {
    create: {
      en: 'Control Panel › API Credentials: copy the API key.',
      fr: 'Control Panel › API Credentials : copiez la clé d’API.',
    },
    rights: {
      en: 'Keys have no finer rights: they open the whole account.',
      fr: 'Les clés n’ont pas de droits plus fins : elles ouvrent tout le compte.',
    },
    url: 'https://www.dynu.com/en-US/ControlPanel/APICredentials',
  },
  environment: { apiKey: ['DYNU_API_KEY'] },
  create(given, options) {
    const { value, secrets } = readCredentials(dynu, given);
    const base = baseOf(dynu, given, options, 'https://api.dynu.com/v2');
    const ask = createAsk({ home: dynu, secrets, reasonOf, judge, options });
    const headers = { 'api-key': value('apiKey') };

    /** The addresses of a domain itself are no records, but properties of the domain. */
    async function domainAddress(id: string, type: string, address: string | null, signal: AbortSignal) {
      const answer = await ask({ url: `${base}/dns/${id}`, headers }, signal);
      const domain = shaped(dynu, domainSchema, answer);
      const key = type === 'A' ? 'ipv4' : 'ipv6';
      const json = {
        name: domain.name,
        ...(domain.group ? { group: domain.group } : {}),
        ...(domain.ttl ? { ttl: domain.ttl } : {}),
        ipv4: domain.ipv4 ?? false,
        ipv6: domain.ipv6 ?? false,
        ipv4WildcardAlias: domain.ipv4WildcardAlias ?? false,
        ipv6WildcardAlias: domain.ipv6WildcardAlias ?? false,
        ...(domain.ipv4Address ? { ipv4Address: domain.ipv4Address } : {}),
        ...(domain.ipv6Address ? { ipv6Address: domain.ipv6Address } : {}),
        [key]: address !== null,
        ...(address === null ? {} : { [`${key}Address`]: address }),
      };
      await ask({ method: 'POST', url: `${base}/dns/${id}`, headers, json, repeatable: true }, signal);
    }

    return recordProvider({
      definition: dynu,
      smallestTtlS: 60,
      options,
      api: {
        async list(signal) {
          const answer = await ask({ url: `${base}/dns`, headers }, signal);
          return shaped(dynu, domainsSchema, answer).domains.map(({ id, name }) => ({ id: String(id), name }));
        },
        async records(zone, name, type, signal) {
          if (name === zone.name && (type === 'A' || type === 'AAAA')) {
            const domain = shaped(dynu, domainSchema, await ask({ url: `${base}/dns/${zone.id}`, headers }, signal));
            const address = type === 'A' ? domain.ipv4 && domain.ipv4Address : domain.ipv6 && domain.ipv6Address;
            return address ? [{ id: `domain ${type}`, value: address }] : [];
          }
          const url = `${base}/dns/record/${encodeURIComponent(name)}?recordType=${type}`;
          const { dnsRecords } = shaped(dynu, recordsSchema, await ask({ url, headers }, signal));
          return (dnsRecords ?? [])
            .filter((record) => record.recordType === type && plainName(record.hostname) === name)
            .map((record) => ({ id: String(record.id), value: ownValue(record, type) }));
        },
        async create(zone, record, signal) {
          if (record.name === zone.name && (record.type === 'A' || record.type === 'AAAA')) {
            return domainAddress(zone.id, record.type, record.value, signal);
          }
          const json = {
            nodeName: relativeName(record.name, zone.name),
            recordType: record.type,
            ttl: record.ttlS,
            state: true,
            ...valueFields(record),
          };
          await ask({ method: 'POST', url: `${base}/dns/${zone.id}/record`, headers, json }, signal);
        },
        async remove(zone, id, signal) {
          // A domain has one address of a kind; another one takes its place.
          if (id.startsWith('domain ')) return;
          await ask({ method: 'DELETE', url: `${base}/dns/${zone.id}/record/${id}`, headers, accept: [404] }, signal);
        },
      },
    });
  },
};

function valueFields({ type, value }: NewRecord): Readonly<Record<string, string>> {
  switch (type) {
    case 'TXT':
      return { textData: value };
    case 'A':
      return { ipv4Address: value };
    case 'AAAA':
      return { ipv6Address: value };
    case 'CNAME':
      return { host: value };
  }
}

function ownValue(record: z.infer<typeof recordSchema>, type: NewRecord['type']): string {
  const fields = { TXT: record.textData, A: record.ipv4Address, AAAA: record.ipv6Address, CNAME: record.host };
  return unquotedText(fields[type] ?? '');
}

const domainsSchema = z.object({ domains: z.array(z.object({ id: z.number(), name: z.string() })) });
const domainSchema = z.object({
  name: z.string(),
  group: z.string().nullish(),
  ttl: z.number().nullish(),
  ipv4: z.boolean().nullish(),
  ipv6: z.boolean().nullish(),
  ipv4Address: z.string().nullish(),
  ipv6Address: z.string().nullish(),
  ipv4WildcardAlias: z.boolean().nullish(),
  ipv6WildcardAlias: z.boolean().nullish(),
});
const recordSchema = z.object({
  id: z.number(),
  hostname: z.string(),
  recordType: z.string(),
  textData: z.string().nullish(),
  ipv4Address: z.string().nullish(),
  ipv6Address: z.string().nullish(),
  host: z.string().nullish(),
});
const recordsSchema = z.object({ dnsRecords: z.array(recordSchema).nullish() });
const errorSchema = z.object({ statusCode: z.number(), type: z.string().optional(), message: z.string().optional() });

function reasonOf({ json }: Answer): string | undefined {
  const error = errorSchema.safeParse(json).data;
  return error?.message ?? error?.type;
}

/** What counts is the status in the body. 501 is an argument that is wrong, not a fault of the server. */
function judge({ status, json }: Answer): Judgement | null {
  const error = errorSchema.safeParse(json).data;
  if (!error || error.statusCode < 300 || status === 429) return null;
  if (error.statusCode === 401) return { kind: 'credentials' };
  if (error.statusCode === 403) return { kind: 'rights' };
  if (error.statusCode === 429) return { kind: 'rate-limited' };
  if (error.statusCode === 404) return null;
  return { kind: error.statusCode === 501 || error.statusCode < 500 ? 'refused' : 'unavailable' };
}
