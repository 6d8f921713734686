import { createHash } from 'node:crypto';
import { createServer, request, type Server } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createWorkerPool, type WorkerPool, workerEntry } from '../../app/runtime/worker-pool.ts';
import type { MiddlewareConfig } from '../../proxy/model/dynamic.ts';
import { freePorts } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';
import { defaultEntryPoint, type HarnessOptions, loadBalancer, snapshotOf } from '../support/proxy-harness.ts';

/** Elsewhere workers cannot share a port, and there is one. */
const workers = process.platform === 'linux' ? 3 : 1;

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Real workers on one port. One of them ends at once when it is told to. */
async function startWorkers(options: HarnessOptions) {
  const channel = `end ${process.pid} ${Math.random()}`;
  const source = `
    import { workerData } from 'node:worker_threads';
    const channel = new BroadcastChannel(${JSON.stringify(channel)});
    channel.onmessage = ({ data }) => { if (data === workerData.index) process.exit(9); };
    await import(${JSON.stringify(workerEntry().href)});
  `;
  const told = new BroadcastChannel(channel);
  const restarted: number[] = [];
  const failing = new Map<number, readonly string[]>();
  const none = (): void => undefined;
  const pool: WorkerPool = createWorkerPool({
    count: workers,
    entry: new URL(`data:text/javascript,${encodeURIComponent(source)}`),
    log: { info: none, warn: none, error: none },
    onTraffic: none,
    onFailing: (worker, servers) => failing.set(worker, Object.values(servers).flat()),
    onRestart: (index) => restarted.push(index),
  });
  closers.push(() => pool.stop(0));
  closers.push(() => told.close());
  await pool.start();
  let revision = 1;
  const publish = async (next: HarnessOptions): Promise<void> => {
    expect(await pool.publish(snapshotOf(next, revision), [])).toEqual([]);
    revision += 1;
  };
  await publish(options);
  const [port = 0] = await freePorts(1);
  const [listening] = await pool.listen([{ ...defaultEntryPoint, port, reusePort: workers > 1 }]);
  expect(listening?.failure).toBeNull();
  return {
    port,
    publish,
    failing,
    async end(worker: number): Promise<void> {
      const before = restarted.length;
      told.postMessage(worker);
      await pollUntil(() => restarted.length > before, 30_000);
      // Where one works alone, it is told last where to listen.
      await pollUntil(() => isListening(port), 30_000);
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function startServer(answer: Parameters<typeof createServer>[1]): Promise<{ server: Server; url: string }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** One request on a connection of its own, so that the system chooses the worker. */
function ask(port: number, headers: Readonly<Record<string, string>> = {}) {
  return new Promise<{ status: number; challenge: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, agent: false, headers }, (answer) => {
      answer.resume();
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, challenge: answer.headers['www-authenticate'] ?? '' }),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}

async function statuses(port: number, count: number): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) {
    const some = Array.from({ length: Math.min(20, count - found.length) }, () => ask(port));
    found.push(...(await Promise.all(some)).map(({ status }) => status));
  }
  return found;
}

const behind = (config: MiddlewareConfig, more: HarnessOptions = {}): HarnessOptions => ({
  routers: [{ middlewares: ['m@test'] }],
  middlewares: { 'm@test': config },
  ...more,
});

