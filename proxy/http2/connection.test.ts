import { afterEach, describe, expect, test } from 'vitest';
import {
  endHeaders,
  endStream,
  field,
  frame,
  frameTypes,
  preface,
  requestFields,
  settingsAck,
  settingsFrame,
  windowUpdate,
  word,
} from '../../test/attack/floods/http2-frames.ts';
import { type Http2Rig, openHttp2, type SeenRequest } from '../../test/support/http2-rig.ts';
import { InboundClock } from '../http1/inbound-clock.ts';
import { HpackDecoder } from './hpack-decoder.ts';

const noError = 0;
const protocolError = 1;
const flowControlError = 3;
const settingsTimeout = 4;
const streamClosed = 5;
const frameSizeError = 6;
const refusedStream = 7;
const cancel = 8;
const compressionError = 9;
const enhanceYourCalm = 11;
const padded = 8;
const withPriority = 32;

const rigs: Http2Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

async function open(options: Parameters<typeof openHttp2>[0] = {}): Promise<Http2Rig> {
  const rig = await openHttp2(options);
  rigs.push(rig);
  return rig;
}

async function greeted(options: Parameters<typeof openHttp2>[0] = {}, settings: Record<number, number> = {}) {
  const rig = await open(options);
  rig.client.greet(settings);
  return rig;
}

const get = (stream: number, path = '/'): Buffer =>
  frame(frameTypes.headers, endHeaders | endStream, stream, requestFields('a.test', path));
const post = (stream: number, ...more: readonly Buffer[]): Buffer =>
  frame(frameTypes.headers, endHeaders, stream, Buffer.concat([requestFields('a.test', '/', 'POST'), ...more]));
const data = (stream: number, text: string | Buffer, flags = 0): Buffer =>
  frame(frameTypes.data, flags, stream, Buffer.from(text));
const ping = (text: string, flags = 0): Buffer => frame(frameTypes.ping, flags, 0, Buffer.from(text));

function hello({ stream }: SeenRequest): void {
  stream.respond(200, ['Content-Type', 'text/plain']);
  stream.write(Buffer.from('hello'));
  stream.finish([]);
}

function fieldsOf(payload: Buffer): string[] {
  const fields: string[] = [];
  new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 65_536, maxFields: 100 }).decode(
    payload,
    0,
    payload.length,
    fields,
  );
  return fields;
}

describe('the begin', () => {
  test('the server’s settings come first, the client’s are acknowledged, pings are answered in their order', async () => {
    const { client } = await open();
    client.send(preface, settingsFrame({ 4: 100 }), ping('12345678'), settingsFrame(), settingsAck, ping('87654321'));
    await client.until(() => client.of(0, frameTypes.ping).length === 2);
    const kinds = client.frames.map(({ type, flags }) => `${type}/${flags}`);
    expect(kinds).toEqual(['4/0', '8/0', '4/1', '6/1', '4/1', '6/1']);
    expect(client.of(0, frameTypes.ping).map(({ payload }) => payload.toString())).toEqual(['12345678', '87654321']);
  });

  test('bytes may be cut anywhere', async () => {
    const { client, requests } = await open();
    const bytes = Buffer.concat([preface, settingsFrame({ 3: 5 }), settingsAck, post(1), data(1, 'body', endStream)]);
    for (const byte of bytes) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until(() => requests.length === 1);
    requests[0]!.read();
    await client.until(() => requests[0]!.hasEnded);
    expect(requests[0]!.body).toBe('body');
    hello(requests[0]!);
    await client.until(() => client.isEnded(1));
    expect(client.body(1).toString()).toBe('hello');
  });

  test.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a preface and no settings', Buffer.concat([preface, ping('12345678')])],
    ['an acknowledgement instead of settings', Buffer.concat([preface, settingsAck])],
  ])('%s ends the connection', async (_name, bytes) => {
    const { client, notes } = await open();
    client.send(bytes);
    await client.until(() => client.isClosed);
    expect(client.errorOf(0)).toBe(protocolError);
    expect(notes).toEqual(['http2-protocol']);
  });
});

