import type { MiddlewareConfig } from '../model/dynamic.ts';

/** When a server is left alone. */
export interface FailureSettings {
  readonly failureWindowMs: number;
  readonly maxFailedAttempts: number;
}

/** What of an HTTP middleware must be the same for its counts to go on. */
export function middlewareIdentity(name: string, config: MiddlewareConfig): string {
  return `http ${name} ${JSON.stringify(config)}`;
}

/** What of a server must be the same for its failures to be remembered. */
export function serverIdentity(
  service: string,
  url: string,
  { failureWindowMs, maxFailedAttempts }: FailureSettings,
): string {
  return `server ${service} ${url} ${failureWindowMs} ${maxFailedAttempts}`;
}
