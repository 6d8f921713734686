import { ORPCError } from '@orpc/client';
import { EngineNotRunningError } from '../operations/client.ts';
import { CommandError } from './command.ts';

/** What went wrong and what to do next, for the person. Null for what nobody expected. */
export function explainFailure(error: unknown): { readonly message: string; readonly next: string | null } | null {
  if (error instanceof CommandError) return { message: error.message, next: error.next };
  if (error instanceof EngineNotRunningError) {
    return {
      message: error.message,
      next: 'Start it with "gatehouse serve", or name its data folder with --data-dir.',
    };
  }
  if (isStartFailure(error)) return { message: error.message, next: error.fix };
  if (error instanceof ORPCError) return { message: error.message, next: nextStep(error) };
  if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'EACCES') {
    return {
      message: 'The engine belongs to another user, who alone may control it.',
      next: 'Run the command as that user (often: sudo gatehouse …).',
    };
  }
  return null;
}

/** The engine and its store fail to start with an error that carries its own remedy. They are not loaded for its sake. */
function isStartFailure(error: unknown): error is Error & { readonly fix: string } {
  return error instanceof Error && 'code' in error && 'fix' in error && typeof error.fix === 'string';
}

function nextStep(error: ORPCError<string, unknown>): string | null {
  const reason = (error.data as { readonly reason?: unknown } | undefined)?.reason;
  switch (reason) {
    case 'CONTAINER_UNKNOWN':
      return 'See what there is: gatehouse containers';
    case 'PORT_REQUIRED':
      return 'Say which one with --port.';
    case 'HOST_TAKEN':
      return 'Choose another one with --host.';
    case 'RULE_TAKEN':
      return 'Choose another one with --host, or take it all the same with --allow-conflict.';
    case 'ENTRY_POINT_TAKEN':
      return 'Pause that one first, or go on all the same with --allow-conflict.';
    case 'NAME_TAKEN':
      return 'Choose another one with --name.';
    case 'PASSWORD_REQUIRED':
      return 'Give one of at least 8 characters with --password, or type it when asked.';
    default:
      return null;
  }
}
