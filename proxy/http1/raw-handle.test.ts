import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { canWriteRaw, type RawReading, readRaw, writeRaw } from './raw-handle.ts';

let server: Server;
let ours: Socket;
let theirs: Socket;

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  theirs = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  [ours] = (await accepted) as [Socket];
  for (const socket of [ours, theirs]) socket.on('error', () => undefined);
});

afterEach(() => {
  ours.destroy();
  theirs.destroy();
  server.close();
});

const write = (text: string): void => {
  if (!writeRaw(ours, text)) ours.write(text, 'latin1');
};

async function received(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  for await (const chunk of socket) {
    text += (chunk as Buffer).toString('latin1');
    if (text.length >= bytes) break;
  }
  return text;
}

/** Collects what is read until the stream ends. */
function readAll(socket: Socket): { readonly reading: RawReading; text: string; readonly sizes: number[] } {
  const buffers = [Buffer.alloc(64), Buffer.alloc(64)];
  let next = 0;
  const found = readRaw(socket, {
    buffer: () => buffers[next++ % 2] as Buffer,
    read(bytes, length) {
      seen.text += bytes.toString('latin1', 0, length);
      seen.sizes.push(length);
    },
  });
  if (found === null) throw new Error('this Node cannot be read past its streams');
  const seen = { reading: found, text: '', sizes: [] as number[] };
  return seen;
}

test('this Node can be read and written past its streams', () => {
  expect(canWriteRaw(ours)).toBe(true);
  expect(writeRaw(ours, 'hello')).toBe(true);
  expect(ours.writableLength).toBe(0);
});

test('what is written arrives in its order, also where the other side does not read for a while', async () => {
  let sent = '';
  // Fills what the system holds, and goes on by either way after that.
  for (let n = 0; n < 4000; n += 1) {
    const text = `${n} \xe9 ${'x'.repeat(n % 5 === 0 ? 30_000 : 1500)}\n`;
    sent += text;
    write(text);
  }
  expect(ours.writableLength).toBeGreaterThan(0);
  expect(writeRaw(ours, 'never')).toBe(false);
  ours.end();
  expect((await received(theirs, Number.POSITIVE_INFINITY)) === sent).toBe(true);
});

test('a write on a broken connection is left to the stream, which says so', async () => {
  const closed = new Promise<void>((resolve) => ours.once('close', () => resolve()));
  theirs.resetAndDestroy();
  const deadline = performance.now() + 20_000;
  while (!ours.destroyed && performance.now() < deadline) {
    write('x'.repeat(10_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
  expect(ours.destroyed).toBe(true);
  expect(writeRaw(ours, 'x')).toBe(false);
});

test('TLS is written by its stream alone', () => {
  expect(canWriteRaw(new TLSSocket(ours))).toBe(false);
  expect(canWriteRaw(new Socket())).toBe(false);
  expect(readRaw(new Socket(), { buffer: () => Buffer.alloc(1), read: () => undefined })).toBeNull();
});

test('what is received is read into one buffer after the other, and then ends', async () => {
  const seen = readAll(ours);
  const text = Array.from({ length: 100 }, (_, n) => `line ${n} \xe9\n`).join('');
  const ended = once(ours, 'end');
  theirs.end(text, 'latin1');
  await ended;
  expect(seen.text).toBe(text);
  expect(Math.max(...seen.sizes)).toBeLessThanOrEqual(64);
  // The other side is still there.
  write('goodbye');
  expect(await received(theirs, 7)).toBe('goodbye');
});

test('a pause holds up the other side, and nothing is lost', async () => {
  const seen = readAll(ours);
  seen.reading.pause();
  const text = 'y'.repeat(20_000_000);
  theirs.write(text, 'latin1');
  const ended = once(ours, 'end');
  theirs.end();
  expect(theirs.writableLength).toBeGreaterThan(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen.text).toBe('');
  seen.reading.resume();
  await ended;
  expect(seen.text.length).toBe(text.length);
});

test.each([false, true])('given back, the stream reads on (paused before: %s)', async (isPaused) => {
  const seen = readAll(ours);
  theirs.write('first');
  while (seen.text !== 'first') await new Promise((resolve) => setImmediate(resolve));
  if (isPaused) seen.reading.pause();
  seen.reading.giveBack();
  const text = 'z'.repeat(3_000_000);
  theirs.end(text, 'latin1');
  expect((await received(ours, Number.POSITIVE_INFINITY)) === text).toBe(true);
  expect(seen.text).toBe('first');
});

test('what stands in the stream already is for the stream to read', async () => {
  ours.pause();
  ours.unshift(Buffer.from('early'));
  expect(readRaw(ours, { buffer: () => Buffer.alloc(1), read: () => undefined })).toBeNull();
  ours.resume();
  expect(await received(ours, 5)).toBe('early');
});
