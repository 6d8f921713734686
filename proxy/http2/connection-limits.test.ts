import { describe, expect, test } from 'vitest';
import {
  endStream,
  frame,
  frameTypes,
  preface,
  requestFields,
  settingsFrame,
  windowUpdate,
  word,
} from '../../test/attack/floods/http2-frames.ts';
import { connections, data, get, hello, ping, post } from '../../test/support/http2-connections.ts';
import { InboundClock } from '../http1/inbound-clock.ts';

const noError = 0;
const settingsTimeout = 4;
const refusedStream = 7;
const enhanceYourCalm = 11;

const { greeted, open } = connections();

describe('limits', () => {
  test('more streams than allowed are refused, in the way that lets a client ask again', async () => {
    const { client, requests } = await greeted({ settings: { maxConcurrentStreams: 2 } });
    client.send(get(1), get(3), get(5), post(7), data(7, 'x', endStream));
    await client.until(() => client.errorOf(7) !== null);
    expect([client.errorOf(5), client.errorOf(7)]).toEqual([refusedStream, refusedStream]);
    hello(requests[0]!);
    client.send(get(9));
    await client.until(() => requests.length === 3);
    expect(client.errorOf(9)).toBeNull();
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