describe('an answer', () => {
  test('leaves with all others of its turn in one write, and ends with its last frame', async () => {
    const { client } = await greeted({ onRequest: hello });
    await client.until(() => client.of(0, frameTypes.settings).length === 2);
    const before = client.reads;
    client.send(...Array.from({ length: 20 }, (_, n) => get(2 * n + 1)));
    await client.until(() => client.isEnded(39));
    expect(client.of(1, frameTypes.data)).toHaveLength(1);
    expect(client.of(1, frameTypes.data)[0]!.flags).toBe(endStream);
    // The requests may have been cut in two on their way, and so may the answers.
    expect(client.reads - before).toBeLessThan(8);
    expect(fieldsOf(client.of(1, frameTypes.headers)[0]!.payload)).toEqual([
      ':status',
      '200',
      'content-type',
      'text/plain',
    ]);
  });

  test('without a body ends with its head, and trailers end one with a body', async () => {
    const { client } = await greeted({
      onRequest({ stream, head }) {
        if (head.path === '/whole') {
          stream.respondWhole(204, []);
          return;
        }
        stream.respond(100, []);
        stream.respond(200, []);
        if (head.path === '/trailers') stream.write(Buffer.from('body'));
        stream.finish(head.path === '/trailers' ? ['X-Sum', '1'] : []);
      },
    });
    client.send(get(1, '/whole'), get(3, '/empty'), get(5, '/trailers'));
    await client.until(() => client.isEnded(5));
    expect(client.of(1, frameTypes.headers).map(({ flags }) => flags)).toEqual([endHeaders | endStream]);
    expect(client.of(1, frameTypes.data)).toEqual([]);
    expect(client.of(3, frameTypes.headers).map(({ flags }) => flags)).toEqual([endHeaders, endHeaders | endStream]);
    expect(client.of(5, frameTypes.headers).map(({ flags }) => flags)).toEqual([
      endHeaders,
      endHeaders,
      endHeaders | endStream,
    ]);
    expect(client.body(5).toString()).toBe('body');
  });

  test('whose fields are long goes out as HEADERS and CONTINUATION', async () => {
    const value = 'v'.repeat(50_000);
    const { client } = await greeted({
      onRequest({ stream }) {
        stream.respond(200, ['x-long', value]);
        stream.finish([]);
      },
    });
    client.send(get(1), ping('12345678'));
    await client.until(() => client.isEnded(1) && client.of(0, frameTypes.ping).length > 0);
    const blocks = client.frames.filter(({ type }) => type === frameTypes.headers || type === frameTypes.continuation);
    expect(blocks.map(({ flags }) => flags)).toEqual([0, 0, 0, endHeaders]);
    expect(fieldsOf(Buffer.concat(blocks.map(({ payload }) => payload)))).toEqual([':status', '200', 'x-long', value]);
  });

  test('to a request whose body has not come ends the stream, then resets it without an error', async () => {
    const { client, requests, notes } = await greeted({ onRequest: hello });
    client.send(post(1));
    await client.until(() => client.errorOf(1) !== undefined);
    expect(client.errorOf(1)).toBe(noError);
    expect(client.body(1).toString()).toBe('hello');
    expect(client.isEnded(1)).toBe(true);
    expect(requests[0]!.isAnswered).toBe(true);
    expect(requests[0]!.brokenBy).not.toBeNull();
    // What was on its way is passed over.
    client.send(data(1, 'late', endStream), get(3));
    await client.until(() => client.isEnded(3));
    expect(notes).toEqual([]);
  });

  test('that is broken off resets its stream, and its client’s reset is told', async () => {
    const { client, requests } = await greeted();
    client.send(get(1), get(3));
    await client.until(() => requests.length === 2);
    requests[0]!.stream.respond(200, []);
    requests[0]!.stream.reset(2);
    client.send(frame(frameTypes.resetStream, 0, 3, word(cancel)));
    await client.until(() => requests[1]!.isAnswered === false && client.errorOf(1) === 2);
    expect(requests[0]!.isAnswered).toBe(false);
    // Nothing of it is sent any more.
    expect(requests[1]!.stream.write(Buffer.from('late'))).toBe(true);
  });
});

