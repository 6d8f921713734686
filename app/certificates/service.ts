import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import type { CertificateView, ResolverView } from '../contract/certificates.ts';
import type { Change, RouterView } from '../contract/objects.ts';
import { viewKey } from '../contract/view-key.ts';
import type { CertificateService } from '../operations/certificate-service.ts';
import { OperationError } from '../operations/error.ts';
import { same } from '../runtime/same.ts';
import { Secret } from '../secrets/secrets.ts';
import type { CertificateRepository } from '../store/certificates.ts';
import type { Entry } from './acme/entry.ts';
import { classify } from './acme/failure.ts';
import type { Issuance } from './acme/issuance.ts';
import { newCertificate } from './acme/issuance.ts';
import { remainingLimits } from './acme/limits.ts';
import { certificateId } from './acme/plan.ts';
import { type ProposalFacts, proposeWays, systemLookup } from './acme/propose.ts';
import { AcmeFault } from './acme/protocol.ts';
import { type AcmeResolver, authorityOf } from './acme/resolver.ts';
import { certificateView, orderView } from './acme/views.ts';
import { adoptFound } from './adopt.ts';
import { asCertificateName } from './authority.ts';
import { bringIn } from './bring.ts';
import type { DnsCredentialStore } from './dns-credentials.ts';
import type { ResolverSettings } from './resolver-settings.ts';
import { type HostInUse, keptServedView, routersByCertificate, routersByName, routersOf } from './served.ts';

/** What has certificates, once its keys could be opened. */
export interface OpenIssuance {
  readonly issuance: Issuance;
  readonly settings: ResolverSettings;
  readonly seal: (pem: string) => string;
  readonly open: (sealed: string) => string;
}

export interface CertificateServiceOptions {
  /** What visitors are served with now; of two that hold one name, the later. */
  readonly served: () => readonly CertificateSnapshot[];
  readonly now: () => number;
  /** Null: not opened, since nobody needed it so far. */
  readonly opened: () => OpenIssuance | null;
  /** Rejects with OperationError where the keys cannot be opened. */
  readonly open: () => Promise<OpenIssuance>;
  /** Of static configuration and of the dashboard. */
  readonly resolvers: () => ReadonlyMap<string, AcmeResolver>;
  /** Resolvers, or what is asked for by hand, have changed. */
  readonly onWishes: () => void;
  readonly repository: CertificateRepository;
  readonly dns: Pick<DnsCredentialStore, 'list' | 'check'>;
  readonly ports: () => Pick<ProposalFacts, 'httpPorts' | 'tlsPorts'>;
  readonly record: (change: Omit<Change, 'id' | 'at' | 'undoable'>) => void;
}

/** All certificates, for the operations and the picture. */
export interface ServedCertificates {
  /** Tells which routers there are now, and gives the views of certificates that follow from it. */
  readonly views: (routers: ReadonlyMap<string, RouterView>) => readonly CertificateView[];
  readonly service: CertificateService;
}

type Actor = Change['actor'];

