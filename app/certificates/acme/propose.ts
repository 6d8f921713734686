import { Resolver } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { CertificateProposal, ChallengeType, ProposalReason } from '../../contract/certificates.ts';
import { asCertificateName } from '../authority.ts';
import { covers } from './plan.ts';
import { isPublicAddress, nameKind, registeredDomain } from './public-names.ts';

/** What a proposal is made of. */
export interface ProposalFacts {
  /** Ports that entry points listen on: where a CA comes to by HTTP and TLS. */
  readonly httpPorts: readonly number[];
  readonly tlsPorts: readonly number[];
  readonly resolvers: readonly { readonly name: string; readonly challenge: ChallengeType }[];
  /** Codes of DNS providers whose credentials there are. */
  readonly readyProviders: ReadonlySet<string>;
  /** Names of certificates that are good now, by their ids. */
  readonly certificates: readonly { readonly id: string; readonly names: readonly string[] }[];
}

/** What DNS says. */
export interface NameLookup {
  readonly addresses: (name: string) => Promise<readonly string[] | null>;
  readonly nameServers: (domain: string) => Promise<readonly string[]>;
}

const lookupMs = 3000;

/** Asks the system's DNS servers; null where they cannot be asked. */
export function systemLookup(): NameLookup {
  const resolver = new Resolver({ timeout: lookupMs, tries: 1 });
  const none = (error: unknown): readonly string[] | null => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code === 'ENOTFOUND' || code === 'ENODATA' ? [] : null;
  };
  return {
    addresses: async (name) => {
      const found = await Promise.all([resolver.resolve4(name).catch(none), resolver.resolve6(name).catch(none)]);
      return found.every((each) => each === null) ? null : found.flatMap((each) => each ?? []);
    },
    nameServers: (domain) => resolver.resolveNs(domain).catch(() => []),
  };
}

/** Ends of the names of providers' own name servers. */
const providersByServer: readonly (readonly [RegExp, string])[] = [
  [/\.ns\.cloudflare\.com$/, 'cloudflare'],
  [/\.(?:ovh\.net|anycast\.me)$/, 'ovh'],
  [/\.awsdns-\d+\./, 'route53'],
  [/\.digitalocean\.com$/, 'digitalocean'],
  [/\.(?:hetzner\.(?:com|de)|first-ns\.de|second-ns\.(?:de|com))$/, 'hetzner'],
  [/\.gandi\.net$/, 'gandiv5'],
  [/\.desec\.(?:io|org)$/, 'desec'],
  [/\.duckdns\.org$/, 'duckdns'],
  [/\.porkbun\.com$/, 'porkbun'],
  [/\.(?:registrar-servers|namecheaphosting)\.com$/, 'namecheap'],
  [/\.ui-dns\.(?:com|de|org|biz)$/, 'ionos'],
  [/\.dynu\.com$/, 'dynu'],
  [/\.(?:scaleway\.com|scw\.cloud)$/, 'scaleway'],
  [/\.infomaniak\.(?:ch|com)$/, 'infomaniak'],
];

/** Which way can succeed for these names, and why. Asks DNS, and nothing of a CA. */
export async function proposeWays(
  asked: readonly string[],
  facts: ProposalFacts,
  lookup: NameLookup,
): Promise<CertificateProposal> {
  const names = await Promise.all(
    asked.map(async (text) => {
      const name = asCertificateName(text) ?? text.toLowerCase();
      const kind = nameKind(name);
      const host = name.replace(/^\*\./, '');
      const addresses = kind === 'public' || kind === 'wildcard' ? await lookup.addresses(host) : [];
      const covering = facts.certificates.find((each) => covers(new Set(each.names), name));
      return { name, kind, coveredBy: covering?.id ?? null, addresses };
    }),
  );
  const [first] = names.filter(({ kind }) => kind !== 'private');
  const domain = first && first.kind !== 'address' ? registeredDomain(first.name) : null;
  const servers = domain === null ? [] : await lookup.nameServers(domain);
  const dnsProvider =
    servers.flatMap((server) => providersByServer.find(([pattern]) => pattern.test(server))?.[1] ?? [])[0] ?? null;

  const ways: CertificateProposal['ways'] = first
    ? rank([
        openPortWay('http-01', names, facts.httpPorts.includes(80)),
        openPortWay('tls-alpn-01', names, facts.tlsPorts.includes(443)),
        dnsWay(names, dnsProvider, facts.readyProviders),
        internalWay(null),
      ])
    : [internalWay(names[0]?.name ?? '')];
  const proposed = ways.find(({ verdict }) => verdict === 'proposed')?.challenge;
  const resolver = facts.resolvers.find(({ challenge }) => challenge === proposed)?.name ?? null;
  return {
    names: names.map((each) => ({ ...each, addresses: [...(each.addresses ?? [])] })),
    ways,
    resolver,
    dnsProvider,
  };
}

type Way = CertificateProposal['ways'][number];

interface AskedName {
  readonly name: string;
  readonly kind: 'public' | 'wildcard' | 'address' | 'private';
  /** Null: DNS could not be asked. */
  readonly addresses: readonly string[] | null;
}

function reason(
  code: ProposalReason['code'],
  message: string,
  details: ProposalReason['details'] = {},
): ProposalReason {
  return { code, message, details };
}

