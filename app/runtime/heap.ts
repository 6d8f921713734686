import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 hold on to less. To be called before the engine is loaded, and before workers are made.
 *
 * Loading modules makes much short-lived garbage, for which V8 would enlarge the young generation of each thread, some
 * 10 MB, and never give that back; it stays at its first size (requests cost the same CPU with and without). The
 * collector is put in reach of `proxy/spare-memory.ts`, which uses it while a thread is idle.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--expose-gc');
}
