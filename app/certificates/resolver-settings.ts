import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { certificateKeyTypes, challengeTypes, knownAuthorities } from '../contract/certificates.ts';
import type { ResolverInput } from '../operations/certificate-service.ts';
import { OperationError } from '../operations/error.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { CertificateRepository } from '../store/certificates.ts';
import { type AcmeResolver, type Challenge, defaultConnection, defaultDirectoryUrl } from './acme/resolver.ts';
import { certificatesOf } from './export/pkcs12.ts';

/** Resolvers that were set up in the dashboard. What is secret of them is kept apart. */
export interface ResolverSettings {
  readonly list: () => readonly AcmeResolver[];
  /** Durable once it resolves. Rejects with OperationError or SecretsError. */
  readonly set: (input: ResolverInput) => Promise<AcmeResolver>;
  readonly remove: (name: string) => Promise<boolean>;
}

const configSchema = z.object({
  email: z.string(),
  directoryUrl: z.string(),
  caCertificates: z.string().nullable(),
  challenge: z.enum(challengeTypes),
  entryPoint: z.string().nullable(),
  dnsProvider: z.string().nullable(),
  keyType: z.enum(certificateKeyTypes),
  profile: z.string().nullable(),
  eabKid: z.string().nullable(),
});

type Config = z.infer<typeof configSchema>;

const secretOf = (name: string): string => `resolver-eab.${name}`;

/** Reads what is kept. Rejects with SecretsError. */
export async function loadResolverSettings(
  repository: CertificateRepository,
  secrets: Pick<Secrets, 'get' | 'set' | 'delete'>,
  now: () => number,
): Promise<ResolverSettings> {
  const known = new Map<string, { readonly config: Config; readonly resolver: AcmeResolver }>();
  for (const { name, config: kept } of repository.resolvers.list()) {
    const config = configSchema.parse(kept);
    const hmac = config.eabKid === null ? undefined : await secrets.get(secretOf(name));
    known.set(name, { config, resolver: resolverOf(name, config, hmac?.reveal() ?? null) });
  }
  return {
    list: () => [...known.values()].map(({ resolver }) => resolver),
    set: async (input) => {
      const { name, eab } = input;
      refuseName(name);
      const before = known.get(name);
      const config = configOf(input, before?.config ?? null);
      if (eab) await secrets.set(secretOf(name), eab.hmac);
      const hmac = eab?.hmac.reveal() ?? before?.resolver.eab?.hmac ?? null;
      repository.resolvers.put(name, config, now());
      const resolver = resolverOf(name, config, hmac);
      known.set(name, { config, resolver });
      return resolver;
    },
    remove: async (name) => {
      const isThere = repository.resolvers.remove(name);
      known.delete(name);
      if (isThere) await secrets.delete(secretOf(name));
      return isThere;
    },
  };
}

function refuseName(name: string): void {
  if (/^[\w-]{1,100}$/.test(name)) return;
  throw new OperationError('INVALID', `"${name}" cannot be a resolver's name: use letters, digits, "-" and "_".`, {
    reason: 'RESOLVER_NAME_INVALID',
    name,
  });
}

function configOf(input: ResolverInput, before: Config | null): Config {
  const { email, ca, challenge, caCertificates, entryPoint, dnsProvider, keyType, profile, eab } = input;
  if (email !== '' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) {
    throw new OperationError('INVALID', `"${email}" is no e-mail address.`, { reason: 'EMAIL_INVALID', email });
  }
  const provider = dnsProvider ?? before?.dnsProvider ?? null;
  if (challenge === 'dns-01' && !provider) {
    throw new OperationError('INVALID', 'Proving by DNS needs a DNS provider.', { reason: 'DNS_PROVIDER_MISSING' });
  }
  return {
    email,
    directoryUrl: ca === undefined ? (before?.directoryUrl ?? defaultDirectoryUrl) : directoryOf(ca),
    caCertificates: caCertificates === undefined ? (before?.caCertificates ?? null) : authoritiesIn(caCertificates),
    challenge,
    entryPoint: entryPoint ?? before?.entryPoint ?? null,
    dnsProvider: provider,
    keyType: keyType ?? before?.keyType ?? 'EC256',
    profile: profile === undefined ? (before?.profile ?? null) : profile || null,
    eabKid: eab?.kid ?? before?.eabKid ?? null,
  };
}

/** Certificates only: where static configuration may name files, this must not make the engine read one. */
function authoritiesIn(text: string): string | null {
  if (text.trim() === '') return null;
  const found = certificatesOf(text);
  if (found.length > 0 && found.every(isCertificate)) return `${found.join('\n')}\n`;
  throw new OperationError('INVALID', "The CA's own certificate must be PEM: -----BEGIN CERTIFICATE----- …", {
    reason: 'CA_CERTIFICATES_INVALID',
  });
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** A code of {@link knownAuthorities}, or an address. */
export function directoryOf(ca: string): string {
  const known = knownAuthorities.find(({ code }) => code === ca);
  if (known) return known.directory;
  if (URL.canParse(ca) && /^https?:$/.test(new URL(ca).protocol)) return ca;
  const codes = knownAuthorities.map(({ code }) => code).join(', ');
  throw new OperationError('INVALID', `"${ca}" is no CA: give the address of its directory, or one of ${codes}.`, {
    reason: 'CA_INVALID',
    ca,
    known: codes,
  });
}

function resolverOf(name: string, config: Config, hmac: string | null): AcmeResolver {
  return {
    name,
    source: 'dashboard',
    directoryUrl: config.directoryUrl,
    email: config.email,
    keyType: config.keyType,
    preferredChain: null,
    profile: config.profile,
    emailAddresses: [],
    withCommonName: false,
    eab: config.eabKid !== null && hmac !== null ? { kid: config.eabKid, hmac } : null,
    lifetimeMs: null,
    challenge: challengeOf(config),
    connection: {
      ...defaultConnection,
      caCertificates: config.caCertificates === null ? [] : [config.caCertificates],
      systemAuthorities: config.caCertificates === null,
    },
  };
}

function challengeOf({ challenge, entryPoint, dnsProvider }: Config): Challenge {
  switch (challenge) {
    case 'http-01':
      return { type: 'http-01', entryPoint, delayMs: 0 };
    case 'tls-alpn-01':
      return { type: 'tls-alpn-01', delayMs: 0 };
    case 'dns-01':
      return {
        type: 'dns-01',
        provider: dnsProvider ?? '',
        resolvers: [],
        delayBeforeChecksMs: 0,
        checks: { enabled: true, authoritative: true, recursive: false },
      };
  }
}
