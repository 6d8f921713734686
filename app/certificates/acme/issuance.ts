import type { CertificateSnapshot } from '../../../proxy/model/snapshot.ts';
import type { Log } from '../../log.ts';
import type { CertificateRepository, StoredCertificate, StoredOrder } from '../../store/certificates.ts';
import type { KeyVault } from '../key-vault.ts';
import { type Accounts, createAccounts } from './accounts.ts';
import { createAttempts, type Desk, type DnsFor } from './attempt.ts';
import type { ConnectCa } from './ca-client.ts';
import { createClockWatch } from './clock-watch.ts';
import { blank, type Entry, type Live, needsOrder, show } from './entry.ts';
import { type Classified, classify, ValidationFailed } from './failure.ts';
import type { LiveChallenges } from './live-challenges.ts';
import { withKeyState } from './lost-key.ts';
import { materialOf } from './material.ts';
import type { WantedCertificate } from './plan.ts';
import { renewalByCa, renewalId, retryTime } from './renewal.ts';
import { type AcmeResolver, authorityOf } from './resolver.ts';
import type { SelfCheck } from './self-check.ts';
import { withFailure } from './steps.ts';

/** Has certificates, and keeps having them. What changes something kept throws OperationError where that fails. */
export interface Issuance {
  /** What is wanted from now on; what is not any more is not renewed. */
  readonly setWanted: (wanted: readonly WantedCertificate[]) => void;
  readonly setResolvers: (resolvers: ReadonlyMap<string, AcmeResolver>) => void;
  /** Certificates that are good now, the newest last. The same while they do not change. */
  readonly certificates: () => readonly CertificateSnapshot[];
  /** Each the same while nothing about it changes. */
  readonly entries: () => readonly Entry[];
  readonly get: (id: string) => Entry | undefined;
  /** Orders anew now, whatever is left; ends the pause after a failure. */
  readonly renewNow: (id: string) => void;
  /** Adds or changes a certificate. */
  readonly put: (certificate: StoredCertificate) => void;
  /**
   * Adds or changes many, all of them or none. Nobody is told of it before `look`, which is to follow the last of them.
   */
  readonly putAll: (certificates: readonly StoredCertificate[]) => void;
  readonly forget: (id: string) => boolean;
  readonly accounts: Accounts;
  /** What to add to this machine's clock by those of CAs; 0 where it is near enough. */
  readonly clockSkewMs: () => number;
  /** Begins what is due now. */
  readonly look: () => void;
  /** Resolves when nothing is under way. */
  readonly idle: () => Promise<void>;
  /** Orders under way stop where they are, and go on at the next start. May be called twice. */
  readonly stop: () => Promise<void>;
}

export interface IssuanceOptions {
  readonly repository: CertificateRepository;
  readonly vault: KeyVault;
  /** By id, what was opened of those that are kept, as far as it was; left out: nothing. */
  readonly opened?: ReadonlyMap<string, CertificateSnapshot | null>;
  readonly connect: ConnectCa;
  readonly live: LiveChallenges;
  /** Left out: the CA is told without having looked ourselves. */
  readonly selfCheck?: SelfCheck;
  readonly dnsFor: DnsFor;
  readonly log: Log;
  readonly now?: () => number;
  /** 0 up to 1. */
  readonly random?: () => number;
  /** Where the CA of an address lets one try for nothing; left out: as it is known. */
  readonly stagingOf?: (directoryUrl: string) => string | null;
  /** Certificates to serve have changed. */
  readonly onCertificates: () => void;
  /** Something that is shown has changed. */
  readonly onChange: () => void;
  readonly onNews?: (news: News) => void;
}

export interface News {
  readonly kind: 'issued' | 'renewed' | 'failed';
  readonly names: readonly string[];
  readonly details: Readonly<Record<string, string | number>>;
}

/** Certificates that nobody wants go so long after their end. */
const keptAfterEndMs = 30 * 86_400_000;
/** What was never had is kept so long, as its router may come back, and its order with it. */
const keptPendingMs = 3_600_000;
const mostAtOnce = 3;
const longestSleepMs = 3_600_000;
/** Two renewals in a row are never nearer to each other, whatever a CA says. */
const shortestBetweenMs = 86_400_000;
const askAgainMs = 6 * 3_600_000;

