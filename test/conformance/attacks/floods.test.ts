import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ClientLimits, LimitName } from '../../../proxy/model/limits.ts';
import type { CertificateSnapshot, EntryPointOptions } from '../../../proxy/model/snapshot.ts';
import { attackNamed } from '../../attack/floods/attacks.ts';
import { endHeaders, endStream, frame, frameTypes, greeting, requestFields } from '../../attack/floods/http2-frames.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { pollUntil } from '../../support/poll.ts';
import { type Harness, loadBalancer, sendRaw, startProxy } from '../../support/proxy-harness.ts';

/** Generous: each of these ends as soon as the limit has held. */
const deadlineMs = 30_000;
const host = 'app.localhost';

let certificate: CertificateSnapshot;
beforeAll(async () => {
  certificate = await makeCertificate([host, '127.0.0.1'], true);
});

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function startServer(what: http.RequestListener | http.Server): Promise<string> {
  const server = what instanceof http.Server ? what : http.createServer(what);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function start(
  limits: Partial<ClientLimits>,
  {
    isSecure = false,
    url,
    ...more
  }: { readonly isSecure?: boolean; readonly url?: string } & Partial<EntryPointOptions> = {},
): Promise<Harness> {
  const harness = await startProxy({
    limits,
    entryPoints: [{ tls: isSecure, ...more }],
    routers: [{ tls: isSecure }],
    certificates: [certificate],
    services: { 'app@test': url === undefined ? { kind: 'fixed', status: 200, body: 'hello' } : loadBalancer([url]) },
  });
  closers.push(() => harness.close());
  return harness;
}

function heldOff(harness: Harness, limit: LimitName): number {
  return harness
    .limited()
    .filter((count) => count.limit === limit)
    .reduce((sum, { count }) => sum + count, 0);
}

/** A connection whose end is known. */
function open(socket: net.Socket): {
  readonly socket: net.Socket;
  readonly isClosed: () => boolean;
  readonly text: () => string;
} {
  let isClosed = false;
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('close', () => {
    isClosed = true;
  });
  closers.push(() => void socket.destroy());
  return { socket, isClosed: () => isClosed, text: () => text };
}

async function connect(harness: Harness, localAddress = '127.0.0.1') {
  const one = open(net.connect({ host: '127.0.0.1', port: harness.port(), localAddress }));
  await pollUntil(() => one.isClosed() || one.socket.readyState === 'open', deadlineMs);
  return one;
}

async function connectSecure(harness: Harness) {
  const socket = tls.connect({
    host: '127.0.0.1',
    port: harness.port(),
    servername: host,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
  const one = open(socket);
  await once(socket, 'secureConnect');
  return { ...one, socket };
}

async function isServed(harness: Harness): Promise<boolean> {
  const answer = await sendRaw(harness.port(), `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return answer.includes(' 200 ') && answer.endsWith('hello');
}

async function isServedByHttp2(harness: Harness): Promise<boolean> {
  const session = http2.connect(`https://127.0.0.1:${harness.port()}`, { rejectUnauthorized: false, servername: host });
  session.on('error', () => undefined);
  const stream = session.request({ ':path': '/', ':authority': host });
  stream.on('error', () => undefined);
  let body = '';
  stream.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  try {
    await pollUntil(() => stream.closed || stream.destroyed, deadlineMs);
    return body === 'hello';
  } finally {
    session.destroy();
  }
}

describe('connections', { timeout: 60_000 }, () => {
  test('more than one address may have are closed at once, and others are served', async () => {
    const harness = await start({ connectionsPerAddress: 3 });
    const ones: Awaited<ReturnType<typeof connect>>[] = [];
    for (let n = 0; n < 8; n += 1) ones.push(await connect(harness, '127.0.0.2'));
    await pollUntil(() => ones.filter(({ isClosed }) => isClosed()).length === 5, deadlineMs);
    expect(await isServed(harness)).toBe(true);
    await pollUntil(() => heldOff(harness, 'connections-per-address') === 5, deadlineMs);

    // Who has closed some may open others.
    const [first] = ones.filter(({ isClosed }) => !isClosed());
    first?.socket.destroy();
    let again = await connect(harness, '127.0.0.2');
    const answered = async (): Promise<boolean> => {
      again.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      await pollUntil(() => again.isClosed() || again.text().endsWith('hello'), deadlineMs);
      if (!again.isClosed()) return true;
      again = await connect(harness, '127.0.0.2');
      return false;
    };
    await pollUntil(answered, deadlineMs);
  });

  test('of trusted proxies are not counted by their address', async () => {
    const harness = await start({ connectionsPerAddress: 1 }, { trustedIPs: ['127.0.0.2'] });
    const ones: Awaited<ReturnType<typeof connect>>[] = [];
    for (let n = 0; n < 5; n += 1) ones.push(await connect(harness, '127.0.0.2'));
    for (const { socket } of ones) socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await pollUntil(() => ones.every(({ text }) => text().endsWith('hello')), deadlineMs);
    expect(heldOff(harness, 'connections-per-address')).toBe(0);
  });

  test('that never asked make room for those who come, the oldest first', async () => {
    const harness = await start({ connections: 4, connectionsPerAddress: 0 });
    const silent: Awaited<ReturnType<typeof connect>>[] = [];
    for (let n = 0; n < 12; n += 1) silent.push(await connect(harness, `127.0.1.${n + 1}`));
    await pollUntil(() => silent.filter(({ isClosed }) => isClosed()).length === 8, deadlineMs);
    expect(silent.slice(0, 8).every(({ isClosed }) => isClosed())).toBe(true);
    expect(await isServed(harness)).toBe(true);
    await pollUntil(() => heldOff(harness, 'connections') === 9, deadlineMs);
  });

  test('that rest after a request make room where all have asked', async () => {
    const harness = await start({ connections: 3, connectionsPerAddress: 0 });
    const used: Awaited<ReturnType<typeof connect>>[] = [];
    for (let n = 0; n < 3; n += 1) {
      const one = await connect(harness);
      one.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      await pollUntil(() => one.text().endsWith('hello'), deadlineMs);
      used.push(one);
    }
    expect(await isServed(harness)).toBe(true);
    await pollUntil(() => used.some(({ isClosed }) => isClosed()), deadlineMs);
  });

  test('with a request under way are never closed to make room', async () => {
    let answer: (() => void) | null = null;
    const url = await startServer((_request, response) => {
      answer = () => void response.end('late');
    });
    const harness = await start({ connections: 1, connectionsPerAddress: 0 }, { url });
    const busy = await connect(harness);
    busy.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await pollUntil(() => answer !== null, deadlineMs);
    const turnedAway = await connect(harness);
    await pollUntil(turnedAway.isClosed, deadlineMs);
    (answer as (() => void) | null)?.();
    await pollUntil(() => busy.text().includes('late'), deadlineMs);
  });

  test('whose TLS handshake does not end are closed', async () => {
    const harness = await start({ handshakeMs: 200 }, { isSecure: true });
    const one = await connect(harness);
    one.socket.write(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]));
    await pollUntil(one.isClosed, deadlineMs);
    await pollUntil(() => heldOff(harness, 'slow-handshake') === 1, deadlineMs);
  });

  test('whose head does not end are answered with 408', async () => {
    const harness = await start({ headMs: 200 });
    const one = await connect(harness);
    one.socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nX-`);
    await pollUntil(one.isClosed, deadlineMs);
    expect(one.text()).toMatch(/^HTTP\/1\.1 408 /);
    await pollUntil(() => heldOff(harness, 'slow-head') === 1, deadlineMs);
  });

  test('whose body does not move are answered with 408', async () => {
    const url = await startServer((request) => void request.resume());
    const timeouts = { readMs: 0, writeMs: 0, idleMs: 180_000, bodyIdleMs: 200 };
    const harness = await start({}, { url, timeouts });
    const one = await connect(harness);
    one.socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 1000\r\n\r\nx`);
    await pollUntil(() => one.text().startsWith('HTTP/1.1 408 '), deadlineMs);
    await pollUntil(() => heldOff(harness, 'slow-body') === 1, deadlineMs);
  });

  test('whose client does not read its answer are broken off', async () => {
    const url = await startServer((_request, response) => void response.end(Buffer.alloc(64 * 1024 * 1024)));
    const harness = await start({ stalledAnswerMs: 300 }, { url });
    const socket = net.connect({ host: '127.0.0.1', port: harness.port() });
    closers.push(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await pollUntil(() => heldOff(harness, 'slow-reader') === 1, deadlineMs);
  });

  test.each(['endless chunk extensions', 'giant heads'])('%s end with the connection', async (name) => {
    const url = await startServer((request, response) => {
      request.resume();
      request.on('end', () => response.end('hello'));
    });
    const harness = await start({}, { url });
    const one = await connect(harness);
    attackNamed(name, host, 1).opened(one.socket);
    await pollUntil(one.isClosed, deadlineMs);
    expect(await isServed(harness)).toBe(true);
    const limit = name === 'giant heads' ? 'head-too-large' : 'malformed-request';
    await pollUntil(() => heldOff(harness, limit) === 1, deadlineMs);
  });
});

describe('a connection of HTTP/2 is cut off for', () => {
  const limits: Partial<ClientLimits> = {
    http2FailureBurst: 50,
    http2FailuresPerSecond: 1,
    http2IdleBurstBytes: 64 * 1024,
  };
  test.each<[string, readonly LimitName[]]>([
    ['rapid reset (CVE-2023-44487)', ['http2-failed-streams', 'http2-protocol']],
    ['made you reset (CVE-2025-8671)', ['http2-failed-streams', 'http2-protocol']],
    ['CONTINUATION flood (CVE-2024-27983)', ['http2-protocol']],
    ['HPACK bomb', ['http2-idle-frames', 'http2-failed-streams', 'http2-protocol']],
    ['PING flood', ['http2-idle-frames', 'http2-protocol']],
    ['PING flood whose answers are not read', ['http2-idle-frames', 'http2-protocol']],
    ['SETTINGS flood', ['http2-idle-frames', 'http2-protocol']],
    ['PRIORITY flood', ['http2-idle-frames', 'http2-protocol']],
    ['empty DATA flood', ['http2-idle-frames', 'http2-protocol']],
    ['WINDOW_UPDATE flood on stream 0 (CVE-2026-21714)', ['http2-protocol']],
    ['malformed HEADERS (CVE-2025-59465)', ['http2-protocol']],
    ['GOAWAY flood', ['http2-idle-frames', 'http2-protocol']],
  ])('%s', { timeout: 60_000 }, async (name, names) => {
    const url = await startServer((request, response) => {
      request.resume();
      request.on('end', () => response.end('hello'));
    });
    const harness = await start(limits, { isSecure: true, url });
    const one = await connectSecure(harness);
    attackNamed(name, host, 1).opened(one.socket);
    await pollUntil(one.isClosed, deadlineMs);
    await pollUntil(() => names.some((limit) => heldOff(harness, limit) > 0), deadlineMs);
    expect(await isServedByHttp2(harness)).toBe(true);
  });
});

test('an answer of HTTP/2 whose window stays shut is given up, and its server is free again', async () => {
  let closed = 0;
  const url = await startServer((_request, response) => {
    response.on('close', () => {
      closed += 1;
    });
    response.end(Buffer.alloc(8 * 1024 * 1024));
  });
  const harness = await start({ stalledAnswerMs: 300 }, { isSecure: true, url });
  const { socket } = await connectSecure(harness);
  const asking = requestFields(host);
  socket.write(greeting({ 4: 0 }));
  for (const stream of [1, 3, 5]) socket.write(frame(frameTypes.headers, endHeaders | endStream, stream, asking));
  await pollUntil(() => heldOff(harness, 'slow-reader') === 3, deadlineMs);
  await pollUntil(() => closed === 3, deadlineMs);
});

test('an HPACK bomb whose answers find no window (CVE-2026-49975) is let go of, and others are served', {
  timeout: 60_000,
}, async () => {
  let underWay = 0;
  // The bomb's heads are longer than Node's servers take by themselves.
  const server = http.createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    underWay += 1;
    response.on('close', () => {
      underWay -= 1;
    });
    response.end(request.url === '/large' ? Buffer.alloc(512 * 1024) : 'hello');
  });
  const url = await startServer(server);
  const harness = await start({ stalledAnswerMs: 300 }, { isSecure: true, url });
  const { socket } = await connectSecure(harness);
  attackNamed('HPACK bomb with a stalled window (CVE-2026-49975)', host, 1).opened(socket);
  const names: readonly LimitName[] = ['slow-reader', 'http2-idle-frames', 'http2-failed-streams', 'http2-protocol'];
  await pollUntil(() => names.some((limit) => heldOff(harness, limit) > 0), deadlineMs);
  expect(await isServedByHttp2(harness)).toBe(true);
  await pollUntil(() => underWay === 0, deadlineMs);
});

