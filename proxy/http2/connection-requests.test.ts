import { describe, expect, test } from 'vitest';
import {
  endHeaders,
  endStream,
  field,
  frame,
  frameTypes,
  requestFields,
  word,
} from '../../test/attack/floods/http2-frames.ts';
import { connections, data, get, hello, ping, post } from '../../test/support/http2-connections.ts';

const protocolError = 1;
const flowControlError = 3;
const padded = 8;
const withPriority = 32;

const { greeted } = connections();

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
    expect(client.errorOf(0)).toBeNull();
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
    await client.until(() => client.errorOf(1) !== null);
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
