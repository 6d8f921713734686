import type { Access } from '../access/access.ts';
import type { Actor, EngineContext } from './context.ts';
import { OperationError } from './error.ts';

/** Who calls, as the transport knows it. Nothing a client says about itself counts here. */
export interface Caller {
  readonly actor: Actor;
  /** Hash of the browser session that the call came with. */
  readonly session: string | null;
}

/** A token is for programs, and may leak. Throws OperationError with what it may not do. */
export function refuseTokens({ actor }: Pick<Caller, 'actor'>, message: string): void {
  if (actor === 'api') throw new OperationError('FORBIDDEN', message, { reason: 'TOKEN_NOT_ALLOWED' });
}

/** What every operation is given. */
export interface OperationContext {
  readonly engine: EngineContext;
  readonly access: Access;
  readonly caller: Caller;
}
