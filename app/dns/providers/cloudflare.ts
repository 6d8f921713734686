import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, type Ask, createAsk, type Judgement } from '../ask.ts';
import { badField, baseOf, fieldOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { quotedText, unquotedText } from '../names.ts';
import { recordProvider } from '../record-provider.ts';
import type { Zone } from '../zones.ts';

/** https://developers.cloudflare.com/api/resources/dns/ */
export const cloudflare: DnsProviderDefinition = {
  code: 'cloudflare',
  title: 'Cloudflare',
  credentials: [
    {
      key: 'token',
      label: { en: 'API token', fr: 'Jeton d’API' },
      secret: true,
      optional: true,
      help: { en: 'May change DNS records.', fr: 'Peut modifier les enregistrements DNS.' },
    },
    {
      key: 'zoneToken',
      label: { en: 'API token for the list of zones', fr: 'Jeton d’API pour la liste des zones' },
      secret: true,
      optional: true,
      help: {
        en: 'Only where the first token may not read zones.',
        fr: 'Seulement si le premier jeton ne peut pas lire les zones.',
      },
    },
    {
      key: 'email',
      label: { en: 'E-mail of the account', fr: 'E-mail du compte' },
      optional: true,
      placeholder: 'you@example.org',
      help: { en: 'Only with the global key.', fr: 'Seulement avec la clé globale.' },
    },
    {
      key: 'key',
      label: { en: 'Global API key', fr: 'Clé d’API globale' },
      secret: true,
      optional: true,
      help: {
        en: 'Opens the whole account. A token is better.',
        fr: 'Donne accès à tout le compte. Un jeton est préférable.',
      },
    },
  ],
  help: {
    create: {
      en: 'My Profile › API Tokens › Create Token › “Edit zone DNS”. Choose your zone under Zone Resources.',
      fr: 'Mon profil › Jetons d’API › Créer un jeton › « Modifier DNS de la zone ». Choisissez votre zone sous Ressources de la zone.',
    },
    rights: {
      en: 'Zone › DNS › Edit and Zone › Zone › Read, for the zones in question.',
      fr: 'Zone › DNS › Modifier et Zone › Zone › Lire, pour les zones concernées.',
    },
    url: 'https://dash.cloudflare.com/profile/api-tokens',
  },
  environment: {
    token: ['CF_DNS_API_TOKEN', 'CLOUDFLARE_DNS_API_TOKEN'],
    zoneToken: ['CF_ZONE_API_TOKEN', 'CLOUDFLARE_ZONE_API_TOKEN'],
    email: ['CF_API_EMAIL', 'CLOUDFLARE_EMAIL'],
    key: ['CF_API_KEY', 'CLOUDFLARE_API_KEY'],
    endpoint: ['CLOUDFLARE_BASE_URL', 'CF_BASE_URL'],
  },
  create(given, options) {
    const { value, secrets } = readCredentials(cloudflare, given);
    const base = baseOf(cloudflare, given, options, 'https://api.cloudflare.com/client/v4');
    const ask = createAsk({ home: cloudflare, secrets, judge, reasonOf, options });
    const token = value('token');
    const global = { 'x-auth-email': value('email'), 'x-auth-key': value('key') };
    if (token === '' && value('key') === '') throw badField(cloudflare, fieldOf(cloudflare, 'token'), 'is missing');
    if (token === '' && value('email') === '') throw badField(cloudflare, fieldOf(cloudflare, 'email'), 'is missing');
    const write = token === '' ? global : bearer(token);
    const read = token === '' ? global : bearer(value('zoneToken') || token);

    const recordsOf = (zone: Zone): string => `${base}/zones/${zone.id}/dns_records`;
    return recordProvider({
      definition: cloudflare,
      smallestTtlS: 60,
      options,
      api: {
        list: (signal) => pages(ask, `${base}/zones?per_page=50`, read, zoneSchema, signal),
        async records(zone, name, type, signal) {
          const url = `${recordsOf(zone)}?type=${type}&name=${encodeURIComponent(name)}&per_page=100`;
          const found = await pages(ask, url, write, recordSchema, signal);
          return found.map(({ id, content }) => ({ id, value: type === 'TXT' ? unquotedText(content) : content }));
        },
        async create(zone, record, signal) {
          await ask({ method: 'POST', url: recordsOf(zone), headers: write, json: body(record) }, signal);
        },
        async replace(zone, id, record, signal) {
          // What the owner set beside the value (proxied, comment, tags) stays.
          const { name, type, content } = body(record);
          await ask(
            { method: 'PATCH', url: `${recordsOf(zone)}/${id}`, headers: write, json: { name, type, content } },
            signal,
          );
        },
        async remove(zone, id, signal) {
          await ask({ method: 'DELETE', url: `${recordsOf(zone)}/${id}`, headers: write, accept: [404] }, signal);
        },
      },
    });
  },
};

const zoneSchema = z.object({ id: z.string(), name: z.string() });
const recordSchema = z.object({ id: z.string(), content: z.string() });

const bearer = (token: string): Readonly<Record<string, string>> => ({ authorization: `Bearer ${token}` });

function body({ name, type, value, ttlS }: { name: string; type: string; value: string; ttlS: number }) {
  return { name, type, content: type === 'TXT' ? quotedText(value) : value, ttl: ttlS };
}

async function pages<Item>(
  ask: Ask,
  url: string,
  headers: Readonly<Record<string, string>>,
  item: z.ZodType<Item>,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const schema = z.object({
    result: z.array(item),
    result_info: z.object({ total_pages: z.number().optional() }).nullish(),
  });
  const items: Item[] = [];
  for (let page = 1; ; page += 1) {
    const answer = shaped(cloudflare, schema, await ask({ url: `${url}&page=${page}`, headers }, signal));
    items.push(...answer.result);
    if (page >= (answer.result_info?.total_pages ?? 1)) return items;
  }
}

const errorSchema = z.object({ errors: z.array(z.object({ code: z.number(), message: z.string() })).min(1) });

function errorsOf(answer: Answer) {
  const parsed = errorSchema.safeParse(answer.json);
  return parsed.success ? parsed.data.errors : [];
}

const reasonOf = (answer: Answer): string | undefined =>
  errorsOf(answer)
    .map(({ code, message }) => `${message} (${code})`)
    .join('; ') || undefined;

/**
 * The statuses alone mislead: a wrong token is answered with 400 (6003: no token at all by its form), 401 (1000) or 403
 * (9109); a wrong global key with 400 (9103).
 */
function judge(answer: Answer): Judgement | null {
  if (answer.status < 300 || answer.status === 429 || answer.status >= 500) return null;
  const errors = errorsOf(answer);
  const wrong = errors.some(
    ({ code, message }) => credentialCodes.has(code) || (code === 9109 && /invalid access token/i.test(message)),
  );
  if (wrong) return { kind: 'credentials' };
  return errors.some(({ code }) => code === 10000 || code === 9109) ? { kind: 'rights' } : null;
}

const credentialCodes = new Set([1000, 6003, 6103, 6111, 9103, 9106, 9107, 9207]);
