export type WayToFail = 'exit' | 'throw' | 'memory';

/** Real workers that fail in the way that they are told to. */
export interface FailingWorker {
  /** For the pool, in place of `worker`. */
  readonly entry: URL;
  /** Tells the worker of this number. */
  readonly fail: (worker: number, way: WayToFail) => void;
  readonly close: () => void;
}

export function failingWorker(worker: URL): FailingWorker {
  const channel = `fail ${process.pid} ${Math.random()}`;
  const source = `
    import { workerData } from 'node:worker_threads';
    const channel = new BroadcastChannel(${JSON.stringify(channel)});
    channel.onmessage = ({ data: { worker, way } }) => {
      if (worker !== workerData.index) return;
      if (way === 'exit') process.exit(9);
      if (way === 'throw') throw new Error('thrown on purpose');
      const hoard = [];
      for (;;) hoard.push(new Array(1_000_000).fill(0.5));
    };
    await import(${JSON.stringify(worker.href)});
  `;
  const told = new BroadcastChannel(channel);
  return {
    entry: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    fail: (number, way) => told.postMessage({ worker: number, way }),
    close: () => told.close(),
  };
}
