import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { send } from '../support/http-client.ts';
import { freePorts } from '../support/pebble.ts';
import { pollUntil } from '../support/poll.ts';

const deadlineMs = 60_000;
const pieces = 8;
const piece = Buffer.alloc(100_000, 'd');

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Site {
  readonly port: number;
  /** Answers to `/download`, of which one piece was sent. */
  readonly downloads: ServerResponse[];
  readonly finishDownloads: () => void;
}

/** A server with downloads that go on when they are told to, and with echoes on WebSockets' connections. */
async function startSite(): Promise<Site> {
  const downloads: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (request.url !== '/download') {
      response.end('small');
      return;
    }
    response.writeHead(200, { 'Content-Length': pieces * piece.length });
    response.write(piece);
    downloads.push(response);
  });
  server.on('upgrade', (_request, socket: net.Socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    downloads,
    finishDownloads() {
      for (const response of downloads) for (let n = 1; n < pieces; n += 1) response.write(piece);
      for (const response of downloads) response.end();
    },
  };
}

interface Ports {
  readonly web: number;
  readonly websecure: number;
}

interface Asked {
  readonly grace: string;
  /** Of the entry point for HTTPS, where it is another. */
  readonly secureGrace?: string;
  readonly reusePort?: boolean;
  readonly limits?: string;
}

async function startEngine(site: Site, ports: Ports, asked: Asked): Promise<RunningGatehouse> {
  const { grace, secureGrace = grace, reusePort = false, limits = '' } = asked;
  const dir = await mkdtemp(path.join(tmpdir(), 'gh-drains-'));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  await writeFile(
    path.join(dir, 'dynamic.yml'),
    `http:
  routers:
    plain: { rule: "PathPrefix(\`/\`)", service: app, entryPoints: [web] }
    secure: { rule: "PathPrefix(\`/\`)", service: app, entryPoints: [websecure], tls: {} }
  services: { app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${site.port}" }] } } }
`,
  );
  const more = (time: string): string => `transport: { lifeCycle: { graceTimeOut: ${time} } }, reusePort: ${reusePort}`;
  await writeFile(
    path.join(dir, 'gatehouse.yml'),
    `entryPoints:
  web: { address: "127.0.0.1:${ports.web}", ${more(grace)} }
  websecure: { address: "127.0.0.1:${ports.websecure}", http: { tls: {} }, ${more(secureGrace)} }
gatehouse: { limits: { ${limits} } }
providers: { file: { filename: "${path.join(dir, 'dynamic.yml')}" } }
`,
  );
  const flags = ['--http', `127.0.0.1:${ports.web}`, '--https', `127.0.0.1:${ports.websecure}`];
  const engine = await startGatehouse(['--config', path.join(dir, 'gatehouse.yml'), ...flags], {
    dataDir: path.join(dir, 'data'),
    env: { GATEHOUSE_WORKERS: '2' },
  });
  closers.push(() => engine.stop());
  await pollUntil(() => isServed(ports.web), deadlineMs);
  return engine;
}

async function isServed(port: number): Promise<boolean> {
  return (await send(`http://127.0.0.1:${port}`, '/').catch(() => null))?.body === 'small';
}

/** Whether nobody listens there any more. */
function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
}

interface Line {
  readonly socket: net.Socket;
  readonly text: () => string;
  readonly isClosed: () => boolean;
}

function watch(socket: net.Socket): Line {
  const chunks: Buffer[] = [];
  let isClosed = false;
  closers.push(() => void socket.destroy());
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('close', () => {
    isClosed = true;
  });
  return { socket, text: () => Buffer.concat(chunks).toString('latin1'), isClosed: () => isClosed };
}