describe('windows of the client', () => {
  const big = Buffer.alloc(200_000, 'abcdefghij');
  const answers = ({ stream }: SeenRequest): void => {
    stream.respond(200, []);
    stream.write(big);
    stream.finish([]);
  };

  test('hold back what is not opened, of a stream and of the connection', async () => {
    const { client, requests } = await greeted({ onRequest: answers });
    client.send(get(1));
    await client.until(() => client.body(1).length === 65_535);
    client.send(windowUpdate(1, 100_000), ping('12345678'));
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    // The connection's own is still shut.
    expect(client.body(1)).toHaveLength(65_535);
    client.send(windowUpdate(0, 50_000));
    await client.until(() => client.body(1).length === 115_535);
    client.send(windowUpdate(0, 1_000_000), windowUpdate(1, 1_000_000));
    await client.until(() => client.isEnded(1));
    expect(client.body(1).equals(big)).toBe(true);
    expect(requests[0]!.isAnswered).toBe(true);
  });

  test('may change while answers wait, below nothing and back', async () => {
    const { client } = await greeted({ onRequest: answers }, { 4: 10_000 });
    client.send(windowUpdate(0, 10_000_000), get(1));
    await client.until(() => client.body(1).length === 10_000);
    // 4,000 less than was sent already: the next 4,000 that are opened open nothing.
    client.send(settingsFrame({ 4: 6000 }), windowUpdate(1, 4000), ping('12345678'));
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    expect(client.body(1)).toHaveLength(10_000);
    client.send(windowUpdate(1, 1));
    await client.until(() => client.body(1).length === 10_001);
    client.send(settingsFrame({ 4: 1_000_000 }));
    await client.until(() => client.isEnded(1));
    expect(client.body(1).equals(big)).toBe(true);
  });

  test('are shared by streams in turn', async () => {
    const { client } = await greeted({ onRequest: answers }, { 4: 1_000_000 });
    client.send(get(1), get(3), get(5));
    await client.until(() => client.body(1).length + client.body(3).length + client.body(5).length === 65_535);
    client.send(windowUpdate(0, 1_000_000));
    await client.until(() => [1, 3, 5].every((stream) => client.isEnded(stream)));
    // Nobody has two turns while another waits: where the first ends, the others have as much since they waited.
    const firstEnd = client.frames.findIndex(({ type, flags }) => type === frameTypes.data && flags === endStream);
    const until = client.frames.slice(0, firstEnd).filter(({ type }) => type === frameTypes.data);
    for (const each of [1, 3, 5]) {
      const bytes = until.filter(({ stream }) => stream === each).reduce((sum, { payload }) => sum + payload.length, 0);
      expect(bytes).toBeGreaterThan(90_000);
    }
    for (const stream of [1, 3, 5]) expect(client.body(stream).equals(big)).toBe(true);
  });

  test('tell whoever writes when there is room again', async () => {
    const { client, requests } = await greeted({}, { 4: 10 });
    client.send(get(1));
    await client.until(() => requests.length === 1);
    const { stream } = requests[0]!;
    stream.respond(200, []);
    expect(stream.write(Buffer.from('12345678'))).toBe(true);
    expect(stream.write(Buffer.from('abcdefgh'))).toBe(false);
    await client.until(() => client.body(1).toString() === '12345678ab');
    client.send(windowUpdate(1, 6));
    await client.until(() => requests[0]!.drains === 1);
    stream.finish([]);
    await client.until(() => client.isEnded(1));
    expect(client.body(1).toString()).toBe('12345678abcdefgh');
  });
});

