import { describe, expect, test } from 'vitest';
import {
  endHeaders,
  endStream,
  frame,
  requestFields,
  settingsFrame,
  windowUpdate,
  word,
} from '../../test/attack/floods/http2-frames.ts';
import { connections, data, get, hello, ping, post } from '../../test/support/http2-connections.ts';

const protocolError = 1;
const flowControlError = 3;
const streamClosed = 5;
const frameSizeError = 6;
const compressionError = 9;
const padded = 8;
const withPriority = 32;

const { greeted } = connections();

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
