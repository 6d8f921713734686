import { readFile } from 'node:fs/promises';
import { Secret } from '../secrets/secret.ts';
import { DnsProviderError } from './dns-error.ts';
import type { DnsCredentials, DnsProviderDefinition } from './dns-provider.ts';

/** Every provider by its code. Each is loaded when it is asked for, as most installations use one. */
export const dnsProviders: Readonly<Record<string, () => Promise<DnsProviderDefinition>>> = {
  'acme-dns': async () => (await import('./providers/acme-dns.ts')).acmeDns,
  cloudflare: async () => (await import('./providers/cloudflare.ts')).cloudflare,
  desec: async () => (await import('./providers/desec.ts')).desec,
  digitalocean: async () => (await import('./providers/digitalocean.ts')).digitalocean,
  duckdns: async () => (await import('./providers/duckdns.ts')).duckdns,
  dynu: async () => (await import('./providers/dynu.ts')).dynu,
  exec: async () => (await import('./providers/exec.ts')).exec,
  gandiv5: async () => (await import('./providers/gandi.ts')).gandi,
  hetzner: async () => (await import('./providers/hetzner.ts')).hetzner,
  httpreq: async () => (await import('./providers/httpreq.ts')).httpreq,
  infomaniak: async () => (await import('./providers/infomaniak.ts')).infomaniak,
  ionos: async () => (await import('./providers/ionos.ts')).ionos,
  manual: async () => (await import('./providers/manual.ts')).manual,
  namecheap: async () => (await import('./providers/namecheap.ts')).namecheap,
  ovh: async () => (await import('./providers/ovh.ts')).ovh,
  porkbun: async () => (await import('./providers/porkbun.ts')).porkbun,
  rfc2136: async () => (await import('./providers/rfc2136.ts')).rfc2136,
  route53: async () => (await import('./providers/route53.ts')).route53,
  scaleway: async () => (await import('./providers/scaleway.ts')).scaleway,
};

/** What lego 5 calls differently. */
const newerCodes: Readonly<Record<string, string | undefined>> = { dnsupdate: 'rfc2136' };

/** A provider by the code that Traefik and lego call it; undefined where there is none. */
export async function dnsProvider(code: string): Promise<DnsProviderDefinition | undefined> {
  const known = newerCodes[code] ?? code;
  return Object.hasOwn(dnsProviders, known) ? dnsProviders[known]?.() : undefined;
}

/** All of them, for forms and pages. */
export async function allDnsProviders(): Promise<readonly DnsProviderDefinition[]> {
  return Promise.all(Object.values(dnsProviders).map((load) => load()));
}

/**
 * What the environment says of a provider's credentials: each field from the first of its variables that is set, or from
 * the file that `NAME_FILE` names. Fields that are not set are left out. Throws where a named file cannot be read.
 */
export async function credentialsFromEnvironment(
  code: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DnsCredentials> {
  const definition = await dnsProvider(code);
  if (!definition) return {};
  const found: Record<string, string | Secret> = {};
  for (const [key, names] of Object.entries(definition.environment)) {
    const text = await firstSet(definition.title, names, env);
    if (text === null) continue;
    const isSecret = definition.credentials.some((field) => field.key === key && field.secret === true);
    found[key] = isSecret ? new Secret(text) : text;
  }
  return found;
}

async function firstSet(
  title: string,
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  for (const name of names) {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    const file = env[`${name}_FILE`];
    if (file !== undefined && file !== '') return fileText(title, `${name}_FILE`, file);
  }
  return null;
}

async function fileText(title: string, name: string, file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const reason = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
    throw new DnsProviderError({
      kind: 'credentials',
      provider: title,
      message: `The variable ${name} names the file ${file}, which cannot be read: ${reason}.`,
      fix: 'Correct the path, or let the user that Gatehouse runs as read the file.',
      details: { provider: title, variable: name, file, reason },
      cause: error,
    });
  }
}
