import { expect, test } from 'vitest';
import {
  endHeaders,
  endStream,
  field,
  frame,
  frameTypes,
  greeting,
  indexedField,
  preface,
  requestFields,
  settingsFrame,
  windowUpdate,
  word,
} from '../../attack/floods/http2-frames.ts';
import type { RawHttp2Client } from '../../support/http2-client.ts';
import { errorCodes } from '../../support/http2-frames.ts';
import { http2Proxies, openRequest, request } from '../../support/http2-proxy.ts';

/*
 * Floods of HTTP/2 beside those of `floods.test.ts`: frames that a connection may have some of, and no end of them. Each
 * ends with its connection, under the name of the limit that it met, and others are served.
 */

const start = http2Proxies();
const impatient = { http2IdleBurstBytes: 64 * 1024, http2IdleBytesPerSecond: 1024 };

/** Sends it over and over, until the other side has had enough. */
async function pour(client: RawHttp2Client, bytes: Buffer): Promise<void> {
  const many = Buffer.concat(Array.from({ length: Math.ceil(16_384 / bytes.length) }, () => bytes));
  for (let sent = 0; !client.isClosed && sent < 64 * 1024 * 1024; sent += many.length) {
    client.send(many);
    if (client.socket.writableNeedDrain) await client.until(() => client.isClosed || !client.socket.writableNeedDrain);
    else await new Promise((resolve) => setImmediate(resolve));
  }
  await client.closed();
}

const ended = Buffer.concat([openRequest(1), frame(frameTypes.resetStream, 0, 1, word(errorCodes.cancel))]);

test.each<[string, Buffer, Buffer]>([
  [
    'SETTINGS with thousands of settings',
    Buffer.alloc(0),
    frame(
      frameTypes.settings,
      0,
      0,
      Buffer.concat(Array.from({ length: 2700 }, () => settingsFrame({ 4: 70_000 }).subarray(9))),
    ),
  ],
  ['acknowledgements of settings', Buffer.alloc(0), frame(frameTypes.settings, 1, 0)],
  ['WINDOW_UPDATE of 1 on a stream', openRequest(1), windowUpdate(1, 1)],
  ['WINDOW_UPDATE of 1 on the connection', Buffer.alloc(0), windowUpdate(0, 1)],
  ['WINDOW_UPDATE on a stream that is over', ended, windowUpdate(1, 1)],
  ['RST_STREAM on a stream that is over', ended, frame(frameTypes.resetStream, 0, 1, word(errorCodes.cancel))],
  ['PRIORITY on streams that are not', Buffer.alloc(0), frame(frameTypes.priority, 0, 7, Buffer.of(0, 0, 0, 1, 5))],
  ['PRIORITY_UPDATE (RFC 9218)', Buffer.alloc(0), frame(0x10, 0, 0, Buffer.concat([word(5), Buffer.from('u=1')]))],
  ['frames of unknown types', Buffer.alloc(0), frame(0xbe, 0, 1, Buffer.alloc(100))],
  ['DATA of nothing but padding', openRequest(1), frame(frameTypes.data, 8, 1, Buffer.alloc(200, 199))],
  ['answers to a PING', Buffer.alloc(0), frame(frameTypes.ping, 1, 0, Buffer.alloc(8))],
  [
    'trailers of a stream that was reset',
    Buffer.concat([openRequest(1), windowUpdate(1, 0)]),
    frame(frameTypes.headers, endHeaders, 1, field('x', 'y')),
  ],
])('a flood of %s', { timeout: 60_000 }, async (_name, first, over) => {
  const { client, limits, serves } = await start({ limits: impatient });
  client.send(first);
  await pour(client, over);
  await client.until(() => limits().includes('http2-idle-frames'));
  expect(await serves()).toBe(true);
});

test('an answer that is asked for byte by byte (CVE-2019-9511)', { timeout: 60_000 }, async () => {
  const onData = (socket: { write(text: string): unknown }, text: string): void => {
    if (text.includes('GET /good')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    else if (text.includes('GET '))
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n${'x'.repeat(4_000_000)}`);
  };
  const { client, limits, serves } = await start({ limits: impatient, onData, begin: greeting({ 4: 0 }) });
  client.send(request(1, '/large'));
  await pour(client, windowUpdate(1, 1));
  await client.until(() => limits().includes('http2-idle-frames'));
  expect(client.answer(1).body.length).toBeLessThan(50_000);
  expect(await serves()).toBe(true);
});

test.each<[string, readonly Buffer[]]>([
  ['a field block', [request(1, '/', endStream)]],
  ['a frame', [request(1, '/').subarray(0, 20)]],
  ['the head of a frame', [request(1, '/').subarray(0, 5)]],
  ['a field block, behind a whole request', [request(1, '/first'), request(3, '/', endStream)]],
])('%s that does not end', { timeout: 60_000 }, async (_name, frames) => {
  const { client, limits, asked, serves } = await start({ limits: { headMs: 300 } });
  client.send(...frames);
  await client.closed();
  await client.until(() => limits().includes('slow-head'));
  expect(asked().filter((path) => path !== '/first')).toEqual([]);
  expect(await serves()).toBe(true);
});

test('a field block that trickles in CONTINUATIONs', { timeout: 60_000 }, async () => {
  const { client, asked, serves } = await start({ limits: { headMs: 300 } });
  client.send(request(1, '/', endStream));
  await client.until(() => {
    client.send(frame(frameTypes.continuation, 0, 1, field('x', 'y')));
    return client.isClosed;
  });
  expect(asked()).toEqual([]);
  expect(await serves()).toBe(true);
});

test('settings that are never acknowledged', { timeout: 60_000 }, async () => {
  const { client } = await start({ limits: { headMs: 300 }, begin: Buffer.concat([preface, settingsFrame()]) });
  await client.closed();
  expect(client.errorOf(0)).toBe(errorCodes.settingsTimeout);
});

test('a head that is far larger when it is unpacked (HPACK bomb)', { timeout: 60_000 }, async () => {
  const { client, asked, connect } = await start();
  const bomb = Buffer.concat([
    requestFields('a.test', '/bomb'),
    field('x-bomb', 'x'.repeat(4000), true),
    Buffer.alloc(10_000, indexedField(62)[0]),
  ]);
  client.send(frame(frameTypes.headers, endHeaders | endStream, 1, bomb));
  const { status, reset } = await client.answered(1);
  expect(client.isClosed || reset !== null || status === 431).toBe(true);
  // A lesser one is told so, and the table is what the client takes it for.
  const second = await connect();
  const lesser = Buffer.concat([
    requestFields('a.test', '/bomb'),
    field('x-bomb', 'x'.repeat(4000), true),
    Buffer.alloc(100, indexedField(62)[0]),
  ]);
  second.send(frame(frameTypes.headers, endHeaders | endStream, 1, lesser));
  expect((await second.answered(1)).status).toBe(431);
  second.send(
    frame(
      frameTypes.headers,
      endHeaders | endStream,
      3,
      Buffer.concat([requestFields('a.test', '/after'), indexedField(62)]),
    ),
  );
  expect((await second.answered(3)).status).toBe(200);
  expect(asked()).toEqual(['/after']);
});
