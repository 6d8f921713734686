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
 * Certbot's folder (`/etc/letsencrypt`): `live/NAME` leads to the newest of `archive/NAME`, `renewal/NAME.conf` says
 * how it is renewed, `accounts/SERVER/directory/ID` holds accounts. Nginx Proxy Manager has one, too, and
 * `custom_ssl/NAME` of certificates that were uploaded to it.
 */
export async function readCertbot(files: readonly ImportFile[], now: number): Promise<Found> {
  const judged = await judgePairs([...livePairs(files), ...archivedPairs(files), ...customPairs(files)], now);
  const accounts: FoundAccount[] = [];
  const skipped: Skipped[] = [...judged.skipped, ...dnsCredentials(files)];
  for (const [, dir, content] of matching(files, /^(.*accounts\/.+)\/private_key\.json$/)) {
    const account = accountOf(files, dir, content);
    if ('code' in account) skipped.push(account);
    else accounts.push(account);
  }
  return { certificates: judged.certificates, accounts, skipped };
}

/** Files whose path fits: the whole match, its first group, the content. */
function matching(files: readonly ImportFile[], pattern: RegExp): readonly (readonly [string, string, string])[] {
  return files.flatMap(({ path, content }) => {
    const found = pattern.exec(path);
    return found ? [[path, found[1] ?? '', content] as const] : [];
  });
}

function livePairs(files: readonly ImportFile[]): readonly RawPair[] {
  return pairsIn(files, /^((?:.*\/)?live\/[^/]+)\/fullchain\.pem$/, { byAcme: true });
}

function customPairs(files: readonly ImportFile[]): readonly RawPair[] {
  return pairsIn(files, /^((?:.*\/)?custom_ssl\/[^/]+)\/fullchain\.pem$/, { byAcme: false });
}

function pairsIn(
  files: readonly ImportFile[],
  pattern: RegExp,
  { byAcme }: Pick<RawPair, 'byAcme'>,
): readonly RawPair[] {
  const contents = new Map(files.map(({ path, content }) => [path, content]));
  return matching(files, pattern).map(([, dir, certificatePem]) => ({
    where: dir,
    certificatePem,
    privateKeyPem: contents.get(`${dir}/privkey.pem`) ?? null,
    resolver: null,
    byAcme,
  }));
}

/** Only where `live` did not come along: copies often leave its symbolic links out. */
function archivedPairs(files: readonly ImportFile[]): readonly RawPair[] {
  const contents = new Map(files.map(({ path, content }) => [path, content]));
  const newest = new Map<string, { readonly number: number; readonly certificatePem: string }>();
  for (const { path, content } of files) {
    const found = /^((?:.*\/)?archive\/[^/]+)\/fullchain(\d+)\.pem$/.exec(path);
    if (!found) continue;
    const [, dir = '', digits = ''] = found;
    const number = Number(digits);
    if (contents.has(`${dir.replace(/archive\/([^/]+)$/, 'live/$1')}/fullchain.pem`)) continue;
    if (number > (newest.get(dir)?.number ?? -1)) newest.set(dir, { number, certificatePem: content });
  }
  return [...newest].map(([dir, { number, certificatePem }]) => ({
    where: dir,
    certificatePem,
    privateKeyPem: contents.get(`${dir}/privkey${number}.pem`) ?? null,
    resolver: null,
    byAcme: true,
  }));
}

const jwkSchema = z.looseObject({ kty: z.string() });
const registrationSchema = z.object({
  uri: z.string().min(1),
  body: z.object({ contact: z.array(z.string()).nullish() }).nullish(),
});

function accountOf(files: readonly ImportFile[], dir: string, keyText: string): FoundAccount | Skipped {
  const id = dir.split('/').at(-1) ?? dir;
  const registration = files.find(({ path }) => path === `${dir}/regr.json`)?.content;
  try {
    const jwk = jwkSchema.parse(JSON.parse(keyText));
    if (registration === undefined) {
      return skip(id, 'ACCOUNT_WITHOUT_KEY', `The account ${id} was never registered; a new one is made.`);
    }
    const { uri, body } = registrationSchema.parse(JSON.parse(registration));
    const contact = body?.contact?.find((each) => each.startsWith('mailto:'));
    const directory = /accounts\/(.+)\/[^/]+$/.exec(dir)?.[1];
    return {
      resolver: 'certbot',
      email: contact?.slice('mailto:'.length) ?? '',
      url: uri,
      directory: directory === undefined ? null : `https://${directory}`,
      privateKey: accountKey({ jwk }),
    };
  } catch {
    return skip(id, 'UNREADABLE', `The account ${id} cannot be read; a new one is made.`);
  }
}

/** Names of plugins that prove names by DNS: their credentials are another program's, in forms of its own. */
function dnsCredentials(files: readonly ImportFile[]): readonly Skipped[] {
  return matching(files, /^(?:.*\/)?renewal\/([^/]+)\.conf$/).flatMap(([, name, content]) => {
    const plugin = /^\s*authenticator\s*=\s*dns-(\S+)/m.exec(content)?.[1];
    if (plugin === undefined) return [];
    return [
      skip(
        name,
        'DNS_CREDENTIALS',
        `${name} was proved by DNS at ${plugin}. Its credentials are not taken: give them to a resolver here, so that it can be renewed.`,
        { plugin },
      ),
    ];
  });
}
