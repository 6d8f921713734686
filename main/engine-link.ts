import type { EngineStatus, RouterView } from '../app/contract/objects.ts';
import type { ControlConnection } from '../app/operations/client.ts';
import { type OpenApp, openApps } from './open-apps.ts';

/** An engine that this shell started. */
export interface EngineProcess {
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<{ readonly lastWords: string }>;
  stop(): Promise<void>;
}

/** What the tray shows. */
export interface EnginePicture {
  /** `starting`: one was started and does not answer yet. Null: none answers. */
  readonly status: EngineStatus | 'starting' | null;
  readonly apps: readonly OpenApp[];
  /** What the last engine said before it ended by itself; null once one answers. */
  readonly failure: string | null;
}

export interface EngineLinkOptions {
  /** Null where no engine answers. */
  readonly connect: () => Promise<ControlConnection | null>;
  readonly startProcess: () => EngineProcess;
  readonly onPicture: (picture: EnginePicture) => void;
  readonly onError: (error: unknown) => void;
  readonly now?: () => number;
  readonly delay: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface EngineLink {
  /** The engine's operations; null while none answers. */
  readonly client: () => ControlConnection['client'] | null;
  /** Ends the link, and the engine if this shell started it. May be called twice. */
  stop(): Promise<void>;
}

const pollWhileStartingMs = 100;
const pollWhileAwayMs = 500;
/** An engine that somebody else runs is perhaps only being restarted. */
const graceForForeignMs = 3000;
const firstBackoffMs = 1000;
const longestBackoffMs = 30_000;
/** An engine that answered for this long is taken as healthy: its next end starts the backoff anew. */
const healthyAfterMs = 60_000;

/** Attaches to the engine of a data folder; where none answers it starts one, and again when that one ends. */
export function startEngineLink(options: EngineLinkOptions): EngineLink {
  const now = options.now ?? Date.now;
  const stopping = new AbortController();
  const { signal } = stopping;
  let own: EngineProcess | null = null;
  let connection: ControlConnection | null = null;
  let failure: string | null = null;
  let failuresInRow = 0;
  let startNotBefore = 0;

  async function attendOwn(process: EngineProcess): Promise<void> {
    own = process;
    const { lastWords } = await process.exited;
    own = null;
    if (signal.aborted) return;
    startNotBefore = now() + Math.min(firstBackoffMs * 2 ** failuresInRow, longestBackoffMs);
    failuresInRow += 1;
    failure = lastWords;
  }

  /** Until the engine goes away. */
  async function attend(live: ControlConnection): Promise<void> {
    connection = live;
    failure = null;
    const attachedAt = now();
    const foreign = own === null;
    const following = follow(live, options.onPicture).catch((error: unknown) => {
      if (!signal.aborted) options.onError(error);
    });
    // The stream may end for a reason of its own; the connection is then of no more use.
    await Promise.race([live.closed, following]);
    live.close();
    connection = null;
    if (now() - attachedAt >= healthyAfterMs) failuresInRow = 0;
    if (foreign) startNotBefore = Math.max(startNotBefore, now() + graceForForeignMs);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const live = await options.connect().catch((error: unknown) => {
        options.onError(error);
        return null;
      });
      if (signal.aborted) live?.close();
      else if (live) await attend(live);
      else if (own === null && now() >= startNotBefore) void attendOwn(options.startProcess());
      if (signal.aborted) return;
      options.onPicture({ status: own === null ? null : 'starting', apps: [], failure });
      await options.delay(own === null ? pollWhileAwayMs : pollWhileStartingMs, signal);
    }
  }

  const running = run();
  return {
    client: () => connection?.client ?? null,
    stop: async () => {
      stopping.abort();
      connection?.close();
      await Promise.all([running, own?.stop()]);
    },
  };
}

/** Passes on every change of what the tray shows, until the stream ends; closing the connection ends it. */
async function follow({ client }: ControlConnection, onPicture: (picture: EnginePicture) => void): Promise<void> {
  // Subscribed before the first look, so that no change falls between.
  const events = await client.events({ topics: ['status', 'routing'] });
  let { status, routers }: { status: EngineStatus; routers: readonly RouterView[] } = await client.snapshot();
  const show = (): void => onPicture({ status, apps: openApps(routers), failure: null });
  show();
  for await (const event of events) {
    if (event.topic === 'status') status = event.status;
    else if (event.topic === 'routing') routers = await client.routers.list();
    else continue;
    show();
  }
}
