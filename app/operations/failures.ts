import { ORPCError, ValidationError } from '@orpc/server';
import type { Log } from '../log.ts';
import { OperationError, type OperationErrorCode } from './error.ts';

const statusOf: Readonly<Record<OperationErrorCode, number>> = {
  NOT_FOUND: 404,
  CONFLICT: 409,
  INVALID: 422,
  FORBIDDEN: 403,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
};

/**
 * Turns whatever an operation threw into what may cross to a client: expected failures as they are, refused input as
 * INVALID, and everything else as INTERNAL without a word about the inside. The latter is logged, once, here.
 */
export function toClientError(error: unknown, operation: readonly string[], log: Log): Error {
  if (error instanceof OperationError) {
    return new ORPCError(error.code, {
      status: statusOf[error.code],
      message: error.message,
      data: { ...error.details },
      cause: error,
    });
  }
  if (error instanceof ORPCError && error.code === 'BAD_REQUEST' && error.cause instanceof ValidationError) {
    const issue = error.cause.issues[0];
    const field = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    const what = issue?.message ?? 'is not valid';
    return new ORPCError('INVALID', {
      status: statusOf.INVALID,
      message: field === '' ? `The input was refused: ${what}.` : `The input was refused at "${field}": ${what}.`,
      data: { reason: 'INPUT_INVALID', field, problem: what },
    });
  }
  if (error instanceof ORPCError && error.code !== 'INTERNAL_SERVER_ERROR') return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  log.error('an operation failed', { operation: operation.join('.'), error });
  return new ORPCError('INTERNAL', {
    status: 500,
    message: 'Something went wrong inside. The engine log has the details.',
  });
}
