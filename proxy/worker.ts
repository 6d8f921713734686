import { parentPort, workerData } from 'node:worker_threads';
import type { ToWorker, WorkerData } from './model/snapshot.ts';
import { createProxy } from './proxy.ts';
import { giveBackMemory } from './spare-memory.ts';

const port = parentPort;
if (!port) throw new Error('proxy/worker.ts is the entry of a worker thread');

const {
  index,
  accessLog = null,
  metrics = null,
  requestCount,
  sharedMemory,
  limits,
  workers,
} = workerData as WorkerData;

// A fault that nobody caught leaves the worker in an unknown state: it says so and goes, and the pool replaces it.
const die = (error: unknown): void => {
  const details =
    error instanceof Error ? { message: error.message, stack: error.stack ?? '' } : { message: String(error) };
  port.postMessage({ type: 'log', level: 'error', message: `Proxy worker ${index} failed`, details });
  process.exit(1);
};
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

const proxy = createProxy({
  index,
  accessLog,
  metrics,
  ...(requestCount ? { requestCount } : {}),
  ...(sharedMemory ? { sharedMemory } : {}),
  ...(limits ? { limits } : {}),
  ...(workers ? { workers } : {}),
  send: (message) => port.postMessage(message),
  drained: () => process.exit(0),
});

// One worker after the other: a moment's pause in one is not felt while the others serve.
giveBackMemory({ firstAfterMs: 4000 + 500 * index });

port.on('message', (message: ToWorker) => proxy.receive(message));
