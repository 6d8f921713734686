import { type implement, ORPCError } from '@orpc/server';
import type { CertificateProposal, CertificateView, Order, ResolverView } from '../../app/contract/certificates.ts';
import type { contract } from '../../app/contract/contract.ts';
import { fakeCertificate, fakeSteps } from './fake-certificates.ts';
import { fakeDnsProviders } from './fake-dns-providers.ts';

type Implementer = ReturnType<typeof implement<typeof contract, object>>;

export interface FakeCertificateState {
  readonly certificates: () => readonly CertificateView[];
  readonly resolvers: () => readonly ResolverView[];
  readonly put: (certificates: readonly CertificateView[], removed?: readonly string[]) => void;
  readonly putResolvers: (resolvers: readonly ResolverView[]) => void;
}

const stepEveryMs = 350;

/** Orders that succeed step by step, for the certificates page. */
export function fakeCertificateOperations(os: Implementer, state: FakeCertificateState) {
  const known = (id: string): CertificateView => {
    const found = state.certificates().find((each) => each.id === id);
    if (found) return found;
    throw new ORPCError('NOT_FOUND', {
      message: `There is no certificate ${id}.`,
      data: { reason: 'CERTIFICATE_UNKNOWN', id },
    });
  };

  const order = (certificate: CertificateView, why: Order['why']): CertificateView => {
    const steps = fakeSteps(certificate.names[0] ?? '', Date.now());
    const base: Order = {
      id: `ord-${Date.now()}`,
      why,
      state: 'running',
      challenge: 'http-01',
      startedAt: Date.now(),
      endedAt: null,
      steps: [],
    };
    const at = (count: number): CertificateView => ({
      ...certificate,
      failure: null,
      order: {
        ...base,
        steps: steps.slice(0, count).map((step, index) => ({
          ...step,
          at: base.startedAt + index * stepEveryMs,
          state: index === count - 1 ? 'running' : 'done',
        })),
      },
    });
    if (state.resolvers().some(({ name, dnsProvider }) => name === certificate.resolver && dnsProvider === 'manual')) {
      const waits = at(4);
      const name = certificate.names[0]?.replace(/^\*\./, '') ?? '';
      const details = {
        challenge: 'dns-01',
        record: `_acme-challenge.${name}`,
        value: 'yTq7Jm2xpVX5j-3uW0bHk8sQ1cR4nLz6',
      };
      const asked: CertificateView = {
        ...waits,
        order: waits.order && {
          ...waits.order,
          challenge: 'dns-01',
          steps: waits.order.steps.map((step) => (step.state === 'running' ? { ...step, details } : step)),
        },
      };
      state.put([asked]);
      return asked;
    }
    let count = 1;
    const timer = setInterval(() => {
      count += 1;
      if (count <= steps.length) {
        state.put([at(count)]);
        return;
      }
      clearInterval(timer);
      const made = fakeCertificate(Date.now(), { names: certificate.names, routers: certificate.routers, ageDays: 0 });
      state.put([{ ...made, id: certificate.id, resolver: certificate.resolver, byHand: certificate.byHand }]);
    }, stepEveryMs);
    const started = at(1);
    state.put([started]);
    return started;
  };

  const pending = (names: readonly string[], resolver: string | null): CertificateView => ({
    ...fakeCertificate(Date.now(), { names, routers: [], ageDays: 0 }),
    resolver,
    issuer: '',
    fingerprint: '',
    serialNumber: '',
    notBefore: null,
    notAfter: null,
    renewal: null,
    status: 'pending',
    meanwhile: 'internal',
    byHand: true,
  });

  const resolver = (
    name: string,
    {
      email,
      challenge,
      dnsProvider,
    }: Pick<ResolverView, 'email' | 'challenge'> & { readonly dnsProvider?: string | undefined },
  ): ResolverView => {
    const made: ResolverView = {
      name,
      source: 'dashboard',
      email,
      ca: {
        url: 'https://acme-v02.api.letsencrypt.org/directory',
        title: "Let's Encrypt",
        code: 'letsencrypt',
        staging: false,
      },
      challenge,
      entryPoint: null,
      dnsProvider: dnsProvider ?? null,
      keyType: 'EC256',
      profile: null,
      account: { state: 'none', url: null },
      limits: [],
      problems: [],
    };
    state.putResolvers([...state.resolvers().filter((each) => each.name !== name), made]);
    return made;
  };

  return {
    certificates: {
      list: os.certificates.list.handler(() => [...state.certificates()]),
      get: os.certificates.get.handler(({ input }) => {
        const certificate = known(input.id);
        const startedAt = certificate.notBefore ?? Date.now();
        const done: Order = {
          id: 'ord-first',
          why: 'first',
          state: 'done',
          challenge: 'http-01',
          startedAt,
          endedAt: startedAt + 9000,
          steps: fakeSteps(certificate.names[0] ?? '', startedAt),
        };
        return { certificate, orders: [...(certificate.order ? [certificate.order] : []), done] };
      }),
      propose: os.certificates.propose.handler(({ input }) => proposalFor(input.names, state.resolvers())),
      add: os.certificates.add.handler(({ input }) => {
        const made = input.how && resolver(input.how.name ?? input.how.dnsProvider ?? 'default', input.how);
        return { certificate: order(pending(input.names, made?.name ?? input.resolver ?? null), 'first') };
      }),
      renew: os.certificates.renew.handler(({ input }) => ({ certificate: order(known(input.id), 'asked') })),
      revoke: os.certificates.revoke.handler(({ input }) => {
        const revoked: CertificateView = { ...known(input.id), status: 'revoked', renewal: null };
        state.put([revoked]);
        return { certificate: revoked };
      }),
      remove: os.certificates.remove.handler(({ input }) => {
        state.put([], [known(input.id).id]);
        return {};
      }),
      upload: os.certificates.upload.handler(({ input }) => {
        if (!input.certificatePem.includes('BEGIN CERTIFICATE')) {
          throw new ORPCError('INVALID', {
            status: 422,
            message: 'That is no certificate: it has no line "BEGIN CERTIFICATE".',
            data: { reason: 'CERTIFICATE_UNREADABLE' },
          });
        }
        const brought: CertificateView = {
          ...fakeCertificate(Date.now(), { names: ['brought.example.org'], routers: [], ageDays: 1 }),
          ...(input.id === undefined ? {} : { id: input.id }),
          source: 'imported',
          resolver: null,
        };
        state.put([brought]);
        return { certificate: brought };
      }),
      download: os.certificates.download.handler(({ input }) => ({
        fileName: `${known(input.id).names[0] ?? ''}.${input.format === 'chain' ? 'pem' : input.format}`,
        mediaType: 'application/x-pem-file',
        encoding: 'utf8',
        content: '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
      })),
      import: os.certificates.import.handler(() => {
        const taken = fakeCertificate(Date.now(), { names: ['from-traefik.example.org'], routers: [], ageDays: 30 });
        state.put([{ ...taken, source: 'imported' }]);
        return {
          taken: [
            {
              names: taken.names,
              certificateId: taken.id,
              resolver: 'default',
              notAfter: taken.notAfter ?? 0,
              renews: true,
            },
          ],
          accounts: [{ resolver: 'default', email: 'ada@example.org', ca: "Let's Encrypt", created: true }],
          skipped: [
            {
              what: 'gone.example.org',
              code: 'EXPIRED',
              message: 'gone.example.org: the certificate ended on 2026-08-01.',
              details: { what: 'gone.example.org', ended: '2026-08-01' },
            },
          ],
        };
      }),
    },
    resolvers: {
      list: os.resolvers.list.handler(() => [...state.resolvers()]),
      set: os.resolvers.set.handler(({ input }) => resolver(input.name, input)),
      remove: os.resolvers.remove.handler(({ input }) => {
        state.putResolvers(state.resolvers().filter(({ name }) => name !== input.name));
        return {};
      }),
      check: os.resolvers.check.handler(() => ({ ok: true, zones: [], problems: [], note: null })),
    },
    dnsProviders: {
      list: os.dnsProviders.list.handler(fakeDnsProviders),
      check: os.dnsProviders.check.handler(() => ({ ok: true, zones: ['example.org'], problems: [], note: null })),
    },
  };
}

