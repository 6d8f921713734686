import { setTimeout as delay } from 'node:timers/promises';
import type { StaticEntryPoint } from '../config/static.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Requests under way at an entry point that closes have this long where it does not say. */
const drainMs = 10_000;

/**
 * Traefik's `requestAcceptGraceTimeout`: each entry point takes requests for so long after the engine was told to stop,
 * while ping says that it stops, so that whoever sends the visitors can send them elsewhere. Resolves when the last of
 * them is due; at once where none asks for it.
 */
export async function keepAccepting(options: {
  readonly entryPoints: readonly Pick<StaticEntryPoint, 'name' | 'acceptGraceMs' | 'graceMs'>[];
  readonly pool: Pick<WorkerPool, 'unlisten'>;
  readonly tellPing: () => void;
  readonly wait?: (ms: number) => Promise<void>;
}): Promise<void> {
  const { entryPoints, pool, tellPing, wait = delay } = options;
  const byTime = entryPoints
    .map(({ name, acceptGraceMs = 0, graceMs = drainMs }) => ({ name, acceptGraceMs, graceMs }))
    .toSorted((a, b) => a.acceptGraceMs - b.acceptGraceMs);
  const longestMs = byTime.at(-1)?.acceptGraceMs ?? 0;
  if (longestMs === 0) return;
  tellPing();
  let waitedMs = 0;
  for (const { name, acceptGraceMs, graceMs } of byTime) {
    if (acceptGraceMs > waitedMs) await wait(acceptGraceMs - waitedMs);
    waitedMs = acceptGraceMs;
    // The last ones close with everything else.
    if (acceptGraceMs < longestMs) pool.unlisten([name], graceMs);
  }
}