describe('a body', () => {
  test('comes as it is asked for; what is not read opens no window', async () => {
    const { client, requests } = await greeted();
    const piece = Buffer.alloc(16_384, 'x');
    client.send(post(1), ...Array.from({ length: 16 }, () => data(1, piece)), ping('12345678'));
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    expect(client.of(1, frameTypes.windowUpdate)).toEqual([]);
    requests[0]!.read();
    await client.until(() => client.of(1, frameTypes.windowUpdate).length > 0);
    client.send(data(1, 'end', endStream));
    await client.until(() => requests[0]!.hasEnded);
    expect(requests[0]!.body).toHaveLength(16 * 16_384 + 3);
  });

  test('that nobody wants gives its window back', async () => {
    const { client, requests } = await greeted();
    const piece = Buffer.alloc(16_384, 'x');
    client.send(post(1), ...Array.from({ length: 16 }, () => data(1, piece)), ping('12345678'));
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    requests[0]!.stream.input?.drop();
    await client.until(() => client.of(1, frameTypes.windowUpdate).length > 0);
    client.send(...Array.from({ length: 16 }, () => data(1, piece)));
    await client.until(() => client.of(0, frameTypes.windowUpdate).length > 1);
    // One more than at the begin: the connection's window is open again.
    expect(client.errorOf(0)).toBeUndefined();
  });

  test('in many small pieces is held in few', async () => {
    const { client, requests } = await greeted();
    client.send(post(1), ...Array.from({ length: 5000 }, (_, n) => data(1, String(n % 10))), ping('12345678'));
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    requests[0]!.read();
    client.send(data(1, '', endStream));
    await client.until(() => requests[0]!.hasEnded);
    expect(requests[0]!.body).toBe('0123456789'.repeat(500));
    expect(requests[0]!.pieces.length).toBeLessThan(10);
  });

  test('may be padded, and its padding counts for windows', async () => {
    const { client, requests } = await greeted();
    const one = Buffer.concat([Buffer.from([200]), Buffer.from('ab'), Buffer.alloc(200)]);
    const frames = Array.from({ length: 1000 }, () => frame(frameTypes.data, padded, 1, one));
    client.send(post(1));
    await client.until(() => requests.length === 1);
    requests[0]!.read();
    client.send(...frames, data(1, '', endStream));
    await client.until(() => requests[0]!.hasEnded);
    expect(requests[0]!.body).toBe('ab'.repeat(1000));
    expect(client.of(1, frameTypes.windowUpdate).length).toBeGreaterThan(0);
  });

  test('has trailers, which come before its end', async () => {
    const { client, requests } = await greeted();
    client.send(post(1), data(1, 'body'), frame(frameTypes.headers, endHeaders | endStream, 1, field('x-sum', '1')));
    await client.until(() => requests[0]?.trailers !== undefined && requests[0].trailers !== null);
    expect(requests[0]!.trailers).toEqual(['x-sum', '1']);
    expect(requests[0]!.hasEnded).toBe(false);
    requests[0]!.read();
    expect(requests[0]!.hasEnded).toBe(true);
    expect(requests[0]!.body).toBe('body');
  });

  test.each([
    ['longer than its content-length', [data(1, '123456')]],
    ['shorter than its content-length', [data(1, '1234', endStream)]],
    ['that ends with trailers too early', [frame(frameTypes.headers, endHeaders | endStream, 1, field('x', '1'))]],
  ])('%s is malformed', async (_name, frames) => {
    const { client, requests } = await greeted();
    client.send(post(1, field('content-length', '5')), ...frames);
    await client.until(() => client.errorOf(1) !== undefined);
    expect(client.errorOf(1)).toBe(protocolError);
    expect(requests[0]!.faults).toHaveLength(1);
    expect(requests[0]!.isAnswered).toBe(false);
    expect(requests[0]!.brokenBy).not.toBeNull();
  });

  test('beyond the window of its stream resets it; beyond the connection’s ends that', async () => {
    const { client, requests } = await greeted();
    const piece = Buffer.alloc(16_384);
    client.send(post(1), ...Array.from({ length: 17 }, () => data(1, piece)));
    await client.until(() => client.errorOf(1) === flowControlError);
    expect(requests[0]!.brokenBy).not.toBeNull();
    for (const stream of [3, 5, 7, 9, 11])
      client.send(post(stream), ...Array.from({ length: 16 }, () => data(stream, piece)));
    await client.until(() => client.isClosed);
    expect(client.errorOf(0)).toBe(flowControlError);
  });
});

describe('a request that is malformed is reset and reaches nobody:', () => {
  const request = (...fields: readonly Buffer[]): Buffer =>
    frame(frameTypes.headers, endHeaders | endStream, 1, Buffer.concat(fields));
  const usual = requestFields('a.test');
  test.each([
    ['no :method', request(field(':scheme', 'https'), field(':path', '/'))],
    ['no :scheme', request(field(':method', 'GET'), field(':path', '/'))],
    ['no :path', request(field(':method', 'GET'), field(':scheme', 'https'))],
    ['an empty :path', request(field(':method', 'GET'), field(':scheme', 'https'), field(':path', ''))],
    ['two :path', request(usual, field(':path', '/admin'))],
    ['two :authority', request(usual, field(':authority', 'b.test'))],
    ['a pseudo-field after others', request(field('x', '1'), usual)],
    ['a pseudo-field of answers', request(usual, field(':status', '200'))],
    ['no pseudo-field at all', request(field('x', '1'))],
    ['a capital in a name', request(usual, field('X-Name', '1'))],
    ['a space in a name', request(usual, field('x name', '1'))],
    ['an empty name', request(usual, field('', '1'))],
    ['a line break in a value', request(usual, field('x', 'a\r\nHost: b'))],
    ['a NUL in a value', request(usual, field('x', 'a\0b'))],
    ['space around a value', request(usual, field('x', ' a'))],
    ['Connection', request(usual, field('connection', 'close'))],
    ['Transfer-Encoding', request(usual, field('transfer-encoding', 'chunked'))],
    ['Upgrade', request(usual, field('upgrade', 'h2c'))],
    ['Keep-Alive', request(usual, field('keep-alive', '1'))],
    ['Proxy-Connection', request(usual, field('proxy-connection', 'close'))],
    ['TE for more than trailers', request(usual, field('te', 'trailers, gzip'))],
    ['CONNECT with a :path', request(requestFields('a.test', '/', 'CONNECT'))],
    ['CONNECT to nowhere', request(field(':method', 'CONNECT'))],
    [':protocol without CONNECT', request(usual, field(':protocol', 'websocket'))],
    ['a length and no body', request(usual, field('content-length', '5'))],
    [
      'a stream that depends on itself',
      frame(
        frameTypes.headers,
        endHeaders | endStream | withPriority,
        1,
        Buffer.concat([word(1), Buffer.from([1]), usual]),
      ),
    ],
  ])('%s', async (_name, bytes) => {
    const { client, requests, malformed } = await greeted({ onRequest: hello });
    client.send(bytes, get(3));
    await client.until(() => client.isEnded(3));
    expect(client.errorOf(1)).toBe(protocolError);
    expect(malformed).toHaveLength(1);
    expect(requests.map(({ stream }) => stream.id)).toEqual([3]);
  });

  test('fields beyond their bound are told of, as far as they were read', async () => {
    const { client, requests } = await greeted();
    client.send(request(usual, field('x-a', 'a'.repeat(3000), true), Buffer.alloc(5000, 0x80 | 62)));
    await client.until(() => requests.length === 1);
    expect(requests[0]!.head).toMatchObject({ method: 'GET', path: '/', isTooLarge: true });
  });

  test('trailers with a pseudo-field, and a second head', async () => {
    const { client, requests } = await greeted();
    client.send(post(1), frame(frameTypes.headers, endHeaders | endStream, 1, field(':path', '/')));
    client.send(post(3), frame(frameTypes.headers, endHeaders, 3, field('x', '1')));
    await client.until(() => client.errorOf(1) === protocolError && client.errorOf(3) === protocolError);
    expect(requests.flatMap(({ faults }) => faults)).toEqual(['a pseudo-field in trailers', 'a second head']);
  });
});

