import { expect, test } from 'vitest';
import { frameTypes } from '../../test/attack/floods/http2-frames.ts';
import { connections, data, ping, post } from '../../test/support/http2-connections.ts';
import type { Http2Rig } from '../../test/support/http2-rig.ts';
import { defaultClientLimits } from '../model/limits.ts';

const streamWindowBytes = 256 * 1024;
const burstBytes = 64 * 1024;
const piece = Buffer.alloc(16_384, 'd');

const { greeted } = connections();

/** Answers at once what has a body, and has little patience with what asks for nothing. */
const openHasty = (): Promise<Http2Rig> =>
  greeted({
    settings: {
      limits: { ...defaultClientLimits, http2IdleBurstBytes: burstBytes, http2IdleBytesPerSecond: 0 },
    },
    onRequest({ stream }) {
      stream.respond(401, []);
      stream.finish([]);
    },
  });

const dataOf = (stream: number, bytes: number): Buffer[] =>
  Array.from({ length: bytes / piece.length }, () => data(stream, piece));

test('bodies that were on their way when they were not wanted any more are no flood', async () => {
  const { client, notes } = await openHasty();
  for (let n = 0; n < 20; n += 1) {
    const stream = 2 * n + 1;
    client.send(post(stream));
    await client.until(() => client.errorOf(stream) === 0);
    client.send(...dataOf(stream, streamWindowBytes));
  }
  client.send(ping('12345678'));
  await client.until(() => client.of(0, frameTypes.ping).length === 1 || client.isClosed);
  expect(client.isClosed).toBe(false);
  expect(notes).toEqual([]);
  // What nobody wants takes nobody's window.
  const given = client.of(0, frameTypes.windowUpdate).reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
  expect(given).toBeGreaterThan(20 * streamWindowBytes - 1024 * 1024);
});

test('bodies that go on for ever when they are not wanted any more are one', async () => {
  const { client, notes } = await openHasty();
  client.send(post(1));
  await client.until(() => client.errorOf(1) === 0);
  for (let sent = 0; sent < 20 && !client.isClosed; sent += 1) {
    client.send(...dataOf(1, streamWindowBytes));
    await client.until(() => client.socket.writableLength === 0 || client.isClosed);
  }
  await client.until(() => client.isClosed);
  expect(notes).toEqual(['http2-idle-frames']);
});
