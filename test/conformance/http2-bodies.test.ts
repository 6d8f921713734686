import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../fuzz/mutate.ts';
import { makeCertificate } from '../support/certificates.ts';
import { pollUntil } from '../support/poll.ts';
import { type Harness, loadBalancer, startProxy } from '../support/proxy-harness.ts';

/*
 * Bodies of many clients at once, each of bytes of its own: what arrives must be what was sent, whoever else sends in the
 * same turn, however slowly it is read, and whatever breaks off beside it.
 */

const deadlineMs = 60_000;

let harness: Harness;
const sessions: http2.ClientHttp2Session[] = [];
const server = http.createServer((request, response) => {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    // Some are read with pauses, so that what comes must be held.
    if (request.url !== '/slow') return;
    request.pause();
    setImmediate(() => request.resume());
  });
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  if (request.url === '/echo') {
    request.pipe(response);
  } else if (request.url === '/early') {
    response.end('early');
  } else {
    request.on('end', () => response.end(hash.digest('hex')));
  }
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  harness = await startProxy({
    entryPoints: [{ name: 'websecure', tls: true }],
    routers: [{ entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([`http://127.0.0.1:${(server.address() as AddressInfo).port}`]) },
    certificates: [await makeCertificate(['127.0.0.1'], true)],
    limits: { http2FailureBurst: 10_000 },
  });
});

afterAll(async () => {
  for (const session of sessions) session.destroy();
  await harness?.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function connect(): http2.ClientHttp2Session {
  const session = http2.connect(`https://127.0.0.1:${harness.port()}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

/** Bytes that no other body has. */
function bytesOf(seed: number, length: number): Buffer {
  const random = createRandom(seed);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  return bytes;
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Sends a body in pieces of this size, and gives the answer's bytes; null: the stream was reset. */
async function send(
  session: http2.ClientHttp2Session,
  path: string,
  body: Buffer,
  pieceBytes: number,
): Promise<Buffer | null> {
  const stream = session.request({ ':method': 'POST', ':path': path, ':authority': '127.0.0.1' });
  const pieces: Buffer[] = [];
  let isBroken = false;
  stream.on('error', () => {
    isBroken = true;
  });
  stream.on('data', (chunk: Buffer) => pieces.push(chunk));
  for (let at = 0; at < body.length && !stream.destroyed; at += pieceBytes) {
    if (!stream.write(body.subarray(at, at + pieceBytes))) {
      await new Promise<void>((resolve) => {
        const go = (): void => {
          stream.off('drain', go).off('close', go);
          resolve();
        };
        stream.on('drain', go).on('close', go);
      });
    }
  }
  stream.end();
  await pollUntil(() => stream.closed || stream.destroyed, deadlineMs);
  return isBroken ? null : Buffer.concat(pieces);
}

test.each([
  ['large pieces', 64 * 1024, 700_000],
  ['pieces that end within frames', 16_383, 700_000],
  ['small pieces', 700, 60_000],
  ['pieces of a few bytes', 3, 2000],
])('%s of many streams at once', { timeout: 120_000 }, async (_what, pieceBytes, length) => {
  const paths = ['/hash', '/slow', '/echo'];
  const work = Array.from({ length: 6 }, () => connect()).flatMap((session, c) =>
    paths.map(async (path, n) => {
      const body = bytesOf(pieceBytes + c * 10 + n, length);
      const answer = await send(session, path, body, pieceBytes);
      expect(answer).not.toBeNull();
      expect(path === '/echo' ? hashOf(answer!) : answer!.toString()).toBe(hashOf(body));
    }),
  );
  // Others break off in the midst of it, or are answered before they have sent all.
  const beside = Array.from({ length: 6 }, async (_, n) => {
    const session = connect();
    const body = bytesOf(1000 + n, 300_000);
    const sending = send(session, n % 2 === 0 ? '/early' : '/slow', body, 9000);
    if (n % 3 === 0) setImmediate(() => session.destroy());
    await sending;
  });
  await Promise.all([...work, ...beside]);
});
