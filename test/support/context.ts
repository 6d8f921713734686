import type { Access } from '../../app/access/access.ts';
import { createAccess } from '../../app/access/access.ts';
import type {
  ApiToken,
  Change,
  EngineEvent,
  EngineStatus,
  Exposure,
  Settings,
  Snapshot,
} from '../../app/contract/objects.ts';
import type { Log } from '../../app/log.ts';
import type { AccessSession, AccessStore, EngineContext } from '../../app/operations/context.ts';
import { OperationError } from '../../app/operations/error.ts';
import type { RuntimeState } from '../../app/runtime/state.ts';
import { noStreamState } from '../../app/runtime/stream-state.ts';
import type { RequestRecord } from '../../proxy/model/request-record.ts';

/** An engine in memory, for tests of what stands in front of it. Every part may be replaced. */
export interface ContextDouble {
  readonly context: EngineContext;
  readonly access: Access;
  /** Sends an event with the next revision. */
  readonly emit: (event: DistributiveOmit<EngineEvent, 'revision'>) => void;
  readonly changes: readonly Change[];
  readonly listeners: () => number;
  readonly setSnapshot: (
    patch: Partial<Omit<Snapshot, 'status'>> & { readonly status?: Partial<EngineStatus> },
  ) => void;
  readonly setRuntime: (runtime: RuntimeState) => void;
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export function contextDouble(options: { readonly now?: () => number } = {}): ContextDouble {
  const now = options.now ?? Date.now;
  const accessStore = accessStoreDouble();
  const changes: Change[] = [];
  const exposures: Exposure[] = [];
  const records: RequestRecord[] = [];
  const subscribers = new Set<(event: EngineEvent) => void>();
  let snapshot = emptySnapshot();
  let runtime: RuntimeState = {
    revision: 1,
    routers: new Map(),
    services: new Map(),
    middlewares: new Map(),
    serversTransports: new Map(),
    streams: noStreamState,
  };

  const record: EngineContext['changes']['record'] = (change) => {
    const made = { ...change, id: String(changes.length + 1), at: now(), undoable: false };
    changes.push(made);
    return made;
  };
  const find = (id: string): Exposure => {
    const found = exposures.find((exposure) => exposure.id === id || exposure.name === id);
    if (found) return found;
    throw new OperationError('NOT_FOUND', `There is no exposure ${id}.`, { reason: 'EXPOSURE_UNKNOWN', id });
  };
  const changed = (exposure: Exposure, actor: Change['actor'], kind: Change['kind']) => {
    exposures.splice(0, exposures.length, ...exposures.filter(({ id }) => id !== exposure.id), exposure);
    return Promise.resolve({ exposure, changeId: record({ actor, kind, subject: exposure.name, details: {} }).id });
  };

  const context: EngineContext = {
    snapshot: () => snapshot,
    runtime: () => runtime,
    subscribe(listener) {
      subscribers.add(listener);
      return () => subscribers.delete(listener);
    },
    exposures: {
      list: () => exposures,
      plan: (input) => ({
        containerId: input.container,
        container: input.container,
        name: input.name ?? input.container,
        host: input.host ?? `${input.container}.localhost`,
        port: input.port ?? 80,
        ports: [{ port: 80, reason: 'the only exposed port' }],
        scheme: input.scheme ?? 'http',
        protection: { kind: 'none' },
        problems: [],
        preview: {
          url: `https://${input.host ?? `${input.container}.localhost`}`,
          rule: `Host(\`${input.host ?? `${input.container}.localhost`}\`)`,
          entryPoint: 'websecure',
          middlewares: [],
          service: `${input.container}@gatehouse`,
          serverUrl: 'http://172.17.0.2:80',
        },
      }),
      create(input, actor) {
        if (input.container === 'missing') {
          throw new OperationError('NOT_FOUND', 'There is no container missing.', { reason: 'CONTAINER_UNKNOWN' });
        }
        if (input.container === 'crash') throw new TypeError('secret inside: /etc/shadow');
        return changed(exposureDouble(input.name ?? input.container), actor, 'exposure.created');
      },
      update: (id, patch, actor) =>
        changed({ ...find(id), ...(patch.host === undefined ? {} : { host: patch.host }) }, actor, 'exposure.updated'),
      pause: (id, actor) => changed({ ...find(id), paused: true, state: 'paused' }, actor, 'exposure.paused'),
      resume: (id, actor) => changed({ ...find(id), paused: false, state: 'live' }, actor, 'exposure.resumed'),
      remove(idOrName, actor) {
        const { name, id: found } = find(idOrName);
        exposures.splice(0, exposures.length, ...exposures.filter(({ id }) => id !== found));
        return Promise.resolve({
          changeId: record({ actor, kind: 'exposure.removed', subject: name, details: {} }).id,
        });
      },
      pauseAll: (actor) =>
        Promise.resolve({ changeId: record({ actor, kind: 'exposure.pausedAll', subject: 'all', details: {} }).id }),
      resumeAll: (actor) =>
        Promise.resolve({ changeId: record({ actor, kind: 'exposure.resumedAll', subject: 'all', details: {} }).id }),
    },
    overrides: {
      list: () => [],
      plan: () => ({
        override: null,
        hosts: [],
        rule: '',
        middlewares: [],
        servers: [],
        healthCheckPath: null,
        editable: [],
      }),
      set: (_input, actor) =>
        Promise.resolve({
          override: null,
          changeId: record({ actor, kind: 'override.set', subject: 'a', details: {} }).id,
        }),
      remove: ({ name }, actor) =>
        Promise.resolve({ changeId: record({ actor, kind: 'override.removed', subject: name, details: {} }).id }),
      export: () => ({ labels: [], compose: '', file: '' }),
    },
    changes: {
      list: (limit) => changes.toReversed().slice(0, limit),
      undo: (id, actor) => Promise.resolve(record({ actor, kind: 'change.undone', subject: id, details: {} })),
      record,
    },
    requests: {
      query: ({ limit }) => ({ records: records.slice(0, limit), more: records.length > limit }),
      get: (id) => records.find((candidate) => candidate.id === id),
    },
    traffic: { series: () => ({ stepMs: 1000, at: [], total: [], entryPoints: {}, services: {} }) },
    settings: { get: settingsDouble, update: () => Promise.resolve(settingsDouble()) },
    certificates: certificateServiceDouble(),
    dnsProviders: {
      list: () => Promise.resolve([]),
      keep: () => Promise.resolve(),
      check: () => Promise.resolve({ ok: true, zones: [], problems: [], note: null }),
    },
    certificateAuthority: {
      export: () => ({ certificatePem: '-----BEGIN CERTIFICATE-----\n', fingerprint: 'AA:BB', notAfter: 4e12 }),
    },
    accessStore,
  };

  return {
    context,
    access: createAccess({ store: accessStore, record, log: logDouble(), now }),
    emit(event) {
      snapshot = { ...snapshot, revision: snapshot.revision + 1 };
      for (const listener of subscribers) listener({ ...event, revision: snapshot.revision });
    },
    changes,
    listeners: () => subscribers.size,
    setSnapshot({ status, ...patch }) {
      snapshot = { ...snapshot, ...patch, status: { ...snapshot.status, ...status } };
    },
    setRuntime(state) {
      runtime = state;
    },
  };
}

/** Has no certificate; a test that needs one replaces the method. */
function certificateServiceDouble(): EngineContext['certificates'] {
  const unknown = (): never => {
    throw new OperationError('NOT_FOUND', 'There is no such certificate.', { reason: 'CERTIFICATE_UNKNOWN' });
  };
  return {
    list: () => [],
    resolvers: () => [],
    get: unknown,
    propose: unknown,
    add: unknown,
    renew: unknown,
    revoke: unknown,
    remove: unknown,
    bring: unknown,
    adopt: unknown,
    material: unknown,
    setResolver: unknown,
    removeResolver: unknown,
    checkResolver: unknown,
  };
}

/** Keeps what it is told in memory. */
export function accessStoreDouble(): AccessStore {
  let passwordHash: string | null = null;
  const tokens = new Map<string, ApiToken & { readonly hash: string }>();
  const sessions = new Map<string, AccessSession>();
  return {
    passwordHash: () => passwordHash,
    setPasswordHash: (hash) => {
      passwordHash = hash;
    },
    tokens: () => [...tokens.values()],
    addToken: (token) => void tokens.set(token.id, token),
    removeToken: (id) => tokens.delete(id),
    touchToken(id, at) {
      const token = tokens.get(id);
      if (token) tokens.set(id, { ...token, lastUsedAt: at });
    },
    sessions: () => [...sessions.values()],
    addSession: (session) => void sessions.set(session.hash, session),
    removeSession: (hash) => void sessions.delete(hash),
    removeAllSessions() {
      const ended = sessions.size;
      sessions.clear();
      return ended;
    },
  };
}

/** Keeps the lines, so that a test can see what was logged. */
export function logDouble(): Log & { readonly lines: { level: string; message: string; details: unknown }[] } {
  const lines: { level: string; message: string; details: unknown }[] = [];
  const to = (level: string) => (message: string, details?: unknown) => void lines.push({ level, message, details });
  return { lines, info: to('info'), warn: to('warn'), error: to('error') };
}

export function emptySnapshot(): Snapshot {
  const counts = { total: 0, warnings: 0, errors: 0 };
  return {
    revision: 1,
    status: {
      version: '0.1.0',
      startedAt: 1_700_000_000_000,
      health: 'well',
      problems: [],
      entryPoints: [
        {
          name: 'web',
          address: ':80',
          listening: '0.0.0.0:8080',
          protocol: 'http',
          redirectTo: 'websecure',
          origin: 'default',
          problems: [],
        },
        {
          name: 'websecure',
          address: ':443',
          listening: '0.0.0.0:8443',
          protocol: 'https',
          redirectTo: null,
          origin: 'default',
          problems: [],
        },
      ],
      providers: [
        { name: 'docker', state: 'connected', where: 'unix:///x', version: 'Docker 28', since: 1, problems: [] },
      ],
      counts: { openApps: 0, containers: 0, routers: counts, services: counts, middlewares: counts },
      dashboard: { url: 'http://127.0.0.1:8686', lanUrl: null },
      dataDir: '/data',
      workers: 1,
      pausedAll: false,
      certificateAuthority: { fingerprint: 'AA:BB', notAfter: 4e12, path: '/data/ca/ca.pem' },
    },
    containers: [],
    routers: [],
    services: [],
    middlewares: [],
    exposures: [],
    certificates: [],
    resolvers: [],
    changes: [],
  };
}

export function exposureDouble(name: string): Exposure {
  return {
    id: `id-${name}`,
    name,
    target: { container: name, composeProject: null, composeService: null },
    host: `${name}.localhost`,
    port: 80,
    scheme: 'http',
    protection: { kind: 'none' },
    paused: false,
    createdAt: 1,
    updatedAt: 1,
    state: 'live',
    problems: [],
    url: `https://${name}.localhost`,
    containerId: 'abc',
  };
}

function settingsDouble(): Settings {
  return {
    entryPoints: [],
    docker: { endpoint: null, exposedByDefault: false, defaultRule: '', network: null, fixed: [] },
    file: { path: null, fixed: false },
    domain: 'localhost',
    dashboard: { address: '127.0.0.1:8686', addressFixed: false, lanAddress: null, passwordSet: false },
  };
}