async function open(port: number, asking: string): Promise<Line> {
  const line = watch(net.connect({ host: '127.0.0.1', port }));
  await once(line.socket, 'connect');
  line.socket.write(asking);
  return line;
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: app\r\n\r\n`;
const upgrade =
  'GET /socket HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

async function openHttp2(port: number) {
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  closers.push(() => session.destroy());
  const said = { goAway: false, closed: false, bytes: 0, ended: false };
  session.on('error', () => undefined);
  session.on('goaway', () => {
    said.goAway = true;
  });
  session.on('close', () => {
    said.closed = true;
  });
  await once(session, 'connect');
  const ask = (target: string): void => {
    const stream = session.request({ ':path': target });
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      said.bytes += chunk.length;
    });
    stream.on('end', () => {
      said.ended = true;
    });
  };
  return { said, ask };
}

/** Of everything that visitors may have open, one. */
async function openAll(site: Site, ports: Ports) {
  const download = await open(ports.web, get('/download'));
  const other = await openHttp2(ports.websecure);
  other.ask('/download');
  const socket = await open(ports.web, upgrade);
  const resting = await open(ports.web, get('/'));
  const restingHttp2 = await openHttp2(ports.websecure);
  restingHttp2.ask('/');
  const silent = await open(ports.web, '');
  const secure = tls.connect({ host: '127.0.0.1', port: ports.websecure, rejectUnauthorized: false });
  const restingSecure = watch(secure);
  await once(secure, 'secureConnect');
  secure.write(get('/'));
  await pollUntil(
    () =>
      site.downloads.length === 2 &&
      download.text().includes('d') &&
      other.said.bytes > 0 &&
      socket.text().includes(' 101 ') &&
      resting.text().endsWith('small') &&
      restingSecure.text().endsWith('small') &&
      restingHttp2.said.ended,
    deadlineMs,
  );
  return { download, other, socket, restingHttp2, atRest: [resting, silent, restingSecure] };
}

async function newPorts(): Promise<Ports> {
  const [web = 0, websecure = 0] = await freePorts(2);
  return { web, websecure };
}

describe('an engine that is told to stop', { timeout: 180_000 }, () => {
  it('lets what is under way finish, closes what rests, refuses what is new, and ends well', async () => {
    const [site, ports] = [await startSite(), await newPorts()];
    const engine = await startEngine(site, ports, { grace: '120s' });
    const { download, other, socket, restingHttp2, atRest } = await openAll(site, ports);

    const ended = engine.end('SIGTERM');
    await pollUntil(async () => (await isRefused(ports.web)) && (await isRefused(ports.websecure)), deadlineMs);
    await pollUntil(() => atRest.every(({ isClosed }) => isClosed()) && restingHttp2.said.closed, deadlineMs);
    await pollUntil(() => other.said.goAway, deadlineMs);
    expect([download.isClosed(), socket.isClosed(), other.said.closed]).toEqual([false, false, false]);

    // Still a way in and out, for those that were there.
    socket.socket.write('still here');
    await pollUntil(() => socket.text().endsWith('still here'), deadlineMs);
    site.finishDownloads();
    await pollUntil(() => download.isClosed() && other.said.ended, deadlineMs);
    expect(download.text().length - download.text().indexOf('\r\n\r\n') - 4).toBe(pieces * piece.length);
    expect(other.said.bytes).toBe(pieces * piece.length);
    socket.socket.end();
    expect(await ended).toBe(0);
  });

  it('gives each entry point its own deadline', async () => {
    const [site, ports] = [await startSite(), await newPorts()];
    const engine = await startEngine(site, ports, { grace: '120s', secureGrace: '1s' });
    const { download, other, socket } = await openAll(site, ports);
    const ended = engine.end('SIGTERM');
    await pollUntil(() => other.said.closed, deadlineMs);
    expect([download.isClosed(), socket.isClosed()]).toEqual([false, false]);
    download.socket.resetAndDestroy();
    socket.socket.resetAndDestroy();
    expect(await ended).toBe(0);
  });

  it('breaks off at the deadline what is not over by then', async () => {
    const [site, ports] = [await startSite(), await newPorts()];
    const engine = await startEngine(site, ports, { grace: '1s' });
    const { download, other, socket } = await openAll(site, ports);
    expect(await engine.end('SIGTERM')).toBe(0);
    await pollUntil(() => download.isClosed() && socket.isClosed() && other.said.closed, deadlineMs);
    expect(download.text().length).toBeLessThan(pieces * piece.length);
    expect(other.said.bytes).toBeLessThan(pieces * piece.length);
  });

  /** They would have two minutes, as everything has until the deadline. */
  it('is not held up by connections that ask for nothing', async () => {
    const [site, ports] = [await startSite(), await newPorts()];
    const engine = await startEngine(site, ports, {
      grace: '120s',
      limits: 'handshakeTimeout: 120s, headTimeout: 120s',
    });
    const silent = [
      await open(ports.websecure, ''),
      // A handshake that is begun.
      await open(ports.websecure, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
      await open(ports.web, ''),
      await open(ports.web, 'GET / HT'),
    ];
    expect(await engine.end('SIGTERM')).toBe(0);
    await pollUntil(() => silent.every(({ isClosed }) => isClosed()), deadlineMs);
  });

  // Two processes share a port by the system's help.
  it.runIf(process.platform === 'linux')('leaves its place to a successor that is there already', async () => {
    const [site, ports] = [await startSite(), await newPorts()];
    const shared = { grace: '120s', reusePort: true };
    const engine = await startEngine(site, ports, shared);
    const download = await open(ports.web, get('/download'));
    await pollUntil(() => download.text().includes('d'), deadlineMs);

    await startEngine(site, ports, shared);
    const ended = engine.end('SIGTERM');
    // A connection that was on its way to the first in that moment may be lost, and none after it.
    let inARow = 0;
    await pollUntil(async () => {
      inARow = (await isServed(ports.web)) ? inARow + 1 : 0;
      return inARow === 50;
    }, deadlineMs);
    expect(download.isClosed()).toBe(false);
    site.finishDownloads();
    await pollUntil(() => download.isClosed(), deadlineMs);
    expect(download.text().length).toBeGreaterThan(pieces * piece.length);
    expect(await ended).toBe(0);
  });
});
