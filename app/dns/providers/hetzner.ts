import { z } from 'zod';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk, type Judgement, pauseFor } from '../ask.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { DnsProviderDefinition } from '../dns-provider.ts';
import { relativeName } from '../names.ts';
import { recordSetProvider } from '../record-set-provider.ts';
import { fromWire, toWire } from '../wire-values.ts';
import type { Zone } from '../zones.ts';

/** https://docs.hetzner.cloud/reference/cloud#dns */
export const hetzner: DnsProviderDefinition = {
  code: 'hetzner',
  title: 'Hetzner',
  credentials: [
    { key: 'token', label: { en: 'Cloud API token', fr: 'Jeton de l’API Cloud' }, secret: true, optional: true },
    {
      key: 'oldKey',
      label: { en: 'Token of the old DNS console', fr: 'Jeton de l’ancienne console DNS' },
      secret: true,
      optional: true,
      help: {
        en: 'The old DNS console was closed; its tokens no longer work.',
        fr: 'L’ancienne console DNS a été fermée ; ses jetons ne fonctionnent plus.',
      },
    },
  ],
  help: {
    create: {
      en: 'Hetzner Console › the project that has the zone › Security › API tokens › Generate API token.',
      fr: 'Hetzner Console › le projet qui contient la zone › Sécurité › Jetons d’API › Générer un jeton d’API.',
    },
    rights: {
      en: 'Read & Write. A token opens the whole project, so keep DNS zones in a project of their own.',
      fr: 'Lecture et écriture. Un jeton ouvre tout le projet : gardez les zones DNS dans un projet à part.',
    },
    url: 'https://console.hetzner.com/',
  },
  environment: {
    token: ['HETZNER_API_TOKEN', 'HCLOUD_TOKEN'],
    oldKey: ['HETZNER_API_KEY'],
  },
  create(given, options) {
    const { value, secrets } = readCredentials(hetzner, given);
    if (value('token') === '') throw noToken(value('oldKey') !== '');
    const base = baseOf(hetzner, given, options, 'https://api.hetzner.cloud/v1');
    const ask = createAsk({ home: hetzner, secrets, reasonOf, judge, options });
    const pause = options?.pause ?? pauseFor;
    const headers = { authorization: `Bearer ${value('token')}` };
    const setUrl = (zone: Zone, name: string, type: string): string =>
      `${base}/zones/${zone.id}/rrsets/${encodeURIComponent(relativeName(name, zone.name) || '@')}/${type}`;

    /** Changes are made after the answer; the action says when. */
    async function done(answer: Answer, signal: AbortSignal): Promise<void> {
      let { action } = shaped(hetzner, actionSchema, answer);
      for (let tries = 0; action.status === 'running'; tries += 1) {
        if (tries >= 60) throw dnsFailure(hetzner, 'unavailable', { reason: 'the change takes too long' });
        await pause(500, signal);
        const next = await ask({ url: `${base}/actions/${action.id}`, headers }, signal);
        action = shaped(hetzner, actionSchema, next).action;
      }
      if (action.status !== 'success') {
        throw dnsFailure(hetzner, 'refused', { reason: action.error?.message ?? 'the change failed' });
      }
    }

    return recordSetProvider({
      definition: hetzner,
      smallestTtlS: 60,
      options,
      api: {
        async list(signal) {
          const zones: Zone[] = [];
          for (let page: number | null = 1; page !== null; ) {
            const answer = await ask({ url: `${base}/zones?per_page=50&page=${page}`, headers }, signal);
            const { zones: some, meta } = shaped(hetzner, zonesSchema, answer);
            zones.push(...some.map(({ id, name }) => ({ name, id: String(id) })));
            page = meta?.pagination?.next_page ?? null;
          }
          return zones;
        },
        async read(zone, name, type, signal) {
          const answer = await ask({ url: setUrl(zone, name, type), headers, accept: [404] }, signal);
          if (answer.status === 404) return null;
          const { rrset } = shaped(hetzner, setSchema, answer);
          return fromWire(
            type,
            rrset.records.map((record) => record.value),
            rrset.ttl ?? 3600,
          );
        },
        async write(zone, name, type, set, before, signal) {
          const records = toWire(type, set, before).map((text) => ({ value: text }));
          if (before === null) {
            const json = { name: relativeName(name, zone.name) || '@', type, ttl: set.ttlS, records };
            await done(
              await ask({ method: 'POST', url: `${base}/zones/${zone.id}/rrsets`, headers, json }, signal),
              signal,
            );
            return;
          }
          const url = `${setUrl(zone, name, type)}/actions/set_records`;
          await done(await ask({ method: 'POST', url, headers, json: { records } }, signal), signal);
        },
        async remove(zone, name, type, _before, signal) {
          const url = setUrl(zone, name, type);
          const answer = await ask({ method: 'DELETE', url, headers, accept: [404] }, signal);
          if (answer.status !== 404) await done(answer, signal);
        },
      },
    });
  },
};

function noToken(hasOldKey: boolean): DnsProviderError {
  return new DnsProviderError({
    kind: 'credentials',
    provider: hetzner.title,
    message: hasOldKey
      ? 'HETZNER_API_KEY holds a token of Hetzner’s old DNS console, which was closed.'
      : 'Hetzner: “Cloud API token” (HETZNER_API_TOKEN) is missing.',
    fix: hasOldKey
      ? `Move the zone to the Hetzner Console if it is not there yet, make a token there, and set it as HETZNER_API_TOKEN. ${hetzner.help.create.en}`
      : hetzner.help.create.en,
    details: { provider: hetzner.title, field: hasOldKey ? 'oldKey' : 'token' },
  });
}

const zonesSchema = z.object({
  zones: z.array(z.object({ id: z.number(), name: z.string() })),
  meta: z.object({ pagination: z.object({ next_page: z.number().nullable() }).optional() }).optional(),
});
const setSchema = z.object({
  rrset: z.object({ ttl: z.number().nullish(), records: z.array(z.object({ value: z.string() })) }),
});
const actionSchema = z.object({
  action: z.object({
    id: z.number(),
    status: z.enum(['running', 'success', 'error']),
    error: z.object({ message: z.string() }).nullish(),
  }),
});
const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function reasonOf({ json }: Answer): string | undefined {
  const error = errorSchema.safeParse(json).data?.error;
  return error && `${error.message} (${error.code})`;
}

function judge({ status, json }: Answer): Judgement | null {
  const code = errorSchema.safeParse(json).data?.error.code;
  if (code === 'token_readonly') return { kind: 'rights' };
  // Another change of the zone is under way, or came first: worth a new look.
  if (code === 'locked' || code === 'conflict' || code === 'uniqueness_error') return { kind: 'unavailable' };
  return status === 423 ? { kind: 'unavailable' } : null;
}
