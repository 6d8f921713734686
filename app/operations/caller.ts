import type { Access } from '../access/access.ts';
import type { Actor, EngineContext } from './context.ts';

/** Who calls, as the transport knows it. Nothing a client says about itself counts here. */
export interface Caller {
  readonly actor: Actor;
  /** Hash of the browser session that the call came with. */
  readonly session: string | null;
}

/** What every operation is given. */
export interface OperationContext {
  readonly engine: EngineContext;
  readonly access: Access;
  readonly caller: Caller;
}
