import type {
  CertificateFailure,
  CertificateView,
  Order,
  OrderStep,
  ResolverView,
} from '../../app/contract/certificates.ts';
import type { RouterView } from '../../app/contract/objects.ts';
import { type FakeKind, fakeProblem } from './fake-world.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

function hex(seed: string, bytes: number): string {
  let hash = 2166136261;
  return Array.from({ length: bytes }, (_, index) => {
    for (const character of `${seed}${index}`) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619) >>> 0;
    return (hash & 255).toString(16).padStart(2, '0').toUpperCase();
  }).join(':');
}

interface Wanted {
  readonly names: readonly string[];
  readonly routers: readonly string[];
  readonly ageDays: number;
  readonly lifeDays?: number;
  readonly challenge?: 'http-01' | 'dns-01';
  readonly resolver?: string;
}

/** A certificate by ACME that is well. */
export function fakeCertificate(
  now: number,
  { names, routers, ageDays, lifeDays = 90, resolver = 'default' }: Wanted,
): CertificateView {
  const name = names[0] ?? '';
  const notBefore = now - ageDays * day;
  const notAfter = notBefore + lifeDays * day;
  const renewAt = notBefore + (lifeDays * day * 2) / 3;
  return {
    id: `crt-${name}`,
    names: [...names],
    source: 'acme',
    resolver,
    issuer: "Let's Encrypt E7",
    keyType: 'EC256',
    fingerprint: hex(name, 32),
    serialNumber: hex(`${name}-serial`, 18).replaceAll(':', ''),
    notBefore,
    notAfter,
    renewal: { at: renewAt, why: 'ari', window: { start: renewAt - 12 * hour, end: renewAt + 36 * hour } },
    status: 'valid',
    meanwhile: null,
    routers: [...routers],
    byHand: false,
    failure: null,
    order: null,
    profile: null,
    path: null,
  };
}

function portClosed(name: string, now: number): CertificateFailure {
  return {
    problem: fakeProblem(
      'ACME_PORT_CLOSED',
      'error',
      `Let's Encrypt could not reach ${name} (203.0.113.7) on port 80: the connection timed out.`,
      'Forward port 80 of your router to this machine and open it in the firewall, or prove the name by DNS.',
      { name, address: '203.0.113.7', port: 80, ca: "Let's Encrypt", kind: 'timeout' },
    ),
    at: now - 12 * minute,
    retryAt: now + 48 * minute,
    attempts: 3,
  };
}

function propagation(name: string, now: number): CertificateFailure {
  return {
    problem: fakeProblem(
      'ACME_PROPAGATION',
      'warning',
      `The record _acme-challenge.${name} had not reached ns2.example.net after 2 minutes.`,
      'Gatehouse tries again by itself. If it stays so, give the provider more time with delayBeforeChecks.',
      { name, record: `_acme-challenge.${name}`, lacking: 'ns2.example.net' },
    ),
    at: now - 3 * minute,
    retryAt: now + 7 * minute,
    attempts: 1,
  };
}

export function fakeSteps(name: string, startedAt: number): OrderStep[] {
  const at = (index: number): number => startedAt + index * 700;
  const url = `http://${name}/.well-known/acme-challenge/pVX5jTq7Jm2x`;
  return [
    { at: at(0), step: 'directory', state: 'done', name: null, details: { ca: "Let's Encrypt" } },
    { at: at(1), step: 'account', state: 'done', name: null, details: { email: 'ada@example.org' } },
    { at: at(2), step: 'order', state: 'done', name: null, details: { names: 1 } },
    { at: at(3), step: 'challenge-set', state: 'done', name, details: { challenge: 'http-01', url } },
    { at: at(4), step: 'self-check', state: 'done', name, details: { url } },
    { at: at(5), step: 'told-ca', state: 'done', name, details: { challenge: 'http-01' } },
    { at: at(6), step: 'ca-saw', state: 'done', name, details: { address: '203.0.113.7', answer: '200' } },
    { at: at(7), step: 'validated', state: 'done', name, details: {} },
    { at: at(8), step: 'finalised', state: 'done', name: null, details: { keyType: 'EC256' } },
    { at: at(9), step: 'downloaded', state: 'done', name: null, details: { issuer: "Let's Encrypt E7" } },
    { at: at(10), step: 'installed', state: 'done', name: null, details: { routers: 1 } },
  ];
}

export function failedOrder(name: string, failure: CertificateFailure): Order {
  const steps = fakeSteps(name, failure.at - 12_000).slice(0, 6);
  const saw: OrderStep = {
    at: failure.at,
    step: 'ca-saw',
    state: 'failed',
    name,
    details: { address: '203.0.113.7', answer: 'Timeout during connect (likely firewall problem)' },
  };
  return {
    id: `ord-${name}`,
    why: 'renewal',
    state: 'failed',
    challenge: 'http-01',
    startedAt: failure.at - 12_000,
    endedAt: failure.at,
    steps: [...steps, saw],
  };
}

