import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { giveBackMemory } from '../proxy/spare-memory.ts';
import { type Access, createAccess } from './access/access.ts';
import { type Dashboard, startDashboard } from './access/dashboard.ts';
import { createCertificateAuthority } from './certificates/authority.ts';
import { createTlsFiles } from './certificates/configured.ts';
import { version } from './cli/version.ts';
import { isAsTraefik } from './config/compatibility.ts';
import { createSettings } from './config/settings.ts';
import type { StaticConfiguration } from './config/static.ts';
import { dockerProviderName } from './contract/docker-name.ts';
import type { Problem } from './contract/objects.ts';
import { createEngineCertificates } from './engine-certificates.ts';
import { createEngineContainers } from './engine-containers.ts';
import { createEngineMetrics } from './engine-metrics.ts';
import { createProviderSet } from './engine-providers.ts';
import type { EngineContext } from './operations/context.ts';
import { startControlServer } from './operations/control-server.ts';
import { problem } from './problem.ts';
import { type Changes, createChanges } from './providers/gatehouse/changes.ts';
import { exposureEntryPoint, type Surroundings } from './providers/gatehouse/configuration.ts';
import { createExposures, type Exposures } from './providers/gatehouse/exposures.ts';
import { createOverrides, type Overrides } from './providers/gatehouse/overrides.ts';
import { internalPublication, internalServicesOf } from './providers/internal/publication.ts';
import { keepAccepting } from './runtime/accept-grace.ts';
import { roomForConnections } from './runtime/connection-room.ts';
import { lockDataDir } from './runtime/data-dir-lock.ts';
import { type LogLine, openEngineLog } from './runtime/engine-log.ts';
import { entryPointView } from './runtime/entry-points.ts';
import { createEventHub } from './runtime/event-hub.ts';
import { createFailingServers } from './runtime/failing-servers.ts';
import { createHealthWatch } from './runtime/health.ts';
import { createLimitsReached } from './runtime/limits-reached.ts';
import { createListeners } from './runtime/listeners.ts';
import { createPicture } from './runtime/picture.ts';
import { createPublisher } from './runtime/publisher.ts';
import { createRequests } from './runtime/requests.ts';
import { same } from './runtime/same.ts';
import { EngineStartError } from './runtime/start-error.ts';
import { engineStatus } from './runtime/status.ts';
import { createTraffic } from './runtime/traffic.ts';
import { originOf } from './runtime/urls.ts';
import { createWorkerPool, workerEntry } from './runtime/worker-pool.ts';
import { createWorkerRestarts } from './runtime/worker-restarts.ts';
import { createSecrets } from './secrets/files.ts';
import { startAccessLog } from './shield/access-log/start.ts';
import { diskFullError, prepareDataDir } from './store/data-dir.ts';
import { openStore } from './store/store.ts';

export interface EngineOptions {
  readonly dataDir: string;
  readonly configuration: StaticConfiguration;
  /** Left out: one for each core. Systems other than Linux have one, as no two can share a port there. */
  readonly workers?: number;
  /** The built dashboard; left out: where the build puts it. */
  readonly staticDir?: string;
  /** Each line that goes to the engine's log. */
  readonly log?: (line: LogLine) => void;
}

export interface Engine {
  readonly context: EngineContext;
  readonly access: Access;
  readonly dashboard: { readonly url: () => string; readonly lanUrl: () => string | null };
  /** Lets requests under way finish, then stops all parts in reverse order. May be called twice. */
  readonly stop: () => Promise<void>;
}

/** Requests under way have this long when the engine stops. */
const drainMs = 10_000;
/** Providers have this long to tell their first state before the listeners open without it. */
const firstStateMs = 1500;
/** Docker may come up after Gatehouse; until then what appears was only found, and is no news. */
const newsAfterMs = 5000;
const changesInSnapshot = 100;
/** How often the status is made anew though nothing has happened, in ticks of a second. */
const lookAgainTicks = 15;

/**
 * Starts all parts; the only place that does. Throws EngineStartError or StoreError, whose message and `fix` are for
 * the person who starts it; what was started by then is stopped again.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const closers: (() => unknown)[] = [];
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= closeAll(closers);
    return stopping;
  };
  try {
    return { ...(await start(options, (closer) => closers.push(closer))), stop };
  } catch (error) {
    await stop();
    throw noSpaceLeft(error) ? diskFullError(options.dataDir, error) : error;
  }
}

/** Whatever part met it: with next to no space left, SQLite cannot even read (it needs room for its shared memory). */
function noSpaceLeft(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_IOERR_WRITE'].includes(String(error.code));
}

