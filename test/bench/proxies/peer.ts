import type { Running } from '../process.ts';

/** What all proxies of one run have in common. */
export interface Setting {
  /** Files of this run; removed after it. */
  readonly dir: string;
  /** Port of the origin on 127.0.0.1. */
  readonly originPort: number;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Hosts that are routed: `app.localhost`, and `otherN.localhost` before it. */
  readonly routers: number;
  /** Ask for a password, add a header and bound the rate (far above what is sent). */
  readonly hasMiddlewares: boolean;
}

/** A proxy that runs: one core, its access log in a file, forwarding headers on. */
export interface Peer {
  readonly program: string;
  readonly version: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly running: Running;
}

export interface PeerKind {
  readonly program: string;
  /** Null where it is installed; else how to get it. */
  readonly missing: () => string | null;
  /** What it cannot be compared in, by the scenario's name. */
  readonly leavesOut: readonly string[];
  readonly start: (setting: Setting) => Promise<Peer>;
}

/** Bench's own user and password, known to all of them. */
export const user = { name: 'bench', password: 'bench' };
export const host = 'app.localhost';
export const idleScenario = '10,000 idle connections';
