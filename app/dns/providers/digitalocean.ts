import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { relativeName, unquotedText } from '../names.ts';
import { type NewRecord, recordProvider } from '../record-provider.ts';
import type { Zone } from '../zones.ts';

/** https://docs.digitalocean.com/reference/api/digitalocean/#tag/Domain-Records */
export const digitalocean: DnsProviderDefinition = {
  code: 'digitalocean',
  title: 'DigitalOcean',
  credentials: [
    {
      key: 'token',
      label: { en: 'Personal access token', fr: 'Jeton d’accès personnel' },
      secret: true,
      placeholder: 'dop_v1_…',
    },
  ],
  help: {
    create: {
      en: 'API › Tokens › Generate New Token › Custom Scopes.',
      fr: 'API › Tokens › Generate New Token › Custom Scopes.',
    },
    rights: {
      en: 'The scopes domain:read, domain:create, domain:update and domain:delete.',
      fr: 'Les portées domain:read, domain:create, domain:update et domain:delete.',
    },
    url: 'https://cloud.digitalocean.com/account/api/tokens',
  },
  environment: { token: ['DO_AUTH_TOKEN'], endpoint: ['DO_API_URL'] },
  create(given, options) {
    const { value, secrets } = readCredentials(digitalocean, given);
    const base = baseOf(digitalocean, given, options, 'https://api.digitalocean.com');
    const ask = createAsk({ home: digitalocean, secrets, reasonOf, options });
    const headers = { authorization: `Bearer ${value('token')}` };
    const recordsOf = (zone: Zone): string => `${base}/v2/domains/${zone.id}/records`;

    async function pages<Item>(
      url: string,
      schema: z.ZodType<Page<Item>>,
      signal: AbortSignal,
    ): Promise<readonly Item[]> {
      const items: Item[] = [];
      for (let number = 1; ; number += 1) {
        const answer = await ask({ url: `${url}per_page=200&page=${number}`, headers }, signal);
        const page = shaped(digitalocean, schema, answer);
        items.push(...page.items);
        if (!page.more) return items;
      }
    }

    return recordProvider({
      definition: digitalocean,
      smallestTtlS: 30,
      options,
      api: {
        list: async (signal) =>
          (await pages(`${base}/v2/domains?`, domainsSchema, signal)).map(({ name }) => ({ name, id: name })),
        async records(zone, name, type, signal) {
          const url = `${recordsOf(zone)}?type=${type}&name=${encodeURIComponent(name)}&`;
          const found = await pages(url, recordsSchema, signal);
          return found.map(({ id, data }) => ({ id: String(id), value: type === 'TXT' ? unquotedText(data) : data }));
        },
        async create(zone, record, signal) {
          await ask({ method: 'POST', url: recordsOf(zone), headers, json: body(zone, record) }, signal);
        },
        async replace(zone, id, record, signal) {
          const json = body(zone, record);
          await ask({ method: 'PATCH', url: `${recordsOf(zone)}/${id}`, headers, json }, signal);
        },
        async remove(zone, id, signal) {
          await ask({ method: 'DELETE', url: `${recordsOf(zone)}/${id}`, headers, accept: [404] }, signal);
        },
      },
    });
  },
};

interface Page<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

const links = z.object({ pages: z.object({ next: z.string().optional() }).optional() }).nullish();
const domainsSchema = z
  .object({ domains: z.array(z.object({ name: z.string() })), links })
  .transform((page) => ({ items: page.domains, more: page.links?.pages?.next !== undefined }));
const recordsSchema = z
  .object({ domain_records: z.array(z.object({ id: z.number(), data: z.string() })), links })
  .transform((page) => ({ items: page.domain_records, more: page.links?.pages?.next !== undefined }));

function body(zone: Zone, { name, type, value, ttlS }: NewRecord) {
  const data = type === 'CNAME' ? `${value}.` : value;
  return { type, name: relativeName(name, zone.name) || '@', data, ttl: ttlS };
}

function reasonOf({ json }: Answer): string | undefined {
  return z.object({ message: z.string() }).safeParse(json).data?.message;
}
