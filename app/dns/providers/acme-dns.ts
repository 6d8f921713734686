import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writePrivateFile } from '../../certificates/files.ts';
import { shaped } from '../answer-shape.ts';
import { type Answer, createAsk } from '../ask.ts';
import { cannotList } from '../changes.ts';
import { badField, baseOf, fieldOf, readCredentials } from '../credentials.ts';
import { DnsProviderError } from '../dns-error.ts';
import { dnsFailure } from '../dns-failure.ts';
import type { CheckResult, DnsProvider, DnsProviderDefinition, DnsProviderOptions } from '../dns-provider.ts';
import { inTurn } from '../in-turn.ts';
import { LookupError, lookupFor } from '../lookup.ts';
import { plainName } from '../names.ts';

/** https://github.com/joohoi/acme-dns#api */
export const acmeDns: DnsProviderDefinition = {
  code: 'acme-dns',
  title: 'acme-dns',
  credentials: [
    {
      key: 'url',
      address: true,
      label: { en: 'Address of the server', fr: 'Adresse du serveur' },
      placeholder: 'https://auth.example.org',
    },
    {
      key: 'allowFrom',
      label: { en: 'Networks that may update', fr: 'Réseaux autorisés à modifier' },
      optional: true,
      placeholder: '192.0.2.0/24, 2001:db8::/32',
      help: { en: 'For accounts that are made from now on.', fr: 'Pour les comptes créés à partir de maintenant.' },
    },
    {
      key: 'storagePath',
      environmentOnly: true,
      label: { en: 'File of accounts', fr: 'Fichier des comptes' },
      optional: true,
      placeholder: '/etc/gatehouse/acme-dns.json',
      help: {
        en: 'As lego and Traefik keep it. Gatehouse keeps accounts itself where this is empty.',
        fr: 'Tel que lego et Traefik le gardent. S’il est vide, Gatehouse garde les comptes lui-même.',
      },
    },
  ],
  help: {
    create: {
      en: 'Only the address: an account for each domain is made by itself, and you are told the CNAME to make once.',
      fr: 'Seulement l’adresse : un compte par domaine est créé tout seul, et le CNAME à créer une fois vous est indiqué.',
    },
    rights: {
      en: 'None at your DNS provider, which is what acme-dns is for.',
      fr: 'Aucun chez votre fournisseur DNS : c’est le but d’acme-dns.',
    },
    url: 'https://github.com/joohoi/acme-dns',
  },
  environment: {
    url: ['ACME_DNS_API_BASE'],
    allowFrom: ['ACME_DNS_ALLOWLIST'],
    storagePath: ['ACME_DNS_STORAGE_PATH'],
  },
  create(given, options = {}) {
    const { value } = readCredentials(acmeDns, given);
    const base = baseOf(acmeDns, { endpoint: value('url') }, options, value('url'));
    const accounts = accountsIn(value('storagePath'), options);
    const secrets: string[] = [];
    const ask = createAsk({ home: acmeDns, secrets, reasonOf, options });
    const allowFrom = value('allowFrom')
      .split(',')
      .map((network) => network.trim())
      .filter((network) => network !== '');

    async function register(signal: AbortSignal): Promise<Account> {
      const json = allowFrom.length === 0 ? {} : { allowfrom: allowFrom };
      const answer = await ask({ method: 'POST', url: `${base}/register`, json }, signal);
      return { ...shaped(acmeDns, accountSchema, answer), server_url: base };
    }

    /** The account of a domain; it is kept before anybody is told of it. */
    async function accountFor(fqdn: string, signal: AbortSignal): Promise<Account> {
      const all = await accounts.read();
      const byTarget = Object.values(all).find(({ fulldomain }) => plainName(fulldomain) === fqdn);
      const domain = fqdn.replace(/^_acme-challenge\./, '');
      const known = byTarget ?? all[domain];
      if (known) return known;
      const made = await register(signal);
      await accounts.write({ ...all, [domain]: made });
      return made;
    }

    const provider: Omit<DnsProvider, 'check'> = {
      async setTxt({ fqdn: asked, value: txt }, signal) {
        const fqdn = plainName(asked);
        const account = await inTurn(`acme-dns ${base}`, signal, () => accountFor(fqdn, signal));
        secrets.push(account.password);
        const target = plainName(account.fulldomain);
        if (fqdn !== target && !(await leadsTo(fqdn, target, options, signal))) throw aliasMissing(fqdn, target);
        const headers = { 'x-api-user': account.username, 'x-api-key': account.password };
        const json = { subdomain: account.subdomain, txt };
        // It keeps the last two values, so that one set again would push the other one out.
        if ((await textsOf(target, options, signal)).includes(txt)) return;
        // Its password is for the server that made it, whatever address is set up now.
        const home = (account.server_url ?? base).replace(/\/+$/, '');
        await ask({ method: 'POST', url: `${home}/update`, headers, json }, signal);
      },
      // There is no way to take a value away; newer ones take its place.
      removeTxt: () => Promise.resolve(),
      upsertAddress: () => Promise.reject(dnsFailure(acmeDns, 'refused', { reason: 'it knows TXT records only' })),
      listZones: () => Promise.reject(cannotList(acmeDns)),
    };

    return {
      ...provider,
      async check(signal, domain): Promise<CheckResult> {
        try {
          await ask({ url: `${base}/health`, accept: [404] }, signal);
          if (domain === undefined) return { ok: true, zones: [], note: 'acme-dns can only be tried with a domain.' };
          const fqdn = `_acme-challenge.${plainName(domain).replace(/^\*\./, '')}`;
          const account = await inTurn(`acme-dns ${base}`, signal, () => accountFor(fqdn, signal));
          const target = plainName(account.fulldomain);
          if (!(await leadsTo(fqdn, target, options, signal))) throw aliasMissing(fqdn, target);
          return { ok: true, zones: [], note: null };
        } catch (error) {
          if (error instanceof DnsProviderError) return { ok: false, error };
          throw error;
        }
      },
    };
  },
};

