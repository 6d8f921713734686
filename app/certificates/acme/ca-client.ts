import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { version } from '../../cli/version.ts';
import {
  AcmeFault,
  type Answers,
  type CaThreadData,
  type Question,
  type ThreadAnswer,
  type ThreadQuestion,
  type Told,
} from './protocol.ts';
import type { AcmeResolver } from './resolver.ts';

/** Speaks with one CA for one account. Rejects with AcmeFault. */
export interface CaClient {
  ask<Q extends Question>(question: Q): Promise<Told<Answers[Q['ask']]>>;
  /** What is under way fails. May be called twice. */
  close(): Promise<void>;
}

export interface CaAccount {
  readonly keyPem: string;
  /** Null until it is registered. */
  readonly url: string | null;
}

export type ConnectCa = (
  directoryUrl: string,
  resolver: Pick<AcmeResolver, 'connection' | 'eab'>,
  account: CaAccount,
) => CaClient;

interface Waiter {
  readonly resolve: (told: Told<never>) => void;
  readonly reject: (error: AcmeFault) => void;
}

/**
 * In a thread of its own, started by the first question: what the protocol client loads would else stay in memory for
 * good. Close it when the orders are done.
 */
export const connectCa: ConnectCa = (directoryUrl, { connection, eab }, account) => {
  let thread: Worker | null = null;
  let isClosed = false;
  let lastId = 0;
  const waiters = new Map<number, Waiter>();

  const fail = (detail: string): void => {
    const lost = [...waiters.values()];
    waiters.clear();
    for (const { reject } of lost) reject(new AcmeFault({ type: 'interrupted', detail }));
  };
  const start = (): Worker => {
    const data: CaThreadData = {
      directoryUrl,
      accountKeyPem: account.keyPem,
      accountUrl: account.url,
      eab,
      caPem: connection.caCertificates.map(readPem),
      systemAuthorities: connection.systemAuthorities,
      serverName: connection.serverName,
      timeoutMs: connection.timeoutMs,
      responseHeaderTimeoutMs: connection.responseHeaderTimeoutMs,
      userAgent: `Gatehouse/${version} acme-client`,
    };
    const worker = new Worker(threadEntry(), {
      workerData: data,
      name: 'acme',
      resourceLimits: { maxOldGenerationSizeMb: 128 },
      // The key stands in what it is given, and in no environment or command line.
      env: {},
    });
    worker.unref();
    worker.on('message', (message: ThreadAnswer) => {
      const waiter = waiters.get(message.id);
      waiters.delete(message.id);
      if ('fault' in message) waiter?.reject(new AcmeFault(message.fault));
      else waiter?.resolve(message.told as Told<never>);
    });
    worker.on('error', (error) => {
      thread = null;
      fail(error instanceof Error ? error.message : String(error));
    });
    worker.on('exit', (code) => {
      thread = null;
      fail(`the thread that speaks with the CA ended with code ${code}`);
    });
    return worker;
  };

  return {
    ask: <Q extends Question>(question: Q) =>
      new Promise<Told<Answers[Q['ask']]>>((resolve, reject) => {
        if (isClosed) {
          reject(new AcmeFault({ type: 'interrupted', detail: 'Gatehouse stops' }));
          return;
        }
        try {
          thread ??= start();
        } catch (error) {
          reject(error instanceof AcmeFault ? error : new AcmeFault({ type: 'interrupted', detail: String(error) }));
          return;
        }
        lastId += 1;
        waiters.set(lastId, { resolve, reject });
        thread.postMessage({ id: lastId, question } satisfies ThreadQuestion);
      }),
    close: async () => {
      isClosed = true;
      const ending = thread;
      thread = null;
      fail('Gatehouse stops');
      await ending?.terminate();
    },
  };
};

function readPem(pathOrPem: string): string {
  if (pathOrPem.includes('-----BEGIN')) return pathOrPem;
  try {
    return readFileSync(pathOrPem, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new AcmeFault({ type: 'untrusted', detail: `the file ${pathOrPem} cannot be read (${code})` });
  }
}

/** The source in a checkout (Node strips the types), `acme-thread.js` beside the bundle otherwise. */
function threadEntry(): URL {
  const here = import.meta.url;
  return new URL(here.endsWith('.ts') ? './ca-thread.ts' : './acme-thread.js', here);
}
