import { runInNewContext } from 'node:vm';

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

/**
 * Gives back, once, the memory that loading and starting took and that V8 would keep while the thread is idle (some
 * 5 MB a thread). It takes some ten milliseconds. Nothing happens where the collector is out of reach, which is so
 * unless the process asked for it (`--expose-gc`). Returns how to call it off.
 */
export function giveBackMemoryAfter(delayMs: number): () => void {
  const timer = setTimeout(() => {
    const collect = runInNewContext('typeof gc === "function" ? gc : null') as Collect | null;
    collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}