describe('a frame that may not come', () => {
  const open1 = post(1);
  const whole = requestFields('a.test');
  test.each<[string, readonly Buffer[], number]>([
    ['DATA without a stream', [data(0, 'x')], protocolError],
    ['DATA on a stream that nobody opened', [data(5, 'x')], protocolError],
    ['DATA with more padding than payload', [open1, frame(0, padded, 1, Buffer.from([5, 1, 2]))], protocolError],
    ['DATA with padding and nothing', [open1, frame(0, padded, 1)], frameSizeError],
    ['HEADERS without a stream', [frame(1, endHeaders | endStream, 0, whole)], protocolError],
    ['HEADERS on a server’s stream', [frame(1, endHeaders | endStream, 2, whole)], protocolError],
    [
      'HEADERS with more padding than fields',
      [frame(1, endHeaders | padded, 1, Buffer.from([9, 0x82]))],
      protocolError,
    ],
    ['HEADERS too short for their priority', [frame(1, endHeaders | withPriority, 1, Buffer.alloc(3))], frameSizeError],
    [
      'fields that are broken',
      [frame(1, endHeaders, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]))],
      compressionError,
    ],
    ['PRIORITY of another length', [frame(2, 0, 1, Buffer.alloc(4))], frameSizeError],
    ['RST_STREAM of another length', [open1, frame(3, 0, 1, Buffer.alloc(3))], frameSizeError],
    ['RST_STREAM on a stream that nobody opened', [frame(3, 0, 9, word(8))], protocolError],
    ['RST_STREAM without a stream', [frame(3, 0, 0, word(8))], protocolError],
    ['SETTINGS on a stream', [frame(4, 0, 1)], protocolError],
    ['SETTINGS that are cut', [frame(4, 0, 0, Buffer.alloc(5))], frameSizeError],
    ['an acknowledgement with settings', [frame(4, 1, 0, Buffer.alloc(6))], frameSizeError],
    ['SETTINGS that ask to push twice', [settingsFrame({ 2: 2 })], protocolError],
    ['SETTINGS with a window beyond its size', [settingsFrame({ 4: 2 ** 31 })], flowControlError],
    ['SETTINGS with frames too small', [settingsFrame({ 5: 100 })], protocolError],
    [
      'SETTINGS that open windows too far',
      [open1, windowUpdate(1, 2 ** 31 - 65_536), settingsFrame({ 4: 65_536 })],
      flowControlError,
    ],
    ['PUSH_PROMISE', [frame(5, endHeaders, 1, Buffer.concat([word(2), whole]))], protocolError],
    ['PING on a stream', [frame(6, 0, 1, Buffer.alloc(8))], protocolError],
    ['PING of another length', [frame(6, 0, 0, Buffer.alloc(7))], frameSizeError],
    ['GOAWAY on a stream', [frame(7, 0, 1, Buffer.alloc(8))], protocolError],
    ['GOAWAY that is cut', [frame(7, 0, 0, Buffer.alloc(7))], frameSizeError],
    ['WINDOW_UPDATE of nothing', [windowUpdate(0, 0)], protocolError],
    ['WINDOW_UPDATE of another length', [frame(8, 0, 0, Buffer.alloc(3))], frameSizeError],
    ['WINDOW_UPDATE on a stream that nobody opened', [windowUpdate(7, 1)], protocolError],
    ['a window of the connection beyond its size', [windowUpdate(0, 2 ** 31 - 1)], flowControlError],
    ['CONTINUATION of nothing', [frame(9, endHeaders, 1, whole)], protocolError],
    ['a frame in the midst of fields', [frame(1, 0, 1, whole), ping('12345678')], protocolError],
    ['CONTINUATION of another stream', [frame(1, 0, 1, whole), frame(9, endHeaders, 3)], protocolError],
    ['an unknown frame in the midst of fields', [frame(1, 0, 1, whole), frame(0xee, 0, 1)], protocolError],
    ['PRIORITY_UPDATE on a stream', [frame(16, 0, 1, word(1))], protocolError],
    ['a frame that is too long', [frame(0xee, 0, 1, Buffer.alloc(16_385))], frameSizeError],
  ])('%s ends the connection, with the reason', async (_name, frames, code) => {
    const { client, requests, notes } = await greeted();
    client.send(...frames);
    await client.until(() => client.isClosed);
    expect(client.errorOf(0)).toBe(code);
    expect(notes).toEqual(['http2-protocol']);
    expect(requests.every(({ isAnswered }) => isAnswered === false)).toBe(true);
  });

  test.each<[string, readonly Buffer[], number]>([
    ['DATA after its end', [get(1), data(1, 'x')], streamClosed],
    ['HEADERS after its end', [get(1), get(1)], streamClosed],
    ['WINDOW_UPDATE of nothing', [get(1), windowUpdate(1, 0)], protocolError],
    ['a window beyond its size', [get(1), windowUpdate(1, 2 ** 31 - 1)], flowControlError],
    [
      'PRIORITY that depends on itself',
      [get(1), frame(2, 0, 1, Buffer.concat([word(1), Buffer.from([1])]))],
      protocolError,
    ],
    ['PRIORITY of another length', [get(1), frame(2, 0, 1, Buffer.alloc(6))], frameSizeError],
  ])('%s resets an open stream, and no other', async (_name, frames, code) => {
    const { client, requests, notes } = await greeted({
      onRequest(request) {
        if (request.stream.id === 3) hello(request);
      },
    });
    client.send(...frames, get(3));
    await client.until(() => client.isEnded(3));
    expect(client.errorOf(1)).toBe(code);
    expect(requests[0]!.isAnswered).toBe(false);
    expect(notes).toEqual([]);
  });

  test.each<[string, readonly Buffer[]]>([
    ['an unknown frame', [frame(0xee, 255, 5, Buffer.from('x'))]],
    ['PRIORITY', [frame(2, 0, 9, Buffer.from([0, 0, 0, 1, 1]))]],
    ['PRIORITY_UPDATE', [frame(16, 0, 0, Buffer.concat([word(1), Buffer.from('u=1')]))]],
    ['an answer to no ping', [ping('12345678', 1)]],
    ['WINDOW_UPDATE for a stream that was answered', [windowUpdate(1, 5)]],
    ['RST_STREAM for a stream that was answered', [frame(3, 0, 1, word(8))]],
    ['an unknown setting', [settingsFrame({ 200: 7 })]],
  ])('%s is passed over', async (_name, frames) => {
    const { client, notes } = await greeted({ onRequest: hello });
    client.send(get(1));
    await client.until(() => client.isEnded(1));
    client.send(...frames, get(3));
    await client.until(() => client.isEnded(3));
    expect(notes).toEqual([]);
  });
});

