import { describe, expect, test } from 'vitest';
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
  settingsAck,
  settingsFrame,
  windowUpdate,
  word,
} from '../attack/floods/http2-frames.ts';
import type { RawHttp2Client } from '../support/http2-client.ts';
import { errorCodes, pushPromise } from '../support/http2-frames.ts';
import { http2Proxies, openRequest, request } from '../support/http2-proxy.ts';

/*
 * What becomes of frames that no client should send, section by section of RFC 9113: an error of their stream or of the
 * connection, with its code, and what reached the server of it.
 */

const start = http2Proxies();

const data = (stream: number, text: string, flags = 0): Buffer =>
  frame(frameTypes.data, flags, stream, Buffer.from(text, 'latin1'));
const priority = (stream: number, on: number): Buffer =>
  frame(frameTypes.priority, 0, stream, Buffer.concat([word(on), Buffer.of(15)]));
const reset = (stream: number): Buffer => frame(frameTypes.resetStream, 0, stream, word(errorCodes.cancel));

describe('ends the connection, with its reason', () => {
  const { protocol, frameSize, flowControl, compression, streamClosed, enhanceYourCalm } = errorCodes;
  test.each<[string, readonly number[], readonly Buffer[]]>([
    ['§3.4 a frame other than SETTINGS first', [protocol], []],
    ['§4.2 a frame larger than may be', [frameSize], [frame(frameTypes.ping, 0, 0, Buffer.alloc(16_385))]],
    ['§4.2 DATA larger than may be', [frameSize], [openRequest(1), frame(frameTypes.data, 0, 1, Buffer.alloc(16_385))]],
    ['§4.3 a field block that cannot be read', [compression], [frame(frameTypes.headers, 5, 1, indexedField(62))]],
    [
      '§4.3 a field block that cannot be read, of a stream that was reset',
      [compression],
      [openRequest(1), reset(1), frame(frameTypes.headers, 5, 3, indexedField(62))],
    ],
    ['§4.3 another frame between HEADERS and CONTINUATION', [protocol], [request(1, '/', endStream), data(1, 'x')]],
    [
      '§4.3 PING between HEADERS and CONTINUATION',
      [protocol],
      [request(1, '/', 1), frame(frameTypes.ping, 0, 0, Buffer.alloc(8))],
    ],
    [
      '§4.3 CONTINUATION of another stream',
      [protocol],
      [request(1, '/', endStream), frame(frameTypes.continuation, endHeaders, 3, field('x', 'y'))],
    ],
    ['§5.1 DATA on a stream that nobody has opened', [protocol], [data(1, 'x')]],
    ['§5.1 WINDOW_UPDATE on a stream that nobody has opened', [protocol], [windowUpdate(1, 1)]],
    ['§5.1 RST_STREAM on a stream that nobody has opened', [protocol], [reset(1)]],
    ['§5.1 CONTINUATION on a stream that nobody has opened', [protocol], [frame(frameTypes.continuation, 4, 1)]],
    ['§5.1.1 a stream of an even number', [protocol], [request(2, '/')]],
    ['§5.1.1 a stream of a lower number, which was left out', [protocol], [openRequest(5), request(3, '/late')]],
    ['§6.1 DATA on stream 0', [protocol], [data(0, 'x')]],
    ['§6.1 DATA with more padding than payload', [protocol], [openRequest(1), data(1, '\x05pad', 8)]],
    ['§6.1 DATA that says it is padded, and is empty', [protocol, frameSize], [openRequest(1), data(1, '', 8)]],
    ['§6.2 HEADERS on stream 0', [protocol], [request(0, '/')]],
    [
      '§6.2 HEADERS with more padding than payload',
      [protocol],
      [frame(frameTypes.headers, 0x0d, 1, Buffer.of(9, 0x82))],
    ],
    [
      '§6.2 HEADERS too short for its priority',
      [protocol, frameSize],
      [frame(frameTypes.headers, 0x25, 1, Buffer.of(0))],
    ],
    ['§6.3 PRIORITY on stream 0', [protocol], [priority(0, 1)]],
    ['§6.4 RST_STREAM on stream 0', [protocol], [reset(0)]],
    [
      '§6.4 RST_STREAM of another length',
      [frameSize],
      [openRequest(1), frame(frameTypes.resetStream, 0, 1, Buffer.alloc(3))],
    ],
    ['§6.5 SETTINGS on a stream', [protocol], [frame(frameTypes.settings, 0, 1)]],
    ['§6.5 SETTINGS of another length', [frameSize], [frame(frameTypes.settings, 0, 0, Buffer.alloc(3))]],
    ['§6.5 an acknowledgement with content', [frameSize], [frame(frameTypes.settings, 1, 0, Buffer.alloc(6))]],
    ['§6.5.2 ENABLE_PUSH of 2', [protocol], [settingsFrame({ 2: 2 })]],
    ['§6.5.2 INITIAL_WINDOW_SIZE of 2^31', [flowControl], [settingsFrame({ 4: 2 ** 31 })]],
    ['§6.5.2 MAX_FRAME_SIZE below the least', [protocol], [settingsFrame({ 5: 16_383 })]],
    ['§6.5.2 MAX_FRAME_SIZE above the most', [protocol], [settingsFrame({ 5: 2 ** 24 })]],
    [
      '§6.6 PUSH_PROMISE',
      [protocol],
      [openRequest(1), frame(pushPromise, 4, 1, Buffer.concat([word(2), requestFields('a')]))],
    ],
    ['§6.7 PING on a stream', [protocol], [openRequest(1), frame(frameTypes.ping, 0, 1, Buffer.alloc(8))]],
    ['§6.7 PING of another length', [frameSize], [frame(frameTypes.ping, 0, 0, Buffer.alloc(7))]],
    ['§6.8 GOAWAY on a stream', [protocol], [openRequest(1), frame(frameTypes.goAway, 0, 1, Buffer.alloc(8))]],
    ['§6.8 GOAWAY of another length', [frameSize], [frame(frameTypes.goAway, 0, 0, Buffer.alloc(4))]],
    ['§6.9 WINDOW_UPDATE of another length', [frameSize], [frame(frameTypes.windowUpdate, 0, 0, Buffer.alloc(3))]],
    ['§6.9 the connection’s window opened by 0', [protocol], [windowUpdate(0, 0)]],
    ['§6.9.1 the connection’s window beyond its size', [flowControl], [windowUpdate(0, 2 ** 31 - 1)]],
    [
      '§6.9.2 settings that make a stream’s window larger than can be',
      [flowControl],
      [openRequest(1), windowUpdate(1, 2 ** 31 - 1 - 65_535), settingsFrame({ 4: 65_536 })],
    ],
    [
      '§6.10 CONTINUATION after the end of a field block',
      [protocol],
      [openRequest(1), frame(frameTypes.continuation, 4, 1)],
    ],
    ['§6.10 CONTINUATION on stream 0', [protocol], [frame(frameTypes.continuation, 4, 0)]],
    [
      '§10.5.1 empty CONTINUATIONs without end',
      [enhanceYourCalm, protocol],
      [request(1, '/', endStream), ...Array.from({ length: 200 }, () => frame(frameTypes.continuation, 0, 1))],
    ],
    [
      '§10.5.1 CONTINUATIONs of more than any head may have',
      [enhanceYourCalm, protocol],
      [
        request(1, '/', endStream),
        ...Array.from({ length: 40 }, () => frame(frameTypes.continuation, 0, 1, field('x-filler', 'x'.repeat(8000)))),
      ],
    ],
    ['RFC 7541 §2.3.3 the index 0', [compression], [frame(frameTypes.headers, 5, 1, indexedField(0))]],
    [
      'RFC 7541 §4.2 a table above the setting',
      [compression],
      [frame(frameTypes.headers, 5, 1, Buffer.of(0x3f, 0xe2, 0x1f))],
    ],
    ['RFC 7541 §5.1 a number without end', [compression], [frame(frameTypes.headers, 5, 1, Buffer.alloc(200, 0xff))]],
    [
      'RFC 7541 §5.2 the Huffman code of the end',
      [compression],
      [frame(frameTypes.headers, 5, 1, Buffer.of(0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61))],
    ],
  ])('%s', async (name, codes, frames) => {
    const isFirst = name.startsWith('§3.4');
    const { client, asked, serves } = await start(isFirst ? { begin: Buffer.concat([preface, request(1, '/')]) } : {});
    client.send(...frames);
    await client.closed();
    expect(codes).toContain(client.errorOf(0));
    // Whatever was opened properly before it may have reached the server.
    expect(asked().filter((path) => !path.startsWith('/open'))).toEqual([]);
    expect(await serves()).toBe(true);
  });

  test.each<[string, Buffer]>([
    ['§5.1 DATA on a stream that both sides have ended', data(1, 'late', endStream)],
    ['§5.1 HEADERS on a stream that both sides have ended', request(1, '/late')],
    ['§5.1.1 HEADERS on a stream of a lower number', request(1, '/late', endHeaders)],
  ])('%s', async (_name, late) => {
    const { client, asked } = await start();
    client.send(request(1, '/first'));
    await client.answered(1);
    client.send(request(3, '/second'));
    await client.answered(3);
    client.send(late);
    await client.closed();
    expect([streamClosed, protocol]).toContain(client.errorOf(0));
    expect(asked()).toEqual(['/first', '/second']);
  });

  test('§3.4 anything but the preface', async () => {
    const { client, asked } = await start({ begin: Buffer.from('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n') });
    await client.closed();
    expect(asked()).toEqual([]);
  });
});