describe('workers together', { timeout: 120_000 }, () => {
  it('keep a rate, from snapshot to snapshot and beyond the death of one', async () => {
    const limited = behind({ rateLimit: { average: 1, period: '24h', burst: 20 } });
    const { port, publish, end } = await startWorkers(limited);
    const first = await statuses(port, 120);
    expect(first.filter((status) => status === 200)).toHaveLength(20);
    expect(first.filter((status) => status === 429)).toHaveLength(100);
    await publish({ ...limited, services: { 'app@test': { kind: 'fixed', status: 201, body: '' } } });
    await end(0);
    expect(new Set(await statuses(port, 60))).toEqual(new Set([429]));
    // A limit that reads otherwise is another one.
    await publish(behind({ rateLimit: { average: 1, period: '24h', burst: 5 } }));
    expect((await statuses(port, 60)).filter((status) => status === 200)).toHaveLength(5);
  });

  it('let in as many requests as may be under way, also when one died with some of them', async () => {
    let open = 0;
    const { url } = await startServer((incoming) => {
      open += 1;
      incoming.socket.once('close', () => {
        open -= 1;
      });
    });
    const amount = 12;
    const { port, end } = await startWorkers(
      behind({ inFlightReq: { amount } }, { services: { 'app@test': loadBalancer([url]) } }),
    );
    const clients = createClients(port);
    const fill = async (): Promise<void> => {
      for (let before = open; ; before = open) {
        const client = clients.ask();
        await pollUntil(() => open > before || client.status !== null, 30_000);
        if (client.status === null) continue;
        expect(client.status).toBe('429');
        return;
      }
    };
    await fill();
    expect(open).toBe(amount);
    expect(new Set(await statuses(port, 30))).toEqual(new Set([429]));
    await end(0);
    // What the dead one had under way is free again, and nothing else is.
    await pollUntil(() => clients.waiting() === open, 30_000);
    await fill();
    expect(open).toBe(amount);
    clients.leave();
    await pollUntil(() => open === 0, 30_000);
    await fill();
    expect(open).toBe(amount);
  });

  it('stop asking a service when one has found that it fails', async () => {
    let asked = 0;
    const { url } = await startServer((_request, response) => {
      asked += 1;
      response.writeHead(502).end();
    });
    const { port, end } = await startWorkers(
      behind(
        { circuitBreaker: { expression: 'NetworkErrorRatio() > 0.5', fallbackDuration: '1h' } },
        { services: { 'app@test': loadBalancer([url]) } },
      ),
    );
    expect((await ask(port)).status).toBe(502);
    await end(0);
    expect(new Set(await statuses(port, 40))).toEqual(new Set([503]));
    expect(asked).toBe(1);
  });

  it('leave a server alone that failed as often as it may, whoever saw it', async () => {
    const counts = { bad: 0, good: 0 };
    const bad = await startServer((_request, response) => {
      counts.bad += 1;
      response.writeHead(500).end();
    });
    const good = await startServer((_request, response) => {
      counts.good += 1;
      response.end();
    });
    const passiveHealthCheck = { failureWindowMs: 3_600_000, maxFailedAttempts: 3 };
    const services = { 'app@test': loadBalancer([bad.url, good.url], { passiveHealthCheck }) };
    const { port, end, failing } = await startWorkers({ services });
    for (let i = 0; i < 60; i += 1) await ask(port);
    expect(counts).toEqual({ bad: 3, good: 57 });
    await end(0);
    // The one that stands in for it says what it finds, too.
    await pollUntil(() => failing.get(0)?.includes(bad.url) === true);
    await statuses(port, 40);
    expect(counts).toEqual({ bad: 3, good: 97 });
  });

  it('take each answer to a nonce once, whoever made it', async () => {
    const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
    const ha1 = md5('berta:traefik:secret');
    const { port, end } = await startWorkers(behind({ digestAuth: { users: [`berta:traefik:${ha1}`] } }));
    const nonce = /nonce="([^"]+)"/.exec((await ask(port)).challenge)?.[1] ?? '';
    const answer = async (number: number): Promise<number> => {
      const nc = number.toString(16).padStart(8, '0');
      const response = md5(`${ha1}:${nonce}:${nc}:c:auth:${md5('GET:/')}`);
      const fields = `username="berta", realm="traefik", nonce="${nonce}", uri="/", qop=auth, nc=${nc}, cnonce="c"`;
      return (await ask(port, { Authorization: `Digest ${fields}, response="${response}"` })).status;
    };
    const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
    expect(new Set(await Promise.all(numbers.map(answer)))).toEqual(new Set([200]));
    await end(0);
    expect(new Set(await Promise.all(numbers.map(answer)))).toEqual(new Set([401]));
    expect(await answer(21)).toBe(200);
  });

  it('let each address have so many TCP connections', async () => {
    const server = net.createServer((socket) => socket.on('error', () => undefined).write('hello'));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    closers.push(() => void server.close());
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { port } = await startWorkers({
      routers: [],
      services: {},
      streams: {
        tcpRouters: [
          {
            name: 'all@test',
            entryPoints: ['web'],
            rule: 'HostSNI(`*`)',
            syntax: 'v3',
            priority: 1,
            tls: 'none',
            tlsOptions: null,
            middlewares: ['few@test'],
            service: 'app@test',
          },
        ],
        tcpMiddlewares: { 'few@test': { inFlightConn: { amount: 7 } } },
        tcpServices: {
          'app@test': {
            kind: 'loadBalancer',
            servers: [{ address, tls: false }],
            serversTransport: null,
            proxyProtocol: 0,
            terminationDelayMs: 100,
            healthCheck: null,
          },
        },
      },
    });
    const connections = Array.from({ length: 40 }, () => net.connect(port, '127.0.0.1'));
    closers.push(() => {
      for (const socket of connections) socket.destroy();
    });
    const ends = connections.map(
      (socket) =>
        new Promise<'served' | 'refused'>((resolve) => {
          socket.once('data', () => resolve('served'));
          socket.on('error', () => resolve('refused')).once('close', () => resolve('refused'));
        }),
    );
    const found = await Promise.all(ends);
    expect(found.filter((end) => end === 'served')).toHaveLength(7);
  });
});

/** Clients that ask on connections of their own and wait for as long as no answer comes. */
function createClients(port: number) {
  const waiting = new Set<net.Socket>();
  const leave = (): void => {
    for (const socket of waiting) socket.destroy();
  };
  closers.push(leave);
  return {
    leave,
    waiting: () => waiting.size,
    ask(): { status: string | null } {
      const client: { status: string | null } = { status: null };
      const socket = net.connect(port, '127.0.0.1', () =>
        socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`),
      );
      waiting.add(socket);
      socket.on('error', () => undefined).once('close', () => waiting.delete(socket));
      socket.once('data', (bytes) => {
        client.status = bytes.toString('latin1').split(' ', 2)[1] ?? '';
        waiting.delete(socket);
        socket.destroy();
      });
      return client;
    },
  };
}
