import type { Problem } from '../contract/objects.ts';
import type { Secret } from './secret.ts';

export { Secret } from './secret.ts';

/**
 * Secrets by name, such as `dns.cloudflare` or `acme-account.home`. Names are not secret: they stand in file names.
 * 1 to 200 characters of `a-z`, `A-Z`, `0-9`, `.`, `_`, `-`, and none begins with a dot.
 *
 * A write is durable once its promise resolves. Failures are `SecretsError`s, which hold no secret.
 */
export interface Secrets {
  readonly get: (name: string) => Promise<Secret | undefined>;
  /** Adds or replaces, in one step. */
  readonly set: (name: string, value: Secret) => Promise<void>;
  /** Says whether it was there. */
  readonly delete: (name: string) => Promise<boolean>;
  /** Names, sorted. */
  readonly list: () => Promise<readonly string[]>;
  /** What was set aside, or cannot be read. */
  readonly problems: () => readonly Problem[];
}

/** Secrets cannot be read or kept. */
export class SecretsError extends Error {
  readonly code: 'SECRETS_UNREADABLE' | 'SECRETS_NOT_KEPT' | 'SECRET_NAME';
  /** What to do next. */
  readonly fix: string;

  constructor(code: SecretsError['code'], message: string, fix: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SecretsError';
    this.code = code;
    this.fix = fix;
  }
}