describe('ends its stream, and the connection serves on', () => {
  const { protocol, flowControl, streamClosed, frameSize } = errorCodes;
  test.each<[string, readonly number[], readonly Buffer[]]>([
    ['§5.1 DATA after the end of the request', [streamClosed], [request(1, '/open'), data(1, 'late')]],
    ['§5.1 HEADERS after the end of the request', [streamClosed], [request(1, '/open'), request(1, '/late')]],
    ['§5.3.1 a PRIORITY that depends on itself', [protocol], [openRequest(1), priority(1, 1)]],
    [
      '§5.3.1 HEADERS that depend on themselves',
      [protocol],
      [frame(frameTypes.headers, 0x25, 1, Buffer.concat([word(1), Buffer.of(9), requestFields('a.test', '/late')]))],
    ],
    [
      '§6.3 PRIORITY of another length',
      [frameSize],
      [openRequest(1), frame(frameTypes.priority, 0, 1, Buffer.alloc(4))],
    ],
    ['§6.9 a stream’s window opened by 0', [protocol], [openRequest(1), windowUpdate(1, 0)]],
    [
      '§6.9.1 a stream’s window beyond its size',
      [flowControl],
      [openRequest(1), windowUpdate(1, 2 ** 31 - 1), windowUpdate(1, 2 ** 31 - 1)],
    ],
    ['§8.1 a second head that does not end the stream', [protocol], [openRequest(1), request(1, '/late', endHeaders)]],
  ])('%s', async (_name, codes, frames) => {
    const { client, asked } = await start();
    client.send(...frames);
    expect(codes).toContain((await client.answered(1)).reset);
    client.send(request(3, '/after'));
    expect(await client.answered(3)).toMatchObject({ status: 200, body: 'ok', reset: null });
    expect(client.errorOf(0)).toBeNull();
    expect(asked()).not.toContain('/late');
  });
});

