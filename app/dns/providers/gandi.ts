import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk } from '../ask.ts';
import { badField, baseOf, fieldOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { relativeName } from '../names.ts';
import { recordSetProvider } from '../record-set-provider.ts';
import { fromWire, toWire } from '../wire-values.ts';
import type { Zone } from '../zones.ts';

const perPage = 100;

/** https://api.gandi.net/docs/livedns/ */
export const gandi: DnsProviderDefinition = {
  code: 'gandiv5',
  title: 'Gandi',
  credentials: [
    {
      key: 'token',
      label: { en: 'Personal access token', fr: 'Jeton d’accès personnel' },
      secret: true,
      optional: true,
    },
    {
      key: 'apiKey',
      label: { en: 'API key (old)', fr: 'Clé d’API (ancienne)' },
      secret: true,
      optional: true,
      help: { en: 'Gandi replaces these by tokens.', fr: 'Gandi les remplace par les jetons.' },
    },
  ],
  help: {
    create: {
      en: 'Account › Authentication options › Personal Access Token › Create a token, limited to the domain.',
      fr: 'Compte › Options d’authentification › Jeton d’accès personnel › Créer un jeton, limité au domaine.',
    },
    rights: {
      en: 'See and renew domain names, Manage domain name technical configurations.',
      fr: 'Voir et renouveler les noms de domaine, Gérer la configuration technique des domaines.',
    },
    url: 'https://admin.gandi.net/organizations/account/pat',
  },
  environment: {
    token: ['GANDIV5_PERSONAL_ACCESS_TOKEN'],
    apiKey: ['GANDIV5_API_KEY'],
  },
  create(given, options) {
    const { value, secrets } = readCredentials(gandi, given);
    const token = value('token');
    if (token === '' && value('apiKey') === '') throw badField(gandi, fieldOf(gandi, 'token'), 'is missing');
    const base = baseOf(gandi, given, options, 'https://api.gandi.net/v5/livedns');
    const ask = createAsk({ home: gandi, secrets, reasonOf, options });
    const headers = { authorization: token === '' ? `Apikey ${value('apiKey')}` : `Bearer ${token}` };
    const setUrl = (zone: Zone, name: string, type: string): string =>
      `${base}/domains/${zone.id}/records/${encodeURIComponent(relativeName(name, zone.name) || '@')}/${type}`;

    return recordSetProvider({
      definition: gandi,
      smallestTtlS: 300,
      options,
      api: {
        async list(signal) {
          const zones: Zone[] = [];
          for (let page = 1; ; page += 1) {
            const answer = await ask({ url: `${base}/domains?per_page=${perPage}&page=${page}`, headers }, signal);
            const some = shaped(gandi, z.array(z.object({ fqdn: z.string() })), answer);
            zones.push(...some.map(({ fqdn }) => ({ name: fqdn, id: fqdn })));
            const total = Number(answer.header('total-count') || Number.NaN);
            if (some.length === 0 || (Number.isNaN(total) ? some.length < perPage : zones.length >= total))
              return zones;
          }
        },
        async read(zone, name, type, signal) {
          const answer = await ask({ url: setUrl(zone, name, type), headers, accept: [404] }, signal);
          if (answer.status === 404) return null;
          const set = shaped(gandi, setSchema, answer);
          return fromWire(type, set.rrset_values, set.rrset_ttl);
        },
        async write(zone, name, type, set, before, signal) {
          const json = { rrset_values: toWire(type, set, before), rrset_ttl: set.ttlS };
          await ask({ method: 'PUT', url: setUrl(zone, name, type), headers, json }, signal);
        },
        async remove(zone, name, type, _before, signal) {
          await ask({ method: 'DELETE', url: setUrl(zone, name, type), headers, accept: [404] }, signal);
        },
      },
    });
  },
};

const setSchema = z.object({ rrset_values: z.array(z.string()), rrset_ttl: z.number() });

function reasonOf({ json }: Answer): string | undefined {
  const error = z.object({ message: z.string().optional(), cause: z.string().optional() }).safeParse(json).data;
  return error?.message ?? error?.cause;
}
