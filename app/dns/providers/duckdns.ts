import { createAsk, type Judgement } from '../ask.ts';
import { cannotList, mayHaveHappened, soundAddress } from '../changes.ts';
import { checkProvider } from '../check-provider.ts';
import { baseOf, readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { DnsProvider, DnsProviderDefinition } from '../dns-provider.ts';
import { inTurn } from '../in-turn.ts';
import { plainName } from '../names.ts';

/** What we set last, by domain, whichever order asked for it: DuckDNS has one text for a domain and all below it. */
const texts = new Map<string, { readonly text: string; readonly atMs: number }>();
/** A challenge that has not taken its text away by then was cut off, and keeps no other one waiting. */
const heldForMs = 15 * 60_000;

/** https://www.duckdns.org/spec.jsp */
export const duckdns: DnsProviderDefinition = {
  code: 'duckdns',
  title: 'Duck DNS',
  oneAtATime: true,
  credentials: [{ key: 'token', label: { en: 'Token', fr: 'Jeton' }, secret: true }],
  help: {
    create: {
      en: 'Sign in and copy the token at the top of the page. Your domain must be listed below it.',
      fr: 'Connectez-vous et copiez le jeton en haut de la page. Votre domaine doit figurer en dessous.',
    },
    rights: {
      en: 'The token opens all domains of the account; there are no finer rights.',
      fr: 'Le jeton ouvre tous les domaines du compte ; il n’y a pas de droits plus fins.',
    },
    url: 'https://www.duckdns.org/',
  },
  environment: { token: ['DUCKDNS_TOKEN'] },
  create(given, options) {
    const { value, secrets } = readCredentials(duckdns, given);
    const base = baseOf(duckdns, given, options, 'https://www.duckdns.org');
    const now = options?.now ?? Date.now;
    const ask = createAsk({ home: duckdns, secrets, judge, options });
    const update = async (domain: string, fields: Record<string, string>, signal: AbortSignal): Promise<void> => {
      const query = new URLSearchParams({ domains: domain, token: value('token'), ...fields }).toString();
      await ask({ url: `${base}/update?${query}` }, signal);
    };
    const turn = (domain: string, signal: AbortSignal, run: () => Promise<void>) =>
      inTurn(`duckdns ${domain}`, signal, run);

    const provider: Omit<DnsProvider, 'check'> = {
      async setTxt({ fqdn, value: text }, signal) {
        const domain = domainOf(fqdn);
        await turn(domain, signal, async () => {
          const held = texts.get(domain);
          if (held && held.text !== text && now() - held.atMs < heldForMs) throw oneText(domain);
          try {
            await update(domain, { txt: text }, signal);
          } catch (error) {
            if (mayHaveHappened(error)) texts.set(domain, { text, atMs: now() });
            throw error;
          }
          texts.set(domain, { text, atMs: now() });
        });
      },
      async removeTxt({ fqdn, value: text }, signal) {
        const domain = domainOf(fqdn);
        await turn(domain, signal, async () => {
          if ((texts.get(domain)?.text ?? text) !== text) return;
          await update(domain, { txt: text, clear: 'true' }, signal);
          texts.delete(domain);
        });
      },
      async upsertAddress(asked, signal) {
        const record = soundAddress(duckdns, asked);
        const domain = domainOf(record.name);
        if (asked.type === 'CNAME' || record.name !== `${domain}.duckdns.org`) {
          throw dnsFailure(duckdns, 'refused', {
            reason: 'it has addresses for its domains only; every name below one has the same',
          });
        }
        await turn(domain, signal, () =>
          update(domain, { [asked.type === 'A' ? 'ip' : 'ipv6']: record.value }, signal),
        );
      },
      listZones: () => Promise.reject(cannotList(duckdns)),
    };
    return {
      ...provider,
      check: async (signal, domain) => {
        const result = await checkProvider({ provider, lists: false }, signal, domain);
        if (!result.ok || domain !== undefined) return result;
        return { ...result, note: 'Duck DNS can only be tried with a domain.' };
      },
    };
  },
};

/** `photos` of `_acme-challenge.a.photos.duckdns.org`. */
function domainOf(name: string): string {
  const [, domain] = /(?:^|\.)([^.]+)\.duckdns\.org$/.exec(plainName(name)) ?? [];
  if (domain === undefined) throw dnsFailure(duckdns, 'zone-missing', { name: plainName(name) });
  return domain;
}

function oneText(domain: string): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: duckdns.title,
    message: `Duck DNS holds one TXT value for ${domain}.duckdns.org and all names below it, and another challenge still needs the present one.`,
    fix: 'Names of one Duck DNS domain are proved one after the other. It is tried again by itself.',
    details: { provider: duckdns.title, name: `${domain}.duckdns.org` },
  });
}

/** The answer is `OK` or `KO`, and nothing says why. */
function judge({ status, text }: { readonly status: number; readonly text: string }): Judgement | null {
  if (status >= 300 || text.startsWith('OK')) return null;
  if (!text.startsWith('KO')) return { kind: 'unavailable', reason: 'its answer is neither OK nor KO' };
  return { kind: 'credentials', reason: 'it answers KO: the token is wrong, or the domain is not of this account' };
}
