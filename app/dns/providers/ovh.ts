import { createHash } from 'node:crypto';
import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, type Ask, createAsk, type Headers, type Judgement, type Question } from '../ask.ts';
import { badField, baseOf, fieldOf, type ReadCredentials, readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { relativeName, unquotedText } from '../names.ts';
import { recordProvider } from '../record-provider.ts';
import type { Zone } from '../zones.ts';

/** API address and, where there is OAuth2, the address that gives tokens; by the names that OVH's own clients use. */
const regions: Readonly<Record<string, { readonly api: string; readonly token: string }>> = {
  'ovh-eu': { api: 'https://eu.api.ovh.com/1.0', token: 'https://www.ovh.com/auth/oauth2/token' },
  'ovh-ca': { api: 'https://ca.api.ovh.com/1.0', token: 'https://ca.ovh.com/auth/oauth2/token' },
  'ovh-us': { api: 'https://api.us.ovhcloud.com/1.0', token: 'https://us.ovhcloud.com/auth/oauth2/token' },
};

const rules = 'GET /domain/zone, GET, POST, PUT, DELETE /domain/zone/*';

/** https://eu.api.ovh.com/console/?section=%2Fdomain */
export const ovh: DnsProviderDefinition = {
  code: 'ovh',
  title: 'OVHcloud',
  credentials: [
    {
      key: 'region',
      label: { en: 'Region', fr: 'Région' },
      choices: Object.keys(regions),
      optional: true,
    },
    {
      key: 'applicationKey',
      label: { en: 'Application key', fr: 'Clé d’application' },
      optional: true,
    },
    {
      key: 'applicationSecret',
      label: { en: 'Application secret', fr: 'Secret d’application' },
      secret: true,
      optional: true,
    },
    {
      key: 'consumerKey',
      label: { en: 'Consumer key', fr: 'Clé consommateur' },
      secret: true,
      optional: true,
    },
    {
      key: 'clientId',
      label: { en: 'Client ID (OAuth2)', fr: 'Identifiant client (OAuth2)' },
      optional: true,
      help: { en: 'In place of the three keys.', fr: 'À la place des trois clés.' },
    },
    {
      key: 'clientSecret',
      label: { en: 'Client secret (OAuth2)', fr: 'Secret client (OAuth2)' },
      secret: true,
      optional: true,
    },
    {
      key: 'accessToken',
      label: { en: 'Access token', fr: 'Jeton d’accès' },
      secret: true,
      optional: true,
      help: { en: 'In place of all of these. It ends soon.', fr: 'À la place de tout le reste. Il expire vite.' },
    },
  ],
  help: {
    create: {
      en: 'Create a token there: it gives an application key, its secret and a consumer key. Validity: Unlimited.',
      fr: 'Créez-y un jeton : il donne une clé d’application, son secret et une clé consommateur. Validité : illimitée.',
    },
    rights: { en: `These rights: ${rules}.`, fr: `Ces droits : ${rules}.` },
    url: 'https://www.ovh.com/auth/api/createToken?GET=/domain/zone&GET=/domain/zone/*&POST=/domain/zone/*&PUT=/domain/zone/*&DELETE=/domain/zone/*',
  },
  environment: {
    region: ['OVH_ENDPOINT'],
    applicationKey: ['OVH_APPLICATION_KEY'],
    applicationSecret: ['OVH_APPLICATION_SECRET'],
    consumerKey: ['OVH_CONSUMER_KEY'],
    clientId: ['OVH_CLIENT_ID'],
    clientSecret: ['OVH_CLIENT_SECRET'],
    accessToken: ['OVH_ACCESS_TOKEN'],
  },
  create(given, options) {
    const read = readCredentials(ovh, given);
    const region = regions[read.value('region') || 'ovh-eu'] ?? { api: '', token: '' };
    const base = baseOf(ovh, given, options, region.api);
    const secrets = [...read.secrets];
    const plain = createAsk({ home: ovh, secrets, reasonOf, judge, options });
    const now = options?.now ?? Date.now;
    const tokenUrl = options?.endpoint === undefined ? region.token : `${base}/auth/oauth2/token`;
    const ask = authorized(read, plain, base, tokenUrl, now, secrets);
    const recordsOf = (zone: Zone): string => `${base}/domain/zone/${encodeURIComponent(zone.id)}/record`;

    return recordProvider({
      definition: ovh,
      smallestTtlS: 60,
      options,
      api: {
        list: async (signal) => {
          const names = shaped(ovh, z.array(z.string()), await ask({ url: `${base}/domain/zone` }, signal));
          return names.map((name) => ({ name, id: name }));
        },
        async records(zone, name, type, signal) {
          const sub = encodeURIComponent(relativeName(name, zone.name));
          const answer = await ask({ url: `${recordsOf(zone)}?fieldType=${type}&subDomain=${sub}` }, signal);
          const found: { id: string; value: string }[] = [];
          for (const id of shaped(ovh, z.array(z.number()), answer)) {
            const one = await ask({ url: `${recordsOf(zone)}/${id}`, accept: [404] }, signal);
            if (one.status === 404) continue;
            const { target } = shaped(ovh, z.object({ target: z.string() }), one);
            found.push({ id: String(id), value: type === 'TXT' ? unquotedText(target) : target });
          }
          return found;
        },
        async create(zone, { name, type, value, ttlS }, signal) {
          const json = {
            fieldType: type,
            subDomain: relativeName(name, zone.name),
            target: type === 'CNAME' ? `${value}.` : value,
            ttl: ttlS,
          };
          await ask({ method: 'POST', url: recordsOf(zone), json }, signal);
        },
        async remove(zone, id, signal) {
          await ask({ method: 'DELETE', url: `${recordsOf(zone)}/${id}`, accept: [404] }, signal);
        },
        // Changes are drafts until then.
        async apply(zone, signal) {
          const url = `${base}/domain/zone/${encodeURIComponent(zone.id)}/refresh`;
          await ask({ method: 'POST', url, repeatable: true }, signal);
        },
      },
    });
  },
};

/** Asks in one of OVH's three ways of saying who asks. */
function authorized(
  { value }: ReadCredentials,
  ask: Ask,
  base: string,
  tokenUrl: string,
  now: () => number,
  secrets: string[],
): (question: Question, signal: AbortSignal) => Promise<Answer> {
  const missing = (key: string): Error => badField(ovh, fieldOf(ovh, key), 'is missing');
  const keys = ['applicationKey', 'applicationSecret', 'consumerKey'];
  const oauth = ['clientId', 'clientSecret'];
  const ways = [keys, oauth, ['accessToken']].filter((way) => way.some((key) => value(key) !== ''));
  if (ways.length > 1) {
    throw new DnsProviderError({
      kind: 'credentials',
      provider: ovh.title,
      message: 'OVHcloud is given two kinds of credentials at once.',
      fix: 'Leave only one: the three keys, or client ID and secret, or the access token.',
    });
  }
  const [way = keys] = ways;
  const absent = way.find((key) => value(key) === '');
  if (absent !== undefined) throw missing(absent);
  if (way === keys) return signing(value, ask, base, now);
  if (way !== oauth) {
    return (question, signal) =>
      ask({ ...question, headers: { authorization: `Bearer ${value('accessToken')}` } }, signal);
  }
  let token: { readonly text: string; readonly untilMs: number } | null = null;
  return async (question, signal) => {
    if (token === null || token.untilMs < now()) {
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: value('clientId'),
        client_secret: value('clientSecret'),
        scope: 'all',
      }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const answer = await ask({ method: 'POST', url: tokenUrl, headers, body, repeatable: true }, signal);
      const { access_token: text, expires_in: seconds } = shaped(ovh, tokenSchema, answer);
      secrets.push(text);
      token = { text, untilMs: now() + (seconds - 60) * 1000 };
    }
    return ask({ ...question, headers: { authorization: `Bearer ${token.text}` } }, signal);
  };
}