function internal(name: string, routers: readonly string[], now: number): CertificateView {
  return {
    ...fakeCertificate(now, { names: [name], routers, ageDays: 11 }),
    id: `internal:${name}`,
    source: 'internal',
    resolver: null,
    issuer: 'Gatehouse CA nuc 2026-03-04',
    renewal: { at: now + 49 * day, why: 'third' },
  };
}

export function fakeCertificates(kind: FakeKind, now: number, routers: readonly RouterView[]): CertificateView[] {
  const whoami = internal('whoami.localhost', ['whoami@internal'], now);
  if (kind === 'empty') return [whoami];
  const routed = routers.filter(({ tls, provider }) => tls && provider !== 'internal');
  const hosts = routed.flatMap(({ name, hosts: own }) => own.map((host) => ({ host, router: name })));
  if (kind === 'thousand') {
    return hosts.map(({ host, router }, index) => {
      const age = (index * 37) % 58;
      const made = fakeCertificate(now, { names: [host], routers: [router], ageDays: age });
      if (index % 97 !== 5) return made;
      const failure = portClosed(host, now);
      return { ...made, failure, order: failedOrder(host, failure) };
    });
  }
  const [first, second, ...others] = hosts;
  const wildcard = fakeCertificate(now, {
    names: ['*.home.example.org', 'home.example.org'],
    routers: others.map(({ router }) => router),
    ageDays: 22,
    challenge: 'dns-01',
    resolver: 'cloudflare',
  });
  const own = [first, second].flatMap((each, index) =>
    each ? [fakeCertificate(now, { names: [each.host], routers: [each.router], ageDays: 4 + index * 47 })] : [],
  );
  const ending: CertificateView = {
    ...fakeCertificate(now, { names: ['nas.example.org'], routers: [], ageDays: 356, lifeDays: 365 }),
    id: 'file:7f3a',
    source: 'file',
    resolver: null,
    issuer: 'DigiCert TLS RSA SHA256 2020 CA1',
    keyType: 'RSA2048',
    renewal: { at: now + 9 * day, why: 'owner' },
    status: 'expiring',
    path: '/etc/gatehouse/certs/nas.pem',
  };
  const unused: CertificateView = {
    ...fakeCertificate(now, { names: ['old-blog.example.org'], routers: [], ageDays: 40 }),
    renewal: null,
    status: 'unused',
  };
  const all = [...own, wildcard, unused, whoami];
  if (kind === 'broken') {
    return [...all, ending].map((each) => {
      const name = each.names[0] ?? '';
      const failure = portClosed(name, now);
      if (each.source !== 'acme') return each;
      return {
        ...each,
        status: 'failed',
        meanwhile: 'internal',
        issuer: '',
        fingerprint: '',
        serialNumber: '',
        notBefore: null,
        notAfter: null,
        renewal: { at: failure.retryAt ?? now, why: 'retry' },
        failure,
        order: failedOrder(name, failure),
      };
    });
  }
  if (kind === 'one-broken') {
    const failure = propagation('home.example.org', now);
    return [...own, { ...wildcard, failure, order: failedOrder('home.example.org', failure) }, ending, unused, whoami];
  }
  return all;
}

export function fakeResolvers(kind: FakeKind, now: number): ResolverView[] {
  if (kind === 'empty') return [];
  const letsEncrypt = {
    url: 'https://acme-v02.api.letsencrypt.org/directory',
    title: "Let's Encrypt",
    code: 'letsencrypt',
    staging: false,
  };
  return [
    {
      name: 'default',
      source: 'dashboard',
      email: 'ada@example.org',
      ca: letsEncrypt,
      challenge: 'http-01',
      entryPoint: 'web',
      dnsProvider: null,
      keyType: 'EC256',
      profile: null,
      account: { state: 'registered', url: 'https://acme-v02.api.letsencrypt.org/acme/acct/184467' },
      limits: [
        {
          limit: 'certificates',
          subject: 'example.org',
          remaining: kind === 'broken' ? 0 : 43,
          of: 50,
          windowMs: 7 * day,
          nextAt: now + 29 * hour,
        },
        {
          limit: 'failed-validations',
          subject: 'home.example.org',
          remaining: 3,
          of: 5,
          windowMs: hour,
          nextAt: now + 12 * minute,
        },
      ],
      problems: [],
    },
    {
      name: 'cloudflare',
      source: 'static',
      email: 'ada@example.org',
      ca: letsEncrypt,
      challenge: 'dns-01',
      entryPoint: null,
      dnsProvider: 'cloudflare',
      keyType: 'EC256',
      profile: null,
      account: { state: 'registered', url: 'https://acme-v02.api.letsencrypt.org/acme/acct/184467' },
      limits: [],
      problems: [],
    },
  ];
}
