import type { ServersTransportConfig } from '../../proxy/model/dynamic.ts';
import type { CertificateSnapshot, RoutingSnapshot } from '../../proxy/model/snapshot.ts';
import type { TcpServersTransportConfig } from '../../proxy/model/stream.ts';
import type { CertificateAuthority } from '../certificates/authority.ts';
import { type ConfiguredTls, coveredBy, noConfiguredTls, type TlsFiles } from '../certificates/configured.ts';
import type { StaticEntryPoint } from '../config/static.ts';
import type { Log } from '../log.ts';
import type { Publication } from '../providers/provider.ts';
import { isInPlace } from './closed.ts';
import { buildRuntime, type RuntimeOptions } from './merge.ts';
import { type InternalUrls, toRoutingSnapshot } from './snapshot.ts';
import type { RuntimeState } from './state.ts';
import { noStreamState } from './stream-state.ts';
import type { AppliedError, WorkerPool } from './worker-pool.ts';

export interface Publisher {
  readonly state: () => RuntimeState;
  /** Takes a provider's whole state. Resolves when all workers serve it. */
  readonly publish: (publication: Publication) => Promise<void>;
  /** Forgets a provider that is no longer configured. */
  readonly retract: (provider: Publication['provider']) => Promise<void>;
  readonly setEntryPoints: (entryPoints: readonly StaticEntryPoint[]) => Promise<void>;
  readonly setPausedAll: (paused: boolean) => Promise<void>;
  /** Where the engine's own services are reached, once they are. */
  readonly setInternalUrls: (urls: InternalUrls) => Promise<void>;
  /** What `ping` answers from now on. */
  readonly setPingStatus: (status: number) => Promise<void>;
  /** Takes certificates that were renewed, or asks for them anew. */
  readonly refreshCertificates: () => Promise<void>;
  /** What visitors are served with now; of two that hold one name, the later. */
  readonly certificates: () => readonly CertificateSnapshot[];
  /** Hosts of routers that are served with certificates of our own authority. */
  readonly ownHosts: () => readonly string[];
  /** Routers of the newest state that workers could not build, and why. */
  readonly errors: () => ReadonlyMap<string, string>;
}

export interface PublisherOptions {
  readonly pool: WorkerPool;
  readonly authority: CertificateAuthority;
  readonly entryPoints: readonly StaticEntryPoint[];
  readonly pausedAll: boolean;
  readonly runtime?: RuntimeOptions;
  /** Names of the certificate resolvers that are set up now; left out: none. */
  readonly resolvers?: () => ReadonlySet<string>;
  /** Of services that name no servers transport. */
  readonly defaultTransport?: ServersTransportConfig | undefined;
  /** Of TCP services that name none. */
  readonly defaultTcpTransport?: TcpServersTransportConfig | undefined;
  /** Certificates and TLS options of owners; left out: none. */
  readonly tlsFiles?: Pick<TlsFiles, 'read'>;
  /** Those that were had from a CA or brought, the newest last; the same while they do not change. Left out: none. */
  readonly issued?: () => readonly CertificateSnapshot[];
  readonly log: Log;
  /** Called after the workers were sent a state; must not throw. */
  readonly onState: (state: RuntimeState, snapshot: RoutingSnapshot) => void;
  /** Called where what workers cannot build of the newest state has changed. */
  readonly onErrors: () => void;
}

const emptyState: RuntimeState = {
  revision: 0,
  routers: new Map(),
  services: new Map(),
  middlewares: new Map(),
  serversTransports: new Map(),
  streams: noStreamState,
};

const none: readonly CertificateSnapshot[] = [];