describe('is passed over', () => {
  test.each<[string, readonly Buffer[]]>([
    ['§4.1 frames of unknown types', [frame(0xbe, 0xff, 0, Buffer.alloc(20)), frame(0xbf, 0, 7, Buffer.alloc(3))]],
    ['§4.1 flags that mean nothing', [frame(frameTypes.ping, 0xfe, 0, Buffer.alloc(8)), settingsFrame()]],
    ['§5.1 WINDOW_UPDATE, RST_STREAM and PRIORITY on an ended stream', [windowUpdate(1, 5), priority(1, 0), reset(1)]],
    ['§6.5.2 settings that nobody knows', [settingsFrame({ 0xff: 1, 0x10: 2 ** 32 - 1 })]],
    ['§6.5.3 acknowledgements that nobody asked for', [settingsAck, settingsAck]],
    ['§6.7 answers to a PING that nobody sent', [frame(frameTypes.ping, 1, 0, Buffer.from('unasked.'))]],
    ['RFC 9218 §7.1 PRIORITY_UPDATE', [frame(0x10, 0, 0, Buffer.concat([word(5), Buffer.from('u=1')]))]],
  ])('%s', async (_name, frames) => {
    const { client, asked } = await start();
    client.send(request(1, '/first'));
    await client.answered(1);
    client.send(...frames, request(3, '/second'));
    expect(await client.answered(3)).toMatchObject({ status: 200, reset: null });
    expect(client.errorOf(0)).toBeNull();
    expect(asked()).toEqual(['/first', '/second']);
  });

  test.each<[string, readonly Buffer[]]>([
    ['DATA', [data(1, 'late'), data(1, 'later', endStream)]],
    ['trailers', [frame(frameTypes.headers, 5, 1, field('x-late', 'y'))]],
    ['WINDOW_UPDATE and PRIORITY', [windowUpdate(1, 2 ** 31 - 1), windowUpdate(1, 0), priority(1, 3)]],
  ])('§5.1 %s of a stream that the server has reset', async (_name, frames) => {
    const { client, asked, server } = await start();
    client.send(openRequest(1), windowUpdate(1, 0));
    await client.answered(1);
    client.send(...frames, request(3, '/after'));
    expect(await client.answered(3)).toMatchObject({ status: 200 });
    expect(client.errorOf(0)).toBeNull();
    expect(asked().filter((path) => path !== '/open1')).toEqual(['/after']);
    expect(server.received()).not.toMatch(/late/);
  });

  test('the table of fields knows what came for a stream that was reset', async () => {
    const { client } = await start();
    client.send(openRequest(1), windowUpdate(1, 0));
    await client.answered(1);
    client.send(frame(frameTypes.headers, 5, 1, field('x-kept', 'value', true)));
    client.send(frame(frameTypes.headers, 5, 3, Buffer.concat([requestFields('a.test', '/after'), indexedField(62)])));
    expect(await client.answered(3)).toMatchObject({ status: 200 });
  });
});

