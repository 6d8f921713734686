import { setFlagsFromString } from 'node:v8';

/** By then the engine and its workers have started, and have given back what starting took. */
const startedAfterMs = 6000;

/**
 * Makes V8 hold on to less. To be called before the engine is loaded, and before workers are made.
 *
 * Loading modules makes much short-lived garbage, for which V8 would enlarge the young generation of each thread, some
 * 10 MB, and never give that back; it stays at its first size until all have started. From then on a thread may
 * enlarge it, which takes a quarter off what a request costs under load, and its old generation may double before it is
 * marked: by V8's own measure so small a heap is marked whenever it has grown by a tenth, several times a second while
 * connections come and go. The collector is put in reach of `proxy/spare-memory.ts`, which uses it while a thread is
 * idle.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setTimeout(() => {
    setFlagsFromString('--semi-space-growth-factor=2');
    setFlagsFromString('--heap-growing-percent=100');
  }, startedAfterMs).unref();
  setFlagsFromString('--expose-gc');
}
