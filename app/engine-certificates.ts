import type { CertificateSnapshot } from '../proxy/model/snapshot.ts';
import { connectCa } from './certificates/acme/ca-client.ts';
import { claimsOf } from './certificates/acme/claims.ts';
import { createDnsProofs } from './certificates/acme/dns-proofs.ts';
import { createIssuance, type Issuance, type IssuanceOptions, type News } from './certificates/acme/issuance.ts';
import { createLiveChallenges, type LiveChallenges } from './certificates/acme/live-challenges.ts';
import { openKept } from './certificates/acme/material.ts';
import { planCertificates } from './certificates/acme/plan.ts';
import type { AcmeResolver } from './certificates/acme/resolver.ts';
import { createSelfCheck } from './certificates/acme/self-check.ts';
import { certificateProblem } from './certificates/acme/views.ts';
import { coveredBy } from './certificates/configured.ts';
import { createDnsCredentials, type DnsCredentialStore } from './certificates/dns-credentials.ts';
import { openKeyVault } from './certificates/key-vault.ts';
import { loadResolverSettings } from './certificates/resolver-settings.ts';
import { createCertificateService, type OpenIssuance, type ServedCertificates } from './certificates/service.ts';
import type { StaticEntryPoint } from './config/static.ts';
import type { Change, Problem } from './contract/objects.ts';
import { DnsProviderError } from './dns/dns-error.ts';
import { followAliases } from './dns/follow-aliases.ts';
import { keptAccounts } from './dns/kept-accounts.ts';
import { createDnsLookup } from './dns/lookup.ts';
import { dnsProvider } from './dns/table.ts';
import type { Log } from './log.ts';
import { OperationError } from './operations/error.ts';
import type { BoundEntryPoint } from './runtime/entry-points.ts';
import type { RuntimeState } from './runtime/state.ts';
import type { WorkerPool } from './runtime/worker-pool.ts';
import { type Secrets, SecretsError } from './secrets/secrets.ts';
import type { Store } from './store/store.ts';

export interface EngineCertificatesOptions {
  readonly secrets: Secrets;
  readonly store: Pick<Store, 'certificates'>;
  /** Of static configuration. */
  readonly resolvers: readonly AcmeResolver[];
  readonly setChallenges: WorkerPool['setChallenges'];
  /** What visitors are served with now. */
  readonly served: () => readonly CertificateSnapshot[];
  readonly state: () => RuntimeState;
  readonly entryPoints: () => readonly StaticEntryPoint[];
  readonly bound: () => readonly BoundEntryPoint[];
  /** Certificates to serve have changed. */
  readonly onCertificates: () => void;
  /** Names of resolvers have changed. */
  readonly onResolvers: () => void;
  readonly onChange: () => void;
  readonly record: (change: Omit<Change, 'id' | 'at' | 'undoable'>) => void;
  readonly log: Log;
  readonly now: () => number;
}

/** All of the engine that has to do with certificates that are ordered or brought. */
export interface EngineCertificates extends ServedCertificates {
  readonly dnsProviders: DnsCredentialStore;
  /** To be served before those of the internal authority. */
  readonly issued: () => readonly CertificateSnapshot[];
  readonly resolverNames: () => ReadonlySet<string>;
  readonly onChallengeAsked: LiveChallenges['asked'];
  /** Routers or entry points have changed. */
  readonly onState: () => void;
  /** What providers know is published: from now on what nobody asks for is not wanted any more. */
  readonly begin: () => void;
  readonly problems: () => readonly Problem[];
  readonly stop: () => Promise<void>;
}

const none: readonly CertificateSnapshot[] = [];
const openFirstMs = 3000;
const openAgainMs = 30_000;

