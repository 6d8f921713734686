import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { OrderStep } from '../../contract/certificates.ts';
import type { Log } from '../../log.ts';
import type { CertificateRepository, StoredCertificate, StoredOrder, StoredUse } from '../../store/certificates.ts';
import { canOpen, type KeyVault } from '../key-vault.ts';
import type { Accounts } from './accounts.ts';
import type { CaClient } from './ca-client.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { DnsProofs } from './dns-proofs.ts';
import { OrderFailure, say, ValidationFailed } from './failure.ts';
import { makeKey } from './keys.ts';
import { heldBack, subjectOf } from './limits.ts';
import type { LiveChallenges } from './live-challenges.ts';
import { validityOf } from './material.ts';
import { runOrder } from './order.ts';
import type { OrderRecord } from './order-record.ts';
import { loadPublicSuffixes, registeredDomain } from './public-names.ts';
import { renewalByLifetime, renewalId } from './renewal.ts';
import { type AcmeResolver, authorityOf, challengeName } from './resolver.ts';
import type { SelfCheck } from './self-check.ts';
import { withStep } from './steps.ts';

export interface AttemptOptions {
  readonly repository: CertificateRepository;
  readonly vault: KeyVault;
  readonly accounts: Accounts;
  readonly live: LiveChallenges;
  readonly selfCheck?: SelfCheck;
  readonly clock: ClockWatch;
  /** Rejects with DnsProviderError where there are no credentials. */
  readonly dnsFor: DnsFor;
  readonly log: Log;
  readonly now: () => number;
  readonly random: () => number;
  readonly stagingOf: (directoryUrl: string) => string | null;
}

export type DnsFor = (
  resolver: AcmeResolver,
  pause: (ms: number) => Promise<void>,
  signal: AbortSignal,
) => Promise<DnsProofs>;

/** A certificate whose order this is. What is put is durable, else it throws OperationError. */
export interface Desk {
  readonly stored: () => StoredCertificate;
  readonly order: () => StoredOrder | null;
  readonly putOrder: (order: StoredOrder) => void;
}

export interface Attempts {
  /**
   * One run of an order, from where it stands, or a new one, to the certificate: its order is done then, and the
   * certificate as it is to be kept is returned. Rejects as classify knows it.
   */
  readonly attempt: (desk: Desk, resolver: AcmeResolver, signal: AbortSignal) => Promise<StoredCertificate>;
  readonly noteUse: (use: Omit<StoredUse, 'at'>) => void;
}

const dayMs = 86_400_000;

