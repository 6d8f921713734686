import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk, type Judgement } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { absoluteName, plainName, relativeName, unquotedText } from '../names.ts';
import { recordProvider } from '../record-provider.ts';
import type { Zone } from '../zones.ts';

/** https://developer.infomaniak.com/docs/api */
export const infomaniak: DnsProviderDefinition = {
  code: 'infomaniak',
  title: 'Infomaniak',
  credentials: [{ key: 'token', label: { en: 'API token', fr: 'Jeton d’API' }, secret: true }],
  help: {
    create: {
      en: 'Manager › your profile › Developers › API tokens › Create a token.',
      fr: 'Manager › votre profil › Développeurs › Jetons d’API › Créer un jeton.',
    },
    rights: {
      en: 'The scopes domain:read, dns:read and dns:write.',
      fr: 'Les portées domain:read, dns:read et dns:write.',
    },
    url: 'https://manager.infomaniak.com/v3/ng/accounts/token/list',
  },
  environment: { token: ['INFOMANIAK_ACCESS_TOKEN'], endpoint: ['INFOMANIAK_ENDPOINT'] },
  create(given, options) {
    const { value, secrets } = readCredentials(infomaniak, given);
    const base = baseOf(infomaniak, given, options, 'https://api.infomaniak.com');
    const ask = createAsk({ home: infomaniak, secrets, reasonOf, judge, options });
    const headers = { authorization: `Bearer ${value('token')}` };
    const recordsOf = (zone: Zone): string => `${base}/2/zones/${zone.id}/records`;

    return recordProvider({
      definition: infomaniak,
      smallestTtlS: 60,
      options,
      api: {
        async list(signal) {
          const answer = await ask({ url: `${base}/1/product?service_name=domain`, headers }, signal);
          const { data } = shaped(infomaniak, productsSchema, answer);
          return data.map(({ customer_name: name }) => ({ name, id: plainName(name) }));
        },
        async exactly(name, signal) {
          const answer = await ask(
            { url: `${base}/2/zones/${encodeURIComponent(name)}/exists`, headers, accept: [404] },
            signal,
          );
          const exists = answer.status !== 404 && shaped(infomaniak, z.object({ data: z.boolean() }), answer).data;
          return exists ? { name, id: name } : null;
        },
        async records(zone, name, type, signal) {
          const all: z.infer<typeof recordSchema>[] = [];
          for (let page = 1; ; page += 1) {
            const answer = await ask({ url: `${recordsOf(zone)}?page=${page}&per_page=100`, headers }, signal);
            const { data, pages } = shaped(infomaniak, recordsSchema, answer);
            all.push(...data);
            if (page >= (pages ?? 1)) break;
          }
          return all
            .filter((record) => record.type === type && absoluteName(ownSource(record.source), zone.name) === name)
            .map(({ id, target }) => ({ id: String(id), value: type === 'TXT' ? unquotedText(target) : target }));
        },
        async create(zone, { name, type, value: target, ttlS }, signal) {
          const json = { source: relativeName(name, zone.name) || '.', target, ttl: ttlS, type };
          await ask({ method: 'POST', url: recordsOf(zone), headers, json }, signal);
        },
        async remove(zone, id, signal) {
          await ask({ method: 'DELETE', url: `${recordsOf(zone)}/${id}`, headers, accept: [404] }, signal);
        },
      },
    });
  },
};

/** The zone itself is written as a dot. */
const ownSource = (source: string): string => (source === '.' ? '' : source);

const productsSchema = z.object({ data: z.array(z.object({ customer_name: z.string() })) });
const recordSchema = z.object({ id: z.number(), source: z.string(), type: z.string(), target: z.string() });
const recordsSchema = z.object({ data: z.array(recordSchema), pages: z.number().optional() });
const errorSchema = z.object({
  result: z.literal('error'),
  error: z.object({ code: z.string().optional(), description: z.string().optional() }).optional(),
});

function reasonOf({ json }: Answer): string | undefined {
  const error = errorSchema.safeParse(json).data?.error;
  return error?.description ?? error?.code;
}

/** A failure may come with the status 200; its code says what it is. */
function judge({ status, json }: Answer): Judgement | null {
  const failed = errorSchema.safeParse(json).data;
  if (!failed || status === 404 || status === 429 || status >= 500) return null;
  const code = failed.error?.code ?? '';
  if (code === 'not_authorized' && status === 401) return { kind: 'credentials' };
  if (code === 'forbidden' || code === 'access_denied' || code === 'missing_scope') return { kind: 'rights' };
  return status < 300 ? { kind: 'refused' } : null;
}