export function createIssuance(options: IssuanceOptions): Issuance {
  const { repository, vault, log } = options;
  const now = options.now ?? Date.now;
  const random = options.random ?? Math.random;
  const stopping = new AbortController();
  const clock = createClockWatch(now);
  const { connect } = options;
  const accounts = createAccounts({ repository, vault, connect, now, onCaTime: clock.note });
  const attempts = createAttempts({
    ...options,
    accounts,
    clock,
    now,
    random,
    stagingOf: options.stagingOf ?? ((url) => authorityOf(url).stagingUrl),
  });
  const all = new Map<string, Live>();
  let resolvers: ReadonlyMap<string, AcmeResolver> = new Map();
  let timer: NodeJS.Timeout | null = null;
  /** Whose keys were found lost at the start, and nobody was told of yet. */
  const lost: StoredCertificate[] = [];
  let served: readonly CertificateSnapshot[] = [];

  const changed = (entry: Live): void => {
    entry.shown = null;
    options.onChange();
  };
  const put = (entry: Live, change: Partial<StoredCertificate>): void => {
    const next = { ...entry.stored, ...change };
    repository.put(next);
    entry.stored = next;
    changed(entry);
  };
  const putOrder = (entry: Live, order: StoredOrder): void => {
    repository.orders.put(order);
    entry.order = order;
    changed(entry);
  };
  /** For what happens by itself: a full disk is told of by the store, and keeps nothing else from going on. */
  const trying = (what: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      log.error(what, { error });
    }
  };

  const refreshServed = (): void => {
    const time = clock.trueTime();
    const good = [...all.values()]
      .filter(({ stored }) => stored.revokedAt === null && (stored.issued?.notAfter ?? 0) > time)
      .toSorted((a, b) => (a.stored.issued?.notBefore ?? 0) - (b.stored.issued?.notBefore ?? 0))
      .flatMap(({ snapshot }) => (snapshot ? [snapshot] : []));
    if (good.length === served.length && good.every((each, index) => each === served[index])) return;
    served = good;
    options.onCertificates();
  };

  const resolverOf = ({ stored }: Live): AcmeResolver | undefined => resolvers.get(stored.resolver ?? '');

  /** When something is to be done about it; Infinity: nothing. */
  const dueAt = (entry: Live): number => {
    const { stored, order, isWanted, running } = entry;
    if (running || !(isWanted || stored.byHand) || !resolverOf(entry)) return Infinity;
    if (stored.failure) return stored.failure.retryAt ?? Infinity;
    if (needsOrder(entry)) return 0;
    return order?.endedAt === null ? 0 : Math.min(stored.renewal?.at ?? 0, stored.askCaAt ?? Infinity);
  };

  const look = (): void => {
    if (stopping.signal.aborted) return;
    cleanUp();
    refreshServed();
    for (const { names, failure } of lost.splice(0)) {
      options.onNews?.({ kind: 'failed', names, details: { reason: failure?.problem.message ?? '' } });
    }
    const time = now();
    const due = [...all.values()].filter((entry) => dueAt(entry) <= time).toSorted((a, b) => dueAt(a) - dueAt(b));
    for (const entry of due.slice(0, Math.max(0, mostAtOnce - runningCount()))) begin(entry);
    schedule();
  };

  const runningCount = (): number => [...all.values()].filter(({ running }) => running !== null).length;

  const schedule = (): void => {
    if (timer) clearTimeout(timer);
    const time = now();
    // Who ends looks again; with all hands full there is nothing to wake up for.
    const dues = runningCount() >= mostAtOnce ? [] : [...all.values()].map((entry) => dueAt(entry) - time);
    const ends = [...all.values()].map(({ stored }) => (stored.issued?.notAfter ?? Infinity) - clock.trueTime());
    const next = Math.min(longestSleepMs, ...dues, ...ends.filter((ms) => ms > 0));
    timer = setTimeout(look, Math.max(20, next));
    timer.unref();
  };

  const begin = (entry: Live): void => {
    const abort = new AbortController();
    const { stored } = entry;
    const isOrderDue = needsOrder(entry) || entry.order?.endedAt === null || (stored.renewal?.at ?? 0) <= now();
    const work =
      stored.failure || isOrderDue ? issue(entry, AbortSignal.any([abort.signal, stopping.signal])) : askCa(entry);
    entry.abort = abort;
    entry.running = work
      .catch((error: unknown) => log.error('a certificate is not looked after', { names: stored.names, error }))
      .finally(() => {
        entry.running = null;
        entry.abort = null;
        changed(entry);
        look();
      });
    changed(entry);
  };

  /** RFC 9773 section 4.3. Where the CA says nothing, the time by the lifetime holds. */
  const askCa = async (entry: Live): Promise<void> => {
    const { issued, names } = entry.stored;
    const resolver = resolverOf(entry);
    const id = issued && renewalId(issued.chain);
    if (!resolver || id === null || issued?.directoryUrl !== resolver.directoryUrl) {
      put(entry, { askCaAt: null });
      return;
    }
    let change: Partial<StoredCertificate>;
    try {
      const { value: directory } = await accounts.ask(resolver, resolver.directoryUrl, { ask: 'directory' });
      if (directory.renewalInfo === null) {
        put(entry, { askCaAt: now() + askAgainMs });
        return;
      }
      const question = { ask: 'renewalInfo', certificateId: id } as const;
      const { value: info } = await accounts.ask(resolver, resolver.directoryUrl, question);
      const byCa = renewalByCa(info, entry.stored.renewal, random);
      // A CA that calls each new certificate due at once would else have us order without end.
      const last = repository.orders.of(entry.stored.id).find(({ state }) => state === 'done');
      const earliest = last?.why === 'renewal' ? (last.endedAt ?? 0) + shortestBetweenMs : 0;
      const renewal = { ...byCa, at: Math.max(byCa.at, earliest) };
      const at = new Date(renewal.at).toISOString();
      if (entry.stored.renewal?.at !== renewal.at) log.info('the CA says when to renew', { names, at });
      // What a person has asked for meanwhile stays.
      const stays = entry.stored.renewal?.why === 'asked';
      change = { ...(stays ? {} : { renewal }), askCaAt: now() + info.retryAfterMs };
    } catch (error) {
      if (stopping.signal.aborted) return;
      log.warn('the CA does not say when to renew', { names, error });
      change = { askCaAt: now() + askAgainMs };
    }
    put(entry, change);
  };

  const issue = async (entry: Live, signal: AbortSignal): Promise<void> => {
    const resolver = resolverOf(entry);
    if (!resolver) return;
    const desk: Desk = {
      stored: () => entry.stored,
      order: () => entry.order,
      putOrder: (order) => putOrder(entry, order),
    };
    try {
      const wasIssued = entry.stored.issued !== null;
      const next = await attempts.attempt(desk, resolver, signal);
      entry.stored = next;
      entry.order = null;
      entry.snapshot = materialOf(next, vault, log);
      changed(entry);
      refreshServed();
      tell(wasIssued ? 'renewed' : 'issued', next, resolver);
    } catch (error) {
      if (signal.aborted) return;
      const { directoryUrl } = entry.order ?? resolver;
      const { names } = entry.stored;
      const ca = authorityOf(directoryUrl).title;
      fail(entry, resolver, error, classify(error, { ca, directoryUrl, names, now: now() }));
    }
  };

  const tell = (kind: 'issued' | 'renewed', { names, issued }: StoredCertificate, { name }: AcmeResolver): void => {
    const details = { resolver: name, notAfter: issued?.notAfter ?? 0 };
    log.info(kind === 'issued' ? 'a certificate was issued' : 'a certificate was renewed', { names, ...details });
    options.onNews?.({ kind, names, details });
  };

  const fail = (entry: Live, resolver: AcmeResolver, error: unknown, { problem, ends, retry }: Classified): void => {
    const { stored, order } = entry;
    const at = now();
    const tries = (stored.failure?.attempts ?? 0) + 1;
    const isFixed = problem.code === 'ACME_HELD_BACK' || problem.code === 'ACME_RATE_LIMITED';
    const retryAt = retry === 'never' ? null : isFixed ? retry : retryTime(at, tries, retry, random);
    log.warn('a certificate could not be had', { names: stored.names, code: problem.code, retryAt, error });
    if (error instanceof ValidationFailed && order?.isTrial === false) {
      const account = accounts.idOf(resolver, order.directoryUrl);
      attempts.noteUse({ directoryUrl: order.directoryUrl, account, kind: 'failed-validation', subject: error.host });
    }
    const failure = { problem, at, retryAt, attempts: tries };
    trying('a failed order could not be kept', () => {
      if (order?.endedAt !== null) return;
      const failed = withFailure(order, at, problem.message);
      putOrder(entry, ends ? { ...failed, state: 'failed', endedAt: at, key: null } : { ...failed, state: 'waiting' });
    });
    // In memory it holds even where it cannot be kept.
    entry.stored = { ...stored, failure };
    changed(entry);
    trying('a failure could not be kept', () => repository.put(entry.stored));
    if (tries === 1) options.onNews?.({ kind: 'failed', names: stored.names, details: { reason: problem.message } });
  };

  const cleanUp = (): void => {
    const time = clock.trueTime();
    for (const { stored, isWanted, running } of all.values()) {
      if (isWanted || stored.byHand || stored.resolver === null || running) continue;
      const goesAt = stored.issued
        ? stored.issued.notAfter + keptAfterEndMs
        : (stored.unusedSince ?? time) + keptPendingMs;
      const isOver = goesAt < time;
      if (isOver) trying('a certificate that is over could not be forgotten', () => forget(stored.id));
    }
  };

  const forget = (id: string): boolean => {
    const entry = all.get(id);
    if (!entry) return false;
    repository.remove(id);
    entry.abort?.abort();
    all.delete(id);
    refreshServed();
    options.onChange();
    return true;
  };

  /** What is to be kept of one that is wanted; null: nothing new. One that is known is wanted even where that fails. */
  const wantedAs = ({ id, resolver, names, byHand }: WantedCertificate): StoredCertificate | null => {
    const known = all.get(id);
    if (!known) return { ...newCertificate(now()), id, resolver, names, byHand };
    if (known.isWanted && known.stored.unusedSince === null) return null;
    known.isWanted = true;
    return { ...known.stored, unusedSince: null };
  };

  const unwantedAs = (entry: Live): StoredCertificate => {
    entry.isWanted = false;
    if (!entry.stored.byHand) entry.abort?.abort();
    return { ...entry.stored, unusedSince: entry.stored.unusedSince ?? now() };
  };

  /** There may be thousands, and each write waits for the disk. */
  const keepWishes = (wishes: readonly StoredCertificate[]): void => {
    if (wishes.length === 0) return;
    repository.putAll(wishes);
    for (const stored of wishes) {
      const entry = all.get(stored.id) ?? { ...blank(stored), isWanted: true };
      entry.stored = stored;
      entry.shown = null;
      all.set(stored.id, entry);
    }
    options.onChange();
  };

  const take = (certificate: StoredCertificate): void => {
    const entry = all.get(certificate.id) ?? blank(certificate);
    entry.stored = certificate;
    entry.snapshot = materialOf(certificate, vault, log);
    entry.shown = null;
    all.set(certificate.id, entry);
  };

  for (const kept of repository.list()) {
    const snapshot = options.opened?.has(kept.id)
      ? (options.opened.get(kept.id) ?? null)
      : materialOf(kept, vault, log);
    const stored = withKeyState(kept, kept.issued !== null && snapshot === null, now());
    if (stored !== kept) trying('the loss of a key could not be kept', () => repository.put(stored));
    if (stored !== kept && stored.failure) lost.push(stored);
    const entry = { ...blank(stored), snapshot };
    // Until it is said what is wanted, what was stays so.
    entry.isWanted = stored.unusedSince === null;
    if (stored.failure) entry.order = repository.orders.of(stored.id)[0] ?? null;
    all.set(stored.id, entry);
  }
  for (const order of repository.orders.open()) {
    const entry = all.get(order.certificateId);
    if (entry) entry.order = order;
  }
  refreshServed();

  return {
    accounts,
    clockSkewMs: clock.skewMs,
    setResolvers: (next) => {
      resolvers = next;
      look();
    },
    setWanted: (wanted) => {
      const ids = new Set(wanted.map(({ id }) => id));
      const news = wanted.map(wantedAs).filter((stored) => stored !== null);
      for (const entry of all.values()) {
        const isNews = entry.isWanted || entry.stored.unusedSince === null;
        if (!ids.has(entry.stored.id) && isNews) news.push(unwantedAs(entry));
      }
      trying('which certificates are wanted could not be kept', () => keepWishes(news));
      look();
    },
    certificates: () => served,
    entries: () => [...all.values()].map(show),
    get: (id) => {
      const entry = all.get(id);
      return entry && show(entry);
    },
    renewNow: (id) => {
      const entry = all.get(id);
      if (!entry) return;
      put(entry, { failure: null, renewal: { at: now(), why: 'asked' } });
      look();
    },
    put: (certificate) => {
      repository.put(certificate);
      take(certificate);
      options.onChange();
      look();
    },
    putAll: (certificates) => {
      repository.putAll(certificates);
      for (const certificate of certificates) take(certificate);
    },
    forget,
    look,
    idle: async () => {
      for (;;) {
        const running = [...all.values()].flatMap((entry) => (entry.running ? [entry.running] : []));
        if (running.length === 0) return;
        await Promise.all(running);
      }
    },
    stop: async () => {
      if (timer) clearTimeout(timer);
      stopping.abort(new Error('Gatehouse stops'));
      const running = [...all.values()].flatMap((entry) => (entry.running ? [entry.running] : []));
      await accounts.close();
      await Promise.all(running);
    },
  };
}

/** A certificate of which nothing is known yet. */
export function newCertificate(createdAt: number): Omit<StoredCertificate, 'id' | 'resolver' | 'names' | 'byHand'> {
  return { issued: null, renewal: null, askCaAt: null, failure: null, unusedSince: null, revokedAt: null, createdAt };
}