export function createAttempts(options: AttemptOptions): Attempts {
  const { repository, vault, accounts, live, clock, log, now, random, stagingOf } = options;

  const noteUse: Attempts['noteUse'] = (use) => {
    try {
      repository.uses.add({ at: now(), ...use });
    } catch (error) {
      log.error('what counts against a limit could not be kept', { error });
    }
  };

  const orderOf = (desk: Desk): StoredOrder => {
    const order = desk.order();
    if (!order) throw new Error('a certificate has lost its order');
    return order;
  };

  const recordOf = (desk: Desk): OrderRecord => ({
    current: () => orderOf(desk),
    keep: (change) => desk.putOrder({ ...orderOf(desk), ...change }),
    step: (step, state, more = {}) => {
      const said: OrderStep = { at: now(), step, state, name: more.name ?? null, details: more.details ?? {} };
      desk.putOrder({ ...withStep(orderOf(desk), said), state: 'running' });
    },
  });

  const isFor = (order: StoredOrder, { directoryUrl }: AcmeResolver): boolean =>
    order.key !== null &&
    canOpen(vault, order.key) &&
    order.directoryUrl === (order.isTrial ? stagingOf(directoryUrl) : directoryUrl);

  const wasTried = ({ directoryUrl }: AcmeResolver, names: readonly string[]): boolean => {
    const trials = repository.uses.since(0).filter((use) => use.kind === 'trial' && use.directoryUrl === directoryUrl);
    const tried = new Set(trials.map(({ subject }) => subject));
    return names.every((name) => tried.has(registeredDomain(name)));
  };

  const newOrder = async (stored: StoredCertificate, resolver: AcmeResolver): Promise<StoredOrder> => {
    const { directoryUrl } = resolver;
    const staging = stagingOf(directoryUrl);
    const isTrial = staging !== null && stored.issued === null && !wasTried(resolver, stored.names);
    const replaces = stored.issued?.directoryUrl === directoryUrl && stored.revokedAt === null;
    return {
      id: randomUUID(),
      certificateId: stored.id,
      why: stored.renewal?.why === 'asked' ? 'asked' : stored.issued === null ? 'first' : 'renewal',
      state: 'running',
      challenge: resolver.challenge.type,
      startedAt: now(),
      endedAt: null,
      steps: [],
      directoryUrl: isTrial ? staging : directoryUrl,
      isTrial,
      key: vault.seal(await makeKey(resolver.keyType)),
      url: null,
      isAsked: false,
      replaces: replaces && stored.issued ? renewalId(stored.issued.chain) : null,
      records: [],
    };
  };

  const run = async (desk: Desk, resolver: AcmeResolver, signal: AbortSignal): Promise<string> => {
    const record = recordOf(desk);
    const { directoryUrl, isTrial, key } = orderOf(desk);
    const pause = async (ms: number): Promise<void> => {
      await delay(ms, undefined, { signal });
    };
    const caTitle = authorityOf(directoryUrl).title;
    record.step('account', 'running', { details: { ca: caTitle } });
    const account = await accounts.open(resolver, directoryUrl);
    try {
      const reason = 'the key of the account before can no longer be opened, so a new account was made';
      if (account.isAnew) log.warn(reason, { ca: caTitle });
      record.step('account', 'done', account.isAnew ? { details: { reason } } : {});
      // A clock that was wrong may have been set since.
      if (clock.skewMs() !== 0) await account.ca.ask({ ask: 'directory' });
      clock.refuseFar(caTitle);
      const { names } = desk.stored();
      const chain = await runOrder(record, {
        resolver,
        caTitle,
        ca: stoppable(account.ca, signal),
        accountKeyPem: account.keyPem,
        keyPem: vault.open(key ?? ''),
        names,
        live,
        selfCheck: options.selfCheck ?? null,
        dns: resolver.challenge.type === 'dns-01' ? await options.dnsFor(resolver, pause, signal) : null,
        now,
        pause,
        onOrdered: () => {
          const use = { directoryUrl, account: account.id, subject: subjectOf(names) };
          if (!isTrial) noteUse({ ...use, kind: 'order' });
        },
      });
      if (!isTrial) noteUse({ directoryUrl, account: account.id, kind: 'certificate', subject: subjectOf(names) });
      return chain;
    } finally {
      account.release();
    }
  };

  /** The CA's staging first: what goes wrong there counts against nothing. */
  const tryForNothing = async (desk: Desk, resolver: AcmeResolver, signal: AbortSignal): Promise<void> => {
    const record = recordOf(desk);
    const { directoryUrl } = resolver;
    record.step('dry-run', 'running', { details: { ca: authorityOf(orderOf(desk).directoryUrl).title } });
    try {
      await run(desk, resolver, signal);
      record.step('dry-run', 'done');
      for (const domain of new Set(desk.stored().names.map(registeredDomain))) {
        noteUse({ directoryUrl, account: '', kind: 'trial', subject: domain });
      }
    } catch (error) {
      if (signal.aborted || error instanceof ValidationFailed || error instanceof OrderFailure) throw error;
      // A staging that is down keeps nobody from the real thing.
      const reason = error instanceof Error ? error.message : String(error);
      log.warn('a trial order could not be made', { names: desk.stored().names, reason });
      record.step('dry-run', 'failed', { details: { reason } });
    }
    record.keep({ isTrial: false, directoryUrl, url: null, isAsked: false });
  };

  const refuseTooMuch = (desk: Desk, resolver: AcmeResolver): void => {
    const { directoryUrl } = resolver;
    const { names, issued } = desk.stored();
    const renews = issued?.directoryUrl === directoryUrl;
    const kind = renews ? (orderOf(desk).replaces === null ? 'renewing' : 'replacing') : 'first';
    const account = accounts.idOf(resolver, directoryUrl);
    const held = heldBack({ directoryUrl, account, names, kind }, repository.uses.since(now() - 8 * dayMs), now());
    if (!held) return;
    const { until, limit, subject } = held;
    recordOf(desk).step('waiting', 'running', { details: { until, limit } });
    const details = { ca: authorityOf(directoryUrl).title, until, limit, subject };
    throw new OrderFailure(say('ACME_HELD_BACK', details), { retry: until });
  };

  const install = (desk: Desk, { directoryUrl }: AcmeResolver, chain: string): StoredCertificate => {
    const order = orderOf(desk);
    if (order.key === null) throw new Error('an order has lost its key');
    const validity = validityOf(chain);
    const next: StoredCertificate = {
      ...desk.stored(),
      issued: { chain, key: order.key, ...validity, directoryUrl },
      renewal: renewalByLifetime(validity, random),
      askCaAt: now(),
      failure: null,
      revokedAt: null,
    };
    // The certificate first: were only one of the two kept, the order would be finished once more, to the same end.
    repository.put(next);
    const step: OrderStep = { at: now(), step: 'installed', state: 'done', name: null, details: {} };
    desk.putOrder({ ...withStep(order, step), state: 'done', endedAt: now(), key: null });
    return next;
  };

  return {
    noteUse,
    attempt: async (desk, resolver, signal) => {
      await loadPublicSuffixes();
      const open = desk.order();
      if (open === null || open.endedAt !== null || !isFor(open, resolver)) {
        if (open?.endedAt === null) desk.putOrder({ ...open, state: 'failed', endedAt: now(), key: null });
        desk.putOrder(await newOrder(desk.stored(), resolver));
      }
      refuseImpossible(desk.stored().names, resolver);
      if (orderOf(desk).isTrial) await tryForNothing(desk, resolver, signal);
      if (orderOf(desk).url === null) refuseTooMuch(desk, resolver);
      return install(desk, resolver, await run(desk, resolver, signal));
    },
  };
}

function refuseImpossible(names: readonly string[], { challenge }: AcmeResolver): void {
  const wildcard = names.find((name) => name.startsWith('*.'));
  if (wildcard === undefined || challenge.type === 'dns-01') return;
  const details = {
    name: wildcard,
    challenge: challengeName(challenge.type),
    reason: 'a wildcard is proved by DNS alone',
  };
  throw new OrderFailure(say('ACME_CHALLENGE_IMPOSSIBLE', details), { ends: true, retry: 'never' });
}

/** Nothing more is asked once the order is to stop. */
function stoppable(ca: CaClient, signal: AbortSignal): CaClient {
  return {
    ask: async (question) => {
      signal.throwIfAborted();
      return ca.ask(question);
    },
    close: ca.close,
  };
}