describe('limits', () => {
  test('more streams than allowed are refused, in the way that lets a client ask again', async () => {
    const { client, requests } = await greeted({ settings: { maxConcurrentStreams: 2 } });
    client.send(get(1), get(3), get(5), post(7), data(7, 'x', endStream));
    await client.until(() => client.errorOf(7) !== undefined);
    expect([client.errorOf(5), client.errorOf(7)]).toEqual([refusedStream, refusedStream]);
    hello(requests[0]!);
    client.send(get(9));
    await client.until(() => requests.length === 3);
    expect(client.errorOf(9)).toBeUndefined();
  });

  test('fields in endless pieces end the connection', async () => {
    const { client, notes } = await greeted();
    client.send(frame(1, endStream, 1, requestFields('a.test')), ...Array.from({ length: 100 }, () => frame(9, 0, 1)));
    await client.until(() => client.isClosed);
    expect(client.errorOf(0)).toBe(enhanceYourCalm);
    expect(notes).toEqual(['http2-protocol']);
  });

  describe('of time', () => {
    /** Looks when it is told to. */
    async function timed() {
      const clock = new InboundClock(3_600_000);
      const rig = await open({ clock, onRequest: hello });
      const { client, connection } = rig;
      /** All that is due is over. */
      const expire = async (): Promise<void> => {
        await client.until(() => connection.dueMs < Number.POSITIVE_INFINITY);
        clock.nowMs = connection.dueMs;
        connection.overdue();
        await client.until(() => client.isClosed);
      };
      const rests = (): Promise<void> => client.until(() => connection.dueMs === Number.POSITIVE_INFINITY);
      return { ...rig, clock, expire, rests };
    }

    test.each([
      ['fields that go on', frame(1, endStream, 1, requestFields('a.test'))],
      ['a frame that is cut', get(1).subarray(0, 12)],
      ['a frame’s head that is cut', get(1).subarray(0, 5)],
    ])('%s must end', async (_name, bytes) => {
      const { client, notes, rests, expire } = await timed();
      client.greet();
      await rests();
      client.send(bytes);
      await expire();
      expect(notes).toEqual(['slow-head']);
    });

    test('settings must be acknowledged', async () => {
      const { client, notes, expire } = await timed();
      client.send(preface, settingsFrame(), ping('12345678'));
      await client.until(() => client.of(0, frameTypes.ping).length === 1);
      await expire();
      expect(client.errorOf(0)).toBe(settingsTimeout);
      expect(notes).toEqual(['http2-protocol']);
    });

    test('a client that keeps asking is not slow, wherever its frames are cut', async () => {
      const { client, connection, clock, notes, rests } = await timed();
      client.greet();
      await rests();
      // Each time the end of one request comes with the begin of the next.
      client.send(get(1).subarray(0, 12));
      for (let stream = 1; stream < 20; stream += 2) {
        await client.until(() => connection.dueMs < Number.POSITIVE_INFINITY);
        clock.nowMs += 3_000_000;
        client.send(get(stream).subarray(12), get(stream + 2).subarray(0, 12));
        await client.until(() => client.isEnded(stream));
        await client.until(() => connection.dueMs > clock.nowMs + 3_000_000);
      }
      expect(notes).toEqual([]);
    });
  });

  test('who takes nothing of what is written is given up', async () => {
    const { client, notes } = await greeted(
      {
        settings: { stalledMs: 200 },
        onRequest({ stream }) {
          stream.respond(200, []);
          stream.write(Buffer.alloc(64 * 1024 * 1024));
        },
      },
      { 4: 2 ** 31 - 1 },
    );
    client.socket.pause();
    client.send(windowUpdate(0, 2 ** 30), get(1));
    await client.until(() => notes.length > 0);
    expect(notes).toEqual(['slow-reader']);
  });

  test('who sends pings and reads no answers is not read for ever', async () => {
    const { client, connection } = await greeted();
    client.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 1000 }, () => ping('12345678')));
    let isHeld = false;
    for (let n = 0; n < 5000 && !isHeld && !client.isClosed; n += 1) {
      isHeld = !client.socket.write(pings) && client.socket.writableLength > 64 * pings.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(isHeld || client.isClosed || connection.socket.destroyed).toBe(true);
    expect(connection.sender.outlet.gatheredBytes).toBeLessThan(1024 * 1024);
  });

  test('resets over and over end the connection, whoever resets', async () => {
    const limits = {
      http2FailureBurst: 10,
      http2FailuresPerSecond: 0,
      http2IdleBurstBytes: 1e6,
      http2IdleBytesPerSecond: 0,
    };
    const rapid = await greeted({ settings: { limits } });
    for (let n = 0; n < 20; n += 1)
      rapid.client.send(get(2 * n + 1), frame(3, 0, 2 * n + 1, word(n % 2 === 0 ? 8 : 0)));
    const made = await greeted({ settings: { limits } });
    for (let n = 0; n < 20; n += 1) made.client.send(post(2 * n + 1), windowUpdate(2 * n + 1, 0));
    await rapid.client.until(() => rapid.client.isClosed && made.client.isClosed);
    expect([rapid.notes, made.notes]).toEqual([['http2-failed-streams'], ['http2-failed-streams']]);
    expect(rapid.requests.length).toBeLessThan(13);
  });
});