function proposalFor(names: readonly string[], resolvers: readonly ResolverView[]): CertificateProposal {
  const wildcard = names.some((name) => name.startsWith('*.'));
  const local = names.every((name) => /\.(localhost|lan|internal|home\.arpa)$/.test(name));
  const name = names[0] ?? '';
  return {
    names: names.map((each) => ({
      name: each,
      kind: local ? 'private' : each.startsWith('*.') ? 'wildcard' : 'public',
      coveredBy: null,
      addresses: local ? [] : ['203.0.113.7'],
    })),
    ways: local
      ? [
          {
            challenge: 'internal',
            verdict: 'proposed',
            reasons: [{ code: 'NAME_NOT_PUBLIC', message: `No public authority signs ${name}.`, details: { name } }],
          },
        ]
      : [
          {
            challenge: 'http-01',
            verdict: wildcard ? 'impossible' : 'proposed',
            reasons: wildcard
              ? [{ code: 'WILDCARD_IMPOSSIBLE', message: 'A wildcard cannot be proved over HTTP.', details: { name } }]
              : [
                  {
                    code: 'DNS_POINTS_HERE',
                    message: `${name} leads to 203.0.113.7, which is here.`,
                    details: { name, address: '203.0.113.7' },
                  },
                  { code: 'PORT_80_ANSWERS', message: 'Port 80 is served.', details: { entryPoint: 'web' } },
                ],
          },
          {
            challenge: 'tls-alpn-01',
            verdict: wildcard ? 'impossible' : 'possible',
            reasons: wildcard
              ? [{ code: 'WILDCARD_IMPOSSIBLE', message: 'A wildcard cannot be proved over TLS.', details: { name } }]
              : [{ code: 'PORT_443_ANSWERS', message: 'Port 443 is served.', details: { entryPoint: 'websecure' } }],
          },
          {
            challenge: 'dns-01',
            verdict: wildcard ? 'proposed' : 'possible',
            reasons: [
              ...(wildcard
                ? [{ code: 'WILDCARD_NEEDS_DNS' as const, message: 'A wildcard is proved by DNS.', details: { name } }]
                : [{ code: 'NEEDS_NO_OPEN_PORT' as const, message: 'It needs no open port.', details: {} }]),
              {
                code: 'DNS_PROVIDER_FOUND',
                message: 'The name servers are those of Cloudflare.',
                details: { provider: 'Cloudflare' },
              },
            ],
          },
        ],
    resolver: resolvers.find(({ challenge }) => (wildcard ? challenge === 'dns-01' : true))?.name ?? null,
    dnsProvider: local ? null : 'cloudflare',
  };
}