async function closeAll(closers: (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      // The others must be closed all the same.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'Some parts could not be stopped');
}

async function start(options: EngineOptions, defer: (closer: () => unknown) => void): Promise<Omit<Engine, 'stop'>> {
  const { dataDir } = options;
  const startedAt = Date.now();
  const now = Date.now;
  // Parts may have news before there is a picture of them.
  let touch = (): void => undefined;

  prepareDataDir(dataDir);
  defer(lockDataDir(dataDir));
  const log = openEngineLog(dataDir, options.log ?? (() => undefined), options.configuration.log);
  defer(log.close);
  log.info('Gatehouse starts', { version, node: process.version, dataDir });
  defer(() => log.info('Gatehouse has stopped'));
  // The process ends of it all the same; the log has the reason.
  const noteFault = (error: unknown): void => log.error('Gatehouse failed', { error });
  process.on('uncaughtExceptionMonitor', noteFault);
  defer(() => process.off('uncaughtExceptionMonitor', noteFault));
  const store = openStore(dataDir);
  defer(store.close);

  const hub = createEventHub({ onListenerError: (error) => log.error('an event listener failed', { error }) });
  defer(hub.close);
  const onStoreError = (what: string) => (error: unknown) => log.error(`${what} could not be kept`, { error });
  const traffic = createTraffic({ repository: store.traffic, now, onError: onStoreError('traffic') });
  defer(traffic.flush);
  const requests = createRequests({ repository: store.requests, hub, onError: onStoreError('requests') });
  defer(requests.stop);

  const accessLog = startAccessLog({
    asked: options.configuration.accessLog,
    asTraefik: isAsTraefik(options.configuration),
    dataDir,
    log,
  });
  defer(accessLog.close);

  const changes: Changes = createChanges({
    store,
    now,
    onChanged: (changed) => hub.emit({ topic: 'changes', changes: [...changed] }),
    planUndo: (step) => {
      if (step.kind === 'settings') return settings.planUndo(step);
      return step.kind === 'override' ? overrides.planUndo(step) : exposures.planUndo(step);
    },
  });
  const settings = createSettings({ base: options.configuration, store, changes });
  const configuration = settings.effective;
  const access = createAccess({ store: store.access, record: changes.record, log, now });

  // Workers and certificates do not need each other to come up.
  const restarts = createWorkerRestarts(now);
  const reusePort = process.platform === 'linux';
  const failing = createFailingServers(() => picture.touch());
  const metrics = createEngineMetrics(options.configuration.metrics, {
    down: () => health.current().down,
    certificates: () => publisher.certificates(),
    heldOff: () => limitsReached.totals(),
    now,
  });
  const { connections } = roomForConnections(options.configuration.limits?.connections, log);
  const limitsReached = createLimitsReached({ log, now, onChange: () => touch() });
  defer(limitsReached.stop);
  const pool = createWorkerPool({
    limits: { ...options.configuration.limits, connections },
    onLimited: limitsReached.add,
    metrics: metrics?.options,
    onMetrics: metrics?.add,
    count: reusePort ? (options.workers ?? availableParallelism()) : 1,
    entry: workerEntry(),
    log,
    accessLog: accessLog.lines,
    onTraffic: (worker, { records, dropped, counts, openConnections, log: lines }) => {
      traffic.add(counts);
      traffic.setOpenConnections(worker, openConnections);
      requests.add(records, dropped);
      if (lines) accessLog.add(lines);
    },
    onFailing: (worker, servers) => failing.note(worker, servers),
    onChallengeAsked: ({ challenge, host, clientIp }) => certificates.onChallengeAsked(challenge, host, clientIp),
    onRestart: (worker, reason) => {
      failing.note(worker, {});
      metrics?.forgetWorker(worker);
      restarts.note(reason);
      traffic.setOpenConnections(worker, 0);
      changes.record({ actor: 'system', kind: 'worker.restarted', subject: `worker ${worker}`, details: { reason } });
      touch();
    },
  });
  defer(() => {
    const graces = configuration().entryPoints.map(({ name, graceMs = drainMs }) => ({ name, graceMs }));
    for (const { name, graceMs } of graces) pool.unlisten([name], graceMs);
    return pool.stop(Math.max(0, ...graces.map(({ graceMs }) => graceMs)));
  });
  const [authority] = await Promise.all([
    createCertificateAuthority({ dataDir, now, hostsInUse: () => publisher.ownHosts() }),
    pool.start().catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new EngineStartError(
        'WORKERS_FAILED',
        `The proxy cannot start: ${reason}`,
        'The engine log in the data folder says more. Install Gatehouse anew if files are missing.',
        { cause: error },
      );
    }),
  ]);
  const authorityPath = authority.info().path;
  defer(authority.start(() => void publisher.refreshCertificates()));

  const health = createHealthWatch({
    onChange: ({ down }) => {
      pool.setDown(down);
      touch();
    },
    onError: (error) => log.error('health checks cannot start', { error }),
  });
  defer(health.stop);

  const containers = createEngineContainers();
  const entryPoints = () => configuration().entryPoints;
  const listeners = createListeners({
    pool,
    reusePort,
    onChange: () => {
      touch();
      void refreshExposures();
    },
  });
  const tlsFiles = createTlsFiles({ onChanged: () => void publisher.refreshCertificates() });
  defer(tlsFiles.stop);
  const publisher = createPublisher({
    pool,
    authority,
    tlsFiles,
    issued: () => certificates.issued(),
    resolvers: () => certificates.resolverNames(),
    defaultTransport: options.configuration.serversTransport,
    defaultTcpTransport: options.configuration.tcpServersTransport,
    entryPoints: entryPoints(),
    pausedAll: false,
    runtime: {
      asTraefik: isAsTraefik(options.configuration),
      defaultRuleSyntax: options.configuration.defaultRuleSyntax ?? 'v3',
      precedence: precedenceOf(options.configuration),
      internal: internalServicesOf(options.configuration),
    },
    log,
    onState: (_state, snapshot) => {
      health.update(snapshot);
      metrics?.configured(snapshot);
      certificates.onState();
      touch();
    },
    onErrors: () => touch(),
  });
  const secrets = createSecrets({ dataDir });
  const certificates = await createEngineCertificates({
    secrets,
    store,
    resolvers: options.configuration.certificatesResolvers ?? [],
    setChallenges: pool.setChallenges,
    served: publisher.certificates,
    state: publisher.state,
    entryPoints,
    bound: listeners.bound,
    onCertificates: () => void publisher.refreshCertificates(),
    onResolvers: () => void publisher.refreshCertificates(),
    onChange: () => touch(),
    record: changes.record,
    log,
    now,
  });
  defer(certificates.stop);

  const surroundings = (): Surroundings => ({
    ...containers.surroundings(),
    entryPoint: exposureEntryPoint(entryPoints()),
  });
  const overrides: Overrides = createOverrides({
    store,
    changes,
    runtime: publisher.state,
    publish: publisher.publish,
    onChanged: () => touch(),
    now,
  });
  const exposures: Exposures = createExposures({
    store,
    changes,
    surroundings,
    runtime: publisher.state,
    domain: () => configuration().domain,
    urlOfHost: (host) => {
      const own = listeners.bound().find(({ entryPoint }) => entryPoint.name === surroundings().entryPoint);
      return `${originOf(own?.tls ?? true, host, own?.bound?.port ?? 443)}/`;
    },
    publish: overrides.publish,
    publishPausedAll: publisher.setPausedAll,
    onChanged: () => touch(),
    now,
  });
  const refreshExposures = (): Promise<void> =>
    exposures.refresh().catch((error: unknown) => log.error('exposed apps could not be published', { error }));

  const providers = createProviderSet({
    publish: (publication) => void publisher.publish(publication),
    retract: (provider) => void publisher.retract(provider),
    onView: () => touch(),
    onContainers: (provider, observation) => {
      containers.observe(provider, observation);
      touch();
      void refreshExposures();
    },
    log,
  });

  let starting = true;
  let dashboard: Dashboard | null = null;
  const engineProblems = (): Problem[] => [
    ...store.problems,
    ...authority.problems,
    ...secrets.problems(),
    ...tlsFiles.problems(),
    ...certificates.problems(),
    ...accessLog.problems,
    ...limitsReached.problems(),
    ...(dashboard?.problems() ?? []),
    ...restarts.problems(),
    ...(exposures.pausedAll() ? [pausedAllProblem()] : []),
  ];
  const picture = createPicture({
    hub,
    certificates: ({ routers }) => certificates.views(routers),
    resolvers: certificates.service.resolvers,
    sources: () => ({
      state: publisher.state(),
      entryPoints: listeners.bound(),
      health: failing.over(health.current()),
      containers: containers.sources(),
      exposures: exposures.operations.list(),
      pausedAll: exposures.pausedAll(),
      unbuilt: publisher.errors(),
    }),
    status: (views) =>
      engineStatus({
        version,
        startedAt,
        starting,
        problems: engineProblems(),
        entryPoints: listeners.bound().map(entryPointView),
        providers: providers.views(),
        views,
        dashboard: { url: dashboard?.url() ?? '', lanUrl: dashboard?.lanUrl() ?? null },
        dataDir,
        workers: pool.size,
        pausedAll: exposures.pausedAll(),
        certificateAuthority: {
          fingerprint: authority.info().fingerprint,
          notAfter: authority.info().notAfter,
          path: authorityPath,
        },
      }),
    changes: () => changes.list(changesInSnapshot),
    onSystemChange: (change) => {
      log.info(change.kind, { subject: change.subject, ...change.details });
      changes.record(change);
    },
  });
  defer(picture.close);
  touch = picture.touch;

  defer(
    settings.onChange(async (next, previous) => {
      if (!same(next.entryPoints, previous.entryPoints)) {
        await listeners.apply(next.entryPoints);
        await publisher.setEntryPoints(next.entryPoints);
      }
      await providers.apply(next);
      if (next.dashboard.lanAddress !== previous.dashboard.lanAddress) {
        await dashboard?.setLanAddress(next.dashboard.lanAddress);
      }
      touch();
    }),
  );

  const context: EngineContext = {
    snapshot: picture.snapshot,
    runtime: publisher.state,
    subscribe: hub.subscribe,
    exposures: exposures.operations,
    overrides: overrides.operations,
    changes: { list: changes.list, undo: changes.undo, record: changes.record },
    requests: {
      // What a live view has shown can be found: it is written first.
      query: (input) => {
        requests.flush();
        return store.requests.query(input);
      },
      get: (id) => {
        requests.flush();
        return store.requests.get(id);
      },
    },
    traffic: { series: traffic.series },
    settings: { get: settings.get, update: settings.update },
    certificates: certificates.service,
    dnsProviders: certificates.dnsProviders,
    certificateAuthority: {
      export: () => {
        const { certificatePem, fingerprint, notAfter } = authority.info();
        return { certificatePem, fingerprint, notAfter };
      },
    },
    accessStore: store.access,
  };

  // Routes first, then listeners: the first visitor after a restart finds what the last one before it found.
  void publisher.publish(internalPublication(options.configuration));
  if (exposures.pausedAll()) void publisher.setPausedAll(true);
  await refreshExposures();
  defer(providers.stop);
  const firstStates = providers.apply(configuration());
  await Promise.race([firstStates, waitAtMost(firstStateMs)]);
  await listeners.apply(entryPoints());
  await publisher.setEntryPoints(entryPoints());
  certificates.begin();

  const controlServer = await startControlServer({ context, access, dataDir, log });
  defer(() => controlServer.close());
  const { address, addressFixed, lanAddress } = configuration().dashboard;
  dashboard = await startDashboard({
    context,
    access,
    address,
    addressFixed,
    lanAddress,
    api: options.configuration.api,
    staticDir: options.staticDir ?? builtDashboardDir(),
    certificates: authority.certificatesFor,
    log,
    now,
    onChange: () => touch(),
  });
  const openDashboard = dashboard;
  if (dashboard.routedUrls !== null) void publisher.setInternalUrls(dashboard.routedUrls);
  defer(() => openDashboard.close());
  if (metrics !== null) {
    const { url, close } = await metrics.listen();
    defer(close);
    void publisher.setInternalUrls({ prometheus: url });
  }

  let ticks = 0;
  const ticker = setInterval(() => {
    hub.emit({ topic: 'traffic', tick: traffic.tick() });
    // Some problems come and go without a word, such as a full disk.
    if (++ticks % lookAgainTicks === 0) touch();
  }, 1000);
  defer(() => clearInterval(ticker));
  starting = false;
  touch();
  const news = setTimeout(picture.beginNews, newsAfterMs);
  defer(() => clearTimeout(news));
  void firstStates.then(picture.beginNews, (error: unknown) => log.error('a provider could not start', { error }));
  defer(giveBackMemory({ firstAfterMs: 3000 }));
  defer(() =>
    keepAccepting({
      entryPoints: entryPoints(),
      pool,
      tellPing: () => void publisher.setPingStatus(options.configuration.ping?.terminatingStatus ?? 503),
    }),
  );
  log.info('Gatehouse runs', {
    dashboard: dashboard.url(),
    workers: pool.size,
    connections,
    tookMs: Date.now() - startedAt,
  });
  return { context, access, dashboard: { url: openDashboard.url, lanUrl: openDashboard.lanUrl } };
}

/** Docker's place is that of all its endpoints. */
function precedenceOf({ precedence = [], docker: { endpoints = {} } }: StaticConfiguration): readonly string[] {
  const named = Object.keys(endpoints).map(dockerProviderName);
  return precedence.flatMap((name) => (name === 'docker' ? [name, ...named] : [name]));
}

function waitAtMost(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** Beside the bundle's folder, or in `out` of a checkout. */
function builtDashboardDir(): string {
  const here = import.meta.url;
  return fileURLToPath(new URL(here.endsWith('.ts') ? '../out/renderer' : '../renderer', here));
}

function pausedAllProblem(): Problem {
  return problem(
    'EXPOSURE_PAUSED_ALL',
    'info',
    'All exposure is paused: no app answers.',
    'Resume it on the overview, or with gatehouse resume.',
  );
}