/** Keys are opened only where there is something to open them for: a keychain may ask its owner. */
export async function createEngineCertificates(options: EngineCertificatesOptions): Promise<EngineCertificates> {
  const { secrets, log, now, onChange } = options;
  const repository = options.store.certificates;
  const dnsProviders = createDnsCredentials({ secrets });
  const live = createLiveChallenges(options.setChallenges);
  let opened: OpenIssuance | null = null;
  let opening: Promise<OpenIssuance> | null = null;
  let hasBegun = false;
  let stopped = false;

  const resolvers = (): ReadonlyMap<string, AcmeResolver> =>
    new Map([...(opened?.settings.list() ?? []), ...options.resolvers].map((each) => [each.name, each]));

  const dnsFor: IssuanceOptions['dnsFor'] = async ({ challenge }, pause, signal) => {
    if (challenge.type !== 'dns-01') throw new Error('only the DNS challenge has records');
    const definition = await dnsProvider(challenge.provider);
    if (!definition) throw unknownProvider(challenge.provider);
    const lookup = createDnsLookup({ resolvers: challenge.resolvers });
    const made = definition.create(await dnsProviders.credentialsFor(challenge.provider), {
      resolvers: challenge.resolvers,
      accounts: keptAccounts(secrets, definition.code),
      // The step of the order shows the record, from before it is set until it is found.
      askOwner: () => undefined,
    });
    const provider = followAliases(made, lookup);
    const isOneAtATime = definition.oneAtATime === true;
    return createDnsProofs({
      provider,
      isOneAtATime,
      challenge,
      findLacking: lookup.lacking,
      now,
      pause,
      signal,
      log,
    });
  };

  const openNow = async (): Promise<OpenIssuance> => {
    const vault = await openKeyVault(secrets);
    const settings = await loadResolverSettings(repository, secrets, now);
    const issuance = createIssuance({
      repository,
      vault,
      opened: await openKept(repository.list(), vault, log),
      connect: connectCa,
      live,
      selfCheck: createSelfCheck(() =>
        options.bound().flatMap(({ entryPoint: { name }, tls, bound }) => (bound ? [{ name, tls, ...bound }] : [])),
      ),
      dnsFor,
      log,
      now,
      // Until then nothing was published yet, and what is to be asks for them by itself.
      onCertificates: () => {
        if (hasBegun) options.onCertificates();
      },
      onChange,
      onNews: (news) => options.record(newsOf(news)),
    });
    if (stopped) await issuance.stop();
    opened = { issuance, settings, seal: vault.seal, open: vault.open };
    if (hasBegun) wish();
    return opened;
  };

  const open = async (): Promise<OpenIssuance> => {
    if (opened) return opened;
    opening ??= openNow().finally(() => {
      opening = null;
    });
    try {
      return await opening;
    } catch (error) {
      if (!(error instanceof SecretsError)) throw error;
      throw new OperationError('UNAVAILABLE', `${error.message} ${error.fix}`, { reason: error.code });
    }
  };

  /** The dashboard's only resolver, or the one called so. */
  const usual = (): string | null => {
    const own = opened?.settings.list() ?? [];
    const [only] = own;
    return own.find(({ name }) => name === 'default')?.name ?? (own.length === 1 && only ? only.name : null);
  };

  const wish = (): void => {
    const issuance: Issuance | undefined = opened?.issuance;
    if (!issuance || !hasBegun || stopped) return;
    const all = resolvers();
    const own = new Set(issuance.certificates().map(({ id }) => id));
    const entries = issuance.entries();
    const brought = entries.filter(({ stored, snapshot }) => stored.resolver === null && snapshot !== null);
    const files = options.served().filter(({ isOwn, id }) => isOwn !== true && !own.has(id));
    const byHand = entries.flatMap(({ stored: { byHand: isByHand, resolver, names } }) =>
      isByHand && resolver !== null ? [{ resolver, names }] : [],
    );
    issuance.setResolvers(all);
    issuance.setWanted(
      planCertificates({
        claims: claimsOf(options.state(), options.entryPoints(), usual()),
        byHand,
        resolvers: all,
        isCovered: coveredBy([...files, ...brought.flatMap(({ snapshot }) => (snapshot ? [snapshot] : []))]),
      }),
    );
  };

  const isNeeded =
    options.resolvers.length > 0 || repository.list().length > 0 || repository.resolvers.list().length > 0;
  let retry: NodeJS.Timeout | undefined;
  if (isNeeded) {
    const first = open().catch((error: unknown) => {
      log.error('certificates that are kept cannot be opened', { error });
      if (stopped) return;
      // A keychain may be unlocked later; the problem says so until then.
      retry = setInterval(() => {
        if (opened) clearInterval(retry);
        else open().then(options.onResolvers, () => onChange());
      }, openAgainMs);
      retry.unref();
    });
    // Whoever has to open a locked keychain keeps no visitor waiting: the internal authority serves meanwhile.
    await Promise.race([first, waitAtMost(openFirstMs)]);
  }

  const served = createCertificateService({
    served: options.served,
    now,
    opened: () => opened,
    open,
    resolvers,
    onWishes: () => {
      options.onResolvers();
      wish();
      onChange();
    },
    repository,
    dns: dnsProviders,
    ports: () => {
      const ports = (isTls: boolean): number[] =>
        options.bound().flatMap(({ tls, bound }) => (bound && tls === isTls ? [bound.port] : []));
      return { httpPorts: ports(false), tlsPorts: ports(true) };
    },
    record: options.record,
  });

  return {
    ...served,
    dnsProviders,
    issued: () => opened?.issuance.certificates() ?? none,
    resolverNames: () => new Set(resolvers().keys()),
    onChallengeAsked: live.asked,
    onState: wish,
    begin: () => {
      hasBegun = true;
      wish();
    },
    problems: () =>
      (opened?.issuance.entries() ?? []).flatMap((entry) => {
        const found = certificateProblem(entry, now());
        return found ? [found] : [];
      }),
    stop: async () => {
      stopped = true;
      clearInterval(retry);
      await opened?.issuance.stop();
    },
  };
}

function waitAtMost(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

function newsOf({ kind, names, details }: News): Omit<Change, 'id' | 'at' | 'undoable'> {
  const [subject = ''] = names;
  return { actor: 'system', kind: `certificate.${kind}`, subject, details: { names: names.join(', '), ...details } };
}

function unknownProvider(code: string): DnsProviderError {
  return new DnsProviderError({
    kind: 'refused',
    provider: code,
    message: `There is no DNS provider "${code}" that Gatehouse knows.`,
    fix: 'Choose one of those that are offered, or httpreq or exec for one of your own.',
  });
}
