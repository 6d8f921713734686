import type { LoggedFieldMode, LoggedFieldModes } from './request-record.ts';

export type AccessLogFormat = 'common' | 'genericCLF' | 'json';

/** Which requests the access log has, and what of them. Plain, as workers are handed it. */
export interface AccessLogOptions {
  readonly format: AccessLogFormat;
  /** A request that passes any of them is written; where none asks for anything, all are. */
  readonly filters: {
    /** `404`, `500-504`. */
    readonly statusCodes: readonly string[];
    readonly retryAttempts: boolean;
    /** 0: not asked for. */
    readonly minDurationMs: number;
  };
  readonly fields: {
    readonly keptByDefault: boolean;
    /** By lower-case name. */
    readonly names: Readonly<Record<string, LoggedFieldMode>>;
  };
  readonly keepsQuery: boolean;
  readonly headers: LoggedFieldModes;
  /** `ClientHost` is the whole `X-Forwarded-For`, as in Traefik. Left out: the address by which rules judge. */
  readonly asTraefik?: boolean;
  /** Requests to Gatehouse's own services, and those that an entry point redirects, are written too. */
  readonly addInternals: boolean;
}
