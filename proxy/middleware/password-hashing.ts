import { Worker } from 'node:worker_threads';

/** What the thread is sent, and what it answers. */
export interface HashTask {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

export interface HashVerdict {
  readonly id: number;
  readonly matches: boolean;
}

interface Waiter {
  readonly resolve: (matches: boolean) => void;
  readonly reject: (error: Error) => void;
}

/** A thread costs some megabytes; one that nobody needs ends. */
const idleMs = 10_000;

let thread: Worker | null = null;
let idleTimer: NodeJS.Timeout | null = null;
let lastId = 0;
const waiters = new Map<number, Waiter>();

/**
 * Checks a password against a hash in a thread of its own, since hashing would hold up every other request. Started
 * when first needed; it keeps no process alive. Rejects where the thread cannot run.
 */
export function verifyInThread(password: string, hash: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    thread ??= startThread();
    if (idleTimer) clearTimeout(idleTimer);
    lastId += 1;
    waiters.set(lastId, { resolve, reject });
    const task: HashTask = { id: lastId, password, hash };
    thread.postMessage(task);
  });
}

function startThread(): Worker {
  const worker = new Worker(threadEntry(), { name: 'passwords', resourceLimits: { maxOldGenerationSizeMb: 64 } });
  worker.unref();
  worker.on('message', ({ id, matches }: HashVerdict) => {
    waiters.get(id)?.resolve(matches);
    waiters.delete(id);
    if (waiters.size === 0) idleTimer = setTimeout(() => void endThread(worker), idleMs).unref();
  });
  const fail = (error: Error): void => {
    if (thread !== worker) return;
    thread = null;
    const lost = [...waiters.values()];
    waiters.clear();
    for (const waiter of lost) waiter.reject(error);
  };
  worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => fail(new Error(`The thread that checks passwords ended with code ${code}.`)));
  return worker;
}

async function endThread(worker: Worker): Promise<void> {
  if (thread === worker) thread = null;
  await worker.terminate();
}

/** The source in a checkout (Node strips the types), `password-thread.js` beside the bundle otherwise. */
function threadEntry(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './password-thread.ts' : './password-thread.js', here);
}