/**
 * From publications to workers: merge, certificates for hosts that are new, then the routes in one swap. There is no
 * timer on this road; what is published while certificates are made joins the next round.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { pool, authority, log } = options;
  const publications = new Map<Publication['provider'], Publication>();
  let { entryPoints, pausedAll } = options;
  let state = emptyState;
  let revision = 0;
  let internalUrls: InternalUrls = {};
  let pingStatus: number | undefined;
  let certificates: readonly CertificateSnapshot[] = [];
  let certifiedHosts: string | null = null;
  let ownHosts: readonly string[] = [];
  let certifiedBy: ConfiguredTls = noConfiguredTls;
  let certifiedWith: readonly CertificateSnapshot[] = none;
  let errors: ReadonlyMap<string, string> = new Map();
  let running = false;
  let dirty = false;
  /** Those who wait for the round that is to come. */
  let waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = [];

  const noteErrors = (found: readonly AppliedError[]): void => {
    const next = new Map(found.map(({ object, message }) => [object, message]));
    const news = [...next].filter(([object, message]) => errors.get(object) !== message);
    const changed = news.length > 0 || next.size !== errors.size;
    errors = next;
    for (const [object, message] of news) log.error('a router cannot be served', { router: object, reason: message });
    if (changed) options.onErrors();
  };

  const certify = async (tls: ConfiguredTls): Promise<void> => {
    const issued = options.issued?.() ?? none;
    const isCovered = coveredBy([...issued, ...tls.certificates]);
    const uncovered = hostsToCertify(state, entryPoints).filter((host) => !isCovered(host));
    // While files are still read, it is not known which hosts are left: only what has one of ours already keeps it.
    const before = new Set(tls.isComplete ? [] : ownHosts);
    const hosts = tls.isComplete ? uncovered : uncovered.filter((host) => before.has(host));
    ownHosts = hosts;
    const key = hosts.join(' ');
    if (key === certifiedHosts && tls === certifiedBy && issued === certifiedWith) return;
    try {
      certificates = together(await authority.certificatesFor(hosts), [...issued, ...tls.certificates]);
      certifiedHosts = key;
      certifiedBy = tls;
      certifiedWith = issued;
    } catch (error) {
      // The old ones go on serving; hosts without one get the default certificate rather than no route.
      log.error('certificates could not be made', { error });
    }
  };

  const round = async (): Promise<void> => {
    const served = waiting;
    waiting = [];
    dirty = false;
    try {
      revision += 1;
      const published = [...publications.values()];
      const tls = options.tlsFiles?.read(published) ?? noConfiguredTls;
      state = buildRuntime(published, entryPoints, revision, state, {
        ...options.runtime,
        tls,
        ...(options.resolvers ? { resolvers: options.resolvers() } : {}),
      });
      await certify(tls);
      await pool.bring(certificates);
      const snapshot = toRoutingSnapshot(state, entryPoints, {
        pausedAll,
        internalUrls,
        defaultTransport: options.defaultTransport,
        defaultTcpTransport: options.defaultTcpTransport,
        pingStatus,
      });
      const applied = pool.publish(snapshot, certificates);
      void applied.then((found) => {
        if (snapshot.revision === revision) noteErrors(found);
        for (const { resolve } of served) resolve();
      });
      options.onState(state, snapshot);
    } catch (error) {
      for (const { reject } of served) reject(error);
      log.error('the configuration could not be published', { error });
    }
  };

  const run = async (): Promise<void> => {
    while (dirty) await round();
    running = false;
  };

  const republish = (): Promise<void> => {
    dirty = true;
    const done = new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    if (!running) {
      running = true;
      // After this turn: what is published together is built together.
      queueMicrotask(() => void run());
    }
    return done;
  };

  return {
    state: () => state,
    publish: (publication) => {
      publications.set(publication.provider, publication);
      return republish();
    },
    retract: (provider) => (publications.delete(provider) ? republish() : Promise.resolve()),
    setEntryPoints: (next) => {
      entryPoints = next;
      return republish();
    },
    setPausedAll: (paused) => {
      pausedAll = paused;
      return republish();
    },
    setPingStatus: (status) => {
      pingStatus = status;
      return republish();
    },
    setInternalUrls: (urls) => {
      internalUrls = { ...internalUrls, ...urls };
      return republish();
    },
    refreshCertificates: () => {
      certifiedHosts = null;
      return republish();
    },
    certificates: () => certificates,
    ownHosts: () => ownHosts,
    errors: () => errors,
  };
}

/** The internal authority's certificates stand back: what owners bring goes before them, as the default one, too. */
function together(
  internal: readonly CertificateSnapshot[],
  own: readonly CertificateSnapshot[],
): readonly CertificateSnapshot[] {
  const hasDefault = own.some(({ isDefault }) => isDefault);
  return [
    ...(hasDefault ? internal.map((each) => (each.isDefault ? { ...each, isDefault: false } : each)) : internal),
    ...own,
  ];
}

/**
 * Hosts that visitors may ask for over TLS: of routers that serve or refuse, and the domains that these name for their
 * certificates.
 */
function hostsToCertify(state: RuntimeState, entryPoints: readonly StaticEntryPoint[]): readonly string[] {
  const secure = new Set(entryPoints.filter(({ tls }) => tls).map(({ name }) => name));
  const hosts = new Set<string>();
  // Traefik's `entryPoints.*.http.tls.domains`: asked for whether a router names them or not.
  for (const { main, sans } of entryPoints.flatMap(({ routerTls }) => routerTls?.domains ?? [])) {
    hosts.add(main.toLowerCase());
    for (const san of sans ?? []) hosts.add(san.toLowerCase());
  }
  for (const router of state.routers.values()) {
    if (!isInPlace(router)) continue;
    if (!router.tls && !router.entryPoints.some((name) => secure.has(name))) continue;
    for (const host of router.hosts) hosts.add(host);
    for (const { main, sans } of router.config.tls?.domains ?? []) {
      hosts.add(main.toLowerCase());
      for (const san of sans ?? []) hosts.add(san.toLowerCase());
    }
  }
  for (const router of state.streams.tcp.routers.values()) {
    if (!isInPlace(router) || router.tls !== 'terminate') continue;
    for (const host of router.hosts) hosts.add(host);
    for (const { main, sans } of router.config.tls?.domains ?? []) {
      hosts.add(main.toLowerCase());
      for (const san of sans ?? []) hosts.add(san.toLowerCase());
    }
  }
  return [...hosts].toSorted();
}
