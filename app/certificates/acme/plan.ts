import { createHash } from 'node:crypto';
import { asCertificateName } from '../authority.ts';
import { nameKind } from './public-names.ts';
import { type AcmeResolver, authorityOf } from './resolver.ts';

/** A domain as Traefik's `tls.domains` has it. */
export interface Domain {
  readonly main: string;
  readonly sans?: readonly string[] | undefined;
}

/** A router or entry point that wants certificates. */
export interface Claim {
  /** Key of the router (see `viewKey`); null: an entry point. */
  readonly router: string | null;
  readonly resolver: string;
  /** As asked for by name; where there are none, the hosts count. */
  readonly domains: readonly Domain[];
  /** That the rule names. */
  readonly hosts: readonly string[];
}

export interface WantedCertificate {
  readonly id: string;
  readonly resolver: string;
  /** The first is the main one. */
  readonly names: readonly string[];
  readonly byHand: boolean;
}

export interface PlanInput {
  readonly claims: readonly Claim[];
  /** Asked for by a person. */
  readonly byHand: readonly { readonly resolver: string; readonly names: readonly string[] }[];
  readonly resolvers: ReadonlyMap<string, Pick<AcmeResolver, 'directoryUrl' | 'profile'>>;
  /** Whether a certificate that somebody brought is good for a name. */
  readonly isCovered: (name: string) => boolean;
}

/**
 * Which certificates are to be had by ACME: what a person asked for, then domains that are named, then hosts of rules.
 * A name that one of them is good for already, by itself or by a wildcard, is not asked for again.
 */
export function planCertificates({ claims, byHand, resolvers, isCovered }: PlanInput): readonly WantedCertificate[] {
  const wanted = new Map<string, WantedCertificate>();
  const names = new Set<string>();
  const add = (resolver: string, asked: readonly string[], isByHand: boolean): void => {
    const certificate: WantedCertificate = {
      id: certificateId(resolver, asked),
      resolver,
      names: asked,
      byHand: isByHand,
    };
    if (wanted.has(certificate.id)) return;
    wanted.set(certificate.id, certificate);
    for (const name of asked) names.add(name);
  };
  const signedBy = (resolver: string, asked: readonly string[]): readonly string[] => {
    const found = resolvers.get(resolver);
    const fit = asked.map(asCertificateName).filter((name) => name !== undefined);
    return found ? [...new Set(fit)].filter((name) => isSigned(name, found)) : [];
  };

  for (const { resolver, names: asked } of byHand) {
    if (resolvers.has(resolver)) add(resolver, asked, true);
  }
  for (const { resolver, domains } of claims) {
    for (const { main, sans = [] } of withoutNeedless(domains)) {
      const asked = signedBy(resolver, [main, ...sans]).filter((name) => !isCovered(name));
      // Beside what a person asked for; domains of two routers that overlap are two certificates, as they say.
      if (asked.length > 0 && !asked.every((name) => covers(names, name))) add(resolver, asked, false);
    }
  }
  for (const { resolver, domains, hosts } of claims) {
    if (domains.length > 0) continue;
    const asked = signedBy(resolver, hosts).filter((name) => !isCovered(name) && !covers(names, name));
    if (asked.length > 0) add(resolver, asked, false);
  }
  return [...wanted.values()];
}

/** The same names from the same resolver are one certificate, in whatever order. */
export function certificateId(resolver: string, names: readonly string[]): string {
  return createHash('sha256')
    .update(`${resolver}\n${names.toSorted().join('\n')}`)
    .digest('hex')
    .slice(0, 24);
}

/** Whether one of the names is it, or a wildcard for its first label. */
export function covers(names: ReadonlySet<string>, name: string): boolean {
  const dot = name.indexOf('.');
  return names.has(name) || (!name.startsWith('*.') && dot > 0 && names.has(`*${name.slice(dot)}`));
}

/** Whether the resolver's CA signs a name: one of its owner's own signs what he likes. */
function isSigned(name: string, { directoryUrl, profile }: Pick<AcmeResolver, 'directoryUrl' | 'profile'>): boolean {
  const { code, title } = authorityOf(directoryUrl);
  // Every machine has its own, whoever signs for it.
  if (/(?:^|\.)localhost$/.test(name)) return false;
  const isPublicCa = code !== '' || title.endsWith('(staging)');
  if (!isPublicCa) return true;
  const kind = nameKind(name);
  // Let's Encrypt signs addresses for six days and no longer.
  return kind === 'address' ? code.startsWith('letsencrypt') && profile === 'shortlived' : kind !== 'private';
}

/**
 * Domains without names that another of them has already or that a wildcard of theirs is good for; the first of two
 * keeps a name. As Traefik does it.
 */
export function withoutNeedless(domains: readonly Domain[]): readonly Domain[] {
  const wildcards = new Set(
    domains.flatMap(({ main, sans = [] }) => [main, ...sans]).filter((name) => name.startsWith('*.')),
  );
  const taken = new Set<string>();
  const kept: Domain[] = [];
  for (const { main, sans = [] } of domains) {
    const own: string[] = [];
    for (const name of [main, ...sans]) {
      if (name === '' || taken.has(name) || (!wildcards.has(name) && covers(wildcards, name))) continue;
      taken.add(name);
      own.push(name);
    }
    const [first, ...rest] = own;
    if (first !== undefined) kept.push({ main: first, sans: rest });
  }
  return kept;
}

/** Names to ask for in one certificate, or why they cannot be had in this way. */
export function namesToAsk(
  { main, sans = [] }: { readonly main?: string | undefined; readonly sans?: readonly string[] | undefined },
  hasDns: boolean,
): readonly string[] | string {
  const asked = [main ?? '', ...sans].filter((name) => name !== '');
  const names: string[] = [];
  for (const text of asked) {
    const name = asCertificateName(text);
    if (name === undefined || name.lastIndexOf('*') > 0) return `${text} can stand in no certificate`;
    if (name.startsWith('*.') && !hasDns) return `${name} is a wildcard, which only the DNS challenge can prove`;
    names.push(name);
  }
  return names.length === 0 ? 'no name is given' : [...new Set(names)];
}