export function createCertificateService(options: CertificateServiceOptions): ServedCertificates {
  const { served, now, opened, open, resolvers, repository, dns, record } = options;
  let views: ReadonlyMap<string, CertificateView> = new Map();
  let material: ReadonlyMap<string, CertificateSnapshot> = new Map();
  let routersNow: ReadonlyMap<string, RouterView> = new Map();
  let resolverViews: readonly ResolverView[] = [];

  const usage = rememberedUsage();

  const build = (): void => {
    const all = served();
    const { inUse, used } = usage(all, routersNow);
    const entries = opened()?.issuance.entries() ?? [];
    const byName = routersByName(inUse);
    const resolversNow = resolvers();
    const ofEntry = new Map(entries.map((entry) => [entry.snapshot?.id, entry]));
    const next = new Map<string, CertificateView>();
    const shown = new Map<string, CertificateSnapshot>();
    for (const snapshot of all) {
      if (ofEntry.has(snapshot.id)) continue;
      const view = keptServedView(snapshot, used.get(snapshot.id) ?? noRouters, now());
      next.set(view.id, view);
      shown.set(view.id, snapshot);
    }
    for (const entry of entries) {
      const { stored, isWanted, snapshot } = entry;
      if (!isShown(entry)) continue;
      const routers = snapshot ? (used.get(snapshot.id) ?? []) : isWanted ? routersOf(stored.names, byName) : [];
      const { profile = null } = resolversNow.get(stored.resolver ?? '') ?? {};
      next.set(stored.id, certificateView(entry, routers, { now: now(), profile }));
      if (snapshot) shown.set(stored.id, snapshot);
    }
    const before = views;
    views = new Map(
      [...next].map(([id, view]) => {
        const last = before.get(id);
        return [id, last && same(last, view) ? last : view];
      }),
    );
    material = shown;
  };

  const known = (id: string): CertificateView => {
    const view = views.get(id);
    if (view) return view;
    throw new OperationError('NOT_FOUND', `There is no certificate ${id}.`, { reason: 'CERTIFICATE_UNKNOWN', id });
  };

  /** One that is ordered or was brought. */
  const entryOf = (id: string): Entry & { readonly issuance: Issuance } => {
    const { source } = known(id);
    const issuance = opened()?.issuance;
    const entry = issuance?.get(id);
    if (issuance && entry) return { ...entry, issuance };
    throw new OperationError('CONFLICT', `This certificate is not ordered from a CA (it is ${source}).`, {
      reason: 'CERTIFICATE_NOT_ORDERED',
      source,
    });
  };

  /** As it is now, after a change. */
  const viewOf = (id: string): CertificateView => {
    build();
    return known(id);
  };

  const resolverNamed = (name: string | undefined): AcmeResolver => {
    const all = resolvers();
    const wanted = name ?? (all.has('default') || all.size !== 1 ? 'default' : [...all.keys()][0]);
    const found = all.get(wanted ?? '');
    if (found) return found;
    if (all.size === 0) {
      throw new OperationError('UNAVAILABLE', 'No resolver is set up.', { reason: 'RESOLVERS_ABSENT' });
    }
    throw new OperationError('NOT_FOUND', `There is no resolver ${wanted ?? ''}.`, {
      reason: 'RESOLVER_UNKNOWN',
      name: wanted ?? '',
      known: [...all.keys()].join(', '),
    });
  };

  const resolverView = (resolver: AcmeResolver): ResolverView => {
    const { name, source, email, directoryUrl, challenge, keyType, profile } = resolver;
    const { title, code, isStaging } = authorityOf(directoryUrl);
    const accountId = opened()?.issuance.accounts.idOf(resolver, directoryUrl) ?? '';
    const account = repository.accounts.get(accountId);
    const failures = (opened()?.issuance.entries() ?? []).flatMap(({ stored }) =>
      stored.resolver === name && stored.failure ? [stored.failure.problem] : [],
    );
    const blocking = failures.find(({ code: problem }) => blockingCodes.has(problem));
    return {
      name,
      source,
      email,
      ca: { url: directoryUrl, title, code, staging: isStaging },
      challenge: challenge.type,
      entryPoint: challenge.type === 'http-01' ? challenge.entryPoint : null,
      dnsProvider: challenge.type === 'dns-01' ? challenge.provider : null,
      keyType,
      profile,
      account: {
        state: account?.url ? 'registered' : blocking ? 'failed' : 'none',
        url: account?.url ?? null,
      },
      limits: [...remainingLimits(directoryUrl, accountId, repository.uses.since(now() - longestWindowMs), now())],
      problems: blocking ? [blocking] : [],
    };
  };

  const listResolvers = (): readonly ResolverView[] => {
    const next = [...resolvers().values()].map(resolverView);
    if (!same(next, resolverViews)) resolverViews = next;
    return resolverViews;
  };

  const changed = (kind: Change['kind'], actor: Actor, subject: string, details: Change['details'] = {}): void => {
    record({ actor, kind, subject, details });
  };

  const service: CertificateService = {
    list: () => [...views.values()],
    resolvers: listResolvers,
    get: (id) => ({
      certificate: known(id),
      orders: repository.orders.of(id).map((order) => orderView(order, opened()?.issuance.get(id)?.isRunning ?? false)),
    }),
    material: (id) => {
      known(id);
      const { certificatePem, privateKeyPem } = material.get(id) ?? { certificatePem: '', privateKeyPem: '' };
      if (certificatePem === '') {
        throw new OperationError('CONFLICT', 'It is not there yet.', { reason: 'CERTIFICATE_PENDING', id });
      }
      return Promise.resolve({ certificatePem, privateKey: new Secret(privateKeyPem) });
    },
    propose: async ({ names }) => {
      const providers = await dns.list();
      const ready = providers.filter(({ credentials }) => credentials !== 'none').map(({ code }) => code);
      const facts: ProposalFacts = {
        ...options.ports(),
        resolvers: [...resolvers().values()].map(({ name, challenge }) => ({ name, challenge: challenge.type })),
        readyProviders: new Set(ready),
        certificates: [...views.values()].filter(({ source, notAfter }) => source !== 'internal' && notAfter !== null),
      };
      return proposeWays(names, facts, systemLookup());
    },
    add: async ({ names: asked, resolver: name }, actor) => {
      const resolver = resolverNamed(name);
      const names = [...new Set(asked.map(nameOrRefuse))];
      const { issuance } = await open();
      const id = certificateId(resolver.name, names);
      const entry = issuance.get(id);
      const stored = entry?.stored ?? { ...newCertificate(now()), id, resolver: resolver.name, names, byHand: true };
      issuance.put({ ...stored, byHand: true, unusedSince: null });
      changed('certificate.added', actor, names[0] ?? '', { resolver: resolver.name, names: names.join(', ') });
      options.onWishes();
      return viewOf(id);
    },
    renew: async (id, actor) => {
      const { issuance, stored, isWanted } = entryOf(id);
      if (stored.resolver === null) throw notOurs();
      resolverNamed(stored.resolver);
      if (!isWanted && !stored.byHand) throw unused(stored.names);
      issuance.renewNow(id);
      changed('certificate.renewed', actor, stored.names[0] ?? '', { asked: 1 });
      return viewOf(id);
    },
    revoke: async (id, reason, actor) => {
      const { issuance, stored } = entryOf(id);
      if (stored.resolver === null || !stored.issued) throw notOurs();
      const resolver = resolverNamed(stored.resolver);
      const { directoryUrl, chain } = stored.issued;
      await asOperation(resolver, async () => {
        const account = await issuance.accounts.open(resolver, directoryUrl);
        try {
          await account.ca.ask({
            ask: 'revoke',
            certificatePem: firstOf(chain),
            reason: reasonCodes[reason ?? ''] ?? 0,
          });
        } catch (error) {
          if (!(error instanceof AcmeFault && error.type === 'alreadyRevoked')) throw error;
        } finally {
          account.release();
        }
      });
      const current = issuance.get(id)?.stored ?? stored;
      issuance.put({ ...current, revokedAt: now() });
      changed('certificate.revoked', actor, stored.names[0] ?? '');
      return viewOf(id);
    },
    remove: async (id, actor) => {
      const { issuance, stored } = entryOf(id);
      issuance.forget(id);
      changed('certificate.removed', actor, stored.names[0] ?? '');
      build();
      options.onWishes();
      await Promise.resolve();
    },
    bring: async (id, brought, actor) => {
      const { issuance, seal } = await open();
      const stored = bringIn(id === null ? null : entryOf(id).stored, brought, { seal, now: now() });
      issuance.put(stored);
      changed('certificate.replaced', actor, stored.names[0] ?? '');
      options.onWishes();
      return viewOf(stored.id);
    },
    adopt: async (found, actor) => {
      const { issuance, seal } = await open();
      const report = await adoptFound(found, { issuance, repository, seal, resolvers: resolvers(), now: now() });
      changed('certificates.imported', actor, '', { taken: report.taken.length, accounts: report.accounts.length });
      build();
      options.onWishes();
      return report;
    },
    setResolver: async (input, actor) => {
      const fixed = resolvers().get(input.name);
      if (fixed?.source === 'static') {
        throw new OperationError('CONFLICT', `${input.name} is set up in the static configuration: change it there.`, {
          reason: 'RESOLVER_FIXED',
          name: input.name,
        });
      }
      const { settings } = await open();
      const made = await settings.set(input);
      changed('resolver.set', actor, made.name, {
        ca: authorityOf(made.directoryUrl).title,
        challenge: made.challenge.type,
      });
      options.onWishes();
      return resolverView(made);
    },
    removeResolver: async (name, actor) => {
      const { settings } = await open();
      if (resolverNamed(name).source === 'static' || !(await settings.remove(name))) {
        throw new OperationError('CONFLICT', `${name} is set up in the static configuration: take it out there.`, {
          reason: 'RESOLVER_FIXED',
          name,
        });
      }
      changed('resolver.removed', actor, name);
      options.onWishes();
    },
    checkResolver: async (name) => {
      const resolver = resolverNamed(name);
      const { issuance } = await open();
      const { directoryUrl, challenge } = resolver;
      try {
        await issuance.accounts.ask(resolver, directoryUrl, { ask: 'directory' });
      } catch (error) {
        const ca = authorityOf(directoryUrl).title;
        const { problem } = classify(error, { ca, directoryUrl, names: [], now: now() });
        return { ok: false, zones: [], problems: [problem], note: null };
      }
      if (challenge.type !== 'dns-01') return { ok: true, zones: [], problems: [], note: null };
      return dns.check({ code: challenge.provider }, undefined);
    },
  };

  return {
    views: (routers) => {
      routersNow = routers;
      build();
      return [...views.values()];
    },
    service,
  };
}

