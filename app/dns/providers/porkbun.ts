import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk, type Judgement } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { relativeName, unquotedText } from '../names.ts';
import { recordProvider } from '../record-provider.ts';

const perPage = 1000;

/** https://porkbun.com/api/json/v3/documentation */
export const porkbun: DnsProviderDefinition = {
  code: 'porkbun',
  title: 'Porkbun',
  credentials: [
    { key: 'apiKey', label: { en: 'API key', fr: 'Clé d’API' }, secret: true, placeholder: 'pk1_…' },
    { key: 'secretKey', label: { en: 'Secret key', fr: 'Clé secrète' }, secret: true, placeholder: 'sk1_…' },
  ],
  help: {
    create: {
      en: 'Account › API Access › Create API Key. Then switch on API Access in the domain’s details.',
      fr: 'Account › API Access › Create API Key. Activez ensuite API Access dans les détails du domaine.',
    },
    rights: {
      en: 'API Access must be on for the domain; keys have no finer rights.',
      fr: 'API Access doit être activé pour le domaine ; les clés n’ont pas de droits plus fins.',
    },
    url: 'https://porkbun.com/account/api',
  },
  environment: { apiKey: ['PORKBUN_API_KEY'], secretKey: ['PORKBUN_SECRET_API_KEY'] },
  create(given, options) {
    const { value, secrets } = readCredentials(porkbun, given);
    const base = baseOf(porkbun, given, options, 'https://api.porkbun.com/api/json/v3');
    const raw = createAsk({ home: porkbun, secrets, reasonOf, judge, options });
    const keys = { apikey: value('apiKey'), secretapikey: value('secretKey') };
    const ask = (path: string, json: object, signal: AbortSignal, repeatable = true) =>
      raw({ method: 'POST', url: `${base}/${path}`, json: { ...keys, ...json }, repeatable }, signal);

    return recordProvider({
      definition: porkbun,
      smallestTtlS: 600,
      options,
      api: {
        async verify(signal) {
          await ask('ping', {}, signal);
          return null;
        },
        async list(signal) {
          const zones: { name: string; id: string }[] = [];
          for (;;) {
            const answer = await ask('domain/listAll', { start: String(zones.length) }, signal);
            const { domains } = shaped(porkbun, domainsSchema, answer);
            zones.push(...domains.map(({ domain }) => ({ name: domain, id: domain })));
            if (domains.length < perPage) return zones;
          }
        },
        async records(zone, name, type, signal) {
          const sub = relativeName(name, zone.name);
          const end = sub === '' ? '' : `/${encodeURIComponent(sub)}`;
          const answer = await ask(`dns/retrieveByNameType/${zone.id}/${type}${end}`, {}, signal);
          return shaped(porkbun, recordsSchema, answer).records.map(({ id, content }) => ({
            id: String(id),
            value: type === 'TXT' ? unquotedText(content) : content,
          }));
        },
        async create(zone, { name, type, value: content, ttlS }, signal) {
          const json = { name: relativeName(name, zone.name), type, content, ttl: String(ttlS) };
          await ask(`dns/create/${zone.id}`, json, signal, false);
        },
        async replace(zone, id, { name, type, value: content, ttlS }, signal) {
          const json = { name: relativeName(name, zone.name), type, content, ttl: String(ttlS) };
          await ask(`dns/edit/${zone.id}/${id}`, json, signal);
        },
        async remove(zone, id, signal) {
          await ask(`dns/delete/${zone.id}/${id}`, {}, signal);
        },
      },
    });
  },
};

const domainsSchema = z.object({ domains: z.array(z.object({ domain: z.string() })) });
const recordsSchema = z.object({
  records: z.array(z.object({ id: z.union([z.string(), z.number()]), content: z.string() })),
});
const errorSchema = z.object({ status: z.string(), message: z.string().optional() });

function reasonOf({ json }: Answer): string | undefined {
  return errorSchema.safeParse(json).data?.message;
}

/** Most failures have the status 400 or 403; only the words tell them apart. */
function judge(answer: Answer): Judgement | 'fine' | null {
  const error = errorSchema.safeParse(answer.json).data;
  if (error?.status !== 'ERROR') return null;
  const message = error.message ?? '';
  if (/opted in|api access/i.test(message)) return { kind: 'rights' };
  if (/api key|authenticat/i.test(message)) return { kind: 'credentials' };
  if (/invalid record id/i.test(message)) return 'fine';
  return answer.status < 400 ? { kind: 'refused' } : null;
}