describe('the end', () => {
  test('comes in two steps: what was sent before the client knew is answered', async () => {
    const { client, connection, requests } = await greeted();
    client.send(get(1));
    await client.until(() => requests.length === 1);
    connection.close();
    await client.until(() => client.of(0, frameTypes.ping).length === 1);
    const [first] = client.of(0, frameTypes.goAway);
    expect([first!.payload.readUInt32BE(0), first!.payload.readUInt32BE(4)]).toEqual([2 ** 31 - 1, noError]);
    client.send(get(3), ping(client.of(0, frameTypes.ping)[0]!.payload.toString('latin1'), 1), get(5));
    await client.until(() => client.of(0, frameTypes.goAway).length === 2);
    expect(client.of(0, frameTypes.goAway)[1]!.payload.readUInt32BE(0)).toBe(3);
    expect(requests.map(({ stream }) => stream.id)).toEqual([1, 3]);
    for (const request of requests) hello(request);
    await client.until(() => client.isClosed);
    expect(client.body(1).toString() + client.body(3).toString()).toBe('hellohello');
  });

  test('waits for who has not begun: their first requests are answered', async () => {
    const { client, connection, requests } = await open({ onRequest: hello });
    connection.close();
    client.greet();
    client.send(get(1));
    await client.until(() => requests.length === 1);
    // As whoever stops does, again and again.
    connection.close();
    await client.until(() => client.isClosed);
    expect(client.body(1).toString()).toBe('hello');
    expect(client.of(0, frameTypes.goAway)[0]!.payload.readUInt32BE(0)).toBe(2 ** 31 - 1);
  });

  test('is not held up by a client that has ended its side and reads nothing', async () => {
    const { client, connection, requests } = await greeted({ settings: { stalledMs: 100 } });
    client.send(get(1));
    await client.until(() => requests.length === 1);
    client.socket.pause();
    connection.socket.write(Buffer.alloc(32 * 1024 * 1024));
    client.socket.end();
    await client.until(() => connection.socket.destroyed);
    expect(requests[0]!.isAnswered).toBe(false);
  });

  test('leaves a client the time to read the last answer from its system', async () => {
    const { client, connection, requests } = await greeted({}, { 4: 2 ** 31 - 1 });
    client.send(windowUpdate(0, 2 ** 30), get(1));
    await client.until(() => requests.length === 1);
    client.socket.pause();
    // More than the client's system takes, and no more than both do.
    const body = Buffer.alloc(192 * 1024, 'last');
    const { stream } = requests[0]!;
    stream.respond(200, []);
    stream.write(body);
    stream.finish([]);
    await client.until(() => {
      connection.close();
      return connection.socket.writableFinished;
    });
    for (let n = 0; n < 5; n += 1) {
      const before = connection.socket.bytesRead;
      client.send(windowUpdate(0, 1));
      await client.until(() => connection.socket.bytesRead > before || connection.socket.destroyed);
      connection.close();
    }
    client.socket.resume();
    await client.until(() => client.isClosed);
    expect(client.body(1).equals(body)).toBe(true);
    expect(client.isEnded(1)).toBe(true);
  });

  test('comes by itself where the client does not answer, and where it rests', async () => {
    const { client, connection } = await greeted({ onRequest: hello });
    client.send(get(1));
    await client.until(() => client.isEnded(1));
    connection.close();
    const idle = await greeted({ settings: { idleMs: 100 } });
    idle.client.send(ping('12345678'));
    await client.until(() => client.isClosed && idle.client.isClosed);
    expect(client.errorOf(0)).toBe(noError);
    expect(idle.client.errorOf(0)).toBe(noError);
    expect(idle.notes).toEqual([]);
  });

  test('comes once what is under way is answered, where the client says that it leaves', async () => {
    const { client, requests } = await greeted();
    client.send(get(1), frame(7, 0, 0, Buffer.alloc(8)));
    await client.until(() => requests.length === 1);
    hello(requests[0]!);
    await client.until(() => client.isClosed);
    expect(client.body(1).toString()).toBe('hello');
  });

  test('tells all requests when the client is gone', async () => {
    const { client, requests } = await greeted();
    client.send(get(1), post(3));
    await client.until(() => requests.length === 2);
    client.socket.destroy();
    await client.until(() => requests.every(({ isAnswered }) => isAnswered === false));
    expect(requests[1]!.brokenBy).not.toBeNull();
  });

  test('a large last answer is whole, however slowly it is read', async () => {
    const { client, connection, requests } = await greeted({}, { 4: 2 ** 31 - 1 });
    client.send(windowUpdate(0, 2 ** 30), get(1));
    await client.until(() => requests.length === 1);
    const body = Buffer.alloc(8 * 1024 * 1024, 'last');
    client.socket.pause();
    const { stream } = requests[0]!;
    stream.respond(200, []);
    stream.write(body);
    stream.finish([]);
    connection.close();
    const reading = setInterval(() => {
      client.socket.resume();
      setImmediate(() => client.socket.pause());
    }, 5);
    try {
      await client.until(() => client.isEnded(1));
    } finally {
      clearInterval(reading);
      client.socket.resume();
    }
    expect(client.body(1).equals(body)).toBe(true);
  });
});
