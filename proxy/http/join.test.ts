import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pollUntil } from '../../test/support/poll.ts';
import { joinConnections } from './join.ts';

const deadlineMs = 30_000;

let listener: Server;
let sockets: Socket[];
/** The far ends, and what was told when both were closed. */
let client: Socket;
let server: Socket;
let told: { readonly fromClient: number; readonly fromServer: number }[];

async function pair(): Promise<readonly [near: Socket, far: Socket]> {
  const accepted = once(listener, 'connection');
  const far = connect({ port: (listener.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
  const [near] = (await accepted) as [Socket];
  for (const socket of [near, far]) {
    socket.on('error', () => undefined);
    sockets.push(socket);
  }
  return [near, far];
}

beforeEach(async () => {
  sockets = [];
  told = [];
  listener = createServer({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const [nearClient, farClient] = await pair();
  const [nearServer, farServer] = await pair();
  client = farClient;
  server = farServer;
  // What the join of the test before tells late is not for this one.
  const own = told;
  joinConnections(nearClient, nearServer, (bytes) => own.push(bytes));
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  listener.close();
});

/** Sizes on both sides of every bound. */
const sizes = [1, 125, 4096, 4097, 9000, 70_000, 3, 200_000, 4000, 1_000_000, 17, 8191, 8192, 65_536];

/** Sends pieces as fast as they are taken; gives their sum. */
async function sendAll(socket: Socket): Promise<string> {
  const sum = createHash('sha256');
  for (let n = 0; n < 10 * sizes.length; n += 1) {
    const piece = Buffer.alloc(sizes[n % sizes.length] as number, `${n} \xe9`);
    sum.update(piece);
    if (!socket.write(piece)) await once(socket, 'drain');
    // Small pieces arrive one by one, too.
    else if (n % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  return sum.digest('hex');
}

/** `rests`: stops reading now and then. */
async function receiveAll(socket: Socket, rests: boolean): Promise<string> {
  const sum = createHash('sha256');
  let pieces = 0;
  for await (const piece of socket) {
    sum.update(piece as Buffer);
    pieces += 1;
    if (rests && pieces % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return sum.digest('hex');
}

test.each([false, true])('bytes of all sizes cross both ways in their order (slow readers: %s)', async (rests) => {
  const received = [receiveAll(server, rests), receiveAll(client, rests)];
  const sent = [sendAll(client), sendAll(server)];
  expect(await Promise.all(received)).toEqual(await Promise.all(sent));
  await pollUntil(() => told.length === 1, deadlineMs);
  const total = 10 * sizes.reduce((sum, size) => sum + size, 0);
  expect(told).toEqual([{ fromClient: total, fromServer: total }]);
});

test('small messages of one side are counted, and an end is passed on', async () => {
  for (let n = 0; n < 50; n += 1) {
    client.write(`ping ${n}`);
    const [message] = (await once(server, 'data')) as [Buffer];
    expect(message.toString()).toBe(`ping ${n}`);
  }
  const ended = once(server, 'end');
  client.end();
  await ended;
  const answer = once(client, 'data');
  server.end('bye');
  expect(String((await answer)[0])).toBe('bye');
  await pollUntil(() => told.length === 1, deadlineMs);
  expect(told[0]?.fromServer).toBe(3);
});

test('a side that breaks takes the other with it', async () => {
  const ended = new Promise((resolve) => server.once('end', resolve));
  client.write('hello');
  const [message] = (await once(server, 'data')) as [Buffer];
  expect(String(message)).toBe('hello');
  client.resetAndDestroy();
  await ended;
  await pollUntil(() => told.length === 1, deadlineMs);
  expect(told).toEqual([{ fromClient: 5, fromServer: 0 }]);
});
