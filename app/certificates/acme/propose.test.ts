import { describe, expect, test } from 'vitest';
import { type NameLookup, type ProposalFacts, proposeWays } from './propose.ts';

const facts = (more: Partial<ProposalFacts> = {}): ProposalFacts => ({
  httpPorts: [80],
  tlsPorts: [443],
  resolvers: [],
  readyProviders: new Set(),
  certificates: [],
  ...more,
});
const lookup = (addresses: readonly string[] | null, servers: readonly string[] = []): NameLookup => ({
  addresses: () => Promise.resolve(addresses),
  nameServers: () => Promise.resolve(servers),
});

async function verdicts(names: readonly string[], given: ProposalFacts, dns: NameLookup) {
  const proposal = await proposeWays(names, given, dns);
  return {
    ...proposal,
    ways: Object.fromEntries(proposal.ways.map(({ challenge, verdict }) => [challenge, verdict])),
    codes: (way: string) => proposal.ways.find(({ challenge }) => challenge === way)?.reasons.map(({ code }) => code),
  };
}

describe('proposeWays', () => {
  test('HTTP for a name that points to this machine, where port 80 is served', async () => {
    const { ways, codes } = await verdicts(['photos.example.org'], facts(), lookup(['127.0.0.1']));
    expect(ways).toEqual({
      'http-01': 'proposed',
      'tls-alpn-01': 'possible',
      'dns-01': 'doubtful',
      internal: 'possible',
    });
    expect(codes('http-01')).toEqual(['DNS_POINTS_HERE', 'PORT_80_ANSWERS']);
  });

  test('DNS for a wildcard, by the provider whose name servers the domain has', async () => {
    const dns = lookup(['203.0.113.7'], ['ada.ns.cloudflare.com']);
    const resolvers = [{ name: 'cf', challenge: 'dns-01' as const }];
    const proposal = await verdicts(['*.example.org'], facts({ resolvers }), dns);
    expect(proposal.ways).toMatchObject({ 'http-01': 'impossible', 'tls-alpn-01': 'impossible', 'dns-01': 'proposed' });
    expect([proposal.dnsProvider, proposal.resolver]).toEqual(['cloudflare', 'cf']);
    expect(proposal.codes('dns-01')).toContain('DNS_CREDENTIALS_NEEDED');
  });

  test('DNS where its credentials are there already, whatever the ports', async () => {
    const given = facts({ readyProviders: new Set(['ovh']) });
    const { ways } = await verdicts(['a.example.org'], given, lookup(['127.0.0.1'], ['dns1.ovh.net']));
    expect(ways['dns-01']).toBe('proposed');
  });

  test('HTTP for an address, which DNS cannot prove', async () => {
    const { ways } = await verdicts(['8.8.8.8'], facts(), lookup([]));
    expect(ways).toMatchObject({ 'http-01': 'proposed', 'dns-01': 'impossible' });
  });

  test('the internal CA for names that no public one signs', async () => {
    const { ways, codes } = await verdicts(['nas.lan'], facts(), lookup([]));
    expect(ways).toEqual({ internal: 'proposed' });
    expect(codes('internal')).toEqual(['NAME_NOT_PUBLIC']);
  });

  test('says what speaks against it', async () => {
    const closed = facts({ httpPorts: [8080], tlsPorts: [] });
    const missing = await verdicts(['a.example.org'], closed, lookup([]));
    expect(missing.codes('http-01')).toEqual(['DNS_MISSING', 'PORT_80_NOT_SERVED']);
    const inside = await verdicts(['a.example.org'], closed, lookup(['10.0.0.4']));
    expect(inside.codes('tls-alpn-01')).toEqual(['DNS_ELSEWHERE', 'PORT_443_NOT_SERVED']);
    const unknown = await verdicts(['a.example.org'], closed, lookup(null));
    expect(unknown.codes('http-01')).toContain('DNS_UNKNOWN');
  });

  test('tells which certificate is good for a name already', async () => {
    const certificates = [{ id: 'wild', names: ['*.example.org'] }];
    const proposal = await proposeWays(['a.example.org', 'example.org'], facts({ certificates }), lookup([]));
    expect(proposal.names.map(({ coveredBy }) => coveredBy)).toEqual(['wild', null]);
  });
});
