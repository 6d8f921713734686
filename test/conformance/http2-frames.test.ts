import { once } from 'node:events';
import tls from 'node:tls';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { CertificateSnapshot } from '../../proxy/model/snapshot.ts';
import { makeCertificate } from '../support/certificates.ts';
import { pollUntil } from '../support/poll.ts';
import { loadBalancer, startProxy, startRawServer } from '../support/proxy-harness.ts';

/*
 * Frames in states that they may not come in (RFC 9113 §5.1), and what they come to. None of it may reach a server; what
 * concerns one stream may not keep the connection from the next request.
 */

const data = 0;
const headers = 1;
const priority = 2;
const rstStream = 3;
const settings = 4;
const pushPromise = 5;
const ping = 6;
const goaway = 7;
const windowUpdate = 8;
const endStream = 1;
const endHeaders = 4;
const ack = 1;

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let certificate: CertificateSnapshot;
beforeAll(async () => {
  certificate = await makeCertificate(['127.0.0.1'], true);
});

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.byteLength, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** `GET PATH` of `a.test` by HPACK without a table that changes: indexed fields, and literals that stay out of it. */
function get(path: string): Buffer {
  const literal = (index: number, value: string): number[] => [index, value.length, ...Buffer.from(value)];
  return Buffer.from([0x82, 0x87, ...literal(0x04, path), ...literal(0x01, 'a.test')]);
}

const request = (stream: number, path: string): Buffer => frame(headers, endStream | endHeaders, stream, get(path));

class Client {
  readonly frames: Frame[] = [];
  isClosed = false;
  private readonly socket: tls.TLSSocket;
  private rest: Buffer = Buffer.alloc(0);

  constructor(socket: tls.TLSSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('data', (chunk: Buffer) => this.read(chunk));
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(settings, 0, 0)]));
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Waits for the end of this stream's answer. */
  answered(stream: number): Promise<void> {
    return pollUntil(
      () => this.frames.some((each) => each.stream === stream && (each.flags & endStream) !== 0),
      20_000,
    );
  }

  /** Waits for the end of the connection, and gives the reason. */
  async ended(): Promise<number | undefined> {
    await pollUntil(() => this.isClosed, 20_000);
    return this.frames.find(({ type }) => type === goaway)?.payload.readUInt32BE(4);
  }

  destroy(): void {
    this.socket.destroy();
  }

  private read(chunk: Buffer): void {
    this.rest = Buffer.concat([this.rest, chunk]);
    while (this.rest.byteLength >= 9) {
      const length = this.rest.readUIntBE(0, 3);
      if (this.rest.byteLength < 9 + length) return;
      const [type, flags, stream] = [this.rest.readUInt8(3), this.rest.readUInt8(4), this.rest.readUInt32BE(5)];
      this.frames.push({ type, flags, stream, payload: this.rest.subarray(9, 9 + length) });
      this.rest = this.rest.subarray(9 + length);
      if (type === settings && flags === 0) this.send(frame(settings, ack, 0));
    }
  }
}

async function start(): Promise<{ client: Client; asked: () => string[] }> {
  const server = await startRawServer();
  closers.push(() => server.close());
  const harness = await startProxy({
    entryPoints: [{ name: 'websecure', tls: true }],
    routers: [{ entryPoints: ['websecure'], tls: true }],
    services: { 'app@test': loadBalancer([server.url]) },
    certificates: [certificate],
  });
  closers.push(() => harness.close());
  const socket = tls.connect({ port: harness.port(), rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  await once(socket, 'secureConnect');
  const client = new Client(socket);
  closers.push(async () => client.destroy());
  const asked = (): string[] => [...server.received().matchAll(/^GET (\S+) /gm)].map(([, path]) => path ?? '');
  return { client, asked };
}

const four = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const protocolError = 1;
const flowControlError = 3;
const streamClosed = 5;

it.each<[string, Buffer, number]>([
  ['DATA on a closed stream', frame(data, endStream, 1, 'late'), streamClosed],
  // As numbers were left out, it might as well never have been opened.
  ['HEADERS on a closed stream', request(1, '/late'), protocolError],
  ['HEADERS on a stream of a lower number', request(3, '/late'), protocolError],
  [
    'a PRIORITY that depends on itself',
    frame(priority, 0, 7, Buffer.concat([four(7), Buffer.from([255])])),
    protocolError,
  ],
  ['a PRIORITY without a stream', frame(priority, 0, 0, Buffer.concat([four(0), Buffer.from([255])])), protocolError],
])('%s ends the connection, with the reason', async (_name, late, code) => {
  const { client, asked } = await start();
  client.send(request(1, '/first'));
  await client.answered(1);
  client.send(request(5, '/second'));
  await client.answered(5);
  client.send(late, request(9, '/third'));
  expect(await client.ended()).toBe(code);
  expect(asked()).toEqual(['/first', '/second']);
});

it.each<[string, Buffer]>([
  ['DATA', frame(data, endStream, 1, 'late')],
  ['HEADERS', request(1, '/late')],
])('%s after a reset ends the connection, with the reason', async (_name, late) => {
  const { client, asked } = await start();
  // A request whose head is not ended is not one yet.
  client.send(frame(headers, endHeaders, 1, get('/reset')), frame(rstStream, 0, 1, four(8)), late);
  client.send(request(3, '/next'));
  expect(await client.ended()).toBe(streamClosed);
  expect(asked()).not.toContain('/late');
  expect(asked()).not.toContain('/next');
});

it('an answer to a PING that nobody sent is passed over', async () => {
  const { client, asked } = await start();
  client.send(frame(ping, ack, 0, 'unasked.'), request(1, '/'));
  await client.answered(1);
  expect(asked()).toEqual(['/']);
  expect(client.isClosed).toBe(false);
});

it('a window that is opened beyond its size ends its stream, with the reason, and no other', async () => {
  const { client } = await start();
  client.send(
    frame(headers, endHeaders, 1, get('/open')),
    frame(windowUpdate, 0, 1, four(0x7fffffff)),
    frame(windowUpdate, 0, 1, four(0x7fffffff)),
    request(3, '/next'),
  );
  await client.answered(3);
  const reset = client.frames.find(({ type, stream }) => type === rstStream && stream === 1);
  expect(reset?.payload.readUInt32BE(0)).toBe(flowControlError);
});

it('the server’s settings forbid nothing that is served: no push is asked for, WebSockets are', async () => {
  const { client } = await start();
  await pollUntil(() => client.frames.some(({ type, flags }) => type === settings && flags === 0), 20_000);
  const { payload } = client.frames.find(({ type, flags }) => type === settings && flags === 0)!;
  const values = new Map<number, number>();
  for (let at = 0; at < payload.byteLength; at += 6) values.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  expect(values.get(2) ?? 0).toBe(0);
  expect(values.get(8)).toBe(1);
  client.send(request(1, '/'));
  await client.answered(1);
  expect(client.frames.some(({ type }) => type === pushPromise)).toBe(false);
});