/** Each of them makes a server reset a stream; clients that do it over and over are cut off (CVE-2025-8671). */
describe('resets that a client brings about are counted', () => {
  test.each<[string, (stream: number) => readonly Buffer[]]>([
    ['its own', (stream) => [request(stream, '/open'), reset(stream)]],
    ['by WINDOW_UPDATE of 0', (stream) => [openRequest(stream), windowUpdate(stream, 0)]],
    ['by a window beyond its size', (stream) => [openRequest(stream), windowUpdate(stream, 2 ** 31 - 1)]],
    ['by DATA after the end', (stream) => [request(stream, '/open'), data(stream, 'x')]],
    ['by HEADERS after the end', (stream) => [request(stream, '/open'), request(stream, '/open')]],
    ['by a PRIORITY that depends on itself', (stream) => [openRequest(stream), priority(stream, stream)]],
    [
      'by a PRIORITY of another length',
      (stream) => [openRequest(stream), frame(frameTypes.priority, 0, stream, Buffer.alloc(4))],
    ],
    [
      'by a body that is not as long as it should be',
      (stream) => [
        frame(
          frameTypes.headers,
          endHeaders,
          stream,
          Buffer.concat([requestFields('a.test', '/open', 'POST'), field('content-length', '5')]),
        ),
        data(stream, 'x', endStream),
      ],
    ],
    ['by a malformed head', (stream) => [frame(frameTypes.headers, 5, stream, field('X-Capital', 'x'))]],
    [
      'by malformed trailers',
      (stream) => [openRequest(stream), frame(frameTypes.headers, 5, stream, field(':path', '/'))],
    ],
    ['by more streams than it may open', (stream) => [openRequest(stream)]],
  ])('%s', async (_name, one) => {
    const { client, limits, serves } = await start({
      limits: { http2FailureBurst: 50, http2FailuresPerSecond: 1 },
    });
    for (let stream = 1; stream < 1200 && !client.isClosed; stream += 2) client.send(...one(stream));
    await client.closed();
    await client.until(() => limits().includes('http2-failed-streams'));
    expect(await serves()).toBe(true);
  });
});

