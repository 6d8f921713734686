// Well-behaved clients, as a process of their own: `good-clients.ts TARGET`, the target as JSON. A steady stream of
// requests over new and kept connections, with TLS and without. Prints what they saw as JSON.
import http, { type ClientRequest } from 'node:http';
import https from 'node:https';
import type { Target } from './target.ts';

const target = JSON.parse(process.argv[2] ?? '{}') as Target;
/** What takes longer is as good as not served. */
const patienceMs = 5000;
const everyMs = 20;

let sent = 0;
let good = 0;
const took: number[] = [];
const faults = new Map<string, number>();
const kept = {
  http: new http.Agent({ keepAlive: true, maxSockets: 4 }),
  https: new https.Agent({ keepAlive: true, maxSockets: 4 }),
};
const pending = new Set<Promise<void>>();

function ask(isSecure: boolean, isKept: boolean): Promise<void> {
  sent += 1;
  const from = performance.now();
  const options = { host: '127.0.0.1', path: '/', headers: { host: target.host } };
  return new Promise((resolve) => {
    let isDone = false;
    const done = (fault: string | null): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (fault === null) {
        good += 1;
        took.push(performance.now() - from);
      } else {
        faults.set(fault, (faults.get(fault) ?? 0) + 1);
        request.destroy();
      }
      resolve();
    };
    const answered = (response: http.IncomingMessage): void => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('error', () => done('broken off'));
      response.on('end', () =>
        done(response.statusCode === 200 && body === 'hello' ? null : String(response.statusCode)),
      );
    };
    const request: ClientRequest = isSecure
      ? https.get(
          {
            ...options,
            port: target.httpsPort,
            servername: target.host,
            rejectUnauthorized: false,
            agent: isKept ? kept.https : false,
          },
          answered,
        )
      : http.get({ ...options, port: target.httpPort, agent: isKept ? kept.http : false }, answered);
    const timer = setTimeout(() => done('too late'), patienceMs);
    request.on('error', (error: NodeJS.ErrnoException) => {
      // A kept connection that closes in the moment of its use is tried once more, as every client does.
      if (request.reusedSocket && error.code === 'ECONNRESET' && !isDone) {
        isDone = true;
        clearTimeout(timer);
        sent -= 1;
        resolve(ask(isSecure, false));
      } else done(error.code ?? error.message);
    });
  });
}

let turn = 0;
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    if (Date.now() >= target.untilMs) {
      clearInterval(timer);
      resolve();
      return;
    }
    turn += 1;
    const one = ask(turn % 4 >= 2, turn % 2 === 0);
    pending.add(one);
    void one.then(() => pending.delete(one));
  }, everyMs);
});
await Promise.all(pending);
took.sort((a, b) => a - b);
const p99Ms = took[Math.min(took.length - 1, Math.floor(took.length * 0.99))] ?? null;
process.stdout.write(`${JSON.stringify({ sent, good, p99Ms, faults: Object.fromEntries(faults) })}\n`);
process.exit(0);
