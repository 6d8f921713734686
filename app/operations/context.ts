import type { RequestRecord } from '../../proxy/model/request-record.ts';
import type {
  ApiToken,
  Change,
  EngineEvent,
  Exposure,
  ExposurePlan,
  Override,
  OverrideExport,
  OverridePlan,
  Protection,
  ServerEdit,
  Settings,
  SettingsPatch,
  Snapshot,
  TrafficSeries,
} from '../contract/objects.ts';
import type { RuntimeState } from '../runtime/state.ts';
import type { CertificateService, DnsProviderService } from './certificate-service.ts';

export type Actor = Change['actor'];

export interface ExposureInput {
  readonly container: string;
  readonly name?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly scheme?: 'http' | 'https' | undefined;
  readonly protection?: Protection | undefined;
}

export interface LogFilter {
  readonly text?: string | undefined;
  readonly router?: string | undefined;
  readonly service?: string | undefined;
  readonly host?: string | undefined;
  readonly clientIp?: string | undefined;
  readonly status?: string | undefined;
  readonly entryPoint?: string | undefined;
}

export interface ExposureChanged {
  readonly exposure: Exposure;
  readonly changeId: string;
}

export interface OverrideTarget {
  readonly object: Override['object'];
  /** Left out: HTTP. */
  readonly protocol?: Override['protocol'];
  /** Qualified. */
  readonly name: string;
}

/** What is left out stays; null goes back to what labels or files say. */
export interface OverrideInput extends OverrideTarget {
  readonly host?: string | null | undefined;
  readonly middlewares?: readonly string[] | null | undefined;
  readonly protection?: Protection | null | undefined;
  /** All edited servers. */
  readonly servers?: readonly ServerEdit[] | null | undefined;
  /** Empty: no health check is made. */
  readonly healthCheckPath?: string | null | undefined;
  readonly paused?: boolean | undefined;
  /** Takes a rule and priority that another router has already. */
  readonly allowConflict?: boolean | undefined;
}

export interface OverrideChanged {
  /** Null: nothing is left to override. */
  readonly override: Override | null;
  readonly changeId: string;
}

/** What the operations work with. The engine puts it together; failures are `OperationError`s. */
export interface EngineContext {
  /** The current picture. Cheap: assembled from parts that are kept up to date. */
  readonly snapshot: () => Snapshot;
  readonly runtime: () => RuntimeState;
  readonly subscribe: (listener: (event: EngineEvent) => void) => () => void;
  readonly exposures: {
    readonly list: () => readonly Exposure[];
    readonly plan: (input: ExposureInput) => ExposurePlan;
    /** Resolves when the workers serve the new route. */
    readonly create: (input: ExposureInput, actor: Actor) => Promise<ExposureChanged>;
    readonly update: (id: string, patch: Omit<ExposureInput, 'container'>, actor: Actor) => Promise<ExposureChanged>;
    readonly pause: (id: string, actor: Actor) => Promise<ExposureChanged>;
    readonly resume: (id: string, actor: Actor) => Promise<ExposureChanged>;
    /** By id, else by name. */
    readonly remove: (idOrName: string, actor: Actor) => Promise<{ readonly changeId: string }>;
    readonly pauseAll: (actor: Actor) => Promise<{ readonly changeId: string }>;
    readonly resumeAll: (actor: Actor) => Promise<{ readonly changeId: string }>;
  };
  readonly overrides: {
    readonly list: () => readonly Override[];
    readonly plan: (target: OverrideTarget) => OverridePlan;
    /** Resolves when the workers serve it so. */
    readonly set: (input: OverrideInput, actor: Actor) => Promise<OverrideChanged>;
    readonly remove: (target: OverrideTarget, actor: Actor) => Promise<{ readonly changeId: string }>;
    readonly export: (target: OverrideTarget) => OverrideExport;
  };
  readonly changes: {
    readonly list: (limit: number) => readonly Change[];
    readonly undo: (id: string, actor: Actor) => Promise<Change>;
    readonly record: (change: Omit<Change, 'id' | 'at' | 'undoable'>) => Change;
  };
  readonly requests: {
    readonly query: (input: {
      readonly filter?: LogFilter | undefined;
      readonly before?: string | undefined;
      readonly limit: number;
    }) => { readonly records: readonly RequestRecord[]; readonly more: boolean };
    readonly get: (id: string) => RequestRecord | undefined;
  };
  readonly traffic: { readonly series: (range: 'live' | 'hour' | 'day') => TrafficSeries };
  readonly settings: {
    readonly get: () => Settings;
    readonly update: (patch: SettingsPatch, actor: Actor) => Promise<Settings>;
  };
  readonly certificates: CertificateService;
  readonly dnsProviders: DnsProviderService;
  readonly certificateAuthority: {
    readonly export: () => { readonly certificatePem: string; readonly fingerprint: string; readonly notAfter: number };
  };
  /** Persistence of the dashboard's access; hashing and sessions are the access part's own. */
  readonly accessStore: AccessStore;
}

export interface AccessStore {
  readonly passwordHash: () => string | null;
  readonly setPasswordHash: (hash: string) => void;
  readonly tokens: () => readonly (ApiToken & { readonly hash: string })[];
  readonly addToken: (token: ApiToken & { readonly hash: string }) => void;
  readonly removeToken: (id: string) => boolean;
  readonly touchToken: (id: string, at: number) => void;
  readonly sessions: () => readonly AccessSession[];
  readonly addSession: (session: AccessSession) => void;
  readonly removeSession: (hash: string) => void;
  readonly removeAllSessions: () => number;
}

export interface AccessSession {
  /** SHA-256 of the cookie's value, hex. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}
