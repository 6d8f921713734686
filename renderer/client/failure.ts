import { ORPCError } from '@orpc/client';

export interface Failure {
  readonly code: string;
  /** A stable word such as `HOST_TAKEN`; empty where there is none. */
  readonly reason: string;
  readonly message: string;
  readonly details: Readonly<Record<string, string | number>>;
}

/** What an operation's failure says. Anything unexpected reads as the engine being out of reach or at fault. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ORPCError) {
    const data: unknown = error.data;
    const details = (typeof data === 'object' && data !== null ? data : {}) as Record<string, string | number>;
    return { code: String(error.code), reason: String(details['reason'] ?? ''), message: error.message, details };
  }
  return { code: 'UNREACHABLE', reason: '', message: error instanceof Error ? error.message : '', details: {} };
}
