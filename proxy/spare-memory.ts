import { getHeapStatistics } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

export interface SpareMemoryOptions {
  /** The first time: once starting is over. Threads of one process take different ones, so that one pauses at a time. */
  readonly firstAfterMs: number;
  readonly lookEveryMs?: number;
  /** Where tests look in; left out: V8's own. */
  readonly collect?: () => void;
  readonly heldBytes?: () => number;
  /** How much of the time since the last call the thread was at work, 0 to 1. */
  readonly busyPart?: () => number;
}

const lookEveryMs = 5000;
/** A thread that works for less of its time than this has nobody who would notice a pause. */
const quietPart = 0.05;
/** So many quiet looks in a row make a quiet time: between two bursts nothing is given back. */
const quietLooks = 4;
/** Less than this is not worth a pause. */
const worthBytes = 4 * 1024 * 1024;

/**
 * Gives back the memory that V8 would keep while the thread is idle: once after starting (some 5 MB a thread), and then
 * whenever the thread has gone quiet and holds more than it did after the last time, as it does after a busy time. Each
 * takes some ten milliseconds, more with much that lives. Never while the thread is busy. Nothing happens where the
 * collector is out of reach, which is so unless the process asked for it (`--expose-gc`). Returns how to call it off.
 */
export function giveBackMemory(options: SpareMemoryOptions): () => void {
  const collect = options.collect ?? collector();
  if (collect === null) return () => undefined;
  const heldBytes = options.heldBytes ?? heldByHeap;
  const busyPart = options.busyPart ?? partAtWork();
  let keptBytes = 0;
  let quiet = 0;
  const giveBack = (): void => {
    collect();
    keptBytes = heldBytes();
    quiet = 0;
    // What the collection itself took is not work.
    busyPart();
  };
  const look = (): void => {
    quiet = busyPart() < quietPart ? quiet + 1 : 0;
    if (quiet < quietLooks) return;
    const held = heldBytes();
    if (held - keptBytes >= worthBytes) giveBack();
    // What was freed without us sets the measure anew.
    else keptBytes = Math.min(keptBytes, held);
  };
  let interval: NodeJS.Timeout | null = null;
  const first = setTimeout(() => {
    giveBack();
    interval = setInterval(look, options.lookEveryMs ?? lookEveryMs);
    interval.unref();
  }, options.firstAfterMs);
  first.unref();
  return () => {
    clearTimeout(first);
    if (interval !== null) clearInterval(interval);
  };
}

function collector(): (() => void) | null {
  const collect = runInNewContext('typeof gc === "function" ? gc : null') as Collect | null;
  if (collect === null) return null;
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** Of this thread alone: its heap, and what lies outside of it and lives as long as something in it (buffers). */
function heldByHeap(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

function partAtWork(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, last);
    last = current;
    return utilization;
  };
}
