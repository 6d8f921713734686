import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk } from '../ask.ts';
import { badField, baseOf, fieldOf, readCredentials } from '../credentials.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { unquotedText } from '../names.ts';
import { recordProvider } from '../record-provider.ts';

/** https://developer.hosting.ionos.com/docs/dns */
export const ionos: DnsProviderDefinition = {
  code: 'ionos',
  title: 'IONOS',
  credentials: [
    {
      key: 'apiKey',
      label: { en: 'API key', fr: 'Clé d’API' },
      secret: true,
      placeholder: 'prefix.secret',
      help: {
        en: 'Public prefix and secret, with a dot between them.',
        fr: 'Préfixe public et secret, séparés par un point.',
      },
    },
  ],
  help: {
    create: {
      en: 'Manage keys › Create new key. Join the public prefix and the secret with a dot.',
      fr: 'Manage keys › Create new key. Joignez le préfixe public et le secret par un point.',
    },
    rights: {
      en: 'Keys have no finer rights: they open all DNS zones of the contract.',
      fr: 'Les clés n’ont pas de droits plus fins : elles ouvrent toutes les zones DNS du contrat.',
    },
    url: 'https://developer.hosting.ionos.com/keys',
  },
  environment: { apiKey: ['IONOS_API_KEY'] },
  create(given, options) {
    const { value, secrets } = readCredentials(ionos, given);
    if (!/^[^.]+\.[^.]+$/.test(value('apiKey'))) {
      throw badField(ionos, fieldOf(ionos, 'apiKey'), 'must be the prefix, a dot and the secret');
    }
    const base = `${baseOf(ionos, given, options, 'https://api.hosting.ionos.com/dns')}/v1`;
    const ask = createAsk({ home: ionos, secrets, reasonOf, options });
    const headers = { 'x-api-key': value('apiKey') };

    return recordProvider({
      definition: ionos,
      smallestTtlS: 60,
      options,
      api: {
        async list(signal) {
          const answer = await ask({ url: `${base}/zones`, headers }, signal);
          return shaped(ionos, z.array(z.object({ id: z.string(), name: z.string() })), answer);
        },
        async records(zone, name, type, signal) {
          const url = `${base}/zones/${zone.id}?recordName=${encodeURIComponent(name)}&recordType=${type}`;
          const { records } = shaped(ionos, zoneSchema, await ask({ url, headers }, signal));
          // The name is a filter that may find more.
          return records
            .filter((record) => record.name === name && record.type === type)
            .map(({ id, content }) => ({ id, value: type === 'TXT' ? unquotedText(content) : content }));
        },
        async create(zone, { name, type, value: content, ttlS }, signal) {
          const json = [{ name, type, content, ttl: ttlS, prio: 0, disabled: false }];
          await ask({ method: 'POST', url: `${base}/zones/${zone.id}/records`, headers, json }, signal);
        },
        async replace(zone, id, { value: content, ttlS }, signal) {
          const json = { content, ttl: ttlS, prio: 0, disabled: false };
          await ask({ method: 'PUT', url: `${base}/zones/${zone.id}/records/${id}`, headers, json }, signal);
        },
        async remove(zone, id, signal) {
          const url = `${base}/zones/${zone.id}/records/${id}`;
          await ask({ method: 'DELETE', url, headers, accept: [404] }, signal);
        },
      },
    });
  },
};

const zoneSchema = z.object({
  records: z.array(z.object({ id: z.string(), name: z.string(), type: z.string(), content: z.string() })),
});
const errorSchema = z.array(z.object({ code: z.string().optional(), message: z.string().optional() }));

function reasonOf({ json }: Answer): string | undefined {
  const [error] = errorSchema.safeParse(json).data ?? [];
  return error?.message ?? error?.code;
}