test('one address has so many requests under way on HTTP/2, over however many connections', async () => {
  let asked = 0;
  const url = await startServer(() => {
    asked += 1;
  });
  const harness = await start({ http2StreamsPerAddress: 5 }, { isSecure: true, url });
  for (let n = 0; n < 3; n += 1) {
    const { socket } = await connectSecure(harness);
    socket.write(greeting());
    for (const stream of [1, 3, 5]) {
      socket.write(frame(frameTypes.headers, endHeaders | endStream, stream, requestFields(host)));
    }
  }
  await pollUntil(() => heldOff(harness, 'http2-streams-per-address') === 4 && asked === 5, deadlineMs);
});

test.each(['unread', 'unsent'] as const)('a crowd of %s requests loses those that are stuck', async (kind) => {
  const url = await startServer((request, response) => {
    request.resume();
    if (kind === 'unread') response.end(Buffer.alloc(64 * 1024 * 1024));
  });
  const harness = await start({ stalledRequests: 2 }, { url });
  for (let n = 0; n < 6; n += 1) {
    const { socket } = await connect(harness);
    if (kind === 'unread') socket.pause();
    const asking = kind === 'unread' ? 'GET / HTTP/1.1' : 'POST / HTTP/1.1\r\nContent-Length: 100000';
    socket.write(`${asking}\r\nHost: ${host}\r\n\r\n`);
  }
  await pollUntil(() => heldOff(harness, kind === 'unread' ? 'slow-reader' : 'slow-body') === 4, deadlineMs);
});

test('an honest client of HTTP/2 that sends and receives much is not taken for a flood', async () => {
  const url = await startServer((request, response) => {
    request.pipe(response);
  });
  const harness = await start(
    { http2IdleBurstBytes: 64 * 1024, http2IdleBytesPerSecond: 1024 },
    { isSecure: true, url },
  );
  const session = http2.connect(`https://127.0.0.1:${harness.port()}`, { rejectUnauthorized: false, servername: host });
  session.on('error', () => undefined);
  closers.push(() => session.destroy());
  const bytes = 32 * 1024 * 1024;
  const stream = session.request({ ':method': 'POST', ':path': '/', ':authority': host });
  let received = 0;
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  const send = (): void => {
    while (sent < bytes) {
      sent += piece.length;
      if (!stream.write(piece)) return;
    }
    stream.end();
  };
  stream.on('drain', send);
  send();
  await pollUntil(() => received === bytes || stream.destroyed, 60_000);
  expect(received).toBe(bytes);
  expect(heldOff(harness, 'http2-idle-frames')).toBe(0);
});
