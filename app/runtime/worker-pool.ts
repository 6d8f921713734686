import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { SharedRegions } from '../../proxy/model/shared-memory.ts';
import type {
  CertificateSnapshot,
  ChallengeSnapshot,
  DownServers,
  EntryPointOptions,
  FromWorker,
  RoutingSnapshot,
  ToWorker,
  WorkerData,
} from '../../proxy/model/snapshot.ts';
import { regionsOf } from '../../proxy/shared/regions.ts';
import { allocateSharedMemory, forgetWorker } from '../../proxy/shared/shared-counters.ts';
import type { Log } from '../log.ts';
import { certificateChanges } from './certificate-changes.ts';

export interface WorkerPoolOptions {
  readonly count: number;
  /** The worker's entry: TypeScript in a checkout, a bundle beside the engine's own otherwise. */
  readonly entry: URL;
  /** What workers write for the access log; left out or null: nothing. */
  readonly accessLog?: WorkerData['accessLog'];
  /** What workers count for Prometheus; left out or null: nothing. */
  readonly metrics?: WorkerData['metrics'] | undefined;
  /** What clients may take; left out: the defaults. */
  readonly limits?: WorkerData['limits'];
  readonly log: Log;
  readonly onTraffic: (worker: number, message: Extract<FromWorker, { type: 'traffic' }>) => void;
  readonly onMetrics?: ((worker: number, message: Extract<FromWorker, { type: 'metrics' }>) => void) | undefined;
  /** Limits held something off. */
  readonly onLimited?: (counts: Extract<FromWorker, { type: 'limited' }>['counts']) => void;
  /** All servers that a worker found failing by visitors' requests. */
  readonly onFailing?: (worker: number, servers: DownServers) => void;
  /** Somebody asked for a challenge that {@link WorkerPool.setChallenges} had set. */
  readonly onChallengeAsked?: (asked: Extract<FromWorker, { type: 'challengeAsked' }>) => void;
  /** A worker died and another stands in for it; `reason` is for people. */
  readonly onRestart: (index: number, reason: string) => void;
}

export interface ListenResult {
  readonly entryPoint: string;
  /** Null: every worker listens. */
  readonly failure: { readonly code: string; readonly message: string } | null;
}

export interface AppliedError {
  readonly object: string;
  readonly message: string;
}

export interface WorkerPool {
  readonly size: number;
  /** Resolves when all workers are up. Rejects where one cannot start at all. */
  start(): Promise<void>;
  /** Opens listeners in every worker; resolves when each has answered. */
  listen(entryPoints: readonly EntryPointOptions[]): Promise<readonly ListenResult[]>;
  unlisten(names: readonly string[], graceMs: number): void;
  /**
   * Sends certificates that are new, in parts where there are many, so that no worker is kept from its visitors. Those
   * that are gone stay until `publish`. Resolves when all have left.
   */
  bring(certificates: readonly CertificateSnapshot[]): Promise<void>;
  /**
   * Sends what changed of the certificates, then the snapshot. Resolves when all live workers serve it, with what they
   * could not build. The messages have left when this returns; only the answer is waited for.
   */
  publish(snapshot: RoutingSnapshot, certificates: readonly CertificateSnapshot[]): Promise<readonly AppliedError[]>;
  setDown(servers: DownServers): void;
  /** Sets all challenges that are live. Resolves when every live worker answers them. */
  setChallenges(challenges: readonly ChallengeSnapshot[]): Promise<void>;
  /** Lets requests under way finish, at most `graceMs`, then ends all workers. May be called twice. */
  stop(graceMs: number): Promise<void>;
}

interface Slot {
  worker: Worker;
  /** Died without being asked to, one after the other; decides how long the next start waits. */
  failures: number;
  startedAt: number;
  ready: boolean;
  retry: NodeJS.Timeout | null;
}