const tokenSchema = z.object({ access_token: z.string(), expires_in: z.number() });

/** Signed with OVH's own time, as a clock that is wrong by a minute is refused. */
function signing(value: (key: string) => string, ask: Ask, base: string, now: () => number) {
  let aheadS: number | null = null;
  return async (question: Question, signal: AbortSignal): Promise<Answer> => {
    if (aheadS === null) {
      const theirs = shaped(ovh, z.number(), await ask({ url: `${base}/auth/time` }, signal));
      aheadS = theirs - Math.floor(now() / 1000);
    }
    const ahead = aheadS;
    const body = question.json === undefined ? '' : JSON.stringify(question.json);
    const headers = (): Headers => {
      const timestamp = String(Math.floor(now() / 1000) + ahead);
      const parts = [value('applicationSecret'), value('consumerKey'), question.method ?? 'GET'];
      const text = [...parts, question.url, body, timestamp].join('+');
      return {
        'x-ovh-application': value('applicationKey'),
        'x-ovh-consumer': value('consumerKey'),
        'x-ovh-timestamp': timestamp,
        'x-ovh-signature': `$1$${createHash('sha1').update(text).digest('hex')}`,
      };
    };
    return ask({ ...question, headers }, signal);
  };
}

const errorSchema = z.object({ message: z.string().optional(), errorCode: z.string().optional() });

function reasonOf({ json }: Answer): string | undefined {
  const error = errorSchema.safeParse(json).data;
  return [error?.message, error?.errorCode].filter((part) => part !== undefined).join(', ') || undefined;
}

/** Wrong keys are answered with 400 or 403; `NOT_GRANTED_CALL` alone means that a right is missing. */
function judge({ status, json }: Answer): Judgement | null {
  if (status < 400 || status >= 500 || status === 429) return null;
  const { errorCode = '' } = errorSchema.safeParse(json).data ?? {};
  if (/^(?:INVALID_(?:KEY|CREDENTIAL|SIGNATURE)|NOT_CREDENTIAL|QUERY_TIME_OUT)$/.test(errorCode)) {
    return { kind: 'credentials' };
  }
  return errorCode === 'NOT_GRANTED_CALL' || errorCode === 'FORBIDDEN' ? { kind: 'rights' } : null;
}