const longestWindowMs = 8 * 86_400_000;
/** What keeps a resolver from working for any name. */
const blockingCodes: ReadonlySet<string> = new Set([
  'ACME_ACCOUNT',
  'ACME_EAB_MISSING',
  'ACME_CA_UNTRUSTED',
  'ACME_CA_DOWN',
  'ACME_DNS_CREDENTIALS',
  'ACME_CLOCK',
]);

/** RFC 5280 section 5.3.1. */
const reasonCodes: Readonly<Record<string, number>> = { keyCompromise: 1, superseded: 4, cessationOfOperation: 5 };

/** What no router wants and what never was, is of interest to nobody. */
function isShown({ stored, isWanted }: Entry): boolean {
  return stored.issued !== null || isWanted || stored.byHand;
}

function nameOrRefuse(text: string): string {
  const name = asCertificateName(text.trim());
  if (name !== undefined && name.lastIndexOf('*') <= 0) return name;
  throw new OperationError('INVALID', `"${text}" can stand in no certificate.`, { reason: 'NAME_INVALID', name: text });
}

function notOurs(): OperationError {
  const reason = 'CERTIFICATE_NOT_ORDERED';
  return new OperationError('CONFLICT', 'This certificate is not ordered from a CA.', { reason, source: 'imported' });
}