describe('windows', () => {
  test('nothing is sent beyond a window, and all of it once it is opened', async () => {
    const { client } = await start({ begin: greeting({ 4: 1 }) });
    client.send(request(1, '/first'));
    await client.until(() => client.answer(1).body === 'o');
    await client.settled();
    expect(client.answer(1)).toMatchObject({ body: 'o', isEnded: false });
    client.send(windowUpdate(1, 1));
    expect(await client.answered(1)).toMatchObject({ body: 'ok', isEnded: true });
  });

  test('a window that settings made negative opens when it is above 0 again', async () => {
    const { client } = await start({ begin: greeting({ 4: 1 }) });
    client.send(request(1, '/first'));
    await client.until(() => client.answer(1).body === 'o');
    client.send(settingsFrame({ 4: 0 }), windowUpdate(1, 1));
    await client.settled();
    expect(client.answer(1).body).toBe('o');
    client.send(windowUpdate(1, 1));
    expect(await client.answered(1)).toMatchObject({ body: 'ok', isEnded: true });
  });

  test('what is sent to streams that are over is given back to the connection’s window', async () => {
    const { client } = await start({ limits: { http2FailureBurst: 10_000 } });
    const piece = data(1, 'x'.repeat(16_000));
    let sent = 0;
    // The window of a stream is filled over and over, each time of one that was reset.
    for (let stream = 1; stream < 1 + 2 * 40; stream += 2) {
      client.send(openRequest(stream));
      for (let n = 0; n < 10; n += 1) {
        const bytes = Buffer.from(piece);
        bytes.writeUInt32BE(stream, 5);
        await client.until(() => 65_535 + opened(client) - sent >= 16_000);
        client.send(bytes);
        sent += 16_000;
      }
      client.send(reset(stream));
    }
    client.send(request(999, '/after'));
    expect((await client.answered(999)).status).toBe(200);
    expect(client.errorOf(0)).toBeNull();
    expect(sent).toBeGreaterThan(6_000_000);
  });

  test('who sends more than a window is cut off', async () => {
    // Nobody reads what is sent, so no window is opened again.
    const { client } = await start({ onData: (socket) => void socket.pause() });
    client.send(openRequest(1));
    for (let n = 0; n < 50 && !client.isClosed && client.answer(1).reset === null; n += 1) {
      client.send(...Array.from({ length: 60 }, () => data(1, 'x'.repeat(16_000))));
      await client.settled();
    }
    expect(client.answer(1).reset ?? client.errorOf(0)).toBe(errorCodes.flowControl);
  });
});

/** How much the server has opened the connection's window by. */
function opened(client: RawHttp2Client): number {
  return client.frames
    .filter(({ type, stream }) => type === frameTypes.windowUpdate && stream === 0)
    .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
}

test('the server’s settings forbid nothing that is served: no push is asked for, WebSockets are', async () => {
  const { client } = await start();
  const isSettings = ({ type, flags }: { type: number; flags: number }): boolean =>
    type === frameTypes.settings && flags === 0;
  await client.until(() => client.frames.some(isSettings));
  const { payload } = client.frames.find(isSettings)!;
  const values = new Map<number, number>();
  for (let at = 0; at < payload.byteLength; at += 6) values.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
  expect(values.get(2) ?? 0).toBe(0);
  expect(values.get(8)).toBe(1);
  client.send(request(1, '/'));
  await client.answered(1);
  expect(client.frames.some(({ type }) => type === pushPromise)).toBe(false);
});

test('a table of several sizes in one SETTINGS is made as small as the smallest of them first', async () => {
  const both = Buffer.concat([settingsFrame({ 1: 0 }).subarray(9), settingsFrame({ 1: 4096 }).subarray(9)]);
  const { client } = await start();
  client.send(request(1, '/first'));
  await client.answered(1);
  client.send(frame(frameTypes.settings, 0, 0, both), request(3, '/second'));
  await client.answered(3);
  const head = client.frames.find(({ type, stream }) => type === frameTypes.headers && stream === 3)!;
  // Two updates (RFC 7541 §4.2): to nothing, and to the last size.
  expect(head.payload.subarray(0, 4)).toEqual(Buffer.from('203fe11f', 'hex'));
});