interface Waiter<Answer> {
  /** Workers that have not answered yet. */
  readonly open: Set<Worker>;
  readonly answers: Answer[];
  readonly resolve: (answers: readonly Answer[]) => void;
}

/** A worker that ran this long was well; its next failure counts as the first. */
const wellAfterMs = 30_000;
/** Failures in a row after which a worker is replaced at once: somebody may know how to bring them about. */
const atOnce = 3;
const firstRetryMs = 100;
const longestRetryMs = 10_000;

/**
 * Old space per worker, MB. A worker holds the snapshot, pools and what is in flight; streaming keeps bodies out of it.
 * A worker that outgrows this dies alone and is replaced.
 */
const resourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 16 };

/** A worker takes these in within a few milliseconds, and has visitors to look after meanwhile. */
const broughtAtOnce = 500;
const broughtEveryMs = 10;

const ticketSecretMs = 24 * 3_600_000;

function newTicketSecret(): string {
  return randomBytes(48).toString('base64');
}

export function createWorkerPool(options: WorkerPoolOptions): WorkerPool {
  const { count, log } = options;
  const slots: Slot[] = [];
  const listening = new Map<string, EntryPointOptions>();
  let certificates: readonly CertificateSnapshot[] = [];
  let snapshot: RoutingSnapshot | null = null;
  const sharedMemory = allocateSharedMemory(count);
  let regions: SharedRegions = new Map();
  let down: DownServers = {};
  let challenges: readonly ChallengeSnapshot[] = [];
  let challengesRevision = 0;
  let ticketSecret = newTicketSecret();
  // Who learns the secret of a day can read what was said by tickets of that day, and nothing else.
  const rotation = setInterval(() => {
    ticketSecret = newTicketSecret();
    broadcast({ type: 'ticketSecret', secret: ticketSecret });
  }, ticketSecretMs);
  rotation.unref();
  const challengeWaiters = new Set<Waiter<never> & { readonly revision: number }>();
  let stopping: Promise<void> | null = null;
  const requestCount = new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT);
  const applyWaiters = new Set<Waiter<AppliedError> & { readonly revision: number }>();
  const listenWaiters = new Map<string, Waiter<ListenResult['failure']>>();

  const send = (worker: Worker, message: ToWorker): void => worker.postMessage(message);
  const live = (): Slot[] => slots.filter((slot) => slot.ready);
  const broadcast = (message: ToWorker): void => {
    for (const slot of live()) send(slot.worker, message);
  };

  const settle = <Answer>(waiter: Waiter<Answer>, worker: Worker, answers: readonly Answer[]): boolean => {
    if (!waiter.open.delete(worker)) return false;
    waiter.answers.push(...answers);
    if (waiter.open.size > 0) return false;
    waiter.resolve(waiter.answers);
    return true;
  };

  const handle = (slot: Slot, worker: Worker, message: FromWorker): void => {
    switch (message.type) {
      case 'ready':
        slot.ready = true;
        send(worker, { type: 'ticketSecret', secret: ticketSecret });
        send(worker, { type: 'certificates', upsert: certificates, remove: [] });
        if (snapshot !== null) send(worker, { type: 'snapshot', snapshot, regions });
        send(worker, { type: 'down', servers: down });
        if (challenges.length > 0) send(worker, { type: 'challenges', revision: challengesRevision, challenges });
        // Listeners last: a connection that is accepted finds its routes and certificates.
        if (listening.size > 0) send(worker, { type: 'listen', entryPoints: [...listening.values()] });
        return;
      case 'listening':
      case 'listenFailed': {
        const failure = message.type === 'listening' ? null : { code: message.code, message: message.message };
        const waiter = listenWaiters.get(message.entryPoint);
        if (waiter !== undefined && settle(waiter, worker, [failure])) listenWaiters.delete(message.entryPoint);
        else if (failure !== null) log.error('a worker cannot listen', { ...failure, entryPoint: message.entryPoint });
        return;
      }
      case 'applied':
        for (const waiter of applyWaiters) {
          if (waiter.revision <= message.revision && settle(waiter, worker, message.errors))
            applyWaiters.delete(waiter);
        }
        return;
      case 'challengesSet':
        for (const waiter of challengeWaiters) {
          if (waiter.revision <= message.revision && settle(waiter, worker, [])) challengeWaiters.delete(waiter);
        }
        return;
      case 'challengeAsked':
        options.onChallengeAsked?.(message);
        return;
      case 'traffic':
        options.onTraffic(slots.indexOf(slot), message);
        send(worker, { type: 'trafficTaken' });
        return;
      case 'metrics':
        options.onMetrics?.(slots.indexOf(slot), message);
        return;
      case 'limited':
        options.onLimited?.(message.counts);
        return;
      case 'failing':
        options.onFailing?.(slots.indexOf(slot), message.servers);
        return;
      case 'log':
        log[message.level](message.message, { ...message.details, worker: slots.indexOf(slot) });
        return;
    }
  };

  const gone = (worker: Worker): void => {
    for (const waiter of applyWaiters) if (settle(waiter, worker, [])) applyWaiters.delete(waiter);
    for (const waiter of challengeWaiters) if (settle(waiter, worker, [])) challengeWaiters.delete(waiter);
    for (const [name, waiter] of listenWaiters) if (settle(waiter, worker, [])) listenWaiters.delete(name);
  };

  const launch = (index: number, slot: Slot | null): Promise<void> => {
    const worker = new Worker(options.entry, {
      workerData: {
        index,
        accessLog: options.accessLog ?? null,
        metrics: options.metrics ?? null,
        requestCount,
        sharedMemory,
        workers: count,
        ...(options.limits ? { limits: options.limits } : {}),
      } satisfies WorkerData,
      name: `gatehouse-${index}`,
      resourceLimits,
    });
    const current: Slot = slot ?? { worker, failures: 0, startedAt: 0, ready: false, retry: null };
    current.worker = worker;
    current.startedAt = performance.now();
    current.retry = null;
    slots[index] = current;
    let lastError: Error | null = null;
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        handle(current, worker, message);
        if (message.type === 'ready') resolve();
      });
      worker.on('error', (error) => {
        lastError = error instanceof Error ? error : new Error(String(error));
        log.error('a worker failed', { worker: index, error: lastError });
      });
      worker.on('exit', (code) => {
        const reason = lastError?.message ?? `it ended with code ${code}`;
        const wasReady = current.ready;
        current.ready = false;
        gone(worker);
        // What it had under way went with it, and what it found failing its successor will find again.
        forgetWorker(sharedMemory, index);
        if (wasReady) options.onFailing?.(index, {});
        reject(new Error(`Worker ${index} did not start: ${reason}`));
        if (stopping !== null || (!wasReady && slot === null)) return;
        replace(index, current, reason);
      });
    });
  };

  const replace = (index: number, slot: Slot, reason: string): void => {
    slot.failures = performance.now() - slot.startedAt > wellAfterMs ? 1 : slot.failures + 1;
    const late = slot.failures - atOnce;
    const delayMs = late <= 0 ? 0 : Math.min(longestRetryMs, firstRetryMs * 2 ** (late - 1));
    log.warn('a worker is replaced', { worker: index, reason, delayMs });
    slot.retry = setTimeout(() => {
      launch(index, slot).then(
        () => options.onRestart(index, reason),
        // Its exit has arranged the next try already.
        (error: unknown) => log.error('a worker could not be replaced', { worker: index, error }),
      );
    }, delayMs);
  };

  const stopNow = async (graceMs: number): Promise<void> => {
    clearInterval(rotation);
    const ends: Promise<unknown>[] = [];
    for (const { worker, retry } of slots) {
      if (retry !== null) clearTimeout(retry);
      const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      // A worker that has ended already has no thread any more and says nothing.
      if (worker.threadId === -1) continue;
      send(worker, { type: 'drain', graceMs });
      // The worker ends by itself; the rest is for one that is stuck.
      const terminate = setTimeout(() => void worker.terminate(), graceMs + 1000);
      ends.push(exited.finally(() => clearTimeout(terminate)));
    }
    await Promise.all(ends);
  };

  return {
    size: count,
    start: async () => {
      await Promise.all(Array.from({ length: count }, (_, index) => launch(index, null)));
    },
    listen: async (entryPoints) => {
      const results = entryPoints.map(
        ({ name }) =>
          new Promise<ListenResult>((resolve) => {
            const open = new Set(live().map((slot) => slot.worker));
            const finish = (failures: readonly ListenResult['failure'][]): void => {
              const failure = failures.find((each) => each !== null) ?? null;
              if (failure !== null) listening.delete(name);
              resolve({ entryPoint: name, failure });
            };
            if (open.size === 0) finish([]);
            else listenWaiters.set(name, { open, answers: [], resolve: finish });
          }),
      );
      for (const entryPoint of entryPoints) listening.set(entryPoint.name, entryPoint);
      if (entryPoints.length > 0) broadcast({ type: 'listen', entryPoints });
      return Promise.all(results);
    },
    unlisten: (names, graceMs) => {
      for (const name of names) listening.delete(name);
      if (names.length > 0) broadcast({ type: 'unlisten', names, graceMs });
    },
    bring: async (next) => {
      const { upsert } = certificateChanges(certificates, next);
      for (let sent = 0; upsert.length - sent > broughtAtOnce; sent += broughtAtOnce) {
        const part = upsert.slice(sent, sent + broughtAtOnce);
        const ids = new Set(part.map(({ id }) => id));
        // A worker that starts now is sent all of these.
        certificates = [...certificates.filter(({ id }) => !ids.has(id)), ...part];
        broadcast({ type: 'certificates', upsert: part, remove: [] });
        // A worker takes in all that waits for it in one go.
        await delay(broughtEveryMs);
      }
    },
    publish: (nextSnapshot, nextCertificates) => {
      const changes = certificateChanges(certificates, nextCertificates);
      certificates = nextCertificates;
      snapshot = nextSnapshot;
      regions = regionsOf(nextSnapshot, regions);
      if (changes.upsert.length > 0) broadcast({ type: 'certificates', upsert: changes.upsert, remove: [] });
      const applied = new Promise<readonly AppliedError[]>((resolve) => {
        const open = new Set(live().map((slot) => slot.worker));
        if (open.size === 0) resolve([]);
        else applyWaiters.add({ open, answers: [], resolve, revision: nextSnapshot.revision });
      });
      broadcast({ type: 'snapshot', snapshot: nextSnapshot, regions });
      // After the routes that used them are gone.
      if (changes.remove.length > 0) broadcast({ type: 'certificates', upsert: [], remove: changes.remove });
      return applied;
    },
    setDown: (servers) => {
      down = servers;
      broadcast({ type: 'down', servers });
    },
    setChallenges: (next) => {
      challenges = next;
      challengesRevision += 1;
      const set = new Promise<void>((resolve) => {
        const open = new Set(live().map((slot) => slot.worker));
        if (open.size === 0) resolve();
        else challengeWaiters.add({ open, answers: [], resolve: () => resolve(), revision: challengesRevision });
      });
      broadcast({ type: 'challenges', revision: challengesRevision, challenges });
      return set;
    },
    stop: (graceMs) => {
      stopping ??= stopNow(graceMs);
      return stopping;
    },
  };
}

/** The worker's entry: the source in a checkout (Node strips the types), `worker.js` beside the bundle otherwise. */
export function workerEntry(): URL {
  const here = import.meta.url;
  return here.endsWith('.ts') ? new URL('../../proxy/worker.ts', here) : new URL('./worker.js', here);
}