/** It would be ordered from then on, and served to nobody: whoever wants that says so. */
function unused(names: readonly string[]): OperationError {
  const name = names[0] ?? '';
  const message = `No router uses ${name}, so it is not renewed. Give a router its name, or ask for the certificate by itself (gatehouse certificates add ${names.join(' ')}).`;
  return new OperationError('CONFLICT', message, { reason: 'CERTIFICATE_UNUSED', name });
}

function firstOf(chain: string): string {
  return /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(chain)?.[0] ?? chain;
}

/** What a CA would not do, as an operation's failure. */
async function asOperation(resolver: AcmeResolver, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof OperationError) throw error;
    const { directoryUrl } = resolver;
    const { problem } = classify(error, {
      ca: authorityOf(directoryUrl).title,
      directoryUrl,
      names: [],
      now: Date.now(),
    });
    throw new OperationError('UNAVAILABLE', problem.message, { ...problem.details, reason: problem.code });
  }
}

const noRouters: readonly string[] = [];

interface Usage {
  readonly inUse: readonly HostInUse[];
  /** Routers by the id of what their visitors get. */
  readonly used: ReadonlyMap<string, readonly string[]>;
}

/** Who uses what, found out anew only where certificates or routers are others than the last time. */
function rememberedUsage(): (all: readonly CertificateSnapshot[], routers: ReadonlyMap<string, RouterView>) => Usage {
  let last: (Usage & { all: readonly CertificateSnapshot[]; routers: ReadonlyMap<string, RouterView> }) | null = null;
  return (all, routers) => {
    if (last && last.all === all && sameValues(last.routers, routers)) return last;
    const inUse = hostsInUse(routers);
    // Workers take the later of two, the function below the first.
    last = { all, routers, inUse, used: routersByCertificate(all.toReversed(), inUse) };
    return last;
  };
}

function sameValues<T>(one: ReadonlyMap<string, T>, other: ReadonlyMap<string, T>): boolean {
  if (one.size !== other.size) return false;
  for (const [key, value] of one) if (other.get(key) !== value) return false;
  return true;
}

function hostsInUse(routers: ReadonlyMap<string, RouterView>): readonly HostInUse[] {
  const byHost = new Map<string, string[]>();
  for (const router of routers.values()) {
    if ((router.status === 'disabled' && router.closed !== true) || !router.tls) continue;
    for (const host of router.hosts) {
      const own = byHost.get(host) ?? [];
      own.push(viewKey(router));
      byHost.set(host, own);
    }
  }
  return [...byHost].map(([host, names]) => ({ host, routers: names }));
}
