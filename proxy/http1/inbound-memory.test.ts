import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pollUntil } from '../../test/support/poll.ts';
import type { RequestBody } from '../http/request-body.ts';
import { answerHead } from './inbound-answer-head.ts';
import { InboundClock } from './inbound-clock.ts';
import { InboundConnection } from './inbound-connection.ts';
import type { Answering } from './inbound-contract.ts';
import { ReadBuffer } from './read-buffer.ts';

const deadlineMs = 20_000;
const pieceBytes = 20_000;
const pieces = 24;
const head = `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${pieces * pieceBytes}\r\n\r\n`;

let server: Server;
let client: Socket;
let connection: InboundConnection;
let bodies: RequestBody[];
let requests: number;

const answering: Answering = {
  hasBegun: false,
  drained: () => undefined,
  answered: () => undefined,
  gone: () => undefined,
  bodyMalformed: () => undefined,
  bodyLate: () => undefined,
  stopsReading: () => undefined,
  trailersArrived: () => null,
};

beforeEach(async () => {
  bodies = [];
  requests = 0;
  const settings = {
    ...{ maxHeadBytes: 4096, headMs: 60_000, readMs: 0, idleMs: 60_000, clock: new InboundClock(1000) },
    takeRequest: (taker: InboundConnection, { method }: { readonly method: string }) => {
      taker.begin(answering);
      requests += 1;
      if (method === 'POST') bodies.push(taker.beginBody(pieces * pieceBytes, false));
    },
    onClosed: () => undefined,
  };
  server = createServer({ allowHalfOpen: true }, (socket) => {
    connection = new InboundConnection(socket, settings);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  await once(client, 'connect');
});

afterEach(() => {
  client.destroy();
  connection.destroy();
  server.close();
});

/** Buffers that rest, taken by another connection which holds all that it reads. */
function takeSpares(): Buffer[] {
  const other = new ReadBuffer();
  return Array.from({ length: 20 }, () => {
    const bytes = other.next();
    other.lend(bytes);
    return bytes;
  });
}

it('gives no memory away that the connection still reads into', async () => {
  client.write(head);
  await pollUntil(() => bodies.length === 1, deadlineMs);
  const body = bodies[0] as RequestBody;
  // A reader who keeps everything, and stops now and then: the end comes while nobody wants it.
  const kept: Buffer[] = [];
  let bytes = 0;
  body.on('data', (chunk: Buffer) => {
    kept.push(chunk);
    bytes += chunk.byteLength;
  });
  for (let n = 0; n < pieces; n += 1) {
    // What comes from here on is partly held by the stream, and partly by the connection.
    if (n === pieces - 6) body.pause();
    client.write(Buffer.alloc(pieceBytes, 0x61 + n));
    const came = (n + 1) * pieceBytes;
    await pollUntil(
      () => (body.isPaused() ? connection.socket.bytesRead >= head.length + came : bytes === came),
      deadlineMs,
    );
  }
  body.resume();
  await pollUntil(() => bytes === pieces * pieceBytes, deadlineMs);
  connection.answer(
    answerHead(200, ['Content-Length', '2'], {
      method: 'POST',
      protocol: 'HTTP/1.1',
      asksToKeepAlive: true,
      closes: false,
    }),
  );
  connection.writer.body(Buffer.from('ok'));
  connection.endAnswer([]);
  const others = takeSpares().slice(1);
  for (const each of others) each.fill('-');
  client.write('GET /secret HTTP/1.1\r\nHost: a\r\n\r\n');
  await pollUntil(() => requests === 2, deadlineMs);
  for (const each of others) expect(each.includes('secret')).toBe(false);
  expect(Buffer.concat(kept).toString('latin1')).toBe(
    Array.from({ length: pieces }, (_, n) => String.fromCharCode(0x61 + n).repeat(pieceBytes)).join(''),
  );
});
