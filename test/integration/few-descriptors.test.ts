import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { freePorts } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** A shell that lets what it becomes have so many files and sockets. */
const withDescriptors = (count: number) => ['sh', '-c', `ulimit -n ${count} && exec "$@"`, 'sh'];
const deadlineMs = 60_000;

/** Gatehouse in front of a server that answers only when it is told to, `/now` aside. */
async function start(descriptors: number, connections: string) {
  const waiting = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.url === '/now') response.end('now');
    else waiting.add(response);
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await pollUntil(() => server.listening);
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const dir = await mkdtemp(path.join(tmpdir(), 'gh-few-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    path.join(dir, 'dynamic.yml'),
    `http:
  routers: { app: { rule: "PathPrefix(\`/\`)", service: app } }
  services: { app: { loadBalancer: { servers: [{ url: "${url}" }] } } }
`,
  );
  await writeFile(
    path.join(dir, 'gatehouse.yml'),
    `entryPoints: { web: { address: "127.0.0.1:${port}" } }
gatehouse: { limits: { connections: ${connections} } }
providers: { file: { filename: "${path.join(dir, 'dynamic.yml')}" } }
`,
  );
  const gatehouse = await startGatehouse(['--config', path.join(dir, 'gatehouse.yml'), '--http', `127.0.0.1:${port}`], {
    dataDir: path.join(dir, 'data'),
    env: { GATEHOUSE_WORKERS: '2' },
    under: withDescriptors(descriptors),
  });
  closers.push(() => gatehouse.stop());
  const isServed = async (): Promise<boolean> =>
    (await send(`http://127.0.0.1:${port}`, '/now').catch(() => null))?.body === 'now';
  await pollUntil(isServed, deadlineMs);
  return { port, gatehouse, isServed, waiting };
}

interface Client {
  readonly socket: net.Socket;
  isOpen: boolean;
  text: string;
}

function connect(port: number, asking: string): Client {
  const socket = net.connect({ host: '127.0.0.1', port });
  const client: Client = { socket, isOpen: true, text: '' };
  closers.push(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.on('close', () => {
    client.isOpen = false;
  });
  socket.on('data', (chunk: Buffer) => {
    client.text += chunk.toString('latin1');
  });
  socket.on('connect', () => socket.write(asking));
  return client;
}

/** The bound on descriptors is a system's that has /proc. */
it.runIf(process.platform === 'linux')(
  'where the system grants few descriptors the log says so, and who rests makes room before they run out',
  { timeout: 180_000 },
  async () => {
    const { port, gatehouse, isServed } = await start(400, '500');
    expect(gatehouse.output()).toContain(
      'The system lets Gatehouse have 400 files and sockets open at once. gatehouse.limits.connections is 500, and there is room for 300. Raise the bound: LimitNOFILE=65536',
    );
    const silent = Array.from({ length: 500 }, () => connect(port, ''));
    // Each worker has 150 places, and the system spreads connections over workers as it likes.
    await pollUntil(() => silent.filter(({ isOpen }) => !isOpen).length >= 200, deadlineMs);
    expect(await isServed()).toBe(true);
    expect(readdirSync(`/proc/${gatehouse.pid}/fd`).length).toBeLessThan(400);
  },
);

it.runIf(process.platform === 'linux')(
  'where servers take the last descriptors visitors are turned away until some are free again',
  { timeout: 180_000 },
  async () => {
    const { port, gatehouse, isServed, waiting } = await start(300, '0');
    const isOver = ({ isOpen, text }: Client): boolean => !isOpen || text !== '';
    const asking = 'GET /later HTTP/1.1\r\nHost: app\r\n\r\n';
    const first = Array.from({ length: 20 }, () => connect(port, asking));
    await pollUntil(() => waiting.size === 20, deadlineMs);
    // Each needs two descriptors, and there is room for one: some find no server, others are not even let in.
    const more = Array.from({ length: 230 }, () => connect(port, asking));
    await pollUntil(() => more.some(isOver), deadlineMs);

    // Whoever had a server is answered, and new visitors are served.
    await pollUntil(() => {
      for (const response of waiting) response.end('later');
      waiting.clear();
      return [...first, ...more].every(isOver);
    }, deadlineMs);
    expect(first.every(({ text }) => text.includes('later'))).toBe(true);
    expect(more.some(({ text, isOpen }) => text.startsWith('HTTP/1.1 503 ') || !isOpen)).toBe(true);
    for (const { socket } of [...first, ...more]) socket.destroy();
    await pollUntil(isServed, deadlineMs);
    expect(await gatehouse.end()).toBe(0);
  },
);