const accountSchema = z.object({
  username: z.string(),
  password: z.string(),
  fulldomain: z.string(),
  subdomain: z.string(),
});
/** As lego's library writes it: by domain. */
const fileSchema = z.record(z.string(), accountSchema.extend({ server_url: z.string().optional() }));
type Account = z.infer<typeof fileSchema>[string];
type Accounts = Readonly<Record<string, Account>>;

function accountsIn(path: string, { accounts }: DnsProviderOptions) {
  if (path === '' && !accounts) throw badField(acmeDns, fieldOf(acmeDns, 'storagePath'), 'is missing');
  const where = path === '' ? 'what Gatehouse keeps of acme-dns' : path;
  return {
    async read(): Promise<Accounts> {
      const text = path === '' ? await accounts?.read() : await textOf(path);
      if (text === null || text === undefined || text.trim() === '') return {};
      const parsed = fileSchema.safeParse(parsedJson(text));
      // Accounts that were lost would need new CNAMEs, so a damaged file is never written over.
      if (!parsed.success) throw unusable(where, 'it is not a list of accounts');
      return parsed.data;
    },
    async write(all: Accounts): Promise<void> {
      const text = `${JSON.stringify(all, null, 2)}\n`;
      if (path === '') return accounts?.write(text);
      try {
        writePrivateFile(path, text, { durable: true });
      } catch (error) {
        throw unusable(where, error instanceof Error ? error.message : String(error));
      }
    },
  };
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function unusable(where: string, reason: string): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: acmeDns.title,
    message: `acme-dns accounts cannot be read or kept: ${where}: ${reason}.`,
    fix: 'Correct the file or its rights. It is not replaced by a new one, as the CNAME records lead to the accounts in it.',
    details: { provider: acmeDns.title, where, reason },
  });
}

/** Whether the aliases of a name end at the account's. Where nobody can be asked, the CA will be the one to see. */
async function leadsTo(
  fqdn: string,
  target: string,
  options: DnsProviderOptions,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const aliases = await lookupFor(options).records(fqdn, 'CNAME', signal);
    return aliases.some((alias) => plainName(alias) === target);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LookupError) return error.code !== 'NO_ZONE';
    throw error;
  }
}

async function textsOf(name: string, options: DnsProviderOptions, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return (await lookupFor(options).textsAtAuthority(name, signal)).flatMap(({ texts }) => texts ?? []);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LookupError) return [];
    throw error;
  }
}

function aliasMissing(fqdn: string, target: string): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: acmeDns.title,
    message: `${fqdn} does not lead to acme-dns yet.`,
    fix: `Make this record once at your DNS provider: ${fqdn} CNAME ${target}`,
    details: { provider: acmeDns.title, name: fqdn, type: 'CNAME', value: target },
  });
}

/** One of its codes. Anything else is not repeated: its address may be that of something else in this network. */
function reasonOf({ json }: Answer): string | undefined {
  return z.object({ error: z.string().regex(/^[a-z_]{1,40}$/) }).safeParse(json).data?.error;
}
