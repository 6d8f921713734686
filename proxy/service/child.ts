import type { Handler } from '../http/exchange.ts';

/** A service that another one leads to, ready to serve. */
export interface ChildService {
  /** Qualified. */
  readonly name: string;
  readonly handler: Handler;
  /** Services without health checks are up as long as they have a server. */
  readonly isUp: () => boolean;
}
