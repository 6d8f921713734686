import { z } from 'zod';
import {
  accountKey,
  type Found,
  type FoundAccount,
  type ImportFile,
  judgePairs,
  type RawPair,
  type Skipped,
  skip,
} from './found.ts';

/**
 * Traefik's `acme.json` (v2 and v3): by resolver, an account and certificates; bytes in Base64. Other capitals than
 * Traefik's own are taken as well, as some tools rewrite the file.
 */
const certificateSchema = z.object({
  domain: z.object({ main: z.string().default(''), sans: z.array(z.string()).nullish() }).optional(),
  certificate: z.base64().default(''),
  key: z.base64().default(''),
});

const accountSchema = z.object({
  email: z.string().default(''),
  registration: z.object({ uri: z.string().default('') }).nullish(),
  privatekey: z.base64().default(''),
});

const resolverSchema = z.object({
  account: accountSchema.nullish(),
  certificates: z.array(z.unknown()).nullish(),
});

/** Rejects with a sentence for people where the file is none of Traefik's. */
export async function readTraefik(files: readonly ImportFile[], now: number): Promise<Found> {
  const pairs: RawPair[] = [];
  const accounts: FoundAccount[] = [];
  const skipped: Skipped[] = [];
  for (const { path, content } of files) {
    for (const [resolver, stored] of Object.entries(resolversOf(path, content))) {
      const { success, data } = resolverSchema.safeParse(stored);
      if (!success) {
        skipped.push(skip(resolver, 'UNREADABLE', `${resolver}: this part of ${path} is not as Traefik writes it.`));
        continue;
      }
      for (const raw of data.certificates ?? []) {
        const pair = pairOf(raw, `${path}: ${resolver}`, resolver);
        if ('code' in pair) skipped.push(pair);
        else pairs.push(pair);
      }
      if (data.account) {
        const account = accountOf(resolver, data.account);
        if ('code' in account) skipped.push(account);
        else accounts.push(account);
      }
    }
  }
  const judged = await judgePairs(pairs, now);
  return { ...judged, accounts, skipped: [...skipped, ...judged.skipped] };
}

function resolversOf(path: string, content: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = lowerKeys(JSON.parse(content));
  } catch (error) {
    // The reason would quote the file, which may be another than was meant.
    throw new Error(`${path} is not JSON.`, { cause: error });
  }
  const { success, data } = z.record(z.string(), z.unknown()).safeParse(parsed);
  if (!success) throw new Error(`${path} is not an acme.json of Traefik: it must hold one object.`);
  // Traefik 1 had one account and no name for it.
  return 'account' in data || 'certificates' in data ? { acme: data } : data;
}

/** Keys of the file's own words in lower case; names of resolvers stay. */
function lowerKeys(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((each) => lowerKeys(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const words = /^(account|certificates)$/i;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      depth > 0 || words.test(key) ? key.toLowerCase() : key,
      lowerKeys(each, depth + 1),
    ]),
  );
}

function pairOf(raw: unknown, where: string, resolver: string): RawPair | Skipped {
  const { success, data } = certificateSchema.safeParse(raw);
  if (!success) return skip(where, 'UNREADABLE', `${where}: a certificate in it is not as Traefik writes it.`);
  const { domain, certificate, key } = data;
  return {
    where: domain?.main ? `${where}, ${domain.main}` : where,
    certificatePem: textOf(certificate),
    privateKeyPem: key === '' ? null : textOf(key),
    resolver,
    byAcme: true,
  };
}

function accountOf(resolver: string, { email, registration, privatekey }: z.infer<typeof accountSchema>) {
  if (privatekey === '' || !registration?.uri) {
    return skip(resolver, 'ACCOUNT_WITHOUT_KEY', `${resolver}: its account was never registered; a new one is made.`);
  }
  try {
    const privateKey = accountKey({ der: Buffer.from(privatekey, 'base64') });
    return { resolver, email, url: registration.uri, directory: null, privateKey };
  } catch {
    return skip(resolver, 'UNREADABLE', `${resolver}: the key of its account cannot be read; a new one is made.`);
  }
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