function openPortWay(challenge: 'http-01' | 'tls-alpn-01', names: readonly AskedName[], isServed: boolean): Way {
  const port = challenge === 'http-01' ? 80 : 443;
  const wildcard = names.find(({ kind }) => kind === 'wildcard');
  if (wildcard) {
    const said = reason('WILDCARD_IMPOSSIBLE', `${wildcard.name} is a wildcard, which only DNS can prove.`, {
      name: wildcard.name,
    });
    return { challenge, verdict: 'impossible', reasons: [said] };
  }
  const reasons = names.filter(({ kind }) => kind === 'public').map(addressReason);
  const isMissing = reasons.some(({ code }) => code === 'DNS_MISSING' || code === 'DNS_ELSEWHERE');
  const isKnown = reasons.every(({ code }) => code === 'DNS_POINTS_HERE');
  const served =
    port === 80
      ? isServed
        ? reason('PORT_80_ANSWERS', 'Gatehouse listens on port 80, where the CA comes to.')
        : reason(
            'PORT_80_NOT_SERVED',
            'Nothing of Gatehouse listens on port 80; the router must pass it on to one that does.',
          )
      : isServed
        ? reason('PORT_443_ANSWERS', 'Gatehouse listens on port 443, where the CA comes to.')
        : reason(
            'PORT_443_NOT_SERVED',
            'Nothing of Gatehouse listens on port 443; the router must pass it on to one that does.',
          );
  const verdict = isMissing ? 'doubtful' : isServed && isKnown ? 'possible' : 'doubtful';
  return { challenge, verdict, reasons: [...reasons, served] };
}

function addressReason({ name, addresses }: AskedName): ProposalReason {
  if (addresses === null) return reason('DNS_UNKNOWN', `DNS could not be asked about ${name}.`, { name });
  const [address] = addresses;
  if (address === undefined) return reason('DNS_MISSING', `${name} has no address in DNS.`, { name });
  const own = new Set(Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map((net) => net.address)));
  if (addresses.some((each) => own.has(each))) {
    return reason('DNS_POINTS_HERE', `${name} points to this machine.`, { name, address });
  }
  if (!addresses.some(isPublicAddress)) {
    const message = `${name} points to ${address}, which is no address of the internet.`;
    return reason('DNS_ELSEWHERE', message, { name, address });
  }
  // Behind a router one's own public address is not known here.
  return reason('DNS_UNKNOWN', `${name} points to ${address}; whether that is your router cannot be told from here.`, {
    name,
    address,
  });
}

function dnsWay(names: readonly AskedName[], provider: string | null, ready: ReadonlySet<string>): Way {
  const address = names.find(({ kind }) => kind === 'address');
  if (address) {
    const said = reason('ADDRESS_IMPOSSIBLE', `${address.name} is an address, which DNS cannot prove.`, {
      name: address.name,
    });
    return { challenge: 'dns-01', verdict: 'impossible', reasons: [said] };
  }
  const wildcard = names.find(({ kind }) => kind === 'wildcard');
  const reasons = [
    ...(wildcard
      ? [reason('WILDCARD_NEEDS_DNS', `${wildcard.name} can be proved by DNS alone.`, { name: wildcard.name })]
      : []),
    reason('NEEDS_NO_OPEN_PORT', 'Proving by DNS needs no open port.'),
    ...(provider === null
      ? []
      : [reason('DNS_PROVIDER_FOUND', `The domain's name servers are those of ${provider}.`, { provider })]),
  ];
  const isReady = provider === null ? ready.size > 0 : ready.has(provider);
  const last = isReady
    ? reason('DNS_PROVIDER_READY', 'Its credentials are there.', { provider: provider ?? [...ready][0] ?? '' })
    : reason('DNS_CREDENTIALS_NEEDED', 'Gatehouse needs credentials for the DNS provider.', {
        provider: provider ?? '',
      });
  return {
    challenge: 'dns-01',
    verdict: isReady || provider !== null || wildcard ? 'possible' : 'doubtful',
    reasons: [...reasons, last],
  };
}

/** `name`: one that no public CA signs; null: the names are public. */
function internalWay(name: string | null): Way {
  if (name === null) return { challenge: 'internal', verdict: 'possible', reasons: [] };
  const message = `No public CA signs ${name}; the internal one does.`;
  return { challenge: 'internal', verdict: 'proposed', reasons: [reason('NAME_NOT_PUBLIC', message, { name })] };
}

/** The first of the best becomes the one that is proposed: ready DNS, then open ports, then DNS without credentials. */
function rank(ways: readonly Way[]): Way[] {
  const worth = ({ challenge, verdict, reasons }: Way): number => {
    if (verdict === 'impossible' || challenge === 'internal') return 0;
    const isReady = reasons.some(({ code }) => code === 'DNS_PROVIDER_READY');
    return (
      (verdict === 'possible' ? 10 : 1) + (isReady ? 5 : challenge === 'http-01' ? 4 : challenge === 'dns-01' ? 3 : 2)
    );
  };
  const best = ways.toSorted((a, b) => worth(b) - worth(a))[0];
  return ways.map((way) => (way === best && worth(way) > 0 ? { ...way, verdict: 'proposed' as const } : way));
}
